//! One frame of a client that has just connected: what it is answered, and what services are asked for it.

use res_gateway::core::timers::Time;
use res_gateway::core::{Core, CoreConfig, Output};
use serde_json::Value;

use super::json::{Json, depth, json, text_of};
use super::names::{is_part, is_rid};
use super::{fields, string};

/// What a frame must lead to.
#[derive(Debug, PartialEq)]
enum Effect {
    Closed(u16),
    /// Answered at once, with `Err` and the code of an error, or a result.
    Answered(u64, Result<(), String>),
    /// Answered when services have been asked for this, each with a query and parameters.
    Asked(u64, Vec<Question>),
}

type Question = (String, Option<String>, Option<Json>);

pub fn check(frame: &str) {
    assert_eq!(observed(frame), expected(frame), "{frame:?}");
}

fn expected(frame: &str) -> Effect {
    let Some([id, method, params]) = fields(frame, ["id", "method", "params"]) else { return Effect::Closed(1007) };
    let is_number = |text: &&str| text.bytes().all(|b| b.is_ascii_digit());
    let Some(id) = id.filter(is_number).and_then(|id| id.parse().ok()) else { return Effect::Closed(1002) };
    let params = params.filter(|params| *params != "null");
    let method = string(method).flatten().filter(|_| depth(frame) <= 64);
    match method.ok_or("system.invalidRequest").and_then(|method| questions(&method, params)) {
        Ok(questions) if questions.is_empty() => Effect::Answered(id, Ok(())),
        Ok(questions) => Effect::Asked(id, questions),
        Err(code) => Effect::Answered(id, Err(code.to_owned())),
    }
}

fn questions(method: &str, params: Option<&str>) -> Result<Vec<Question>, &'static str> {
    const NO_REQUEST: &str = "system.invalidRequest";
    let (kind, rest) = method.split_at(method.find('.').unwrap_or(method.len()));
    let rest = rest.strip_prefix('.');
    if kind == "version" && rest.is_none() {
        return version(params).then(Vec::new).ok_or("system.invalidParams").and_then(|all| {
            let protocol = params.and_then(|params| fields(params, ["protocol"])).and_then(|[text]| string(text)?);
            let major = protocol.filter(|text| !text.is_empty()).map(|text| text.split('.').next().unwrap().parse());
            if major.is_none_or(|major: Result<u16, _>| major == Ok(1)) {
                Ok(all)
            } else {
                Err("system.unsupportedProtocol")
            }
        });
    }
    let rest = rest.ok_or(NO_REQUEST)?;
    let (rid, called) = match kind {
        "subscribe" | "get" | "unsubscribe" => (rest, None),
        "new" => (rest, Some("new")),
        "call" | "auth" => {
            let dot = rest.rfind('.').ok_or(NO_REQUEST)?;
            (&rest[..dot], Some(&rest[dot + 1..]))
        }
        _ => return Err(NO_REQUEST),
    };
    if !is_rid(rid) || called.is_some_and(|method| !is_part(method)) {
        return Err(NO_REQUEST);
    }
    if kind == "unsubscribe" {
        return Err(if count(params) { "system.noSubscription" } else { "system.invalidParams" });
    }
    let known = rid.replace("{cid}", CID);
    if known.len() > 1024 {
        return Err(NO_REQUEST);
    }
    if called.is_some_and(|method| method.len() > 1024) {
        return Err("system.subjectTooLong");
    }
    let (name, query) = known.split_at(known.find('?').unwrap_or(known.len()));
    let query = query.get(1..).filter(|query| !query.is_empty()).map(str::to_owned);
    let access = (format!("access.{name}"), query.clone(), None);
    let params = Some(json(params.unwrap_or("null")));
    Ok(match (kind, called) {
        ("auth", Some(method)) => vec![(format!("auth.{name}.{method}"), query, params)],
        (_, Some(method)) => vec![access, (format!("call.{name}.{method}"), query, params)],
        (_, None) => vec![access, (format!("get.{name}"), query, None)],
    })
}

fn version(params: Option<&str>) -> bool {
    let is_version = |text: String| {
        let parts: Vec<&str> = text.split('.').collect();
        let is_part = |part: &&str| (1..4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        text.is_empty() || parts.len() == 3 && parts.iter().all(is_part)
    };
    params.is_none_or(|params| {
        let protocol = fields(params, ["protocol"]).and_then(|[protocol]| string(protocol));
        protocol.is_some_and(|protocol| protocol.is_none_or(is_version))
    })
}

fn count(params: Option<&str>) -> bool {
    let is_count = |text: &str| text == "null" || text.parse().is_ok_and(|count: u32| count > 0);
    params.is_none_or(|params| fields(params, ["count"]).is_some_and(|[count]| count.is_none_or(is_count)))
}

fn observed(frame: &str) -> Effect {
    let mut core = Core::new(CoreConfig::default());
    let conn = core.handle_connect(CID, Default::default());
    let mut now = Time(0);
    core.handle_frame(now, conn, frame);
    let (mut effects, mut questions) = (Vec::new(), Vec::new());
    loop {
        let Some(output) = core.poll_output() else {
            // Whoever asked is answered at the latest when time is up.
            let (Some(at), true) = (core.poll_timeout(), effects.is_empty()) else { break };
            now = at;
            core.handle_timeout(now);
            continue;
        };
        match output {
            Output::Close(_, code, _) => effects.push(Effect::Closed(code)),
            Output::Answer(_, text) => {
                let answer: Value = serde_json::from_str(&text).expect("answers are JSON");
                let id = answer["id"].as_u64().expect("answers have an id");
                assert!(answer.get("result").is_some() != answer.get("error").is_some(), "{text}");
                let error = answer.get("error").map(|error| error["code"].as_str().expect("a code").to_owned());
                effects.push(Effect::Answered(id, error.map_or(Ok(()), Err)));
            }
            Output::Publish { subject, reply, payload } => {
                let payload = String::from_utf8(payload).expect("text");
                let [query, params] = fields(&payload, ["query", "params"]).expect("an object");
                let (query, params) = (query.and_then(text_of), params.map(json));
                let reply = reply.expect("the gateway only asks");
                if subject.starts_with("access.") {
                    let all = br#"{"result":{"get":true,"call":"*"}}"#;
                    core.handle_message(now, &reply, all, false);
                }
                questions.push((subject, query, params));
            }
            Output::Event(_, text) => panic!("nobody asked for {text}"),
            Output::Subscribe(_) | Output::Unsubscribe(_) => {}
            Output::Http(..) => panic!("not over HTTP"),
        }
    }
    assert_eq!(effects.len(), 1, "{effects:?}");
    questions.sort_by(|a, b| a.0.cmp(&b.0));
    match effects.pop() {
        Some(Effect::Answered(id, _)) if !questions.is_empty() => Effect::Asked(id, questions),
        other => other.expect("one, as was seen above"),
    }
}

/// As unguessable as a test needs it.
const CID: &str = "c1";
