//! Writes scripts: what is done in a run, drawn from its seed.

use fastrand::Rng;
use serde_json::{Map, Value, json};

use crate::choice::Choice;
use crate::names;
use crate::script::{
    Act, BAD_EVENTS, Deed, Fault, Json, Known, LENGTH, Reaction, Script, Spoiled, Step, Use, Ways, When,
};

/// Writes the script that belongs to a seed.
pub fn write(seed: u64) -> Script {
    let mut rng = Rng::with_seed(seed);
    let theme =
        *pick(&mut rng, &[Theme::Mixed, Theme::Access, Theme::Pages, Theme::References, Theme::Churn, Theme::Loading]);
    let (clients, gateways, services) = (rng.index(1..=4), rng.index(1..=3), rng.index(1..=3));
    let mut writer =
        Writer { rng, theme, clients, gateways, services, hot: Vec::new(), subject: String::new(), actor: 0 };
    writer.hot = (0..writer.rng.index(1..=4)).map(|_| writer.any_rid()).collect();
    let mut steps = Vec::new();
    // Something is there to begin with.
    for client in 0..clients {
        steps.push(Step { at: writer.rng.u64(0..500), act: Act::Client(client, Use::Follow(writer.rid())) });
    }
    let most = steps.len() + writer.rng.index(200..300);
    while steps.len() < most {
        // What goes wrong does so when several things happen at once.
        let at = writer.rng.u64(0..LENGTH);
        writer.subject = writer.some_name();
        writer.actor = writer.rng.index(0..clients);
        for _ in 0..*pick(&mut writer.rng, &[1, 1, 1, 2, 3, 6]) {
            let at = (at + writer.rng.u64(0..60)).min(LENGTH - 1);
            steps.push(Step { at, act: writer.act() });
        }
    }
    // With few faults nothing makes good what went wrong without them.
    for _ in 0..*pick(&mut writer.rng, &[0, 0, 1, 2, 4, 8, 12]) {
        steps.push(Step { at: writer.rng.u64(1_000..LENGTH), act: Act::Fault(writer.fault()) });
    }
    steps.sort_by_key(|step| step.at);
    Script { seed, clients, gateways, services, steps }
}

/// What a script is mostly about.
#[derive(Clone, Copy)]
enum Theme {
    Mixed,
    /// Who may see what.
    Access,
    Pages,
    /// What refers to what.
    References,
    /// What is wanted, and no longer wanted.
    Churn,
    /// What happens to something while it is asked for.
    Loading,
}

struct Writer {
    rng: Rng,
    theme: Theme,
    clients: usize,
    gateways: usize,
    services: usize,
    /// What most is about, so that there are several who want it.
    hot: Vec<String>,
    /// What is done at once may be about this, and by this client.
    subject: String,
    actor: usize,
}

