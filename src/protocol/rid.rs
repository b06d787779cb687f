//! Resource ids and method names (RES protocol, "Resources").
//!
//! A resource id is `name` or `name?query`. A name is one or more parts joined by dots; a part is one or more
//! characters from `!` to `~` except `.`, `*`, `>` and `?`. The query is not looked into: anything may follow the `?`.

/// Whether `rid` is a valid resource id.
pub fn is_valid(rid: &str) -> bool {
    let (name, _) = split_query(rid);
    is_valid_name(name)
}

/// Whether `name` is a valid resource name: an id without a query.
pub fn is_valid_name(name: &str) -> bool {
    name.split('.').all(is_valid_part)
}

/// Whether `part` is a valid part of a name, which is also the rule for method and event names.
pub fn is_valid_part(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|b| matches!(b, 0x21..=0x7e) && !matches!(b, b'.' | b'*' | b'>' | b'?'))
}

/// Splits an id into its name and its query; the query is `None` when there is no `?`.
pub fn split_query(rid: &str) -> (&str, Option<&str>) {
    match rid.split_once('?') {
        Some((name, query)) => (name, Some(query)),
        None => (rid, None),
    }
}

/// Splits `rid.word` at the last dot: an event into resource id and event name, a call into resource id and method.
/// A query may hold dots, so the last one is what counts.
pub fn split_last(text: &str) -> Option<(&str, &str)> {
    let dot = text.bytes().rposition(|b| b == b'.')?;
    let (rid, word) = (text.get(..dot)?, text.get(dot + 1..)?);
    (!rid.is_empty() && !word.is_empty()).then_some((rid, word))
}
