//! Patterns of resource names with named parts.

/// A resource name with placeholders.
#[derive(Debug)]
pub struct Pattern {
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    Text(String),
    Any,
    Named(String),
    Rest,
}

impl Pattern {
    pub fn new(pattern: &str) -> Pattern {
        let part = |part: &str| match part {
            "*" => Part::Any,
            ">" => Part::Rest,
            part => match part.strip_prefix('$') {
                Some(name) => Part::Named(name.to_owned()),
                None => Part::Text(part.to_owned()),
            },
        };
        Pattern { parts: pattern.split('.').map(part).collect() }
    }

    /// The named parts if the pattern matches.
    pub fn matches(&self, name: &str) -> Option<Vec<(String, String)>> {
        let mut named = Vec::new();
        let mut rest = name.split('.');
        for part in &self.parts {
            let actual = rest.next()?;
            match part {
                Part::Text(text) if text != actual => return None,
                Part::Text(_) | Part::Any => {}
                Part::Named(name) => named.push((name.clone(), actual.to_owned())),
                Part::Rest => return Some(named),
            }
        }
        rest.next().is_none().then_some(named)
    }
}
