//! What an application may do at any time, also while it is called.

use resclient::cache::ResourceId;
use resclient::session::{Get, RequestId};

use super::gateway::RIDS;
use super::{Dice, Play};

impl Play {
    pub fn command(&mut self, dice: &mut Dice<'_>) {
        self.commands += 1;
        let now = self.client.now;
        let rid = dice.pick(&RIDS);
        let engine = &mut self.client.engine;
        match dice.below(24) {
            0..=5 => match engine.get(now, rid) {
                Get::Cached(id) => assert_eq!(engine.rid(id), rid),
                Get::Pending(request) => drop(self.waiting.insert(request)),
            },
            6..=9 => self.listen(dice),
            10..=12 => self.unlisten(dice),
            13 => {
                let request = engine.fetch(now, rid);
                self.wait(request);
            }
            14 | 15 => {
                let request = engine.call(now, rid, "set", Some(r#"{"x":1}"#));
                self.wait(request);
            }
            16 => {
                let request = match dice.below(2) {
                    0 => engine.auth(now, rid, "login", None),
                    _ => engine.create(now, rid, None),
                };
                self.wait(request);
            }
            17 => {
                let Some(at) = dice.place(self.waiting.len()) else { return };
                let request = *self.waiting.iter().nth(at).expect("it is within the number");
                if engine.give_up(request) {
                    self.waiting.remove(&request);
                }
            }
            18 => match self.known(dice) {
                Some(id) if dice.below(2) == 1 => self.client.read(id),
                Some(id) => self.client.engine.postpone(now, id, 1 << dice.below(30)),
                None => {}
            },
            19 | 20 => engine.connect(now),
            21 => match dice.below(4) {
                0 => engine.persist(dice.below(2) == 1),
                1 => engine.admit(dice.below(2) == 1),
                2 => engine.admit_exactly(dice.below(2) == 1),
                _ => engine.disconnect(now),
            },
            _ => {
                engine.hook_done(now, dice.below(8) != 7);
                self.has_hook = false;
            }
        }
    }

    fn wait(&mut self, request: RequestId) {
        assert!(self.waiting.insert(request), "the number of another request");
    }

    fn listen(&mut self, dice: &mut Dice<'_>) {
        let Some(id) = self.known(dice) else { return };
        let engine = &mut self.client.engine;
        // It may be about to be told that it has left the cache.
        if engine.find(engine.rid(id)) == Some(id) {
            *self.listened.entry(id).or_default() += 1;
        }
        engine.listen(self.client.now, id);
    }

    /// Listens once less, also to what is not listened to.
    fn unlisten(&mut self, dice: &mut Dice<'_>) {
        let listened = dice.place(self.listened.len()).and_then(|at| self.listened.keys().nth(at).copied());
        let Some(id) = listened.or_else(|| self.known(dice)) else { return };
        if let Some(count) = self.listened.get_mut(&id) {
            *count -= 1;
            if *count == 0 {
                self.listened.remove(&id);
            }
        }
        self.client.engine.unlisten(self.client.now, id);
    }

    /// A resource that the application was told of.
    fn known(&self, dice: &mut Dice<'_>) -> Option<ResourceId> {
        let read = self.client.mirror.iter().map(|(id, _)| id);
        let known: Vec<ResourceId> = read.chain(self.client.unread.keys().copied()).collect();
        dice.place(known.len()).map(|at| known[at])
    }
}
