//! All differences to the recording, each with its reason.

/// A frame of Resgate's that this gateway does not send, one of this gateway's that Resgate did not, or both for one that
/// differs.
pub struct Deviation {
    pub section: &'static str,
    pub conn: &'static str,
    pub theirs: &'static str,
    pub ours: &'static str,
    pub reason: &'static str,
}

pub const DEVIATIONS: &[Deviation] = &[
    Deviation {
        section: "version",
        conn: "V",
        theirs: r#"{"error":{"code":"system.unsupportedProtocol","message":"Unsupported protocol"},"id":15}"#,
        ours: r#"{"error":{"code":"system.invalidParams","message":"Invalid parameters"},"id":15}"#,
        reason: VERSION,
    },
    Deviation {
        section: "sticky-get-error",
        conn: "B",
        theirs: r#"{"error":{"code":"system.notFound","message":"Not found"},"id":4}"#,
        ours: r#"{"result":{"models":{"fix.later":{"a":1}}},"id":4}"#,
        reason: NOT_STICKY,
    },
    Deviation {
        section: "sticky-get-error",
        conn: "B",
        theirs: r#"{"error":{"code":"system.notFound","message":"Not found"},"id":5}"#,
        ours: r#"{"result":{"models":{"fix.later":{"a":1}}},"id":5}"#,
        reason: NOT_STICKY,
    },
    Deviation {
        section: "model-events",
        conn: "A",
        theirs: "",
        ours: r#"{"event":"fix.model.change","data":{"values":{"legacyProp":{"action":"delete"}}}}"#,
        reason: REPAIRED,
    },
    Deviation {
        section: "model-events",
        conn: "A",
        theirs: r#"{"event":"fix.model.patch","data":{"reserved":true}}"#,
        ours: "",
        reason: RESERVED,
    },
    Deviation {
        section: "model-events",
        conn: "A",
        theirs: r#"{"event":"fix.model.reset","data":{"reserved":true}}"#,
        ours: "",
        reason: RESERVED,
    },
    Deviation {
        section: "model-events",
        conn: "A",
        theirs: r#"{"event":"fix.model.unsubscribe","data":{"reason":{"code":"x","message":"spoof"}}}"#,
        ours: "",
        reason: RESERVED,
    },
    Deviation {
        section: "model-events",
        conn: "B",
        theirs: "",
        ours: r#"{"event":"fix.model.change","data":{"values":{"legacyProp":{"action":"delete"}}}}"#,
        reason: REPAIRED,
    },
    Deviation {
        section: "model-events",
        conn: "B",
        theirs: r#"{"event":"fix.model.patch","data":{"reserved":true}}"#,
        ours: "",
        reason: RESERVED,
    },
    Deviation {
        section: "model-events",
        conn: "B",
        theirs: r#"{"event":"fix.model.reset","data":{"reserved":true}}"#,
        ours: "",
        reason: RESERVED,
    },
    Deviation {
        section: "model-events",
        conn: "B",
        theirs: r#"{"event":"fix.model.unsubscribe","data":{"reason":{"code":"x","message":"spoof"}}}"#,
        ours: "",
        reason: RESERVED,
    },
    Deviation {
        section: "call",
        conn: "A",
        theirs: r#"{"error":{"code":"system.internalError","message":"Internal error: invalid character 'o' in literal null (expecting 'u')"},"id":145}"#,
        ours: r#"{"error":{"code":"system.internalError","message":"Internal error: the response is not a JSON object"},"id":145}"#,
        reason: SENTENCE,
    },
    Deviation {
        section: "call",
        conn: "A",
        theirs: r#"{"error":{"code":"system.internalError","message":"Internal error: unexpected end of JSON input"},"id":146}"#,
        ours: r#"{"error":{"code":"system.internalError","message":"Internal error: the response is not a JSON object"},"id":146}"#,
        reason: SENTENCE,
    },
    Deviation {
        section: "bad-requests",
        conn: "A",
        theirs: r#"{"error":{"code":"system.subjectTooLong","message":"Subject too long"},"id":241}"#,
        ours: r#"{"error":{"code":"system.invalidRequest","message":"Invalid request"},"id":241}"#,
        reason: LONG_RID,
    },
    Deviation {
        section: "bad-requests",
        conn: "A",
        theirs: r#"{"result":{},"id":9002}"#,
        ours: "",
        reason: EXACT_NAMES,
    },
    Deviation {
        section: "bad-get-responses",
        conn: "A",
        theirs: r#"{"error":{"code":"system.internalError","message":"Internal error: unexpected end of JSON input"},"id":41}"#,
        ours: r#"{"error":{"code":"system.internalError","message":"Internal error: the response is not a JSON object"},"id":41}"#,
        reason: SENTENCE,
    },
    Deviation {
        section: "bad-get-responses",
        conn: "A",
        theirs: r#"{"error":{"code":"system.internalError","message":"Internal error: Internal error: invalid value: nested json object must be wrapped as a data value"},"id":43}"#,
        ours: r#"{"error":{"code":"system.internalError","message":"Internal error: a nested object must be wrapped as a data value"},"id":43}"#,
        reason: SENTENCE,
    },
    Deviation {
        section: "bad-get-responses",
        conn: "A",
        theirs: r#"{"error":{"code":"system.internalError","message":"Internal error: Internal error: invalid value: nested json array must be wrapped as a data value"},"id":44}"#,
        ours: r#"{"error":{"code":"system.internalError","message":"Internal error: a nested array must be wrapped as a data value"},"id":44}"#,
        reason: SENTENCE,
    },
    Deviation {
        section: "bad-get-responses",
        conn: "A",
        theirs: r#"{"error":{"code":"system.internalError","message":"Internal error: invalid service response"},"id":46}"#,
        ours: r#"{"error":{"code":"system.internalError","message":"Internal error: delete action outside of a change event"},"id":46}"#,
        reason: SENTENCE,
    },
    Deviation {
        section: "bad-get-responses",
        conn: "A",
        theirs: r#"{"error":{"code":"system.internalError","message":"Internal error: Internal error: invalid value: resource reference rid \"bad..rid\" is invalid"},"id":47}"#,
        ours: r#"{"error":{"code":"system.internalError","message":"Internal error: invalid resource id in a reference"},"id":47}"#,
        reason: SENTENCE,
    },
    Deviation {
        section: "query",
        conn: "A",
        theirs: "",
        ours: r#"{"event":"fix.items.add","data":{"idx":0,"value":"errr"}}"#,
        reason: QUERY_FAILED,
    },
    Deviation {
        section: "query",
        conn: "A",
        theirs: "",
        ours: r#"{"event":"fix.items.remove","data":{"idx":2}}"#,
        reason: QUERY_FAILED,
    },
    Deviation {
        section: "query",
        conn: "A",
        theirs: "",
        ours: r#"{"event":"fix.items?limit=3&start=0.add","data":{"idx":0,"value":"errr"}}"#,
        reason: QUERY_FAILED,
    },
    Deviation {
        section: "query",
        conn: "A",
        theirs: "",
        ours: r#"{"event":"fix.items?limit=3&start=0.remove","data":{"idx":2}}"#,
        reason: QUERY_FAILED,
    },
    Deviation {
        section: "query",
        conn: "A",
        theirs: "",
        ours: r#"{"event":"fix.items?start=0&limit=3.add","data":{"idx":0,"value":"errr"}}"#,
        reason: QUERY_FAILED,
    },
    Deviation {
        section: "query",
        conn: "A",
        theirs: "",
        ours: r#"{"event":"fix.items?start=0&limit=3.remove","data":{"idx":2}}"#,
        reason: QUERY_FAILED,
    },
    Deviation {
        section: "query",
        conn: "B",
        theirs: "",
        ours: r#"{"event":"fix.items?start=3&limit=3.add","data":{"idx":0,"value":"item3"}}"#,
        reason: QUERY_FAILED,
    },
    Deviation {
        section: "query",
        conn: "B",
        theirs: "",
        ours: r#"{"event":"fix.items?start=3&limit=3.remove","data":{"idx":2}}"#,
        reason: QUERY_FAILED,
    },
    Deviation {
        section: "query",
        conn: "A",
        theirs: "",
        ours: r#"{"event":"fix.qmodel?b=2&a=1.change","data":{"values":{"count":13}}}"#,
        reason: REPAIRED_QUERY,
    },
    Deviation {
        section: "silently-ignored",
        conn: "X",
        theirs: r#"{"id":77,"result":{"models":{"fix.child.1":{"id":1,"name":"uno"}}}}"#,
        ours: "",
        reason: BINARY,
    },
];

