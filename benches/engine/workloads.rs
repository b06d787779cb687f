//! The workloads of `npm run bench`, without a browser around them, and some of their parts.

use std::fmt::Write;

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use resclient::cache::Graph;
use resclient::protocol::Units;
use resclient::protocol::frame::{Frame, Parts};
use resclient::protocol::hash::Hasher;
use resclient::session::{Config, Engine, Output, Time};
use resclient::sync::diff::diff;

const LIST: &str = "bench.books";

/// A connected engine, whose outputs are taken and thrown away.
struct Client {
    engine: Engine,
    requests: Vec<String>,
    now: Time,
}

impl Client {
    fn connected() -> Self {
        let engine = Engine::new(Config { seed: 1, units: Units::Utf16, ..Config::default() });
        let mut client = Client { engine, requests: Vec::new(), now: Time(0) };
        client.engine.connect(client.now);
        client.open();
        client
    }

    /// Holds a collection of references, with its models.
    fn holding(count: usize) -> Self {
        let mut client = Client::connected();
        client.engine.get(client.now, LIST);
        client.drain();
        client.receive(&answer(client.request("subscribe."), &resource_set(count, &order(count), 0)));
        assert!(client.engine.find(&model_rid(count - 1)).is_some());
        client
    }

    fn open(&mut self) {
        self.drain();
        self.engine.handle_open(self.now, self.engine.connection());
        self.drain();
        let frame = format!(r#"{{"result":{{"protocol":"1.2.3"}},"id":{}}}"#, self.request("version"));
        self.receive(&frame);
        self.engine.hook_done(self.now, true);
        self.drain();
    }

    fn receive(&mut self, frame: &str) {
        self.engine.handle_frame(self.now, self.engine.connection(), frame);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.engine.poll_output() {
            match output {
                Output::Send(text) => self.requests.push(text),
                Output::Dropped(ids) => self.engine.forget(&ids),
                output => drop(black_box(output)),
            }
        }
    }

    /// The number of the last request whose method begins like that.
    fn request(&self, method: &str) -> u64 {
        let method = format!(r#""method":"{method}"#);
        let text = self.requests.iter().rfind(|text| text.contains(&method)).expect("it was asked for");
        let frame: serde_json::Value = serde_json::from_str(text).expect("requests are JSON");
        frame["id"].as_u64().expect("requests have a number")
    }
}

fn model_rid(index: usize) -> String {
    format!("bench.book.{index}")
}

fn order(count: usize) -> Vec<usize> {
    (0..count).collect()
}

/// The models, of which every hundredth is another in another version, and the collection in this order.
fn resource_set(count: usize, order: &[usize], version: usize) -> String {
    let mut set = String::from(r#"{"models":{"#);
    for i in 0..count {
        let comma = if i > 0 { "," } else { "" };
        let rating = if i % 100 == 0 { i % 11 + version * 1000 } else { i % 11 };
        let _ = write!(
            set,
            r#"{comma}"bench.book.{i}":{{"id":{i},"title":"A book of unusual length, no. {i} volume","author":"Zoe Angstrom-Nunez {}","place":"Malmoe, Skocjan, Tokyo","price":{}.25,"inStock":{},"updated":"2024-03-{}T12:00:00.000Z","rating":{rating}}}"#,
            i % 97,
            i % 50,
            i % 3 == 0,
            10 + i % 20,
        );
    }
    let references: Vec<String> = order.iter().map(|i| format!(r#"{{"rid":"bench.book.{i}"}}"#)).collect();
    let _ = write!(set, r#"}},"collections":{{"{LIST}":[{}]}}}}"#, references.join(","));
    set
}

fn answer(id: u64, result: &str) -> String {
    format!(r#"{{"result":{result},"id":{id}}}"#)
}

/// Numbers below `below` that are the same ones each time.
fn numbers() -> impl FnMut(usize) -> usize {
    let mut state = 1u64;
    move |below| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    }
}

/// A list in which of every hundred items one has moved.
fn moved(count: usize) -> Vec<usize> {
    let mut list = order(count);
    let mut below = numbers();
    for _ in 0..count.div_ceil(100) {
        let item = list.remove(below(count));
        list.insert(below(count), item);
    }
    list
}

const SIZES: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];

#[divan::bench(sample_count = 20)]
fn scan(bencher: Bencher) {
    let text = answer(2, &resource_set(10_000, &order(10_000), 0));
    bencher.counter(BytesCount::of_str(&text)).with_inputs(|| Graph::new(Hasher::new(1))).bench_refs(|graph| {
        let mut frame = Frame::default();
        frame.scan(Parts { rest: &text, most: 1 << 15 }, Units::Utf16, Hasher::new(1), graph)
    });
}

/// T1.
#[divan::bench(args = [1_000, 10_000, 100_000], sample_count = 20)]
fn load(bencher: Bencher, count: usize) {
    let set = resource_set(count, &order(count), 0);
    let input = || {
        let mut client = Client::connected();
        client.engine.get(client.now, LIST);
        client.drain();
        let frame = answer(client.request("subscribe."), &set);
        (client, frame)
    };
    bencher.counter(ItemsCount::new(count)).with_inputs(input).bench_refs(|(client, frame)| client.receive(frame));
}

/// T3 and T10: change events of random models, by how many are held.
#[divan::bench(args = SIZES, sample_count = 10, sample_size = 1)]
fn change(bencher: Bencher, held: usize) {
    const EVENTS: usize = 10_000;
    let mut below = numbers();
    let event = |at| {
        let index = below(held);
        match index % 2 {
            0 => format!(r#"{{"event":"bench.book.{index}.change","data":{{"values":{{"rating":{at}}}}}}}"#),
            _ => format!(
                r#"{{"event":"bench.book.{index}.change","data":{{"values":{{"title":"Edition {at} of a book"}}}}}}"#
            ),
        }
    };
    let frames: Vec<String> = (0..EVENTS).map(event).collect();
    let mut client = Client::holding(held);
    bencher.counter(ItemsCount::new(EVENTS)).bench_local(|| frames.iter().for_each(|frame| client.receive(frame)));
}

/// T4: add and remove events at random places, by the length of the list.
#[divan::bench(args = [1_000, 10_000, 100_000], sample_count = 10, sample_size = 1)]
fn edit(bencher: Bencher, length: usize) {
    const EVENTS: usize = 10_000;
    let mut below = numbers();
    let event = |at| match at % 2 {
        0 => format!(r#"{{"event":"{LIST}.add","data":{{"idx":{},"value":"new item {at}"}}}}"#, below(length)),
        _ => format!(r#"{{"event":"{LIST}.remove","data":{{"idx":{}}}}}"#, below(length)),
    };
    let frames: Vec<String> = (0..EVENTS).map(event).collect();
    let mut client = Client::connected();
    client.engine.get(client.now, LIST);
    client.drain();
    let items: Vec<String> = (0..length).map(|i| i.to_string()).collect();
    let set = format!(r#"{{"collections":{{"{LIST}":[{}]}}}}"#, items.join(","));
    client.receive(&answer(client.request("subscribe."), &set));
    bencher.counter(ItemsCount::new(EVENTS)).bench_local(|| frames.iter().for_each(|frame| client.receive(frame)));
}

/// T5: the answer after a reconnect.
#[divan::bench(args = [1_000, 10_000, 100_000], sample_count = 10)]
fn reconnect(bencher: Bencher, count: usize) {
    let set = resource_set(count, &moved(count), 1);
    let input = || {
        let mut client = Client::holding(count);
        let list = client.engine.find(LIST).expect("it was loaded");
        client.engine.listen(client.now, list);
        client.engine.handle_close(client.now, client.engine.connection());
        client.drain();
        let (at, _) = client.engine.poll_timeout().expect("it tries again");
        client.now = at;
        client.engine.handle_timeout(at);
        client.open();
        let frame = answer(client.request("subscribe."), &set);
        (client, frame)
    };
    bencher.counter(ItemsCount::new(count)).with_inputs(input).bench_refs(|(client, frame)| client.receive(frame));
}

/// T6: the gateway takes the subscription back, by what hangs on it.
#[divan::bench(args = [1_000, 10_000, 100_000], sample_count = 10)]
fn release(bencher: Bencher, count: usize) {
    let frame = format!(r#"{{"event":"{LIST}.unsubscribe","data":{{"reason":{{"code":"system.accessDenied"}}}}}}"#);
    let input = || Client::holding(count);
    bencher.counter(ItemsCount::new(count)).with_inputs(input).bench_refs(|client| client.receive(&frame));
}

/// Of every hundred items one has moved.
#[divan::bench(args = [1_000, 10_000, 100_000], sample_count = 20)]
fn diff_moved(bencher: Bencher, length: usize) {
    let words = |list: Vec<usize>| list.into_iter().map(|i| i as u64).collect::<Vec<u64>>();
    let (old, new) = (words(order(length)), words(moved(length)));
    bencher.counter(ItemsCount::new(length)).bench(|| {
        let mut edits = Vec::new();
        diff(&old, &new, &mut edits);
        edits
    });
}
