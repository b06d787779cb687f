//! The resource graph, whatever is done to it, against the same checks as the fuzz target.

#[path = "support/dice.rs"]
mod dice;
mod graph_oracle;
#[path = "support/steps.rs"]
mod steps;

use proptest::prelude::*;
use steps::any_steps;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_leaves_the_cache_is_what_cannot_be_reached(steps in any_steps(&SEEDS, 400)) {
        graph_oracle::play(&steps.0);
    }
}

#[test]
fn what_the_fuzz_target_begins_with_passes() {
    SEEDS.into_iter().for_each(graph_oracle::play);
}

/// As many as take a second, or what `PROPTEST_CASES` says.
fn cases() -> u32 {
    let usual = if cfg!(target_arch = "wasm32") { 50 } else { 200 };
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(usual)
}

const SEEDS: [&[u8]; 3] = [
    include_bytes!("../fuzz/seeds/reference_collection/1"),
    include_bytes!("../fuzz/seeds/reference_collection/2"),
    include_bytes!("../fuzz/seeds/reference_collection/3"),
];
