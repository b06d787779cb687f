//! Resources that refer to each other in any way, written as one text: the same as by the plainest recursion there is.

mod support;

use std::cell::Cell;
use std::sync::{Arc, Mutex};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use res_gateway::GatewayConfig;
use res_gateway::bus::MemoryBus;
use res_gateway::server::{Encoding, ServerConfig};
use res_gateway::service::{Access, Resource, Service};
use serde_json::{Value, json};
use support::client::TestServer;
use support::http::ask;

#[test]
fn any_graph_is_written_as_by_the_plainest_recursion_and_never_over_the_limit() {
    for encoding in [Encoding::Json, Encoding::JsonFlat] {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let graphs: Arc<Mutex<Vec<Graph>>> = Arc::default();
        let server = runtime.block_on(serve(encoding, graphs.clone()));
        let config = ProptestConfig { cases: 250, failure_persistence: None, ..ProptestConfig::default() };
        let (written, refused) = (Cell::new(0), Cell::new(0));
        TestRunner::new(config)
            .run(&graph(), |graph| {
                let number = {
                    let mut graphs = graphs.lock().unwrap();
                    graphs.push(graph.clone());
                    graphs.len() - 1
                };
                let expected = Plain { encoding, number, graph: &graph }.write(0, &[]);
                let answer = runtime.block_on(ask(server.address, "GET", &format!("/api/g/{number}/0"), "", None));
                if expected.len() > LIMIT {
                    refused.set(refused.get() + 1);
                    prop_assert_eq!((answer.status, &*answer.code()), (500, "system.internalError"));
                } else {
                    written.set(written.get() + 1);
                    prop_assert_eq!(answer.status, 200);
                    prop_assert_eq!(answer.body, expected);
                }
                Ok(())
            })
            .unwrap();
        assert!(written.get() > 10 && refused.get() > 10, "{written:?} written, {refused:?} refused");
    }
}

/// The resources `g.<number>.0` and so on; what is referred to beyond them does not exist.
type Graph = Vec<Node>;

#[derive(Debug, Clone)]
struct Node {
    is_model: bool,
    items: Vec<Item>,
}

#[derive(Debug, Clone)]
enum Item {
    Plain(Value),
    Data(Value),
    Reference(usize),
    Soft(usize),
}

fn graph() -> impl Strategy<Value = Graph> {
    let item = prop_oneof![
        2 => prop_oneof![Just(json!(null)), Just(json!(1)), Just(json!("a\"\né"))].prop_map(Item::Plain),
        1 => Just(Item::Data(json!({ "x": [1, {}] }))),
        4 => (0..7usize).prop_map(Item::Reference),
        1 => (0..7usize).prop_map(Item::Soft),
    ];
    let node = (any::<bool>(), vec(item, 0..5)).prop_map(|(is_model, items)| Node { is_model, items });
    vec(node, 1..7)
}

async fn serve(encoding: Encoding, graphs: Arc<Mutex<Vec<Graph>>>) -> TestServer {
    let bus = MemoryBus::new();
    Service::new("g")
        .get("g.$graph.$node", move |request| {
            let part = |name| request.part(name).and_then(|part| part.parse::<usize>().ok()).expect("a number");
            let (graph, node) = (part("graph"), part("node"));
            let graphs = graphs.lock().unwrap();
            let node = graphs[graph].get(node).ok_or(resclient::protocol::ResError::NOT_FOUND)?;
            let value = |item: &Item| match item {
                Item::Plain(value) => value.clone(),
                Item::Data(value) => json!({ "data": value }),
                Item::Reference(node) => json!({ "rid": format!("g.{graph}.{node}") }),
                Item::Soft(node) => json!({ "rid": format!("g.{graph}.{node}"), "soft": true }),
            };
            Ok(if node.is_model {
                Resource::Model(node.items.iter().enumerate().map(|(i, item)| (key(i), value(item))).collect())
            } else {
                Resource::Collection(node.items.iter().map(value).collect())
            })
        })
        .access("g.>", |_| Ok(Access::READ))
        .start(bus.connect());
    let config = ServerConfig { encoding, response_bytes: LIMIT, http_request_rate: 0, ..ServerConfig::default() };
    TestServer::with(bus, GatewayConfig::default(), config).await
}

struct Plain<'a> {
    encoding: Encoding,
    number: usize,
    graph: &'a Graph,
}

impl Plain<'_> {
    /// The text of a resource inside of others.
    fn write(&self, at: usize, around: &[usize]) -> String {
        let path = [around, &[at]].concat();
        let node = &self.graph[at];
        let item = |item: &Item| match item {
            Item::Plain(value) | Item::Data(value) => value.to_string(),
            Item::Soft(to) => format!("{{{}}}", self.link(*to)),
            Item::Reference(to) if path.contains(to) => format!("{{{}}}", self.link(*to)),
            Item::Reference(to) => {
                let (kind, text) = match self.graph.get(*to) {
                    Some(node) if node.is_model => ("model", self.write(*to, &path)),
                    Some(_) => ("collection", self.write(*to, &path)),
                    None => ("error", r#"{"code":"system.notFound","message":"Not found"}"#.to_owned()),
                };
                match self.encoding {
                    Encoding::Json => format!("{{{},\"{kind}\":{text}}}", self.link(*to)),
                    Encoding::JsonFlat => text,
                }
            }
        };
        if node.is_model {
            let members: Vec<String> =
                node.items.iter().enumerate().map(|(i, value)| format!("\"{}\":{}", key(i), item(value))).collect();
            format!("{{{}}}", members.join(","))
        } else {
            format!("[{}]", node.items.iter().map(item).collect::<Vec<_>>().join(","))
        }
    }

    fn link(&self, to: usize) -> String {
        format!("\"href\":\"/api/g/{}/{to}\"", self.number)
    }
}

/// In the order of the alphabet, in which a service sends them.
fn key(at: usize) -> String {
    format!("k{at}")
}

/// Bytes of an answer.
const LIMIT: usize = 150;