const RESERVED: &str = "Reserved words of the gateway. A service that sent `unsubscribe` would make clients forget what they still receive.";
const REPAIRED: &str = "An event that cannot be applied means that cache and service have parted: the resource is fetched again, which shows that the service never had this member.";
const QUERY_FAILED: &str = "A query request that fails leaves an old value: the resource is fetched again.";
const REPAIRED_QUERY: &str =
    "The query request is answered with events that do not fit a model: the resource is fetched again.";
const BINARY: &str = "Frames are text; a binary one closes the connection with 1003.";
const ASKED_AGAIN: &str =
    "An error is not remembered: what could not be had is asked for with the next request or reference.";
const FIRST_TOKEN: &str = "Access that was granted to nobody says nothing about somebody: it is asked for again when a client gets its first token.";
const FETCHED_AGAIN: &str =
    "An event that cannot be applied, or a query request that fails, has the resource fetched again.";
const SENTENCE: &str = "The sentence is this gateway's own; the code is the same.";
const NOT_STICKY: &str = "An error is not remembered: the resource is there now.";
const LONG_RID: &str = "A resource id has at most 1024 bytes, so no subject can be too long for the bus.";
const EXACT_NAMES: &str = "Member names are compared exactly, as JSON has them. A request without an id cannot be answered: the connection is closed with 1002.";
const VERSION: &str = "A version is three numbers; `-2` is none.";

