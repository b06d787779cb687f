//! Requests for resources themselves: subscribe, get, unsubscribe, and the resources that methods answer with.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use resclient::bug;
use resclient::protocol::ResError;

use super::graph::Goal;
use super::set::ResourceSet;
use super::sub::{Access, Body, RequestId};
use super::work::Work;
use super::{Conn, Kind, Outcome, Output, Request, Tree};
use crate::core::border::SubId;
use crate::core::json;
use crate::core::value::Snapshot;

/// An answer that is being written: what is to be written yet, and what was.
#[derive(Debug)]
pub struct Answer {
    id: u64,
    kind: Kind,
    sub: SubId,
    stack: Vec<SubId>,
    seen: BTreeSet<SubId>,
    set: ResourceSet,
    /// In place of the set, for HTTP.
    resources: HashMap<Arc<str>, Result<Arc<Snapshot>, ResError>>,
}

impl Answer {
    fn new(id: u64, kind: Kind, sub: SubId) -> Answer {
        let (set, resources) = (ResourceSet::default(), HashMap::new());
        Answer { id, kind, sub, stack: vec![sub], seen: BTreeSet::new(), set, resources }
    }
}

impl Conn {
    /// Begins a request for a resource itself.
    pub(super) fn direct(&mut self, id: u64, kind: Kind, rid: &Arc<str>) {
        if self.address(rid).is_none() {
            return self.direct_refused(id, kind, rid, &ResError::INVALID_REQUEST);
        }
        let known = self.by_rid.get(rid).and_then(|id| self.subs.get(id));
        let over = match known {
            Some(sub) if sub.direct > 0 => sub.direct as usize + sub.requests.len() >= self.limits.direct_count,
            Some(sub) if sub.requests.len() >= self.limits.direct_count => true,
            _ => self.direct_rids >= self.limits.direct_resources || self.subs.len() >= self.limits.held_resources,
        };
        if over {
            self.stats.refused += 1;
            return self.direct_refused(id, kind, rid, &ResError::SUBSCRIPTION_LIMIT);
        }
        let sub_id = self.acquire(rid, None);
        let request = RequestId(self.next_id());
        self.requests.insert(request, Request::Direct { id, kind, sub: sub_id, wait: None, failure: None });
        let sub = self.sub(sub_id);
        sub.requests.push(request);
        match sub.access {
            Access::Unknown => self.ask_access(sub_id),
            Access::InFlight { .. } => {}
            Access::Known(_) => self.try_request(request),
        }
    }

    /// Answers a request for a resource if all is there that the answer needs.
    pub(super) fn try_request(&mut self, request: RequestId) {
        let Some(Request::Direct { sub: sub_id, wait, failure, .. }) = self.requests.get(&request) else { return };
        let (sub_id, waiting, failure) = (*sub_id, wait.is_some(), failure.clone());
        let sub = &self.subs[&sub_id];
        match &sub.access {
            Access::Known(Ok(access)) if access.get => {}
            Access::Known(Err(error)) => return self.fail_request(request, &error.clone()),
            Access::Known(Ok(_)) => return self.fail_request(request, &ResError::ACCESS_DENIED),
            Access::Unknown | Access::InFlight { .. } => return,
        }
        if bug!("refused-by-chance")
            && request.0.is_multiple_of(8)
            && matches!(self.requests.get(&request), Some(Request::Direct { kind: Kind::Subscribe, .. }))
        {
            return self.fail_request(request, &ResError::NOT_FOUND);
        }
        let failure = failure.or_else(|| match &sub.body {
            Body::Failed(error) => Some(ResError::clone(error)),
            _ => None,
        });
        if let Some(error) = failure {
            return self.fail_request(request, &error);
        }
        if waiting {
            return;
        }
        let waiting = self.start_wait(vec![sub_id], Goal::Request(request));
        match waiting {
            None => self.finish_request(request),
            waiting => {
                if let Some(Request::Direct { wait, .. }) = self.requests.get_mut(&request) {
                    *wait = waiting;
                }
            }
        }
    }

    pub(super) fn request_ready(&mut self, request: RequestId) {
        if let Some(Request::Direct { wait, .. }) = self.requests.get_mut(&request) {
            *wait = None;
        }
        self.try_request(request);
    }

    pub(super) fn load_failed(&mut self, request: RequestId, error: &ResError) {
        if let Some(Request::Direct { failure, .. }) = self.requests.get_mut(&request) {
            *failure = Some(error.clone());
        }
        self.try_request(request);
    }

