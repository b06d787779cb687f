//! What holds of the gateway between any two inputs.

use super::Core;
use super::border::Subscriber;

impl Core {
    /// Panics if the gateway is not in a state that it may be in: for assertions in tests. It counts everything from
    /// scratch.
    pub fn check(&self) {
        self.cache.check();
        self.conns.iter().for_each(|(_, conn)| conn.check());
        // While there is something to do, one side may know of a subscription, or of its end, before the other.
        if !self.is_busy() {
            let of = |(conn, subs): (_, &super::conn::Conn)| {
                subs.subscribed().map(move |(sub, nth)| Subscriber { conn, sub, nth }).collect::<Vec<_>>()
            };
            let subs = self.conns.iter().flat_map(of).collect();
            assert_eq!(self.cache.subscribers(), subs, "subscribers of the cache, and what connections subscribe to");
        }
    }
}
