//! A WebSocket, or whatever looks like one: anything with `on*` properties, `send` and `close`.

use resclient::session::ConnectionId;
use wasm_bindgen::prelude::*;
use web_sys::WebSocket;

/// What a socket reports: the event of each.
pub enum Inbound {
    Open(JsValue),
    Message(JsValue),
    Error(JsValue),
    Close(JsValue),
}

/// An open socket. Dropping it takes its handlers off, so nothing is heard of it any more.
pub struct Socket {
    socket: WebSocket,
    /// `Fn`, since a socket that answers at once calls one while it runs.
    _handlers: [Closure<dyn Fn(JsValue)>; 4],
}

impl Socket {
    /// Takes over a socket that is opening. `receive` is called with everything it reports.
    pub fn attach(
        id: ConnectionId,
        socket: JsValue,
        receive: impl Fn(ConnectionId, Inbound) + Clone + 'static,
    ) -> Self {
        let socket: WebSocket = socket.unchecked_into();
        let handler = |wrap: fn(JsValue) -> Inbound| {
            let receive = receive.clone();
            Closure::<dyn Fn(JsValue)>::new(move |event| receive(id, wrap(event)))
        };
        let handlers =
            [handler(Inbound::Open), handler(Inbound::Message), handler(Inbound::Error), handler(Inbound::Close)];
        let [open, message, error, close] = handlers.each_ref().map(|h| Some(h.as_ref().unchecked_ref()));
        socket.set_onopen(open);
        socket.set_onmessage(message);
        socket.set_onerror(error);
        socket.set_onclose(close);
        Socket { socket, _handlers: handlers }
    }

    /// Sends a frame. A socket that is closing may refuse it, and then reports that it has closed.
    pub fn send(&self, text: &str) {
        let _ = self.socket.send_with_str(text);
    }

    pub fn close(self) {
        // Closing a socket twice, or one that never opened, is no error here.
        let socket = self.socket.clone();
        drop(self);
        // In Node an error that nobody listens to ends the process, and a socket closed while it opens reports one. It is
        // freed with the socket.
        let ignore = Closure::<dyn Fn()>::new(|| {}).into_js_value();
        socket.set_onerror(Some(ignore.unchecked_ref()));
        let _ = socket.close();
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onerror(None);
        self.socket.set_onclose(None);
    }
}
