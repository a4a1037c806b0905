//! How is a document fetched over HTTP? One GET, with time limits and a bound on its size.

use std::io::Read;
use std::time::Duration;

use super::document::failed;
use crate::IngestError;
use crate::spec::HttpCredentials;

/// Bytes of one document at most.
const MAX_BYTES: u64 = 64 << 30;

/// Opens a document.
pub(crate) fn get(
    uri: &str,
    credentials: Option<&HttpCredentials>,
) -> Result<Box<dyn Read + Send>, IngestError> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_connect(Some(Duration::from_secs(20)))
        .timeout_recv_response(Some(Duration::from_secs(60)))
        .timeout_recv_body(Some(Duration::from_secs(3600)))
        .max_redirects(5)
        .build()
        .into();
    let mut request = agent.get(uri);
    if let Some(HttpCredentials { user, password }) = credentials {
        let token = base64(format!("{user}:{password}").as_bytes());
        request = request.header("Authorization", format!("Basic {token}"));
    }
    let response = request.call().map_err(|e| failed("fetch", uri, e))?;
    Ok(Box::new(response.into_body().into_with_config().limit(MAX_BYTES).reader()))
}

/// RFC 4648, with padding.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for i in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * i) & 63) as usize];
            text.push(if i <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_of_rfc_4648() {
        for (text, expected) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")]
        {
            assert_eq!(base64(text.as_bytes()), expected);
        }
    }
}
