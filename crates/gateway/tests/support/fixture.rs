//! The fixture service of the recorded conversation: resources of every kind, driven by calls on `fix.ctl`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use res_gateway::service::{Access, Reply, Request, Resource, Service, ServiceHandle, invalid_params};
use resclient::protocol::ResError;
use serde_json::{Map, Value, json};

use super::bus::TestBus;
use super::items::Items;
use super::raw;

/// Starts the fixture, and the service that answers `new` as in the first version of the protocol.
pub fn start(bus: impl Into<TestBus>) -> ServiceHandle {
    let bus = &bus.into();
    Service::new("fixlegacy")
        .access("fixlegacy.>", |_| Ok(Access::ALL))
        .get("fixlegacy.>", |_| Ok(Resource::Model(json!({ "a": 1 }))))
        .call("fixlegacy.coll", "new", |_| Ok(Reply::value(json!({ "rid": "fix.child.1" }))))
        .start(bus.connect());
    raw::start(bus);
    service(bus).start(bus.connect())
}

fn service(bus: &TestBus) -> Service {
    let state = Arc::new(Mutex::new(State::new(bus)));
    let of = |f: fn(&mut State, &Request) -> Result<Reply, ResError>| {
        let state = state.clone();
        move |request: &Request| f(&mut lock(&state), request)
    };
    let (getting, accessing) = (state.clone(), state.clone());
    Service::new("fix")
        .get_async("fix.getTimeout", |_| std::future::pending())
        .get_async("fix.getPre", |request| async move {
            request.extend_timeout(Duration::from_millis(6_000));
            tokio::time::sleep(Duration::from_millis(4_000)).await;
            Ok(Resource::Model(json!({ "slow": true })))
        })
        // These are answered by `raw`.
        .get_async("fix.getBad.*", |_| std::future::pending())
        .get_async("fix.raw", |_| std::future::pending())
        .access_async("fix.accessMeta", |_| std::future::pending())
        .access_async("fix.accessRedirect", |_| std::future::pending())
        .access_async("fix.access451", |_| std::future::pending())
        .get("fix.>", move |request| lock(&getting).get(request))
        .access_async("fix.accessTimeout", |_| std::future::pending())
        .access("fix.>", move |request| lock(&accessing).access(request))
        .call("fix.ctl", "*", of(State::control))
        .call_async("fix.>", "timeout", |_| std::future::pending())
        .call_async("fix.>", "preShort", |request| {
            request.extend_timeout(Duration::from_millis(500));
            std::future::pending()
        })
        .call_async("fix.>", "pre", |request| async move {
            request.extend_timeout(Duration::from_millis(15_000));
            let ms = request.params::<Value>()?["ms"].as_u64().unwrap_or(5_000);
            tokio::time::sleep(Duration::from_millis(ms)).await;
            Ok(Reply::value("late"))
        })
        .call("fix.>", "*", of(State::call))
        .auth_async("fix.auth", "timeout", |_| std::future::pending())
        .auth("fix.auth", "*", of(State::auth))
}

