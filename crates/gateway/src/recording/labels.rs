//! Labels in place of what is nobody's business: ids of connections, tokens and their ids.

use std::collections::HashMap;

/// Labels by what they stand for: a prefix and a number, the same for the same text.
#[derive(Debug)]
pub struct Labels {
    prefix: &'static str,
    given: HashMap<String, String>,
}

impl Labels {
    pub fn new(prefix: &'static str) -> Labels {
        Labels { prefix, given: HashMap::new() }
    }

    pub fn label(&mut self, text: &str) -> String {
        let next = self.given.len() + 1;
        self.given.entry(text.to_owned()).or_insert_with(|| format!("{}{next}", self.prefix)).clone()
    }
}

/// The connections of clients: `c1`, `c2` and so on in the order of their first requests that are not of an HTTP request.
/// Those of HTTP requests, which live for one, are all `c0`, as is a WebSocket while its header is looked at.
#[derive(Debug)]
pub struct Clients {
    labels: HashMap<String, String>,
    count: usize,
    most: usize,
}

impl Clients {
    /// From the label with the number `most` on, which is 1 at least, all connections have that one.
    pub fn new(most: usize) -> Clients {
        Clients { labels: HashMap::new(), count: 0, most }
    }

    /// The label of a connection, which is known from now on.
    pub fn meet(&mut self, cid: &str, is_http: bool) -> &str {
        let label = self.labels.entry(cid.to_owned()).or_insert_with(|| HTTP.to_owned());
        if !is_http && label == HTTP {
            self.count += 1;
            *label = format!("c{}", self.count.min(self.most));
        }
        label
    }

    /// The connections with this label.
    pub fn of<'a>(&'a self, label: &'a str) -> impl Iterator<Item = &'a str> {
        self.labels.iter().filter(move |(_, own)| *own == label).map(|(cid, _)| cid.as_str())
    }

    /// The connection that a subject has in it.
    pub fn in_subject<'a>(&self, subject: &'a str) -> Option<&'a str> {
        subject.split('.').find(|part| self.labels.contains_key(*part))
    }

    /// The text with `{c1}` in place of the id of that connection, wherever it is. What looks like that by itself has one
    /// more `c`.
    pub fn hide(&self, text: &str) -> String {
        // All ids are of one length, and hexadecimal.
        let length = self.labels.keys().next().map_or(usize::MAX, String::len);
        let (mut out, mut done, mut digits, mut brace) = (String::with_capacity(text.len()), 0, 0, None);
        for (at, byte) in text.bytes().enumerate() {
            digits = if byte.is_ascii_hexdigit() { digits + 1 } else { 0 };
            if digits >= length
                && let Some(label) = self.labels.get(&text[at + 1 - length..=at])
            {
                out.push_str(&text[done..at + 1 - length]);
                out.push_str(&format!("{{{label}}}"));
                (done, digits, brace) = (at + 1, 0, None);
            }
            if byte == b'{' {
                brace = Some(at);
            } else if byte == b'}'
                && let Some(start) = brace.take()
                && is_label(&text[start + 1..at])
            {
                out.push_str(&text[done..=start]);
                out.push('c');
                done = start + 1;
            }
        }
        out.push_str(&text[done..]);
        out
    }

    /// The reverse of [`Clients::hide`]; of several connections with a label, `cid` comes first.
    pub fn show(&self, text: &str, cid: &str) -> String {
        let mut parts = text.split('{');
        let mut out = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            match part.split_once('}').filter(|(label, _)| is_label(label)) {
                Some((label, _)) if label.starts_with("cc") => out.extend(["{", &part[1..]]),
                Some((label, rest)) => match self.with(label, cid) {
                    Some(id) => out.extend([id, rest]),
                    None => out.extend(["{", part]),
                },
                None => out.extend(["{", part]),
            }
        }
        out
    }

    fn with<'a>(&'a self, label: &'a str, cid: &'a str) -> Option<&'a str> {
        if self.labels.get(cid).is_some_and(|own| own == label) {
            return Some(cid);
        }
        self.of(label).next()
    }
}

/// The label that a subject or a name has in it.
pub fn in_text(text: &str) -> Option<&str> {
    let mut braced = text.split('.').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    braced.find(|label| is_label(label) && !label.starts_with("cc"))
}

/// Whether it is a label, or one with more than one `c`.
fn is_label(text: &str) -> bool {
    let number = text.trim_start_matches('c');
    number.len() < text.len() && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

const HTTP: &str = "c0";
