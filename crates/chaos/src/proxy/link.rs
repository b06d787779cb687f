//! One connection through a proxy: two sockets, and bytes that pass between them.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::time::sleep;

use super::{End, Flow, Newcomers, Shared, Weather};

/// Serves a connection until it ends.
pub(super) async fn run(mut client: TcpStream, shared: Arc<Shared>, turn: usize) {
    let mut ends = shared.ends.subscribe();
    let number = shared.count.fetch_add(1, Ordering::Relaxed);
    let newcomers = shared.weather.borrow().newcomers;
    match newcomers {
        Newcomers::Served => {}
        Newcomers::Reset => return reset(client),
        Newcomers::BadGateway => return answer(client, BAD_GATEWAY).await,
    }
    let Ok(mut server) = shared.targets.connect(turn).await else { return reset(client) };
    // A frame is small and has to be there soon; an error means that the peer has gone, which is noticed below.
    let _ = client.set_nodelay(true).and(server.set_nodelay(true));
    let end = {
        let ((from_client, to_client), (from_server, to_server)) = (client.split(), server.split());
        let up = Pipe { shared: &shared, number, pick: |weather| &mut weather.up };
        let down = Pipe { shared: &shared, number, pick: |weather| &mut weather.down };
        let passing = async {
            let passed = tokio::try_join!(up.pass(from_client, to_server), down.pass(from_server, to_client));
            if let Err(Broken::Peer) = passed {
                // News of an end travels like everything else.
                up.until_let_through().await;
                down.until_let_through().await;
            }
            if passed.is_ok() { End::Close } else { End::Reset }
        };
        tokio::select! {
            end = passing => end,
            // An error means that the proxy has gone.
            _ = ends.changed() => ends.borrow().unwrap_or(End::Reset),
        }
    };
    if end == End::Reset {
        reset(client);
        reset(server);
    }
}

/// One direction of a connection.
struct Pipe<'a> {
    shared: &'a Shared,
    number: u64,
    pick: fn(&mut Weather) -> &mut Flow,
}

/// Why no more passes.
enum Broken {
    /// An end was reset.
    Peer,
    /// The proxy was told to cut here.
    Cut,
}

impl From<io::Error> for Broken {
    fn from(_: io::Error) -> Broken {
        Broken::Peer
    }
}

impl Pipe<'_> {
    /// Passes bytes until there are no more.
    async fn pass(&self, mut from: ReadHalf<'_>, mut to: WriteHalf<'_>) -> Result<(), Broken> {
        let mut buffer = vec![0; PIECE];
        loop {
            let read = from.read(&mut buffer).await?;
            self.until_let_through().await;
            sleep_for(self.flow().delay).await;
            let (passes, is_cut) = self.claim(read as u64);
            self.write(&mut to, &buffer[..passes as usize]).await?;
            if is_cut {
                self.shared.resets.fetch_add(1, Ordering::Relaxed);
                return Err(Broken::Cut);
            }
            if read == 0 {
                to.shutdown().await?;
                return Ok(());
            }
        }
    }

    async fn write(&self, to: &mut WriteHalf<'_>, bytes: &[u8]) -> io::Result<()> {
        let Some(rate) = self.flow().bytes_per_second else { return to.write_all(bytes).await };
        for piece in bytes.chunks((rate.get() as usize / PIECES_PER_SECOND).max(1)) {
            sleep_for(Duration::from_secs(1) / PIECES_PER_SECOND as u32).await;
            self.until_let_through().await;
            to.write_all(piece).await?;
        }
        Ok(())
    }

    /// How many of so many bytes may pass, and whether the connection is cut after them.
    fn claim(&self, bytes: u64) -> (u64, bool) {
        let mut claimed = (bytes, false);
        self.shared.weather.send_if_modified(|weather| {
            let flow = (self.pick)(weather);
            if let Some(left) = flow.cut_after {
                claimed = (bytes.min(left), left <= bytes);
                flow.cut_after = (left > bytes).then(|| left - bytes);
            }
            // Nobody waits for that.
            false
        });
        claimed
    }

    async fn until_let_through(&self) {
        let mut weather = self.shared.weather.subscribe();
        // An error means that the proxy has gone.
        let _ = weather.wait_for(|weather| (self.pick)(&mut weather.clone()).held_below <= self.number).await;
    }

    fn flow(&self) -> Flow {
        *(self.pick)(&mut self.shared.weather.borrow().clone())
    }
}

async fn sleep_for(time: Duration) {
    if !time.is_zero() {
        sleep(time).await;
    }
}

/// Ends a connection so that the peer sees an error, not an end.
fn reset(stream: TcpStream) {
    // An error means that it has been reset already.
    let _ = stream.set_zero_linger();
}

/// Reads what comes first, and answers it.
async fn answer(mut client: TcpStream, text: &str) {
    let mut buffer = [0; PIECE];
    if client.read(&mut buffer).await.is_ok() {
        let _ = client.write_all(text.as_bytes()).await;
    }
}

/// Bytes that are read at a time.
const PIECE: usize = 4096;
const PIECES_PER_SECOND: usize = 50;
const BAD_GATEWAY: &str = "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
