//! Names, subjects and patterns, letter by letter.

use res_gateway::bus::nats::protocol::push_publish;
use res_gateway::core::subject;
use resclient::protocol::rid;

/// Any two texts, as names, subjects and patterns.
pub fn check(one: &str, other: &str) {
    for text in [one, other] {
        assert_eq!(rid::is_valid_name(text), is_name(text), "{text:?} as a name");
        assert_eq!(rid::is_valid_part(text), is_part(text), "{text:?} as a part");
        assert_eq!(rid::is_valid(text), is_rid(text), "{text:?} as a resource id");
        assert_eq!(subject::is_valid(text), is_subject(text), "{text:?} as a subject");
        assert_eq!(subject::is_valid_pattern(text), is_pattern(text), "{text:?} as a pattern");
        if subject::is_valid(text) {
            is_one_line(text);
        }
        if let Some((rid, word)) = rid::split_last(text) {
            assert_eq!(format!("{rid}.{word}"), text);
            assert!(!rid.is_empty() && !word.is_empty() && !word.contains('.'));
        }
        let (name, query) = rid::split_query(text);
        assert_eq!(query.map_or(name.to_owned(), |query| format!("{name}?{query}")), text);
        assert!(!name.contains('?'));
    }
    if is_pattern(one) && is_subject(other) {
        let (pattern, subject): (Vec<_>, Vec<_>) = (one.split('.').collect(), other.split('.').collect());
        assert_eq!(subject::matches(one, other), matches(&pattern, &subject), "{one:?} and {other:?}");
    }
    if is_name(one) && is_name(other) {
        is_one_resource(one, other);
    }
}

/// What is listened to for one resource is what is said of it, and nothing of another.
fn is_one_resource(name: &str, other: &str) {
    let (listened, said) = (format!("event.{name}.*"), format!("event.{other}.change"));
    assert!(subject::is_valid_pattern(&listened) && subject::is_valid(&said));
    assert_eq!(subject::matches(&listened, &said), name == other, "{name:?} and {other:?}");
    assert!(subject::matches(name, name) && (name == other || !subject::matches(name, other)));
}

/// A server of NATS takes it for one word of one line.
fn is_one_line(subject: &str) {
    let mut out = Vec::new();
    push_publish(&mut out, subject, None, b"");
    let text = std::str::from_utf8(&out).unwrap();
    let lines: Vec<&str> = text.split(['\r', '\n']).filter(|line| !line.is_empty()).collect();
    assert_eq!(lines.len(), 1, "{text:?}");
    assert_eq!(lines[0].split([' ', '\t', '\0']).collect::<Vec<_>>(), ["PUB", subject, "0"]);
}

pub fn is_rid(text: &str) -> bool {
    is_name(text.split('?').next().unwrap())
}

pub fn is_name(text: &str) -> bool {
    all_parts(text, is_part)
}

pub fn is_part(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic() && !".*>?".contains(c))
}

pub fn is_subject(text: &str) -> bool {
    all_parts(text, |part| !part.is_empty() && part.chars().all(|c| c.is_ascii_graphic() && !"*>".contains(c)))
}

fn is_pattern(text: &str) -> bool {
    let (before, last) = text.rsplit_once('.').map_or((None, text), |(before, last)| (Some(before), last));
    before.is_none_or(|before| all_parts(before, |part| part == "*" || is_part(part)))
        && (["*", ">"].contains(&last) || is_part(last))
}

fn all_parts(text: &str, is_ok: impl Fn(&str) -> bool) -> bool {
    let mut rest = text;
    while let Some(dot) = rest.find('.') {
        if !is_ok(&rest[..dot]) {
            return false;
        }
        rest = &rest[dot + 1..];
    }
    is_ok(rest)
}

fn matches(pattern: &[&str], subject: &[&str]) -> bool {
    match (pattern, subject) {
        ([], []) => true,
        ([">"], [_, ..]) => true,
        (["*", pattern @ ..], [_, subject @ ..]) => matches(pattern, subject),
        ([a, pattern @ ..], [b, subject @ ..]) => a == b && matches(pattern, subject),
        _ => false,
    }
}
