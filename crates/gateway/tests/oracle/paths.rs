//! Paths of HTTP requests, decoded byte by byte.

#[path = "../../src/server/api/path.rs"]
mod path;

use super::names::{is_name, is_part, is_rid, is_subject};

/// Any two paths with their queries, and what they would be as resource ids.
pub fn check(one: &str, other: &str) {
    let [first, second] = [one, other].map(|target| {
        let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
        let decoded = decoded(path);
        let query = query.filter(|query| !query.is_empty());
        let expected = decoded.as_ref().map(|parts| with_query(&parts.join("."), query));
        let resource = path::resource(path, query);
        assert_eq!(resource.as_deref(), expected.as_deref(), "{target:?}");
        let call = decoded.as_ref().filter(|parts| parts.len() > 1).map(|parts| {
            let (method, name) = parts.split_last().unwrap();
            (with_query(&name.join("."), query), method.clone())
        });
        let method = path::method(path, query).map(|(rid, method)| (rid.to_string(), method.to_string()));
        assert_eq!(method, call, "{target:?}");
        if let Some((rid, method)) = &method {
            assert!(is_subject(&format!("call.{}.{method}", rid.split('?').next().unwrap())));
        }
        resource.map(|rid| (rid, decoded.expect("there is a resource"), query))
    });
    if let (Some((rid, parts, query)), Some((other, other_parts, other_query))) = (first, second) {
        // The same, but for escapes that need not be, is the same path to everybody on the way.
        assert_eq!(rid == other, (parts, query) == (other_parts, other_query), "{rid:?} and {other:?}");
    }
    leads_back(one);
}

/// The path of a resource leads to it and nothing else, if anywhere.
fn leads_back(rid: &str) {
    if !is_rid(rid) {
        return;
    }
    let link = path::of("/api/", rid);
    assert!(link.bytes().all(|b| b >= 0x80 || b.is_ascii_graphic() && !b"\"#<>".contains(&b)), "{link:?}");
    let (path, query) = link.split_once('?').map_or((&*link, None), |(path, query)| (path, Some(query)));
    let found = path::resource(path.strip_prefix("/api/").expect("it begins with that"), query);
    let (name, query) = rid.split_once('?').map_or((rid, None), |(name, query)| (name, Some(query)));
    let found_name = found.as_deref().map(|found| found.split('?').next().unwrap());
    assert_eq!(found_name, (!name.contains('/')).then_some(name), "{rid:?}");
    // In a query, what has to be escaped stays so.
    if let Some(query) =
        query.filter(|query| query.bytes().all(|b| b.is_ascii_alphanumeric() || b"=&.%/?".contains(&b)))
    {
        let whole = with_query(name, Some(query).filter(|query| !query.is_empty()));
        assert!(found.is_none_or(|found| *found == *whole), "{rid:?}");
    }
}

fn with_query(name: &str, query: Option<&str>) -> String {
    assert!(is_name(name), "{name:?}");
    query.map_or(name.to_owned(), |query| format!("{name}?{query}"))
}

fn decoded(path: &str) -> Option<Vec<String>> {
    path.split('/').map(|part| unescaped(part).filter(|part| is_part(part) && !part.contains('/'))).collect()
}

fn unescaped(part: &str) -> Option<String> {
    let (mut bytes, mut out) = (part.bytes(), Vec::new());
    while let Some(b) = bytes.next() {
        out.push(if b == b'%' {
            let mut digit = || char::from(bytes.next()?).to_digit(16);
            (digit()? * 16 + digit()?) as u8
        } else {
            b
        });
    }
    String::from_utf8(out).ok()
}
