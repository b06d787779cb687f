//! The resources of the services.

/// The first parts of the names, each of a service.
pub const SERVICES: [&str; 3] = ["library", "shop", "chat"];
/// Models of a service, and lists.
pub const EACH: usize = 4;
/// Pages of a service, in two spellings each.
pub const PAGES: usize = 3;
/// Members of models; some are awkward for clients.
pub const MEMBERS: [&str; 4] = ["title", "next", "__proto__", "k\"\u{f6}"];

pub fn model(service: usize, n: usize) -> String {
    format!("{}.model.{n}", SERVICES[service])
}

pub fn list(service: usize, n: usize) -> String {
    format!("{}.list.{n}", SERVICES[service])
}

/// A page, as it is asked for.
pub fn page(service: usize, n: usize, is_odd_spelling: bool) -> String {
    format!("{}.pages?{}page={n}", SERVICES[service], if is_odd_spelling { "sort=&" } else { "" })
}

/// What only those may see who have logged in.
pub fn secret(service: usize) -> String {
    format!("{}.secret", SERVICES[service])
}

/// The beginning of a chain of references without an end.
pub fn endless(service: usize, n: usize) -> String {
    format!("{}.endless.{n}", SERVICES[service])
}

pub fn is_model(rid: &str) -> bool {
    rid.contains(".model.") || rid.ends_with(".secret")
}

/// A resource's name without its query.
pub fn without_query(rid: &str) -> &str {
    rid.split('?').next().unwrap_or(rid)
}

/// Which service a resource is of.
pub fn service_of(rid: &str) -> Option<usize> {
    let first = rid.split('.').next()?;
    SERVICES.iter().position(|name| *name == first)
}
