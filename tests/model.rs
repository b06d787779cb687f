//! The engine against a naive gateway: whatever the application, the service and the network do, once things are quiet
//! the client holds what the gateway says it holds, and its values are the service's.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[path = "model/corpus.rs"]
mod corpus;
#[path = "model/damage.rs"]
mod damage;
#[path = "model/gateway.rs"]
mod gateway;
#[path = "model/service.rs"]
mod service;
mod support;
#[path = "model/world.rs"]
mod world;

use std::fmt;

use proptest::prelude::*;

use service::any_content;
use world::{Action, World, any_action, any_interference, any_misbehaviour};

#[derive(Clone)]
struct Case {
    service: Vec<service::Content>,
    protocol: &'static str,
    lazy: bool,
    seed: u64,
    actions: Vec<Action>,
}

impl fmt::Debug for Case {
    /// One line for each resource and action, whatever the format asked for.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "protocol {}, lazy {}, seed {}", self.protocol, self.lazy, self.seed)?;
        for (name, content) in service::NAMES.iter().zip(&self.service) {
            writeln!(f, "  {name}: {content:?}")?;
        }
        for action in &self.actions {
            writeln!(f, "  {action:?}")?;
        }
        Ok(())
    }
}

fn any_case(actions: impl Strategy<Value = Vec<Action>>) -> impl Strategy<Value = Case> {
    let protocol = prop_oneof![6 => Just("1.2.3"), 1 => Just("1.2.0"), 1 => Just("1.1.1")];
    let service = prop::collection::vec(any_content(), service::NAMES.len());
    let actions = prop::collection::vec(actions, 1..60).prop_map(|actions| actions.concat());
    (service, protocol, any::<bool>(), any::<u64>(), actions)
        .prop_map(|(service, protocol, lazy, seed, actions)| Case { service, protocol, lazy, seed, actions })
}

fn one(action: impl Strategy<Value = Action>) -> impl Strategy<Value = Vec<Action>> {
    action.prop_map(|action| vec![action])
}

fn run(case: Case) {
    let mut world = World::new(case.service, case.protocol, case.lazy, case.seed);
    for action in case.actions {
        world.act(action);
    }
    world.quiesce();
    world.check();
    world.leave();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(1500), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn client_gateway_and_service_agree_once_things_are_quiet(case in any_case(one(any_action()))) {
        run(case);
    }

    #[test]
    fn they_agree_in_the_end_even_if_the_gateway_sends_nonsense(
        case in any_case(one(prop_oneof![20 => any_action(), 1 => any_misbehaviour()])),
    ) {
        run(case);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(500), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn they_agree_in_the_end_even_if_frames_are_damaged_on_the_way(
        case in any_case(prop_oneof![4 => one(any_action()), 1 => any_interference()]),
    ) {
        run(case);
    }
}

/// As many as take some seconds, or what `PROPTEST_CASES` says. A wasm engine in a debug build is slower.
fn cases(usual: u32) -> u32 {
    let usual = if cfg!(target_arch = "wasm32") { usual / 5 } else { usual };
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(usual)
}
