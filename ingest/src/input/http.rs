//! How is a document fetched over HTTP? One GET, with time limits and a bound on its size.

use std::io::Read;
use std::time::Duration;

use super::document::failed;
use crate::IngestError;
use crate::deadletter::base64;
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
