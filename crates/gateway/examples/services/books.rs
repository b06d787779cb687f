//! The book collection: references to models, whole or by pages.

use std::sync::{Arc, Mutex, MutexGuard};

use res_gateway::service::{Access, Reply, Request, Resource, Service, invalid_params};
use resclient::protocol::ResError;
use serde::Deserialize;
use serde_json::{Map, Value, json};

const BOOKS: &str = "library.books";

pub fn service() -> Service {
    let first = [("Animal Farm", "George Orwell"), ("Brave New World", "Aldous Huxley"), ("Coraline", "Neil Gaiman")];
    let shelf = Shelf(Arc::new(Mutex::new((1..=first.len() as u64).collect())));
    let (asked, grown, shrunk) = (shelf.clone(), shelf.clone(), shelf);
    let service = first.iter().zip(1..).fold(Service::new("library"), |service, (&(title, author), id)| {
        service.model(&rid(id), book(id, title, author))
    });
    service
        .access(BOOKS, |_| Ok(Access { get: true, call: "new,delete".into() }))
        .access("library.book.$id", |_| Ok(Access { get: true, call: "set".into() }))
        .get(BOOKS, move |request| asked.answer(request.query()))
        .call(BOOKS, "new", move |request| new(request, &grown))
        .call(BOOKS, "delete", move |request| delete(request, &shrunk))
        .call("library.book.$id", "set", set)
}

/// The ids of the books in their order. The books themselves are with the service, which sends their events.
#[derive(Clone)]
struct Shelf(Arc<Mutex<Vec<u64>>>);

impl Shelf {
    fn answer(&self, query: Option<&str>) -> Result<Resource, ResError> {
        let references: Vec<Value> = self.ids().iter().map(|&id| json!({ "rid": rid(id) })).collect();
        let Some(query) = query else { return Ok(Resource::Collection(references.into())) };
        let Page { start, limit } = Page::parse(query)?;
        let page: Vec<Value> = references.into_iter().skip(start).take(limit).collect();
        let resource = Box::new(Resource::Collection(page.into()));
        // The query in its normal form: clients that write it in another way share one resource.
        Ok(Resource::Query { resource, query: format!("start={start}&limit={limit}") })
    }

    fn ids(&self) -> MutexGuard<'_, Vec<u64>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn new(request: &Request, shelf: &Shelf) -> Result<Reply, ResError> {
    let values = texts(request)?;
    let [Some(title), Some(author)] = ["title", "author"].map(|name| values.get(name).and_then(Value::as_str)) else {
        return Err(not_a_text(if values.contains_key("title") { "author" } else { "title" }));
    };
    let mut ids = shelf.ids();
    let id = ids.last().map_or(1, |last| last + 1);
    request.service().create(&rid(id), Resource::Model(book(id, title, author)))?;
    request.service().event(BOOKS, "add", &json!({ "idx": ids.len(), "value": { "rid": rid(id) } }));
    ids.push(id);
    pages_changed(request);
    Ok(Reply::resource(rid(id)))
}

fn delete(request: &Request, shelf: &Shelf) -> Result<Reply, ResError> {
    #[derive(Deserialize)]
    struct Params {
        id: u64,
    }
    let Params { id } = request.params()?;
    let mut ids = shelf.ids();
    let idx = ids.iter().position(|&other| other == id).ok_or(ResError::NOT_FOUND)?;
    ids.remove(idx);
    request.service().event(BOOKS, "remove", &json!({ "idx": idx }));
    pages_changed(request);
    request.service().delete(&rid(id))?;
    Ok(Reply::null())
}

fn set(request: &Request) -> Result<Reply, ResError> {
    request.service().change(request.name(), texts(request)?.into())?;
    Ok(Reply::null())
}

/// Any page may be another now: the gateway asks for each that somebody looks at, as it asked for it first.
fn pages_changed(request: &Request) {
    request.service().event(BOOKS, "query", &json!({ "subject": format!("get.{BOOKS}") }));
}

/// The title and the author among the parameters, as far as they are there.
fn texts(request: &Request) -> Result<Map<String, Value>, ResError> {
    let params: Value = request.params().unwrap_or_default();
    let mut texts = Map::new();
    for name in ["title", "author"] {
        match params.get(name).map(|given| given.as_str().map(str::trim)) {
            None => {}
            Some(Some(text)) if !text.is_empty() => drop(texts.insert(name.into(), text.into())),
            Some(_) => return Err(not_a_text(name)),
        }
    }
    Ok(texts)
}

fn not_a_text(name: &str) -> ResError {
    invalid_params(format!("{name} must be a text that is not empty"))
}

struct Page {
    start: usize,
    limit: usize,
}

impl Page {
    fn parse(query: &str) -> Result<Page, ResError> {
        let mut page = Page { start: 0, limit: 10 };
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            match name {
                "start" => page.start = value.parse().map_err(|_| Page::INVALID)?,
                "limit" => page.limit = value.parse().map_err(|_| Page::INVALID)?,
                _ => {}
            }
        }
        if (1..=100).contains(&page.limit) { Ok(page) } else { Err(Page::INVALID) }
    }

    const INVALID: ResError = ResError::new("system.invalidQuery", "start is at least 0, limit from 1 to 100");
}

fn rid(id: u64) -> String {
    format!("library.book.{id}")
}

fn book(id: u64, title: &str, author: &str) -> Value {
    json!({ "id": id, "title": title, "author": author })
}
