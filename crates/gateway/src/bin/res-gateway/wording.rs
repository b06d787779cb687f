//! What is wrong with a flag or the file, in one line, and in the words of who wrote it rather than of the program.

use std::fmt::Display;
use std::str::FromStr;

use clap::Command;
use clap::error::{ContextKind, ContextValue};
use serde_json::error::Category;

/// Says what is wrong with the flags.
pub fn of_flags(error: &clap::Error, command: &Command) -> String {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    // Such as `--port <PORT>`.
    let flag = context(ContextKind::InvalidArg).and_then(|arg| arg.split([' ', '[', '=']).next()).unwrap_or_default();
    let argument = command.get_arguments().find(|arg| flag.strip_prefix("--") == arg.get_long());
    let (Some(argument), Some(value)) = (argument.filter(|_| !flag.is_empty()), context(ContextKind::InvalidValue))
    else {
        return match context(ContextKind::SuggestedArg) {
            _ if flag.is_empty() && context(ContextKind::InvalidValue).is_some() => {
                format!("{:?} belongs to no flag", context(ContextKind::InvalidValue).unwrap_or_default())
            }
            Some(similar) => format!("{flag}: there is no such flag; did you mean {similar}?"),
            None if error.kind() == clap::error::ErrorKind::UnknownArgument => {
                format!("{flag}: there is no such flag; --help names them all")
            }
            None => {
                let text = error.to_string();
                let first = text.lines().next().unwrap_or_default();
                first.strip_prefix("error: ").unwrap_or(first).to_owned()
            }
        };
    };
    let key = in_the_file(argument.get_id().as_str());
    let expected = std::error::Error::source(error).map(ToString::to_string);
    match expected {
        Some(expected) => format!("{key} ({flag}): {value:?} is none; take {expected}"),
        None => format!("{key} ({flag}): the value is missing"),
    }
}

/// Says what is wrong with the text of a file, where it is `error` that was found for the key at `path`.
pub fn of_file(text: &str, path: &str, error: &serde_json::Error) -> String {
    let whole = error.to_string();
    let place = format!("line {} column {}", error.line(), error.column());
    let message = whole.strip_suffix(&format!(" at {place}")).unwrap_or(&whole);
    if error.classify() != Category::Data {
        let line = text.lines().nth(error.line().saturating_sub(1)).unwrap_or_default();
        let rest: String = line.chars().skip(error.column().saturating_sub(1)).collect();
        let what = match error.classify() {
            Category::Eof => "it ends too early".to_owned(),
            _ if rest.starts_with(['/', '#']) => "there are no comments in JSON".to_owned(),
            _ => format!("it is not JSON: {message}"),
        };
        return format!("{what}, at {place}");
    }
    let mut names = message.split('`').skip(1).step_by(2);
    let what = match (message.split(' ').next(), names.next()) {
        (Some("unknown"), Some(key)) => {
            let nearest = nearest(key, names).map(|key| format!("; did you mean {key}?"));
            format!("{path}: there is no such key{}", nearest.unwrap_or_default())
        }
        (Some("duplicate"), Some(key)) => format!("{key}: the key is there twice"),
        _ => match message.split_once(": ").and_then(|(_, rest)| rest.split_once(", expected ")) {
            Some((given, expected)) => {
                format!("{path}: {} is none; take {}", shown(given), in_words(expected))
            }
            None => format!("{path}: {message}"),
        },
    };
    format!("{what}, at {place}")
}

/// Reads a number.
///
/// # Errors
/// What is expected instead.
pub fn number<T: FromStr + Limited>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| in_words(T::NAME).to_owned())
}

/// Reads a switch, as programs in Go take it.
///
/// # Errors
/// What is expected instead.
pub fn switch(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err("true or false".to_owned()),
    }
}

/// Takes nothing but an empty text, which is as good as none.
///
/// # Errors
/// What is expected instead.
pub fn nothing(text: &str) -> Result<String, String> {
    if text.is_empty() { Ok(String::new()) } else { Err("a flag".to_owned()) }
}

/// A number of which it is known how it is called where it cannot be read.
pub trait Limited {
    const NAME: &str;
}

impl Limited for u16 {
    const NAME: &str = "u16";
}

impl Limited for u32 {
    const NAME: &str = "u32";
}

impl Limited for usize {
    const NAME: &str = "usize";
}

fn in_words(expected: &str) -> &str {
    match expected {
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "usize" => "a whole number, 0 or above",
        "a boolean" => "true or false, without quotes",
        "a string" | "path string" => "a text in quotes",
        "a sequence" => "a list such as [\"a\", \"b\"]",
        other if other.starts_with("struct") => "an object",
        other => other,
    }
}

/// What is in the file, which is called by its type in Rust first.
fn shown(given: &str) -> String {
    let types = ["string ", "integer ", "floating point ", "boolean "];
    match given {
        "sequence" => "a list".to_owned(),
        "map" => "an object".to_owned(),
        other => types.iter().find_map(|name| other.strip_prefix(name)).unwrap_or(other).replace('`', ""),
    }
}

/// The key that was meant, if there is one much like it.
fn nearest<'a>(key: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let likeness = |name: &str| strsim::jaro_winkler(&key.to_ascii_lowercase(), &name.to_ascii_lowercase());
    names
        .map(|name| (likeness(name), name))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

/// The key of an option by its name in the program: `ws_path` is `wsPath`.
fn in_the_file(name: &str) -> impl Display {
    let mut parts = name.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |key, part| key + &part[..1].to_ascii_uppercase() + &part[1..])
}
