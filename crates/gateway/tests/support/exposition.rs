//! A strict reader of the text format of OpenMetrics 1.0.

use std::collections::BTreeMap;

/// The samples of an exposition by name and labels as they are written, such as `a_total{b="c"}`.
#[derive(Debug)]
pub struct Exposition {
    samples: BTreeMap<String, f64>,
    pub names: Vec<String>,
}

impl Exposition {
    /// Panics where the text is not what the specification says.
    pub fn read(text: &str) -> Exposition {
        let body = text.strip_suffix("# EOF\n").expect("it ends with # EOF");
        assert!(body.is_empty() || body.ends_with('\n'));
        let mut samples = BTreeMap::new();
        let mut families: Vec<Family> = Vec::new();
        for line in body.lines() {
            if let Some(comment) = line.strip_prefix("# ") {
                let (keyword, rest) = comment.split_once(' ').expect("a keyword");
                let (name, value) = rest.split_once(' ').expect("a name");
                assert_name(name);
                if families.last().is_none_or(|family| family.name != name) {
                    assert!(families.iter().all(|family| family.name != name), "{name} is in two places");
                    families.push(Family { name: name.into(), ..Family::default() });
                }
                let family = families.last_mut().expect("there is one");
                assert!(!family.has_samples, "{line} comes after samples");
                match keyword {
                    "HELP" => assert!(!std::mem::replace(&mut family.help, true) && !value.is_empty(), "{line}"),
                    "TYPE" => {
                        assert!(["gauge", "counter", "histogram", "info"].contains(&value), "{line}");
                        assert!(family.kind.is_empty(), "{line} is the second");
                        family.kind = value.into();
                    }
                    "UNIT" => assert!(name.ends_with(&format!("_{value}")), "{line}"),
                    _ => panic!("{line}"),
                }
                continue;
            }
            let (key, value) = line.rsplit_once(' ').expect("a value");
            let family = families.last_mut().expect("a family comes before its samples");
            family.has_samples = true;
            let (name, labels) = match key.split_once('{') {
                Some((name, labels)) => (name, labels.strip_suffix('}').expect("labels end with }")),
                None => (key, ""),
            };
            assert_labels(labels);
            let suffixes: &[&str] = match &*family.kind {
                "gauge" => &[""],
                "counter" => &["_total", "_created"],
                "histogram" => &["_bucket", "_sum", "_count"],
                "info" => &["_info"],
                _ => panic!("{} has no type", family.name),
            };
            let suffix = name.strip_prefix(&*family.name).unwrap_or_else(|| panic!("{line} is not of {}", family.name));
            assert!(suffixes.contains(&suffix), "{line} is no sample of a {}", family.kind);
            let value: f64 = value.parse().expect("a number");
            assert!(family.kind == "gauge" || value >= 0.0, "{line}");
            assert!(samples.insert(key.to_owned(), value).is_none(), "{key} is there twice");
        }
        for family in &families {
            assert!(family.help && !family.kind.is_empty() && family.has_samples, "{family:?}");
            if family.kind == "histogram" {
                family.assert_histogram(&samples, body);
            }
        }
        Exposition { samples, names: families.into_iter().map(|family| family.name).collect() }
    }

    /// The value of a sample.
    pub fn get(&self, sample: &str) -> f64 {
        *self.samples.get(sample).unwrap_or_else(|| panic!("no {sample} in {self:#?}"))
    }

    pub fn samples(&self) -> impl Iterator<Item = &str> {
        self.samples.keys().map(String::as_str)
    }
}

#[derive(Debug, Default)]
struct Family {
    name: String,
    help: bool,
    kind: String,
    has_samples: bool,
}

impl Family {
    /// Buckets only grow, in the order of their bounds, up to all there are.
    fn assert_histogram(&self, samples: &BTreeMap<String, f64>, body: &str) {
        let prefix = format!("{}_bucket{{le=\"", self.name);
        let buckets: Vec<(f64, f64)> = body
            .lines()
            .filter_map(|line| line.strip_prefix(&prefix)?.split_once("\"} "))
            .map(|(bound, count)| (bound.parse().expect("a bound"), count.parse().expect("a count")))
            .collect();
        assert!(buckets.windows(2).all(|two| two[0].0 < two[1].0 && two[0].1 <= two[1].1), "{buckets:?}");
        let last = buckets.last().expect("there are buckets");
        assert_eq!((last.0, last.1), (f64::INFINITY, samples[&format!("{}_count", self.name)]));
    }
}

fn assert_name(name: &str) {
    let first = name.chars().next().expect("a name");
    assert!(first.is_ascii_alphabetic() || first == '_', "{name}");
    assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'), "{name}");
}

fn assert_labels(mut labels: &str) {
    let mut seen = Vec::new();
    while !labels.is_empty() {
        let (name, rest) = labels.split_once("=\"").expect("a label has a value in quotes");
        assert_name(name);
        assert!(!seen.contains(&name), "{name} is there twice");
        seen.push(name);
        let end = rest.find('"').expect("quotes end");
        assert!(!rest[..end].contains(['\\', '\n']), "nothing here needs to be escaped: {rest}");
        labels = &rest[end + 1..];
        labels = labels.strip_prefix(',').unwrap_or(labels);
    }
}