    fn finish_request(&mut self, request: RequestId) {
        let Some((id, kind, sub_id)) = self.take_direct(request) else { return };
        if let Kind::Subscribe | Kind::Resource = kind {
            let sub = self.sub(sub_id);
            sub.direct += 1;
            if sub.direct == 1 {
                self.direct_rids += 1;
            }
        }
        self.begin_work(Work::Answer(Box::new(Answer::new(id, kind, sub_id))));
    }

    /// Goes one step on with writing an answer. Returns whether there is more to write.
    pub(super) fn write(&mut self, answer: &mut Answer) -> bool {
        let Answer { id, kind, sub, stack, seen, set, resources } = answer;
        let version = self.version;
        let is_wrong = bug!("get-says-gone") || bug!("http-alone");
        let alone = is_wrong.then(|| self.sub(*sub).rid.clone());
        let is_more = match kind {
            Kind::Subscribe | Kind::Resource => self.send(stack, seen, set),
            Kind::Get => self.peek(stack, seen, |rid, found| match found {
                Ok(_) if bug!("get-says-gone") && alone.as_ref() != Some(rid) => {
                    set.add_error(rid, &ResError::NOT_FOUND)
                }
                Ok(snapshot) => set.add(rid, snapshot, version),
                Err(error) => set.add_error(rid, error),
            }),
            Kind::Fetch => self.peek(stack, seen, |rid, found| {
                if bug!("http-alone") && alone.as_ref() != Some(rid) {
                    return;
                }
                resources.insert(rid.clone(), found.map(Arc::clone).map_err(Clone::clone));
            }),
        };
        if is_more {
            return true;
        }
        let rid = self.sub(*sub).rid.clone();
        if let Kind::Fetch = kind {
            self.http_done(Ok(Outcome::Tree(Tree { root: rid, resources: std::mem::take(resources) })));
        } else {
            let mut result = String::from("{");
            if let Kind::Resource = kind {
                result.push_str("\"rid\":");
                json::push_string(&mut result, &rid);
            }
            set.push_members(&mut result);
            result.push('}');
            self.reply(*id, &result);
        }
        self.garbage.push(*sub);
        false
    }

    pub(super) fn fail_request(&mut self, request: RequestId, error: &ResError) {
        let Some((id, kind, sub_id)) = self.take_direct(request) else { return };
        let rid = self.sub(sub_id).rid.clone();
        self.direct_refused(id, kind, &rid, error);
        self.garbage.push(sub_id);
    }

    pub(super) fn direct_refused(&mut self, id: u64, kind: Kind, rid: &str, error: &ResError) {
        match kind {
            Kind::Subscribe | Kind::Get => self.reply_error(id, error),
            // The method was called, which is what the client asked for; only the resource cannot be had.
            Kind::Resource => {
                let mut result = String::from("{\"rid\":");
                json::push_string(&mut result, rid);
                let mut set = ResourceSet::default();
                set.add_error(rid, error);
                set.push_members(&mut result);
                result.push('}');
                self.reply(id, &result);
            }
            Kind::Fetch => self.http_done(Err(error.clone())),
        }
    }

    pub(super) fn take_direct(&mut self, request: RequestId) -> Option<(u64, Kind, SubId)> {
        let Request::Direct { id, kind, sub, wait, .. } = self.requests.remove(&request)? else { return None };
        if let Some(wait) = wait {
            self.waits.remove(&wait);
        }
        let requests = &mut self.sub(sub).requests;
        requests.retain(|&other| other != request);
        if requests.is_empty() {
            // For as long as the resource is subscribed to, hardly any other comes.
            *requests = Vec::new();
        }
        Some((id, kind, sub))
    }

    pub(super) fn unsubscribe(&mut self, id: u64, rid: &str, count: u32) {
        let found = self.by_rid.get(rid).copied().filter(|sub| self.subs[sub].direct >= count);
        let Some(sub_id) = found else { return self.reply_error(id, &ResError::NO_SUBSCRIPTION) };
        let sub = self.sub(sub_id);
        sub.direct -= if bug!("count-ignored") { 1 } else { count };
        if sub.direct == 0 {
            // Without a direct subscription there is nothing whose access could be lost.
            sub.held = false;
            self.direct_rids -= 1;
            self.flushable.push_back(sub_id);
        }
        self.garbage.push(sub_id);
        self.output(Output::Answer(format!("{{\"id\":{id}}}").into()));
    }
}
