//! What the log of a listener finds wrong.

use std::collections::BTreeMap;

use chaos::log::Content;
use resclient::client::{Change, Event, Item};
use serde_json::json;

fn data(value: u32) -> Item {
    Item::Data(value.into())
}

fn change(old: Option<Item>, new: Option<Item>) -> Event {
    Event::Change(BTreeMap::from([("a".to_owned(), Change { old, new })]))
}

#[test]
fn changes_that_fit_are_made_and_others_are_told() {
    let mut model = Content::of_service(&json!({ "a": 1 }));
    assert!(model.apply(&change(Some(data(1)), Some(data(2)))));
    assert_eq!(model, Content::of_service(&json!({ "a": 2 })));
    assert!(!model.clone().apply(&change(Some(data(1)), Some(data(3)))), "it was 2");
    assert!(!model.clone().apply(&change(Some(data(2)), Some(data(2)))), "nothing changes");
    assert!(!model.clone().apply(&Event::Remove { idx: 0, item: data(2) }), "a model has no items");
    assert!(model.apply(&change(Some(data(2)), None)));
    assert_eq!(model, Content::of_service(&json!({})));
}

#[test]
fn items_have_to_be_where_they_are_said_to_be() {
    let mut list = Content::of_service(&json!([1, { "rid": "a.b" }, { "data": { "x": 1 } }]));
    assert!(list.apply(&Event::Remove { idx: 1, item: Item::Reference("a.b".into()) }));
    assert!(list.apply(&Event::Add { idx: 2, item: Item::Soft("a.c".into()) }));
    assert_eq!(list, Content::of_service(&json!([1, { "data": { "x": 1 } }, { "rid": "a.c", "soft": true }])));
    assert!(!list.clone().apply(&Event::Remove { idx: 0, item: data(2) }));
    assert!(!list.clone().apply(&Event::Remove { idx: 3, item: data(2) }));
    assert!(!list.clone().apply(&Event::Add { idx: 4, item: data(2) }));
}
