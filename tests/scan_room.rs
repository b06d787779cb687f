//! How much room is made for resources before they are scanned.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use resclient::protocol::Units;
use resclient::protocol::frame::{Frame, Parts};
use resclient::protocol::hash::Hasher;
use resclient::protocol::scan::Span;
use resclient::protocol::value::{Held, Names};

/// Numbers by resource id, and what was expected.
#[derive(Default)]
struct Room {
    rids: Vec<String>,
    expected: Vec<usize>,
}

impl Names for Room {
    fn expect(&mut self, rids: usize) {
        self.expected.push(rids);
    }

    fn numbered(&self) -> usize {
        self.rids.len()
    }

    fn rid(&mut self, rid: &str, _: Span) -> u32 {
        let found = self.find_rid(rid);
        found.unwrap_or_else(|| {
            self.rids.push(rid.to_owned());
            self.rids.len() as u32 - 1
        })
    }

    fn find_rid(&self, rid: &str) -> Option<u32> {
        self.rids.iter().position(|known| known == rid).map(|at| at as u32)
    }

    fn held(&self, _: u32) -> Held {
        Held::Nothing
    }

    fn key(&mut self, _: &[u8], _: Span) -> u32 {
        0
    }
}

/// Scans a frame with these groups, as parts of so many bytes.
fn scan(room: &mut Room, groups: &str, most: usize) {
    let text = format!(r#"{{"result":{{{groups}}},"id":1}}"#);
    Frame::default().scan(Parts { rest: &text, most }, Units::Bytes, Hasher::new(1), room).unwrap();
}

fn models(rids: impl Iterator<Item = usize>) -> String {
    let models: Vec<String> = rids.map(|n| format!(r#""test.model.{n:05}":{{"name":"model {n:05}"}}"#)).collect();
    format!(r#""models":{{{}}}"#, models.join(","))
}

fn list(rids: impl Iterator<Item = usize>) -> String {
    let references: Vec<String> = rids.map(|n| format!(r#"{{"rid":"test.model.{n:05}"}}"#)).collect();
    format!(r#""collections":{{"test.list":[{}]}}"#, references.join(","))
}

#[test]
fn as_much_as_there_is_to_come() {
    for most in [100, 1 << 15] {
        let mut room = Room::default();
        scan(&mut room, &format!("{},{}", models(0..5_000), list(0..5_000)), most);
        let [expected] = room.expected[..] else { panic!("{:?}", room.expected) };
        assert!((4_900..5_100).contains(&expected), "{expected}");
    }
}

#[test]
fn nothing_for_a_few_nor_for_what_has_a_number() {
    let mut room = Room::default();
    scan(&mut room, &models(0..32), 1 << 15);
    assert!(room.expected.is_empty());
    scan(&mut room, &format!("{},{}", list(0..5_000), models(0..5_000)), 1 << 15);
    assert_eq!(room.expected, [0]);
}

#[test]
fn not_what_the_beginning_of_a_long_text_might_promise() {
    let large = format!(r#""large":{{"text":"{}"}}"#, " ".repeat(8_000_000));
    let small = models(0..33);
    let mut room = Room::default();
    scan(&mut room, &format!("{},{large}}}", &small[..small.len() - 1]), 1 << 15);
    assert_eq!(room.expected, [1 << 14]);
}

#[test]
fn once_for_each_group() {
    let mut room = Room::default();
    let groups: Vec<String> = (0..100).map(|at| models(at * 33..(at + 1) * 33)).collect();
    scan(&mut room, &groups.join(","), 1 << 15);
    assert_eq!(room.expected.len(), 100);
}