impl Writer {
    fn act(&mut self) -> Act {
        let client = if self.rng.bool() { self.actor } else { self.rng.index(0..self.clients) };
        let service = self.rng.index(0..self.services);
        let by_theme = if self.rng.bool() { self.theme } else { Theme::Mixed };
        let hot = pick(&mut self.rng, &self.hot).clone();
        let name = names::without_query(&hot).to_owned();
        let of_hot = names::service_of(&hot).unwrap_or(service);
        // What only those may see who have logged in is nothing to refer to: references need no access.
        let target = if hot == names::secret(of_hot) { names::model(of_hot, 0) } else { hot.clone() };
        match (by_theme, self.rng.u8(..10)) {
            (Theme::Access, 0) => Act::Client(client, Use::LogIn),
            (Theme::Access, 1) => Act::Client(client, Use::LogOut),
            (Theme::Access, 2) => Act::Client(client, Use::Follow(names::secret(service))),
            (Theme::Access, 3 | 4) => Act::Service(of_hot, Deed::Deny(name)),
            (Theme::Access, 5 | 6) => Act::Service(of_hot, Deed::Grant(name)),
            (Theme::Access, 7) => Act::Client(client, Use::Follow(hot)),
            (Theme::Access, 8) => Act::Client(client, Use::Leave(self.rng.index(0..8))),
            (Theme::Access, _) => match self.rng.u8(..5) {
                0 => Act::Service(0, Deed::TokenReset),
                1..4 => Act::Service(service, Deed::Set(names::secret(service), names::MEMBERS[0], Some(self.value()))),
                _ => {
                    let list = names::list(service, self.rng.index(0..names::EACH));
                    Act::Service(service, Deed::Insert(list, 0, Json(json!({ "rid": target }))))
                }
            },
            (Theme::Pages, 0..2) => {
                let page = names::page(service, self.rng.index(0..names::PAGES), self.rng.bool());
                Act::Client(client, Use::Follow(page))
            }
            (Theme::Pages, 2..7) => Act::Service(service, Deed::PutItem(self.rng.index(0..8), self.rng.u64(..30))),
            (Theme::Pages, _) => Act::Service(service, Deed::TakeItem(self.rng.index(0..8))),
            (Theme::References, 0..3) => {
                let (model, value) = (names::model(service, self.rng.index(0..names::EACH)), json!({ "rid": target }));
                Act::Service(
                    service,
                    Deed::Set(model, names::MEMBERS[1], (self.rng.u8(..3) > 0).then_some(Json(value))),
                )
            }
            (Theme::References, 3 | 4) => {
                let list = names::list(service, self.rng.index(0..names::EACH));
                Act::Service(service, Deed::Insert(list, 0, Json(json!({ "rid": target }))))
            }
            (Theme::References, 5) => {
                let list = names::list(service, self.rng.index(0..names::EACH));
                Act::Service(service, Deed::Remove(list, 0))
            }
            (Theme::References, 6) => Act::Client(client, Use::Follow(hot)),
            (Theme::References, 7) => Act::Service(of_hot, Deed::Delete(name)),
            (Theme::References, 8) => Act::Service(of_hot, Deed::Create(name.clone(), self.content(&name))),
            (Theme::References, _) if self.rng.bool() => Act::Service(of_hot, Deed::Deny(name)),
            (Theme::References, _) => Act::Service(of_hot, Deed::Grant(name)),
            (Theme::Churn, 0..4) => Act::Client(client, Use::Follow(hot)),
            (Theme::Churn, 4..7) => Act::Client(client, Use::Leave(self.rng.index(0..8))),
            (Theme::Churn, 7) => Act::Client(client, Use::CallFor(hot)),
            (Theme::Churn, _) => Act::Service(of_hot, Deed::Replace(name.clone(), self.content(&name))),
            (Theme::Loading, 0..3) => Act::Client(client, Use::Follow(self.subject.clone())),
            (Theme::Loading, 3) => Act::Client(client, Use::Leave(self.rng.index(0..8))),
            (Theme::Loading, 4 | 5) => {
                let list = names::list(service, self.rng.index(0..names::EACH));
                Act::Service(service, Deed::Insert(list, 0, Json(json!({ "rid": self.subject }))))
            }
            (Theme::Loading, n) => {
                let name = self.subject.clone();
                let content = self.content(&name);
                let deed = match n {
                    6 => Deed::Delete(name.clone()),
                    7 => Deed::Create(name.clone(), content),
                    _ => Deed::Replace(name.clone(), content),
                };
                Act::Service(names::service_of(&name).unwrap_or(service), deed)
            }
            (Theme::Mixed, 0) if self.rng.u8(..5) == 0 => Act::Visit(self.rng.index(0..self.gateways), self.rid()),
            (Theme::Mixed, 0..5) => Act::Client(client, self.usage()),
            (Theme::Mixed, _) => Act::Service(service, self.deed(service)),
        }
    }

    fn usage(&mut self) -> Use {
        match self.rng.u8(0..100) {
            0..40 => Use::Follow(self.rid()),
            40..45 => Use::Look(self.rid()),
            45..65 => Use::Leave(self.rng.index(0..8)),
            65..69 => Use::Fetch(self.rid()),
            69..72 => Use::Call(self.rid()),
            72 if self.rng.bool() => Use::CallTooMuch(self.rid()),
            72 => Use::CallBriefly(self.rid()),
            73..77 => Use::CallFor(self.rid()),
            77..82 => Use::LogIn,
            82..85 => Use::LogOut,
            85..86 => Use::Disconnect,
            86..88 => Use::Connect,
            _ => Use::React(*pick(
                &mut self.rng,
                &[
                    Reaction::Leave,
                    Reaction::LeaveAll,
                    Reaction::Listen,
                    Reaction::Get,
                    Reaction::Other,
                    Reaction::Disconnect,
                ],
            )),
        }
    }

    fn deed(&mut self, service: usize) -> Deed {
        let model = names::model(service, self.rng.index(0..names::EACH));
        let list = names::list(service, self.rng.index(0..names::EACH));
        let any = if self.rng.bool() { model.clone() } else { list.clone() };
        match self.rng.u8(0..100) {
            0..30 => {
                let value = (self.rng.u8(0..5) > 0).then(|| self.value());
                Deed::Set(model, names::MEMBERS[self.rng.index(0..names::MEMBERS.len())], value)
            }
            30..48 => Deed::Insert(list, self.rng.index(0..8), self.value()),
            48..62 => Deed::Remove(list, self.rng.index(0..8)),
            62..65 => Deed::Custom(any),
            65..68 => Deed::Delete(any),
            68..73 => Deed::Create(any.clone(), self.content(&any)),
            73..79 => Deed::Replace(any.clone(), self.content(&any)),
            79..86 => Deed::PutItem(self.rng.index(0..8), self.rng.u64(..30)),
            86..90 => Deed::TakeItem(self.rng.index(0..8)),
            90..93 => Deed::Deny(if self.rng.bool() { any } else { names::secret(service) }),
            93..97 => Deed::Grant(any),
            97..99 => Deed::Reset,
            _ => Deed::TokenReset,
        }
    }

