//! Which web pages may use the gateway.

use axum::http::{HeaderMap, header};

use super::header_text;

/// Pages of which origins may use the gateway. Programs that are not browsers send no origin and are always admitted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum AllowOrigin {
    /// Pages served from the host and port that the gateway is reached by.
    #[default]
    SameOrigin,
    /// Every page.
    Any,
    /// Pages of these origins, such as `https://example.com`, in lower case.
    List(Vec<String>),
}

impl AllowOrigin {
    /// Reads `same-origin`, `*` or a list of origins with `;` between them.
    ///
    /// # Errors
    /// A sentence, if an entry is no origin.
    pub fn parse(text: &str) -> Result<AllowOrigin, String> {
        match text {
            "*" => Ok(AllowOrigin::Any),
            "same-origin" => Ok(AllowOrigin::SameOrigin),
            list => {
                let origins = list.split(';').map(|origin| {
                    let (scheme, host) = origin.split_once("://").unwrap_or_default();
                    match !scheme.is_empty() && !host.is_empty() && !host.contains(['/', '*']) {
                        true => Ok(origin.to_ascii_lowercase()),
                        false => Err(format!("{origin:?} is not an origin such as https://example.com")),
                    }
                });
                origins.collect::<Result<_, _>>().map(AllowOrigin::List)
            }
        }
    }

    /// Whether a request comes from a page that is allowed, or from no page.
    pub fn admits(&self, headers: &HeaderMap) -> bool {
        let Some(origin) = headers.get(header::ORIGIN) else { return true };
        let Some(origin) = origin.to_str().ok().map(str::to_ascii_lowercase) else { return false };
        match self {
            AllowOrigin::Any => true,
            AllowOrigin::List(list) => list.contains(&origin),
            // `null`, which sandboxed frames send, is nobody's own origin.
            AllowOrigin::SameOrigin => header_text(headers, header::HOST).is_some_and(|host| {
                let host = host.to_ascii_lowercase();
                origin.split_once("://").is_some_and(|(_, authority)| authority == host)
            }),
        }
    }

    /// The value of `Access-Control-Allow-Origin` for a request, and whether it depends on the request.
    pub fn answer(&self, headers: &HeaderMap) -> Option<(String, bool)> {
        match self {
            AllowOrigin::Any => Some(("*".into(), false)),
            AllowOrigin::SameOrigin => None,
            AllowOrigin::List(list) => {
                let own = header_text(headers, header::ORIGIN).filter(|_| self.admits(headers));
                Some((own.or(list.first().map(String::as_str))?.to_owned(), true))
            }
        }
    }
}
