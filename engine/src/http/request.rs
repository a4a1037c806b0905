//! What was asked? Method, path with its parameters, query string, headers and the whole body.

use hyper::body::Bytes;
use hyper::header::{ACCEPT, CONTENT_TYPE, HeaderMap};
use hyper::{Method, Uri};
use serde::de::DeserializeOwned;

use super::answer::Refusal;

/// A request whose body has been read.
#[derive(Debug)]
pub(crate) struct Request {
    /// The method; HEAD has become GET.
    pub(crate) method: Method,
    /// Path, still percent-encoded, without a trailing slash.
    pub(crate) path: String,
    /// Values of `{name}` in the route's pattern, decoded, in the order of the pattern.
    pub(crate) params: Vec<String>,
    /// The query string, decoded.
    pub(crate) query: Vec<(String, String)>,
    /// The headers.
    pub(crate) headers: HeaderMap,
    /// The body.
    pub(crate) body: Bytes,
}

/// The format of a body, as far as it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyFormat {
    /// JSON, or not said.
    Json,
    /// Plain text.
    Text,
    /// A form: percent-encoded text.
    Form,
    /// Binary JSON, which is not read here.
    Smile,
}

impl Request {
    /// Takes a request apart; the body follows later.
    pub(crate) fn new(method: &Method, uri: &Uri, headers: HeaderMap) -> Self {
        let path = uri.path().trim_end_matches('/');
        Self {
            method: if method == Method::HEAD { Method::GET } else { method.clone() },
            path: if path.is_empty() { "/".to_owned() } else { path.to_owned() },
            params: Vec::new(),
            query: parse_query(uri.query().unwrap_or_default()),
            headers,
            body: Bytes::new(),
        }
    }

    /// The value of the pattern's `index`-th `{name}`; empty when the pattern has fewer.
    pub(crate) fn param(&self, index: usize) -> &str {
        self.params.get(index).map_or("", String::as_str)
    }

    /// A value of the query string; `?name` alone is the empty text.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// Whether the query string has `?name`, `?name=` or `?name=true`.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.query(name).is_some_and(|v| v != "false")
    }

    /// What the body is, by its Content-Type.
    pub(crate) fn body_format(&self) -> BodyFormat {
        let content_type = self.headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        match content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
            "text/plain" => BodyFormat::Text,
            "application/x-www-form-urlencoded" => BodyFormat::Form,
            "application/x-jackson-smile" => BodyFormat::Smile,
            _ => BodyFormat::Json,
        }
    }

    /// Whether the header `Accept` names a content type itself.
    pub(crate) fn accepts(&self, content_type: &str) -> bool {
        let given = self.headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let mut named = given.flat_map(|value| value.split(','));
        named.any(|one| one.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(content_type))
    }

    /// The body as text.
    pub(crate) fn text(&self) -> Result<&str, Refusal> {
        std::str::from_utf8(&self.body).map_err(|_| Refusal::invalid("the body is not UTF-8"))
    }

    /// The body as JSON.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        serde_json::from_slice(&self.body).map_err(|e| Refusal::json_parse_failed(&e.to_string()))
    }
}

/// Splits and decodes `a=b&c`.
pub(crate) fn parse_query(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (decode(name, true), decode(value, true))
        })
        .collect()
}

/// Undoes percent-encoding (and `+` for a space, in forms and query strings); what is not a code stays.
pub(crate) fn decode(text: &str, plus_is_space: bool) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let code = match tail {
            [high, low, ..] if first == b'%' => hex(*high).zip(hex(*low)),
            _ => None,
        };
        rest = match code {
            Some((high, low)) => {
                bytes.push(high << 4 | low);
                tail.get(2..).unwrap_or_default()
            }
            None => {
                bytes.push(if plus_is_space && first == b'+' { b' ' } else { first });
                tail
            }
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|d| u8::try_from(d).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn query_strings() {
        let request = Request::new(
            &Method::HEAD,
            &"/a/b/?x=1+2&y=%C3%A9&pretty&full=false".parse().unwrap(),
            HeaderMap::new(),
        );
        assert_eq!((request.path.as_str(), request.method.as_str()), ("/a/b", "GET"));
        assert_eq!(request.query("x"), Some("1 2"));
        assert_eq!(request.query("y"), Some("\u{e9}"));
        assert!(request.flag("pretty") && !request.flag("full") && !request.flag("z"));
    }

    #[test]
    fn decoding_leaves_what_is_no_code() {
        assert_eq!(decode("a%2Fb+c%", false), "a/b+c%");
        assert_eq!(decode("%zz%4", true), "%zz%4");
    }
}