    fn fault(&mut self) -> Fault {
        let rng = &mut self.rng;
        let (client, gateway, service) =
            (rng.index(0..self.clients), rng.index(0..self.gateways), rng.index(0..self.services));
        let (short, long) = (rng.u64(..200), rng.u64(500..15_000));
        match rng.u8(0..25) {
            0 if rng.u8(..4) == 0 => Fault::Dismiss { client },
            0..3 => Fault::Cut { client, up: short, down: rng.u64(..200) },
            3 | 4 => {
                let lost = *pick(rng, &[Ways::Both, Ways::ToGateway, Ways::ToClient]);
                let known = *pick(rng, &[Known::ToClient, Known::ToGateway, Known::ToNobody]);
                Fault::HalfOpen { client, lost, known }
            }
            5 => {
                let stalled = |is: bool| if is { long } else { 0 };
                let which = rng.u8(0..3);
                Fault::Stall { client, up: stalled(which != 1), down: stalled(which != 0) }
            }
            6 => Fault::Delay { client, latency: rng.u64(..3_000) },
            7 => Fault::Kill { gateway, down: long / 2 },
            8 => Fault::Freeze { gateway, time: long },
            9 => Fault::BusRestart { down: long / 3 },
            10 => Fault::GatewayCutOff { gateway, down: long / 3 },
            11 => Fault::ServiceCutOff { service, down: long / 3 },
            12 => Fault::GatewayLags { gateway, time: long / 3 },
            13 => Fault::ServiceLags { service, time: long / 3 },
            14 | 15 => {
                let when = *pick(rng, &[When::BeforePersisting, When::BeforeTheEvent, When::AfterTheEvent]);
                let down = long / 3;
                Fault::Crash { service, when, deed: self.deed(service), down }
            }
            16 => Fault::Slow { service, latency: rng.u64(200..4_000), time: long },
            17 | 18 => {
                let how = (0..rng.index(1..5)).map(|_| *pick(rng, &SPOILED)).collect();
                Fault::Spoil { service, how }
            }
            19 => Fault::Lie { service, time: long },
            20 => Fault::BadEvent { service, how: rng.index(0..BAD_EVENTS), name: self.name(service) },
            21 => match rng.u8(0..3) {
                0 => Fault::FreezePage { client, time: long * 3 },
                1 => Fault::Sleep { client, time: long * 200 },
                _ => Fault::Throttle { client, time: long * 2 },
            },
            22 => Fault::Burst { service, count: rng.index(10..400), name: self.name(service) },
            23 => Fault::ResetStorm { service, count: rng.index(2..20) },
            _ => Fault::Attack { gateway, count: rng.index(1..10) },
        }
    }

    /// A resource, as somebody asks for it.
    fn rid(&mut self) -> String {
        if self.rng.bool() { pick(&mut self.rng, &self.hot).clone() } else { self.any_rid() }
    }

    fn any_rid(&mut self) -> String {
        let service = self.rng.index(0..self.services);
        match self.rng.u8(0..20) {
            0..3 => names::page(service, self.rng.index(0..names::PAGES), self.rng.bool()),
            3 => names::secret(service),
            4 => names::endless(service, 0),
            _ => self.name(service),
        }
    }

    fn some_name(&mut self) -> String {
        let service = self.rng.index(0..self.services);
        self.name(service)
    }

    fn name(&mut self, service: usize) -> String {
        let n = self.rng.index(0..names::EACH);
        if self.rng.bool() { names::model(service, n) } else { names::list(service, n) }
    }

    fn value(&mut self) -> Json {
        Json(value(&mut self.rng, self.services))
    }

    fn content(&mut self, rid: &str) -> Json {
        let is_of_other_kind = self.rng.u8(0..12) == 0;
        Json(content(&mut self.rng, self.services, names::is_model(rid) != is_of_other_kind))
    }
}

/// A model or a list with some values.
pub fn content(rng: &mut Rng, services: usize, is_model: bool) -> Value {
    if is_model {
        let mut members = Map::new();
        for member in names::MEMBERS {
            if rng.bool() {
                members.insert(member.to_owned(), value(rng, services));
            }
        }
        Value::Object(members)
    } else {
        (0..rng.index(0..5)).map(|_| value(rng, services)).collect()
    }
}

fn value(rng: &mut Rng, services: usize) -> Value {
    let (service, n) = (rng.index(0..services), rng.index(0..names::EACH));
    let rid = if rng.bool() { names::model(service, n) } else { names::list(service, n) };
    match rng.u8(0..16) {
        0..6 => json!({ "rid": rid }),
        6 => json!({ "rid": rid, "soft": true }),
        7 => json!({ "rid": names::page(service, rng.index(0..names::PAGES), false) }),
        8 => json!({ "data": [rng.u8(0..3), { "rid": rid }] }),
        9 => Value::Null,
        10..12 => json!(format!("\u{e9}\"{}", rng.u8(0..3))),
        _ => json!(rng.u8(0..4)),
    }
}

fn pick<'a, T>(rng: &mut Rng, among: &'a [T]) -> &'a T {
    &among[rng.index(0..among.len())]
}

const SPOILED: [Spoiled; 8] = [
    Spoiled::Lost,
    Spoiled::Junk,
    Spoiled::Empty,
    Spoiled::Error,
    Spoiled::OtherKind,
    Spoiled::Twice,
    Spoiled::Announced,
    Spoiled::Late,
];
