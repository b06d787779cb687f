//! The simulation, for a thousand seeds.

use std::thread;

use resclient_sim::campaign::Campaign;
use resclient_sim::run::run;
use resclient_sim::script::Script;

#[test]
fn clients_gateways_and_services_agree_once_things_are_quiet_whatever_went_wrong() {
    let jobs = thread::available_parallelism().map_or(1, usize::from);
    let campaign = Campaign::run(1..1_001, jobs);
    print!("{campaign}");
    assert!(campaign.failures.is_empty(), "{:#?}\nsee: npm run sim -- --seed …", campaign.failures);
    assert!(campaign.fewest >= Some(500), "a run of {:?} steps tells little", campaign.fewest);
    assert_eq!(campaign.tally.faults.len(), 22, "every kind of fault happens: {:?}", campaign.tally.faults.keys());
}

#[test]
fn a_seed_is_repeated_exactly() {
    for seed in 1..40 {
        let [one, other] = [(); 2].map(|()| run(&Script::from_seed(seed)));
        assert_eq!(one, other, "seed {seed}");
    }
}
