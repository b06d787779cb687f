//! Whether memory grows.

use chaos::soak::{Memory, Report};

#[test]
fn memory_that_grows_at_every_rest_is_said_to_grow() {
    let growth = at_rest(|rest| 20_000_000 + rest * 500_000).growth().expect("there are enough");
    assert!((growth.per_hour - 15e6).abs() < 1.0, "{growth:?}");
    assert!(report(|rest| 20_000_000 + rest * 500_000).grows(20.0).is_some());
}

#[test]
fn memory_that_goes_up_and_down_or_grows_at_first_alone_is_not() {
    assert_eq!(report(|rest| 20_000_000 + rest % 3 * 4_000_000).grows(20.0), None);
    assert_eq!(report(|rest| if rest == 0 { 10_000_000 } else { 20_000_000 }).grows(20.0), None);
}

#[test]
fn of_two_rests_nothing_can_be_said() {
    let memory = Memory { at_rest: vec![(0.0, 1), (120.0, 1_000_000_000)], ..Memory::default() };
    assert_eq!(memory.growth(), None);
}

fn report(bytes: impl Fn(u64) -> u64) -> Report {
    Report { memory: [("gateway", at_rest(bytes))].into(), ..Report::default() }
}

/// Fifteen rests, two minutes from each other.
fn at_rest(bytes: impl Fn(u64) -> u64) -> Memory {
    let at_rest = (0..15).map(|rest| (rest as f64 * 120.0, bytes(rest))).collect();
    Memory { at_rest, ..Memory::default() }
}
