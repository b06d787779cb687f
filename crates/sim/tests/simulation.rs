//! The simulation, for a thousand seeds.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::thread;

use resclient_sim::bugs;
use resclient_sim::campaign::Campaign;
use resclient_sim::run::run;
use resclient_sim::script::Script;

#[test]
fn clients_gateways_and_services_agree_once_things_are_quiet_whatever_went_wrong() {
    let jobs = thread::available_parallelism().map_or(1, usize::from);
    let campaign = Campaign::run(1..1_001, jobs, |_, _| {});
    print!("{campaign}");
    assert!(campaign.failures.is_empty(), "{:#?}\nsee: npm run sim -- --seed …", campaign.failures);
    let tally = &campaign.tally;
    assert!(campaign.fewest >= Some(500), "a run of {:?} steps tells little", campaign.fewest);
    assert_eq!(tally.faults.len(), 23, "every kind of fault happens: {:?}", tally.faults.keys());
    assert!(tally.compared > 10_000, "{} values compared in the end tell little", tally.compared);
    assert_eq!(tally.closes.keys().collect::<Vec<_>>(), [&1013], "gateways close who does not read, and nobody else");
}

#[test]
fn a_seed_is_repeated_exactly() {
    for seed in 1..40 {
        let [one, other] = [(); 2].map(|()| run(&Script::from_seed(seed)));
        assert_eq!(one, other, "seed {seed}");
    }
}

#[test]
fn every_deliberate_bug_is_in_the_list() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut asked = BTreeSet::new();
    names_in(&root.join("src"), &mut asked);
    names_in(&root.join("crates/gateway/src/core"), &mut asked);
    let listed: BTreeSet<String> = bugs::list().into_iter().map(|bug| bug.name).collect();
    assert_eq!(asked, listed);
}

/// The names that `bug!` is asked for in the sources of a folder.
fn names_in(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            names_in(&path, names);
        } else {
            let text = fs::read_to_string(&path).expect("a source");
            let of_bug = |(at, _): &(usize, &str)| !text[..*at].ends_with("de");
            let found = text.match_indices("bug!(\"").filter(of_bug).map(|(at, begin)| &text[at + begin.len()..]);
            names.extend(found.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
        }
    }
}