/// Frames that close their connection here, with the code.
pub struct Closing {
    pub section: &'static str,
    pub frame: &'static str,
    pub code: u16,
    pub reason: &'static str,
}

pub const CLOSING: &[Closing] = &[
    Closing {
        section: "bad-requests",
        frame: r#"{"ID":9002,"METHOD":"get.fix.child.1"}"#,
        code: 1002,
        reason: EXACT_NAMES,
    },
    Closing { section: "silently-ignored", frame: r#"{bad"#, code: 1007, reason: UNANSWERABLE },
    Closing { section: "silently-ignored", frame: r#""#, code: 1007, reason: UNANSWERABLE },
    Closing { section: "silently-ignored", frame: r#"[]"#, code: 1007, reason: UNANSWERABLE },
    Closing {
        section: "silently-ignored",
        frame: r#"[{"id":1,"method":"get.fix.child.1"}]"#,
        code: 1007,
        reason: UNANSWERABLE,
    },
    Closing { section: "silently-ignored", frame: r#"null"#, code: 1007, reason: UNANSWERABLE },
    Closing { section: "silently-ignored", frame: r#"5"#, code: 1007, reason: UNANSWERABLE },
    Closing { section: "silently-ignored", frame: r#""str""#, code: 1007, reason: UNANSWERABLE },
    Closing { section: "silently-ignored", frame: r#"{}"#, code: 1002, reason: UNANSWERABLE },
    Closing { section: "silently-ignored", frame: r#"{"method":"get.fix.child.1"}"#, code: 1002, reason: UNANSWERABLE },
    Closing {
        section: "silently-ignored",
        frame: r#"{"id":null,"method":"get.fix.child.1"}"#,
        code: 1002,
        reason: UNANSWERABLE,
    },
    Closing {
        section: "silently-ignored",
        frame: r#"{"id":"7","method":"get.fix.child.1"}"#,
        code: 1002,
        reason: UNANSWERABLE,
    },
    Closing {
        section: "silently-ignored",
        frame: r#"{"id":1.5,"method":"get.fix.child.1"}"#,
        code: 1002,
        reason: UNANSWERABLE,
    },
    Closing {
        section: "silently-ignored",
        frame: r#"{"id":-1,"method":"get.fix.child.1"}"#,
        code: 1002,
        reason: UNANSWERABLE,
    },
    Closing {
        section: "silently-ignored",
        frame: r#"{"id":18446744073709551616,"method":"get.fix.child.1"}"#,
        code: 1002,
        reason: UNANSWERABLE,
    },
];

const UNANSWERABLE: &str = "A client that waits for an answer that never comes cannot know what is wrong.";

/// Messages on the bus that Resgate does not send, or with a number below zero, that this gateway does not.
pub struct MoreMessages {
    pub section: &'static str,
    pub subject: &'static str,
    pub more: isize,
    pub reason: &'static str,
}

const fn more(section: &'static str, subject: &'static str, more: isize, reason: &'static str) -> MoreMessages {
    MoreMessages { section, subject, more, reason }
}

pub const MESSAGES: &[MoreMessages] = &[
    more("ref-errors", "get.fix.missing", 3, ASKED_AGAIN),
    more("ref-errors", "access.fix.missing", 1, ASKED_AGAIN),
    more("sticky-get-error", "access.fix.later", 2, ASKED_AGAIN),
    more("model-events", "get.fix.model", 4, FETCHED_AGAIN),
    more("collection-events", "get.fix.list", 6, FETCHED_AGAIN),
    more("collection-events", "get.fix.missing", 1, ASKED_AGAIN),
    more("query", "get.fix.items", 2, FETCHED_AGAIN),
    more("query", "get.fix.qmodel", 1, FETCHED_AGAIN),
    more("call", "access.fix.missing", 1, ASKED_AGAIN),
    more("call", "get.fix.missing", 2, ASKED_AGAIN),
    more("auth-token-reaccess", "access.fix.child.1", 1, FIRST_TOKEN),
    more("auth-token-reaccess", "access.fix.child.2", 1, FIRST_TOKEN),
    more("auth-token-reaccess", "access.fix.child.new1", 1, FIRST_TOKEN),
    more("auth-token-reaccess", "access.fix.child.new2", 1, FIRST_TOKEN),
    more("auth-token-reaccess", "access.fix.list", 1, FIRST_TOKEN),
    more("system-reset", "get.fix.missing", 1, ASKED_AGAIN),
    more("bad-requests", "get.fix.missing", 1, ASKED_AGAIN),
    more("silently-ignored", "access.fix.child.1", -1, BINARY),
];
