//! What comes from outside, against the same checks as the fuzz targets: names, paths, frames of clients, answers of
//! services, bytes of NATS servers, and whole conversations.

#[path = "../../../tests/support/damage.rs"]
mod damage;
mod oracle;
#[path = "../../../tests/support/steps.rs"]
mod steps;

use damage::{damage, damaged};
use oracle::{answers, conversation, frames, names, nats, paths};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use steps::any_steps;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_name_that_is_accepted_is_one_word_on_the_bus_and_one_resource(one in name(), other in name()) {
        names::check(&one, &other);
        names::check(&other, &one);
    }

    #[test]
    fn a_pattern_matches_what_its_parts_do(pattern in "[ab*>.]{1,7}", subject in "[ab.]{1,7}") {
        names::check(&pattern, &subject);
    }

    #[test]
    fn two_paths_that_differ_are_two_resources_or_none(one in path(), other in path()) {
        paths::check(&one, &other);
        paths::check(&one, &one.replace('a', "%61"));
    }

    #[test]
    fn a_frame_has_one_effect_whatever_was_done_to_it(frame in seed("gateway_frames"), damage in damage()) {
        frames::check(&damaged(&frame, &damage));
    }

    #[test]
    fn an_answer_of_a_service_is_read_as_it_is_written_or_not_at_all(
        answer in seed("gateway_answers"),
        damage in damage(),
    ) {
        answers::check(damaged(&answer, &damage).as_bytes());
    }

    #[test]
    fn what_is_no_text_is_no_answer(bytes in vec(any::<u8>(), 0..40)) {
        answers::check(&bytes);
    }

    #[test]
    fn bytes_of_a_nats_server_say_the_same_however_they_are_cut_and_damaged(
        input in select(seeds("nats_parser")),
        lengths in vec(any::<u8>(), 0..20),
        faults in vec((any::<Index>(), any::<u8>()), 0..6),
    ) {
        let mut bytes = input[1 + usize::from(input[0])..].to_vec();
        faults.iter().for_each(|(place, byte)| bytes[place.index(input.len() - 1 - usize::from(input[0]))] = *byte);
        nats::check(&[&[lengths.len() as u8], &lengths[..], &bytes].concat());
    }

    #[test]
    fn whatever_all_do_requests_are_answered_once_and_nothing_stays(steps in any_steps(&CONVERSATIONS, 1_500)) {
        conversation::play(&steps.0);
    }
}

#[test]
fn what_the_fuzz_targets_begin_with_passes() {
    let both = |text: &str, check: fn(&str, &str)| {
        let (one, other) = text.split_once('\u{1f}').expect("two texts");
        check(one, other);
    };
    texts("gateway_names").iter().for_each(|text| both(text, names::check));
    texts("gateway_paths").iter().for_each(|text| both(text, paths::check));
    texts("gateway_frames").iter().for_each(|text| frames::check(text));
    texts("gateway_answers").iter().for_each(|text| answers::check(text.as_bytes()));
    seeds("nats_parser").iter().for_each(|input| nats::check(input));
    CONVERSATIONS.into_iter().for_each(conversation::play);
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[ab]{1,2}(\\.[ab]{1,2}){0,3}",
        2 => "[ab.*>?]{0,8}",
        1 => "[ -~\t\r\n\0é]{0,8}",
        1 => any::<String>(),
    ]
}

fn path() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        4 => "[ab]{1,2}",
        2 => "(%[0-9a-fA-F]{2}){1,3}",
        1 => "[ab%.*>?/ é]{0,3}",
        1 => "%(2[eEfFaA5]|3[eEfF]|61|00|0[aA]|20|C3%A9|4|g0)",
    ];
    let query = prop_oneof![3 => Just(String::new()), 1 => "\\?[a-c=&%.?/]{0,5}", 1 => "\\?[ -~é]{0,5}"];
    (vec(part, 1..4), query).prop_map(|(parts, query)| parts.join("/") + &query)
}

fn seed(target: &'static str) -> impl Strategy<Value = String> {
    select(texts(target))
}

fn texts(target: &str) -> Vec<String> {
    seeds(target).into_iter().map(|seed| String::from_utf8(seed).expect("seeds are text")).collect()
}

/// What a fuzz target begins with, in the order of the names.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = format!("{}/../../fuzz/seeds/{target}", env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<_> = std::fs::read_dir(&folder).expect(&folder).map(|file| file.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|file| std::fs::read(file).expect("a seed")).collect()
}

const CONVERSATIONS: [&[u8]; 4] = [
    include_bytes!("../../../fuzz/seeds/gateway_core/long"),
    include_bytes!("../../../fuzz/seeds/gateway_core/replaced"),
    include_bytes!("../../../fuzz/seeds/gateway_core/short"),
    include_bytes!("../../../fuzz/seeds/gateway_core/sockets"),
];
