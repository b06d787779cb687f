//! The table, and the file of figures.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde_json::{Value, json};

use crate::rows::{ROWS, Row, Target};

/// Figures of all rounds, by row.
#[derive(Debug, Default)]
pub struct Results {
    rounds: BTreeMap<&'static str, Vec<f64>>,
}

impl Results {
    pub fn add(&mut self, row: &'static str, value: f64) {
        let rounds = self.rounds.entry(row).or_default();
        rounds.push(value);
        rounds.sort_by(f64::total_cmp);
    }

    pub fn print(&self) {
        println!("\n{}\nMedians of the rounds, with the least and the greatest.\n", machine());
        println!("{:<19}{:<60}{:>9}  {:<17}{:>12}  target", "", "", "here", "range", "Resgate");
        for (row, value, rounds) in self.rows() {
            let range = format!("{}–{}", short(rounds[0]), short(rounds[rounds.len() - 1]));
            let (sign, target) = match row.target {
                Target::AtMost(most) => ("≤", short(most)),
                Target::AtLeast(least) => ("≥", short(least)),
            };
            let verdict = if row.target.is_met_by(value) { "met" } else { "missed" };
            let unit = if row.unit.is_empty() { String::new() } else { format!(" {}", row.unit) };
            let (name, what, here, resgate) = (row.name, row.what, short(value), row.resgate);
            println!("{name:<19}{what:<60}{here:>9}  {range:<17}{resgate:>12}  {sign} {target}{unit} {verdict}");
        }
    }

    /// Writes `{ row: { value, target, met, unit } }`, with the rounds and the machine.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let mut figures = serde_json::Map::new();
        for (row, value, rounds) in self.rows() {
            let met = row.target.is_met_by(value);
            let figure = json!({
                "value": value, "target": row.target.figure(), "met": met, "unit": row.unit,
                "resgate": row.resgate, "rounds": rounds,
            });
            figures.insert(row.name.into(), figure);
        }
        figures.insert("machine".into(), Value::String(machine()));
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(path, format!("{:#}\n", Value::Object(figures)))
    }

    fn rows(&self) -> impl Iterator<Item = (&'static Row, f64, &[f64])> {
        ROWS.iter().filter_map(|row| {
            let rounds = self.rounds.get(row.name)?;
            let middle = rounds.len() / 2;
            let median =
                if rounds.len() % 2 == 1 { rounds[middle] } else { (rounds[middle - 1] + rounds[middle]) / 2.0 };
            Some((row, median, rounds.as_slice()))
        })
    }
}

/// Processor, cores, system and load, for whoever compares.
fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpus = read("/proc/cpuinfo");
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let model = model.trim_start_matches(['\t', ' ', ':']);
    let cores = cpus.lines().filter(|line| line.starts_with("processor")).count();
    let system = read("/proc/sys/kernel/osrelease");
    let load = read("/proc/loadavg");
    let load = load.split(' ').next().unwrap_or_default();
    format!("{model}, {cores} cores, Linux {}, load {load}", system.trim())
}

fn short(value: f64) -> String {
    match value.abs() {
        size if size >= 10_000.0 => format!("{:.1} k", value / 1e3),
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}
