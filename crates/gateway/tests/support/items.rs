//! The query resources of the fixture: `fix.items?start=…&limit=…`, pages of a list, and `fix.qmodel`, which shows its query.

use std::collections::BTreeMap;
use std::time::Duration;

use res_gateway::service::{Request, Resource, ServiceHandle};
use resclient::protocol::ResError;
use serde_json::{Value, json};

use super::bus::TestBus;

pub struct Items {
    bus: TestBus,
    items: Vec<String>,
    query_events: u32,
}

#[derive(Clone, Copy)]
struct Page {
    start: usize,
    limit: usize,
}

impl Items {
    pub fn new(bus: &TestBus) -> Items {
        let mut items = Items { bus: bus.clone(), items: Vec::new(), query_events: 0 };
        items.restore();
        items
    }

    pub fn restore(&mut self) {
        self.items = (1..=10).map(|n| format!("item{n}")).collect();
    }

    pub fn page(&self, request: &Request) -> Result<Resource, ResError> {
        let invalid = || ResError::new("system.invalidQuery", "Invalid query");
        let page = Page::parse(request.query().unwrap_or_default()).ok_or_else(invalid)?;
        let query = format!("limit={}&start={}", page.limit, page.start);
        Ok(Resource::Query { resource: Box::new(Resource::Collection(page.of(&self.items).into())), query })
    }

    pub fn model(&self, request: &Request) -> Resource {
        let sorted: BTreeMap<_, _> = pairs(request.query().unwrap_or_default()).collect();
        let query = sorted.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join("&");
        let model = json!({ "q": query, "count": self.items.len() });
        Resource::Query { resource: Box::new(Resource::Model(model)), query }
    }

    /// Changes the list and says so by query events; `mode` is how the query requests are answered.
    pub fn change(&mut self, service: &ServiceHandle, params: &Value) {
        let before = self.items.clone();
        let index = |name: &str| params[name].as_u64().map(|n| n as usize);
        if let Some(item) = params["insert"].as_str() {
            self.items.insert(index("idx").unwrap_or(0), item.to_owned());
        } else if let Some(at) = index("remove") {
            self.items.remove(at);
        }
        self.query_events += 1;
        let subject = format!("_FIXQ.{}", self.query_events);
        let after = self.items.clone();
        let mode = params["mode"].as_str().unwrap_or("events").to_owned();
        let mut connection = self.bus.connect();
        connection.bus.subscribe(&subject);
        tokio::spawn(async move {
            let end = tokio::time::Instant::now() + Duration::from_millis(3_000);
            while let Ok(Some(request)) = tokio::time::timeout_at(end, connection.deliveries.recv()).await {
                let payload: Value = serde_json::from_slice(&request.payload).expect("requests are JSON");
                let query = payload["query"].as_str().expect("a query request has a query");
                let answer = answer(query, &before, &after, &mode);
                let reply = request.reply.expect("a query request wants an answer");
                connection
                    .bus
                    .publish(&reply, None, answer.to_string().into_bytes().into())
                    .expect("a memory bus carries all");
            }
        });
        for name in ["fix.items", "fix.qmodel"] {
            service.event(name, "query", &json!({ "subject": subject }));
        }
    }
}

fn answer(query: &str, before: &[String], after: &[String], mode: &str) -> Value {
    let Some(page) = Page::parse(query) else {
        return json!({ "result": { "model": { "q": query, "count": after.len() } } });
    };
    let (old, new) = (page.of(before), page.of(after));
    match mode {
        "collection" => json!({ "result": { "collection": new } }),
        "none" => json!({ "result": {} }),
        "notFound" => json!({ "error": { "code": "system.notFound", "message": "Not found" } }),
        "error" => json!({ "error": { "code": "system.internalError", "message": "boom" } }),
        _ => {
            let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
            let removes = (same..old.len()).rev().map(|idx| json!({ "event": "remove", "data": { "idx": idx } }));
            let adds =
                (same..new.len()).map(|idx| json!({ "event": "add", "data": { "idx": idx, "value": new[idx] } }));
            json!({ "result": { "events": removes.chain(adds).collect::<Vec<_>>() } })
        }
    }
}

impl Page {
    fn parse(query: &str) -> Option<Page> {
        let mut page = Page { start: 0, limit: 3 };
        for (key, value) in pairs(query) {
            match key {
                "start" => page.start = value.parse().ok()?,
                "limit" => page.limit = value.parse().ok()?,
                _ => {}
            }
        }
        (1..=50).contains(&page.limit).then_some(page)
    }

    fn of(self, items: &[String]) -> Vec<String> {
        items.iter().skip(self.start).take(self.limit).cloned().collect()
    }
}

fn pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}
