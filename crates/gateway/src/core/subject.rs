//! Subjects of the bus and the patterns that match them (NATS rules).

/// Whether a message may be sent to `subject`: printable and without wildcards, so that on no bus it is more than a
/// subject.
pub fn is_valid(subject: &str) -> bool {
    subject
        .split('.')
        .all(|part| !part.is_empty() && part.bytes().all(|b| matches!(b, 0x21..=0x7e) && b != b'*' && b != b'>'))
}

/// Whether a service may have the gateway send a request there: not where the gateway itself is asked for, or speaks
/// for clients, so that nobody can have done what only the gateway may do. `auth` requests are for token resets alone.
pub fn is_for_services(subject: &str, auth: bool) -> bool {
    let kind = subject.split('.').next().unwrap_or_default();
    let own = matches!(kind, "access" | "call" | "conn" | "event" | "system") || kind == "auth" && !auth;
    is_valid(subject) && !own && !kind.starts_with('$')
}

/// Whether `pattern` is valid: non-empty parts, `*` and `>` only as whole parts, `>` only at the end.
pub fn is_valid_pattern(pattern: &str) -> bool {
    let mut parts = pattern.split('.').peekable();
    while let Some(part) = parts.next() {
        let wild = part.contains(['*', '>']);
        let ok = !part.is_empty()
            && part.bytes().all(|b| matches!(b, 0x21..=0x7e) && b != b'?')
            && (!wild || part == "*" || part == ">" && parts.peek().is_none());
        if !ok {
            return false;
        }
    }
    true
}

/// Whether `subject` matches `pattern`: `*` is one whole part, `>` is one or more last parts.
pub fn matches(pattern: &str, subject: &str) -> bool {
    let mut subject = subject.split('.');
    for part in pattern.split('.') {
        match (part, subject.next()) {
            (_, None) => return false,
            (">", Some(_)) => return true,
            ("*", Some(_)) => {}
            (part, Some(other)) if part == other => {}
            _ => return false,
        }
    }
    subject.next().is_none()
}
