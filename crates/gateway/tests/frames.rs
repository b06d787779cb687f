//! Whatever a client sends, the core answers it or closes that connection.

use res_gateway::core::timers::Time;
use res_gateway::core::{Core, CoreConfig, Output};

struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

#[test]
fn every_frame_is_dealt_with_once_whatever_it_is() {
    let seeds = [
        r#"{"id":1,"method":"subscribe.a.b?q=1.2","params":{"x":[1,2.5e3,null]}}"#,
        r#"{"id":2,"method":"call.a.b.set","params":{"\u00e5":"\ud834\udd1e"}}"#,
        r#"{"id":3,"method":"unsubscribe.a.b","params":{"count":2}}"#,
        r#"{"id":4,"method":"version","params":{"protocol":"1.2.3"}}"#,
        r#"{"id":5,"method":"auth.a.{cid}.login"}"#,
        r#"{"id":6,"method":"new.a","params":"x"}"#,
    ];
    let alphabet: Vec<char> = "{}[]\":,.0123456789-+eE\\untrfalse?*> \u{0}é𝄞idmethodparams".chars().collect();
    let mut random = Random(1);
    let mut core = Core::new(CoreConfig::default());
    let (mut answered, mut closed) = (0, 0);
    for n in 0..20_000u64 {
        let mut frame: Vec<char> = seeds[random.below(seeds.len())].chars().collect();
        for _ in 0..random.below(4) {
            if frame.is_empty() {
                break;
            }
            let at = random.below(frame.len());
            match random.below(4) {
                0 => frame[at] = alphabet[random.below(alphabet.len())],
                1 => frame.insert(at, alphabet[random.below(alphabet.len())]),
                2 => drop(frame.remove(at)),
                _ => frame.truncate(at),
            }
        }
        let frame: String = frame.into_iter().collect();
        let now = Time(n * 5_000);
        let conn = core.handle_connect(&format!("cid{n}"), Default::default());
        core.handle_frame(now, conn, &frame);
        // Nobody answers the requests, so this is when the last of them is given up.
        while core.poll_timeout().is_some_and(|at| at <= now.after(4_000)) {
            core.handle_timeout(now.after(4_000));
        }
        let (mut done, mut ends) = (0, 0);
        while let Some(output) = core.poll_output() {
            match output {
                Output::Close(_, code, _) => {
                    assert!(matches!(code, 1002 | 1007), "{code} after {frame}");
                    ends += 1;
                }
                Output::Answer(_, text) => {
                    done += 1;
                    serde_json::from_str::<serde_json::Value>(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
                }
                Output::Event(_, text) => panic!("nobody asked for {text}"),
                _ => {}
            }
        }
        assert_eq!(done + ends, 1, "after {frame}");
        answered += done;
        closed += ends;
        core.handle_disconnect(now.after(4_000), conn);
    }
    assert!(answered > 1_000 && closed > 1_000, "{answered} answered, {closed} closed");
}
