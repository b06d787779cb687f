//! Scripts, and the line through what was measured.

use std::collections::BTreeSet;
use std::time::Duration;

use chaos::script::{Cast, Fault, Mishap, Program, Script};
use chaos::slope::slope;

const CAST: Cast = Cast { clients: 4, gateways: 3, services: 2, spare_first: false };

#[test]
fn the_same_seed_is_the_same_script() {
    let script = |seed| Script::from_seed(seed, &CAST, Duration::from_secs(6));
    assert_eq!(script(7), script(7));
    assert_ne!(script(7).faults, script(8).faults);
    assert!(script(7).faults.is_sorted_by_key(|(at, _)| *at));
}

#[test]
fn every_kind_of_fault_happens() {
    let mut rng = fastrand::Rng::with_seed(1);
    let kinds: BTreeSet<String> = (0..10_000).map(|_| Fault::any(&mut rng, &CAST).kind()).collect();
    let expected = [
        "Burst",
        "Client BadGateway",
        "Client Closed",
        "Client Cut",
        "Client Delay",
        "Client HalfOpen",
        "Client Partition",
        "Client Refused",
        "Client Trickle",
        "Crash AfterPersisting",
        "Crash BeforePersisting",
        "Gateway Closed",
        "Gateway Cut",
        "Gateway Delay",
        "Gateway Frozen",
        "Gateway Killed",
        "Gateway Partition",
        "Gateway Refused",
        "Gateway Restarted",
        "Nats Frozen",
        "Nats Killed",
        "ReconnectStorm",
        "ResetStorm",
        "RollingRestart",
        "Service Closed",
        "Service Cut",
        "Service Delay",
        "Service Partition",
        "Service Refused",
        "Slow",
    ];
    assert_eq!(kinds, expected.map(str::to_owned).into());
}

#[test]
fn a_gateway_that_is_watched_is_not_ended() {
    let mut rng = fastrand::Rng::with_seed(1);
    let cast = Cast { spare_first: true, ..CAST };
    for _ in 0..10_000 {
        let fault = Fault::any(&mut rng, &cast);
        let ends = matches!(fault, Fault::Program(Program::Gateway(0), Mishap::Killed { .. } | Mishap::Restarted));
        assert!(!ends && fault != Fault::RollingRestart, "{fault:?}");
    }
}

#[test]
fn the_slope_is_that_of_the_least_squares_with_its_error() {
    assert_eq!(slope(&[(0.0, 1.0), (1.0, 3.0)]), None);
    assert_eq!(slope(&[(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)]), Some((2.0, 0.0)));
    // Worked out by hand: the line is 1/6 + 1/2 x, and misses the points by 1/6, 1/3 and 1/6.
    let (slope, error) = slope(&[(0.0, 0.0), (1.0, 1.0), (2.0, 1.0)]).unwrap();
    assert!((slope - 0.5).abs() < 1e-12);
    assert!((error - (1.0_f64 / 12.0).sqrt()).abs() < 1e-12, "{error}");
}
