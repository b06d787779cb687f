//! Resources and methods as paths: `library/book/1` is the resource `library.book.1`.

use std::sync::Arc;

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use resclient::protocol::rid;

/// The resource that a path below the prefix stands for, if any.
pub fn resource(path: &str, query: Option<&str>) -> Option<Arc<str>> {
    let name = path.split('/').map(part).collect::<Option<Vec<_>>>()?.join(".");
    Some(match query.filter(|query| !query.is_empty()) {
        Some(query) => format!("{name}?{query}").into(),
        None => name.into(),
    })
}

/// The resource and the method of it, which is the last part of the path.
pub fn method(path: &str, query: Option<&str>) -> Option<(Arc<str>, Arc<str>)> {
    let (path, method) = path.rsplit_once('/')?;
    Some((resource(path, query)?, part(method)?.into()))
}

/// The path of a resource.
pub fn of(api_path: &str, rid: &str) -> String {
    let (name, query) = rid::split_query(rid);
    let parts: Vec<String> = name.split('.').map(|part| utf8_percent_encode(part, PART).to_string()).collect();
    let query = query.map(|query| format!("?{}", utf8_percent_encode(query, QUERY))).unwrap_or_default();
    format!("{api_path}{}{query}", parts.join("/"))
}

/// A part without its escapes. It must not hold what would make it two, or what has a meaning on the bus.
fn part(text: &str) -> Option<String> {
    let mut escapes = text.split('%').skip(1).map(|rest| rest.as_bytes().get(..2));
    if !escapes.all(|digits| digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))) {
        return None;
    }
    let part = percent_decode_str(text).decode_utf8().ok()?.into_owned();
    (rid::is_valid_part(&part) && !part.contains('/')).then_some(part)
}

/// What is escaped in a part of a path: the same as Resgate does.
const PART: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'~').remove(b'$').remove(b'&').remove(b'+').remove(b'=');
/// What cannot stand in a query as it is. A query is as the service wrote it, escapes and all.
const QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>');