struct State {
    resources: BTreeMap<String, Value>,
    /// Responses to access requests that stand in for the usual ones.
    access: BTreeMap<String, Value>,
    tokens: BTreeMap<String, Value>,
    created: u32,
    items: Items,
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl State {
    fn new(bus: &TestBus) -> State {
        State {
            resources: initial(),
            access: BTreeMap::new(),
            tokens: BTreeMap::new(),
            created: 0,
            items: Items::new(bus),
        }
    }

    fn get(&mut self, request: &Request) -> Result<Resource, ResError> {
        match request.name() {
            "fix.getError" => Err(custom("fix.custom", "Custom get error", Some(json!({ "foo": "bar" })))),
            "fix.items" => self.items.page(request),
            "fix.qmodel" => Ok(self.items.model(request)),
            name => match name.strip_prefix("fix.private.") {
                Some(cid) => {
                    let token = self.tokens.get(cid).is_some_and(|token| !token.is_null());
                    Ok(Resource::Model(json!({ "cidLen": cid.len(), "token": token })))
                }
                None => self.resources.get(name).map(resource).ok_or(ResError::NOT_FOUND),
            },
        }
    }

    fn access(&mut self, request: &Request) -> Result<Access, ResError> {
        if let Some(response) = self.access.get(request.name()) {
            let error = &response["error"];
            return match &response["result"] {
                Value::Null => Err(custom(text(&error["code"]), text(&error["message"]), None)),
                result => Ok(Access {
                    get: result["get"] == true,
                    call: result["call"].as_str().unwrap_or_default().to_owned().into(),
                }),
            };
        }
        match request.name() {
            "fix.secure" if request.token()["role"].is_null() => Ok(Access::NONE),
            name if name.starts_with("fix.private.") => {
                Ok(if name.ends_with(request.cid()) { Access::READ } else { Access::NONE })
            }
            "fix.partial" => Ok(Access { get: true, call: "ping,set".into() }),
            "fix.callonly" => Ok(Access { get: false, call: "ping".into() }),
            "fix.accessError" => Err(custom("fix.accessCustom", "Custom access error", Some(json!({ "a": 1 })))),
            _ => Ok(Access::ALL),
        }
    }

    fn control(&mut self, request: &Request) -> Result<Reply, ResError> {
        let service = request.service();
        let params: Value = request.params()?;
        let rid = params["rid"].as_str().unwrap_or_default();
        let is_silent = params["silent"] == true;
        match request.method() {
            "emit" => {
                let payload = match (&params["raw"], &params["payload"]) {
                    (Value::String(raw), _) => raw.clone(),
                    (_, Value::Null) => String::new(),
                    (_, payload) => payload.to_string(),
                };
                service.publish(text(&params["subject"]), payload);
            }
            "change" => {
                let members = self.members(rid)?;
                for (key, value) in params["values"].as_object().into_iter().flatten() {
                    if value["action"] == "delete" {
                        members.remove(key);
                    } else {
                        members.insert(key.clone(), value.clone());
                    }
                }
                if !is_silent {
                    service.event(rid, "change", &json!({ "values": params["values"] }));
                }
            }
            "add" => {
                let idx = params["idx"].as_u64().unwrap_or(0) as usize;
                self.items(rid)?.insert(idx, params["value"].clone());
                service.event(rid, "add", &json!({ "idx": idx, "value": params["value"] }));
            }
            "remove" => {
                let idx = params["idx"].as_u64().unwrap_or(0) as usize;
                self.items(rid)?.remove(idx);
                service.event(rid, "remove", &json!({ "idx": idx }));
            }
            "put" => drop(self.resources.insert(rid.to_owned(), params["resource"].clone())),
            "del" => {
                self.resources.remove(rid);
                if !is_silent {
                    service.event(rid, "delete", &Value::Null);
                }
            }
            "custom" => service.event(rid, text(&params["event"]), &params["data"]),
            "access" => {
                match &params["response"] {
                    Value::Null => drop(self.access.remove(rid)),
                    response => drop(self.access.insert(rid.to_owned(), response.clone())),
                }
                if params["reaccess"] == true {
                    service.reaccess(rid);
                }
            }
            "reset" => service.publish("system.reset", params.to_string()),
            "token" => self.token(request, &params["token"], &params["tid"]),
            "tokenReset" => service.publish("system.tokenReset", params.to_string()),
            "items" => self.items.change(service, &params),
            "restore" => {
                self.resources = initial();
                self.items.restore();
                self.access.clear();
                self.tokens.clear();
                service.reset(&["fix.>"], &["fix.>"]);
            }
            _ => return Err(ResError::METHOD_NOT_FOUND),
        }
        Ok(Reply::null())
    }

    fn call(&mut self, request: &Request) -> Result<Reply, ResError> {
        let params: Value = request.params()?;
        Ok(match request.method() {
            "ping" => Reply::null(),
            "echo" => {
                let mut echo =
                    json!({ "params": params, "token": request.token(), "hasCid": !request.cid().is_empty() });
                if let Some(query) = request.query() {
                    echo["query"] = query.into();
                }
                if request.is_http() {
                    echo["isHttp"] = true.into();
                }
                Reply::value(echo)
            }
            "resource" => Reply::resource(params["rid"].as_str().unwrap_or("fix.child.1")),
            "badResource" => Reply::resource("bad..rid"),
            "missingResource" => Reply::resource("fix.missing"),
            "deniedResource" => Reply::resource("fix.callonly"),
            "error" => return Err(custom("fix.failed", "It failed", Some(json!({ "why": "test" })))),
            "bare" => Reply::raw("{}"),
            "badjson" => Reply::raw("[not json"),
            "empty" => Reply::raw(""),
            "set" => {
                let members = self.members(request.name())?;
                for (key, value) in params.as_object().into_iter().flatten() {
                    members.insert(key.clone(), value.clone());
                }
                request.service().event(request.name(), "change", &json!({ "values": params }));
                Reply::null()
            }
            "delete" => Reply::null(),
            "patch" => Reply::value(json!({ "patched": params })),
            "meta" => Reply::raw(json!({ "result": { "ok": 1 }, "meta": params }).to_string()),
            "metaRes" => Reply::raw(json!({ "resource": { "rid": "fix.child.1" }, "meta": params }).to_string()),
            "metaErr" => {
                let error = json!({ "code": "fix.failed", "message": "It failed" });
                Reply::raw(json!({ "error": error, "meta": params }).to_string())
            }
            "legacyNewRes" => Reply::value(json!({ "rid": "fix.child.1" })),
            "new" => {
                self.created += 1;
                let rid = format!("fix.child.new{}", self.created);
                let mut members = json!({ "id": rid });
                for (key, value) in params.as_object().into_iter().flatten() {
                    members[key] = value.clone();
                }
                self.resources.insert(rid.clone(), json!({ "model": members }));
                Reply::resource(rid)
            }
            _ => return Err(ResError::METHOD_NOT_FOUND),
        })
    }

    fn auth(&mut self, request: &Request) -> Result<Reply, ResError> {
        let params: Value = request.params()?;
        match request.method() {
            "login" => {
                let or = |name: &str, default: &str| params[name].as_str().unwrap_or(default).to_owned();
                let token = json!({ "user": or("user", "u"), "role": or("role", "admin") });
                self.token(request, &token, &params["tid"]);
                Ok(Reply::value(json!({ "ok": true })))
            }
            "logout" => {
                self.token(request, &Value::Null, &Value::Null);
                Ok(Reply::null())
            }
            "renew" => {
                if let Value::Object(token) = request.token() {
                    let mut token = token.clone();
                    token.insert("renewed".into(), true.into());
                    self.token(request, &token.into(), &"renewed".into());
                }
                Ok(Reply::null())
            }
            "echo" => Ok(Reply::value(json!({
                "keys": ["cid", "header", "host", "params", "remoteAddr", "token", "uri"],
                "header": request.header(), "host": request.host(), "uri": request.uri(),
                "remoteAddr": if request.remote_addr().is_empty() { "undefined" } else { "string" },
                "token": request.token(),
            }))),
            "resource" => Ok(Reply::resource("fix.child.2")),
            "header" => {
                if let Some(role) = request.header().get("X-Auth").and_then(|values| values.first()) {
                    self.token(request, &json!({ "role": role }), &Value::Null);
                }
                Ok(Reply::null())
            }
            "headerMeta" => {
                let header = json!({ "X-Auth-Meta": ["yes"], "Set-Cookie": ["auth=1"] });
                Ok(Reply::raw(json!({ "result": null, "meta": { "header": header } }).to_string()))
            }
            "header403" => {
                let error = json!({ "code": "fix.denied", "message": "No" });
                Ok(Reply::raw(json!({ "error": error, "meta": { "status": 403 } }).to_string()))
            }
            "error" => Err(custom("fix.authFailed", "Auth failed", None)),
            _ => Err(ResError::METHOD_NOT_FOUND),
        }
    }

    /// Gives the client a token; a `tid` that is `null` is none.
    fn token(&mut self, request: &Request, token: &Value, tid: &Value) {
        self.tokens.insert(request.cid().to_owned(), token.clone());
        request.service().token(request.cid(), token, tid.as_str());
    }

    fn members(&mut self, rid: &str) -> Result<&mut Map<String, Value>, ResError> {
        let model = self.resources.get_mut(rid).and_then(|r| r["model"].as_object_mut());
        model.ok_or_else(|| invalid_params(format!("there is no model {rid}")))
    }

    fn items(&mut self, rid: &str) -> Result<&mut Vec<Value>, ResError> {
        let collection = self.resources.get_mut(rid).and_then(|r| r["collection"].as_array_mut());
        collection.ok_or_else(|| invalid_params(format!("there is no collection {rid}")))
    }
}

fn initial() -> BTreeMap<String, Value> {
    let resources = json!({
        "fix.model": { "model": {
            "str": "foo", "int": 42, "float": 1.5, "big": 9_007_199_254_740_992u64, "neg": 0, "t": true, "f": false,
            "nul": null, "uni": "åäö 𝄞 <&>  ", "empty": ""
        } },
        "fix.collection": { "collection": ["a", 1, true, null, "b"] },
        "fix.empty.model": { "model": {} },
        "fix.empty.collection": { "collection": [] },
        "fix.child.1": { "model": { "id": 1, "name": "one" } },
        "fix.child.2": { "model": { "id": 2, "name": "two" } },
        "fix.child.3": { "model": { "id": 3, "name": "three" } },
        "fix.list": { "collection": [{ "rid": "fix.child.1" }, { "rid": "fix.child.2" }] },
        "fix.dup": { "collection": [{ "rid": "fix.child.1" }, { "rid": "fix.child.1" }] },
        "fix.tree": { "model": { "name": "tree", "child": { "rid": "fix.child.3" }, "list": { "rid": "fix.list" } } },
        "fix.cycle.a": { "model": { "name": "a", "b": { "rid": "fix.cycle.b" } } },
        "fix.cycle.b": { "model": { "name": "b", "a": { "rid": "fix.cycle.a" } } },
        "fix.cycle.self": { "model": { "name": "self", "me": { "rid": "fix.cycle.self" } } },
        "fix.soft": { "model": { "name": "soft", "ref": { "rid": "fix.child.1", "soft": true } } },
        "fix.softlist": { "collection": [{ "rid": "fix.child.1", "soft": true }, "x"] },
        "fix.data": { "model": {
            "obj": { "data": { "a": [1, 2, { "b": null }] } }, "arr": { "data": [1, "x"] }, "prim": { "data": 12 },
            "nul": { "data": null }
        } },
        "fix.datalist": { "collection": [{ "data": { "k": "v" } }, "x", { "data": [1] }] },
        "fix.errref": { "model": {
            "ok": { "rid": "fix.child.1" }, "missing": { "rid": "fix.missing" }, "custom": { "rid": "fix.getError" }
        } },
        "fix.errlist": { "collection": [{ "rid": "fix.child.1" }, { "rid": "fix.missing" }] },
        "fix.refdenied": { "model": { "secret": { "rid": "fix.secure" } } },
        "fix.refquery": { "model": { "q": { "rid": "fix.items?start=0&limit=2" } } },
        "fix.refcid": { "model": { "me": { "rid": "fix.private.{cid}" } } },
        "fix.secure": { "model": { "secret": "only with token" } },
        "fix.partial": { "model": { "x": 1 } },
        "fix.callonly": { "model": { "x": 1 } },
        "fix.deletable": { "model": { "x": 1 } },
        "fix.parent": { "model": { "d": { "rid": "fix.deletable" } } },
        "fix.ctl": { "model": { "ctl": true } },
        "fix.calls": { "model": { "calls": true } },
        "fix.accessMeta": { "model": { "m": 1 } },
        "fix.accessRedirect": { "model": { "m": 1 } },
        "fix.access451": { "model": { "m": 1 } }
    });
    let Value::Object(resources) = resources else { unreachable!("written as an object") };
    resources.into_iter().collect()
}

fn resource(value: &Value) -> Resource {
    match (&value["model"], &value["collection"]) {
        (Value::Null, collection) => Resource::Collection(collection.clone()),
        (model, _) => Resource::Model(model.clone()),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn custom(code: &str, message: &str, data: Option<Value>) -> ResError {
    let data = data.map(|data| serde_json::value::to_raw_value(&data).expect("a JSON value is JSON"));
    ResError { code: code.to_owned().into(), message: message.to_owned().into(), data }
}
