//! What is asked for when all is quiet, and has to be there.

use resclient::session::{Outcome, Time};
use serde_json::Value;

use super::{Client, Why};

/// What is asked for when all is quiet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Proof {
    Get(String),
    Fetch(String),
    Call(String),
}

impl Client {
    /// The application asks for something that has to be there, if it may be had. What is there already is not asked for.
    pub fn ask(&mut self, now: u64, what: Proof) {
        let now = self.clock(now);
        match &what {
            Proof::Get(rid) if self.engine.find(rid).is_some() => {}
            Proof::Get(rid) => self.get(now, &rid.clone(), Why::Proof(what)),
            Proof::Fetch(rid) => {
                let request = self.engine.fetch(now, rid);
                self.wait(request, Why::Proof(what));
            }
            Proof::Call(name) => {
                self.call(now, &name.clone(), Why::Proof(what));
            }
        }
        self.drain(now);
    }

    pub(super) fn prove(&mut self, now: Time, what: Proof, outcome: &Outcome) {
        let outcome = match outcome {
            Outcome::Resource(id) => {
                self.listen(now, *id);
                Ok(Value::Null)
            }
            Outcome::Result(span) | Outcome::Payload(span) => {
                Ok(serde_json::from_str(span.of(&self.text)).expect("JSON"))
            }
            Outcome::Error(span) => Err(span.of(&self.text).to_owned()),
            other => Err(format!("{other:?}")),
        };
        self.proofs.insert(what, outcome);
    }
}
