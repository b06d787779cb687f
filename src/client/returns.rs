//! What a page tells of the network, or somebody to look at it, being there again.

use std::cell::RefCell;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use wasm_bindgen::prelude::*;
use web_sys::{EventTarget, VisibilityState};

/// Listens for it until it is dropped.
pub(super) struct Returns {
    /// None where nothing is told, as outside of browsers.
    target: Option<EventTarget>,
    seen: Rc<RefCell<Seen>>,
    heard: Closure<dyn FnMut()>,
}

#[derive(Default)]
struct Seen {
    returned: bool,
    waker: Option<Waker>,
}

impl Returns {
    pub fn listen() -> Returns {
        let seen = Rc::<RefCell<Seen>>::default();
        let sees = seen.clone();
        let heard = Closure::<dyn FnMut()>::new(move || {
            if is_hidden() {
                return;
            }
            let waker = {
                let mut seen = sees.borrow_mut();
                seen.returned = true;
                seen.waker.take()
            };
            if let Some(waker) = waker {
                waker.wake();
            }
        });
        let target = page();
        for event in EVENTS {
            // It is refused for no name there is.
            let _ = target.as_ref().map(|t| t.add_event_listener_with_callback(event, heard.as_ref().unchecked_ref()));
        }
        Returns { target, seen, heard }
    }

    /// Ready once for all that was told since the last time.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut seen = self.seen.borrow_mut();
        if std::mem::take(&mut seen.returned) {
            return Poll::Ready(());
        }
        seen.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for Returns {
    fn drop(&mut self) {
        let heard = self.heard.as_ref().unchecked_ref();
        for event in EVENTS {
            let _ = self.target.as_ref().map(|t| t.remove_event_listener_with_callback(event, heard));
        }
    }
}

/// What tells that it is left, or shown again; none outside of browsers.
pub(super) fn page() -> Option<EventTarget> {
    js_sys::global().dyn_into().ok()
}

/// Nobody looks at the page. A worker has none.
fn is_hidden() -> bool {
    let document = web_sys::window().and_then(|window| window.document());
    document.is_some_and(|document| document.visibility_state() == VisibilityState::Hidden)
}

const EVENTS: [&str; 3] = ["online", "pageshow", "visibilitychange"];
