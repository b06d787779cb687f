//! Making clients.

use std::future::{Future, Ready, ready};
use std::sync::Arc;

use super::connection::Client;
use super::driver::{Driver, Hook, Transport};
use super::error::Error;
use super::hub::Hub;
use super::shared::{Owner, Shared};
use crate::protocol::Units;
use crate::session::{Config, Engine, Options};

/// Makes a [`Client`] that is not the usual one.
#[derive(Debug, Clone)]
pub struct Builder<H = NoHook> {
    options: Options,
    event_capacity: usize,
    fatal_close_codes: Vec<u16>,
    retry_on_too_active: bool,
    hook: H,
}

/// The hook of a client that has none.
pub type NoHook = fn(Client) -> Ready<Result<(), Error>>;

impl Client {
    /// A builder with all defaults.
    pub fn builder() -> Builder {
        Builder {
            options: Options::default(),
            event_capacity: 256,
            fatal_close_codes: vec![4001, 4003, 4401, 4403],
            retry_on_too_active: false,
            hook: |_| ready(Ok(())),
        }
    }
}

impl<H> Builder<H> {
    /// Delays, and how many resources may be cached.
    pub fn options(self, options: Options) -> Self {
        Builder { options, ..self }
    }

    /// How many events of a stream may wait to be taken before they are dropped for an
    /// [`Event::Lagged`](super::Event::Lagged); default 256, at least 1.
    pub fn event_capacity(self, events: usize) -> Self {
        Builder { event_capacity: events, ..self }
    }

    /// Codes with which a gateway closes a socket to say: do not come back. After such a close the state is
    /// [`State::Closed`](super::State::Closed), and nothing is tried until something is asked for. Default
    /// 4001, 4003, 4401 and 4403, as in the npm package.
    pub fn fatal_close_codes(self, codes: impl IntoIterator<Item = u16>) -> Self {
        Builder { fatal_close_codes: codes.into_iter().collect(), ..self }
    }

    /// Whether what is refused with `system.tooActive` is asked for again, after the `seconds` in the error's data, until
    /// it is answered otherwise or its future is dropped. Without `seconds` it is refused. Default false.
    pub fn retry_on_too_active(self, retry: bool) -> Self {
        Builder { retry_on_too_active: retry, ..self }
    }

    /// What is done on each new connection before all else, such as [`Client::auth`]. When it fails, the connection is
    /// closed and made again later, and [`Client::open`] has the error. When the connection is lost meanwhile, the
    /// future is dropped.
    ///
    /// While it runs, requests are sent that are made by the client it is handed, by a clone of that, or by what came
    /// from it, such as a [`Model`](super::Model), on whatever task. All others wait for its end, so that nothing is asked
    /// for without what it brings; it must not wait for one of those. It may take as long as it likes: whoever waits for
    /// the connection waits for it, so bound what may not end.
    pub fn on_connect<F, Fut>(self, hook: F) -> Builder<F>
    where
        F: FnMut(Client) -> Fut,
        Fut: Future<Output = Result<(), Error>>,
    {
        let Builder { options, event_capacity, fatal_close_codes, retry_on_too_active, .. } = self;
        Builder { options, event_capacity, fatal_close_codes, retry_on_too_active, hook }
    }

    /// A client over a transport of one's own, and the driver that has to be run for it.
    pub fn build<T: Transport>(self, transport: T) -> (Client, Driver<T, H>)
    where
        H: Hook,
    {
        let config = Config { seed: transport.random(), units: Units::Bytes, options: self.options };
        let mut engine = Engine::new(config);
        engine.admit_exactly(true);
        let hub = Hub::new(engine, transport.clock(), self.event_capacity);
        let owner = Arc::new(Owner { shared: Arc::new(Shared::new(hub)), retries: self.retry_on_too_active });
        let driver = Driver::new(&owner, transport, self.hook, self.fatal_close_codes);
        (Client::new(owner), driver)
    }
}
