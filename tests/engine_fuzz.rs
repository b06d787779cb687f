//! The engine, whatever the application, the gateway, the network and the clock do, against the same checks as the fuzz
//! target.

#[path = "support/dice.rs"]
mod dice;
mod engine_oracle;
#[path = "support/steps.rs"]
mod steps;
mod support;

use proptest::prelude::*;
use steps::any_steps;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn requests_are_settled_once_values_are_those_of_the_frames_and_nothing_stays(steps in any_steps(&SEEDS, 600)) {
        engine_oracle::play(&steps.0);
    }
}

#[test]
fn what_the_fuzz_target_begins_with_passes() {
    SEEDS.into_iter().for_each(engine_oracle::play);
}

/// As many as take a second or two, or what `PROPTEST_CASES` says.
fn cases() -> u32 {
    let usual = if cfg!(target_arch = "wasm32") { 100 } else { 500 };
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(usual)
}

const SEEDS: [&[u8]; 6] = [
    include_bytes!("../fuzz/seeds/engine/1"),
    include_bytes!("../fuzz/seeds/engine/2"),
    include_bytes!("../fuzz/seeds/engine/3"),
    include_bytes!("../fuzz/seeds/engine/4"),
    include_bytes!("../fuzz/seeds/engine/5"),
    include_bytes!("../fuzz/seeds/engine/6"),
];
