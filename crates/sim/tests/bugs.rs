//! What is done with a seed that fails: only with `--cfg bugs` is there one.
#![cfg(bugs)]

use resclient_sim::bugs;
use resclient_sim::run::{run, shrink};
use resclient_sim::script::Script;

#[test]
fn a_script_that_fails_shrinks_to_a_short_one_that_fails_too() {
    let bug = bugs::list().into_iter().find(|bug| bug.name == "delete-ignored").expect("it is in the list");
    resclient::bugs::switch_on("delete-ignored");
    let whole = Script::from_seed(bug.seed);
    let shortest = shrink(&whole);
    assert!(run(&whole).is_err() && run(&shortest).is_err());
    assert!(shortest.steps.len() <= 5, "{shortest}");
}
