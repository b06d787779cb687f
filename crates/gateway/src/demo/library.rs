//! Books: a collection of references to models, whole or by pages, edited by calls.

use resclient::protocol::ResError;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::service::{Access, Reply, Request, Resource, Service, invalid_params};

const BOOKS: &str = "library.books";

/// The service with its first books.
pub fn service() -> Service {
    let books = [
        ("Animal Farm", "George Orwell"),
        ("Brave New World", "Aldous Huxley"),
        ("Coraline", "Neil Gaiman"),
        ("Dracula", "Bram Stoker"),
        ("Emma", "Jane Austen"),
    ];
    let references: Vec<Value> = (1..=books.len()).map(|id| json!({ "rid": rid(id as u64) })).collect();
    let service = Service::new("library").collection(BOOKS, references.into());
    let service = books.iter().zip(1..).fold(service, |service, (&(title, author), id)| {
        service.model(&rid(id), json!({ "id": id, "title": title, "author": author }))
    });
    service
        .access("library.>", |_| Ok(Access::ALL))
        .get(BOOKS, page)
        .call(BOOKS, "new", new)
        .call(BOOKS, "delete", delete)
        .call("library.book.$id", "set", set)
}

/// The resource id of a book.
pub fn rid(id: u64) -> String {
    format!("library.book.{id}")
}

fn page(request: &Request) -> Result<Resource, ResError> {
    let Page { start, limit } = Page::parse(request.query().unwrap_or_default())?;
    let page: Vec<Value> =
        references(request).into_iter().skip(start).take(limit).map(|rid| json!({ "rid": rid })).collect();
    let resource = Box::new(Resource::Collection(page.into()));
    // The query in its normal form: clients that write it in another way share one resource.
    Ok(Resource::Query { resource, query: format!("start={start}&limit={limit}") })
}

fn new(request: &Request) -> Result<Reply, ResError> {
    #[derive(Deserialize)]
    struct Params {
        title: String,
        author: String,
    }
    let params: Params = request.params()?;
    let title = field("title", &params.title)?;
    let author = field("author", &params.author)?;
    let service = request.service();
    let count = references(request).len();
    if count >= MOST_BOOKS {
        return Err(invalid_params("The library is full. Delete a book first."));
    }
    // Ids are not used again while there is a book with a higher one, which is all a demo needs.
    let highest = references(request).iter().filter_map(|book| book.rsplit('.').next()?.parse::<u64>().ok()).max();
    let id = highest.unwrap_or(0) + 1;
    service.create(&rid(id), Resource::Model(json!({ "id": id, "title": title, "author": author })))?;
    service.add(BOOKS, count, json!({ "rid": rid(id) }))?;
    pages_changed(request);
    Ok(Reply::resource(rid(id)))
}

fn delete(request: &Request) -> Result<Reply, ResError> {
    #[derive(Deserialize)]
    struct Params {
        id: u64,
    }
    let Params { id } = request.params()?;
    let at = references(request).iter().position(|book| *book == rid(id));
    let at = at.ok_or_else(|| invalid_params(format!("There is no book with the id {id}.")))?;
    request.service().remove(BOOKS, at)?;
    pages_changed(request);
    request.service().delete(&rid(id))?;
    Ok(Reply::null())
}

fn set(request: &Request) -> Result<Reply, ResError> {
    #[derive(Deserialize)]
    struct Params {
        title: Option<String>,
        author: Option<String>,
    }
    let params: Params = request.params()?;
    let mut values = serde_json::Map::new();
    for (name, text) in [("title", params.title), ("author", params.author)] {
        if let Some(text) = text {
            values.insert(name.into(), field(name, &text)?.into());
        }
    }
    if values.is_empty() {
        return Err(invalid_params("Give a title or an author to set."));
    }
    request.service().change(request.name(), values.into())?;
    Ok(Reply::null())
}

/// Any page may be another now: the gateway asks for each that somebody looks at, as it asked for it first.
fn pages_changed(request: &Request) {
    request.service().event(BOOKS, "query", &json!({ "subject": format!("get.{BOOKS}") }));
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
        // Each page is a resource: there are not to be more of them than books could fill.
        let is_valid = page.start <= MOST_BOOKS && (1..=100).contains(&page.limit);
        if is_valid { Ok(page) } else { Err(Page::INVALID) }
    }

    const INVALID: ResError = ResError::new("system.invalidQuery", "start is from 0 to 500, limit from 1 to 100");
}

fn field<'a>(name: &str, text: &'a str) -> Result<&'a str, ResError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(invalid_params(format!("The {name} must not be empty.")));
    }
    if text.chars().count() > LONGEST_FIELD {
        return Err(invalid_params(format!("The {name} must not be longer than {LONGEST_FIELD} characters.")));
    }
    Ok(text)
}

fn references(request: &Request) -> Vec<String> {
    let books = request.service().value(BOOKS).unwrap_or_default();
    let rid = |book: &Value| book["rid"].as_str().map(str::to_owned);
    books.as_array().into_iter().flatten().filter_map(rid).collect()
}

const LONGEST_FIELD: usize = 200;
const MOST_BOOKS: usize = 500;
