//! The resources of the services, and what is in them at first.

use serde_json::{Value, json};

/// Each is a service that owns all names that begin with its own.
pub const SERVICES: [&str; 2] = ["stock", "desk"];

/// Models of a service, and lists.
const ITEMS: usize = 12;
const LISTS: usize = 4;
/// Queries of a service. Their results are all items that have at least so many.
const FOUND: usize = 3;

/// Members of models that change.
pub const MEMBERS: [&str; 3] = ["count", "text", "next"];

pub fn item(service: usize, n: usize) -> String {
    format!("{}.item.{n}", SERVICES[service])
}

pub fn list(service: usize, n: usize) -> String {
    format!("{}.list.{n}", SERVICES[service])
}

/// The name of the queries.
pub fn found(service: usize) -> String {
    format!("{}.found", SERVICES[service])
}

/// The service that owns a resource.
pub fn service_of(rid: &str) -> usize {
    SERVICES.iter().position(|name| rid.split('.').next() == Some(name)).expect("a resource of a service")
}

/// Everything that a client may subscribe to.
pub fn all() -> Vec<String> {
    (0..SERVICES.len())
        .flat_map(|service| {
            let items = (0..ITEMS).map(move |n| item(service, n));
            let lists = (0..LISTS).map(move |n| list(service, n));
            items.chain(lists).chain((0..FOUND).map(move |n| query(service, n)))
        })
        .collect()
}

/// Some of everything, by a number.
pub fn some_of_each_service(number: usize) -> Vec<String> {
    (0..SERVICES.len()).flat_map(|service| [list(service, number % LISTS), query(service, number % FOUND)]).collect()
}

fn query(service: usize, n: usize) -> String {
    format!("{}?least={}", found(service), n * 3)
}

/// The models of a service as it begins, by name.
pub fn models(service: usize) -> impl Iterator<Item = (String, Value)> {
    (0..ITEMS).map(move |n| (item(service, n), json!({ "count": n, "text": "new", "next": null })))
}

/// The same of its collections.
pub fn collections(service: usize) -> impl Iterator<Item = (String, Value)> {
    (0..LISTS).map(move |n| (list(service, n), json!([n, { "rid": item(service, n) }])))
}

/// A member or an item of any kind. References lead to any service.
pub fn value(rng: &mut fastrand::Rng) -> Value {
    let rid = item(rng.usize(..SERVICES.len()), rng.usize(..ITEMS));
    match rng.u8(0..10) {
        0..3 => json!({ "rid": rid }),
        3 => json!({ "rid": rid, "soft": true }),
        4 => json!({ "data": { "a": [rng.u8(..), "\u{e9}\u{1f600}"] } }),
        5 => Value::Null,
        6 => json!(format!("\u{e9}\"\\{}", rng.u16(..))),
        _ => json!(rng.u16(..)),
    }
}

/// An item of a service.
pub fn any_item(rng: &mut fastrand::Rng) -> String {
    item(rng.usize(..SERVICES.len()), rng.usize(..ITEMS))
}

/// A collection of a service.
pub fn any_list(rng: &mut fastrand::Rng) -> String {
    list(rng.usize(..SERVICES.len()), rng.usize(..LISTS))
}
