//! What does a file, the newest file of a folder, or an HTTP server say? `cachedNamespace` of type `uri`.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use flate2::read::MultiGzDecoder;
use regex::Regex;

use super::Loaded;
use super::spec::UriNamespace;

/// Bytes of a document from a server at most.
const MOST_BYTES: u64 = 4 << 30;

/// Where a document is.
#[derive(Debug)]
enum Place {
    File(PathBuf),
    Server(String),
}

impl Place {
    fn of(uri: &str) -> Result<Self, String> {
        let lower = uri.to_ascii_lowercase();
        if lower.starts_with("http://") || lower.starts_with("https://") {
            return Ok(Self::Server(uri.to_owned()));
        }
        let path = match (uri.strip_prefix("file:"), uri.split_once(':')) {
            // file:/path, file:///path
            (Some(rest), _) => rest.strip_prefix("//").unwrap_or(rest),
            (None, Some((scheme, _))) => {
                return Err(format!("`{scheme}` is not read from; there are file, http and https"));
            }
            (None, None) => uri,
        };
        let path = crate::http::decode(path, false);
        if path.is_empty() {
            return Err(format!("`{uri}` names no file"));
        }
        Ok(Self::File(PathBuf::from(path)))
    }
}

impl UriNamespace {
    /// Says what in it cannot be used.
    pub(super) fn check(&self) -> Result<(), String> {
        self.namespace_parse_spec.check()?;
        match (&self.uri, &self.uri_prefix) {
            (None, None) => return Err("one of `uri` and `uriPrefix` must be given".to_owned()),
            (Some(_), Some(_)) => return Err("not both of `uri` and `uriPrefix` may be given".to_owned()),
            (Some(_), None) if self.file_regex.is_some() => {
                return Err("`fileRegex` may be given with `uriPrefix` only".to_owned());
            }
            (Some(uri), None) => Place::of(uri).map(|_| ())?,
            (None, Some(prefix)) => {
                if let Place::Server(_) = Place::of(prefix)? {
                    return Err("`uriPrefix` must be of files: servers do not list theirs".to_owned());
                }
            }
        }
        self.regex().map(|_| ())
    }

    fn regex(&self) -> Result<Regex, String> {
        let pattern = self.file_regex.as_deref().unwrap_or(".*");
        Regex::new(&format!("^(?:{pattern})$")).map_err(|e| format!("`fileRegex`: {e}"))
    }

    /// Reads it, unless it is what it was at `known`.
    pub(super) fn load(&self, known: Option<&str>) -> Result<Option<Loaded>, String> {
        let place = match (&self.uri, &self.uri_prefix) {
            (Some(uri), _) => Place::of(uri)?,
            (None, Some(prefix)) => self.newest(prefix)?,
            (None, None) => return Err("there is no `uri`".to_owned()),
        };
        match place {
            Place::File(path) => self.load_file(&path, known),
            Place::Server(uri) => self.load_from_server(&uri, known),
        }
    }

    /// The file under a prefix that was changed last; of several the last by name.
    fn newest(&self, prefix: &str) -> Result<Place, String> {
        let Place::File(prefix) = Place::of(prefix)? else { return Err("`uriPrefix` is no file".to_owned()) };
        let (folder, start) = if prefix.is_dir() {
            (prefix.as_path(), String::new())
        } else {
            let start = prefix.file_name().map(|name| name.to_string_lossy().into_owned());
            (prefix.parent().unwrap_or_else(|| Path::new("/")), start.unwrap_or_default())
        };
        let regex = self.regex()?;
        let mut found: Option<(SystemTime, PathBuf)> = None;
        for entry in fs::read_dir(folder).map_err(|e| format!("`{}`: {e}", folder.display()))? {
            let entry = entry.map_err(|e| format!("`{}`: {e}", folder.display()))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let Ok(about) = entry.metadata() else { continue };
            if !about.is_file() || !name.starts_with(&start) || !regex.is_match(&name) {
                continue;
            }
            let this = (about.modified().unwrap_or(UNIX_EPOCH), entry.path());
            if found.as_ref().is_none_or(|known| *known < this) {
                found = Some(this);
            }
        }
        let nothing = || format!("no file in `{}` has a name that fits", folder.display());
        found.map(|(_, path)| Place::File(path)).ok_or_else(nothing)
    }

    fn load_file(&self, path: &Path, known: Option<&str>) -> Result<Option<Loaded>, String> {
        let failed = |e: std::io::Error| format!("`{}`: {e}", path.display());
        let file = fs::File::open(path).map_err(failed)?;
        let about = file.metadata().map_err(failed)?;
        let changed = about.modified().map_err(failed)?.duration_since(UNIX_EPOCH).unwrap_or_default();
        let version = format!("{}_{}_{}", changed.as_nanos(), about.len(), path.display());
        if known == Some(version.as_str()) {
            return Ok(None);
        }
        let entries = self.parse(&path.to_string_lossy(), file)?;
        Ok(Some(Loaded { entries, version }))
    }

    fn load_from_server(&self, uri: &str, known: Option<&str>) -> Result<Option<Loaded>, String> {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .timeout_connect(Some(Duration::from_secs(20)))
            .timeout_recv_response(Some(Duration::from_secs(60)))
            .timeout_recv_body(Some(Duration::from_secs(3600)))
            .build()
            .into();
        let response = agent.get(uri).call().map_err(|e| format!("`{uri}`: {e}"))?;
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
        let version = header("etag").or_else(|| header("last-modified")).unwrap_or_default().to_owned();
        if !version.is_empty() && known == Some(version.as_str()) {
            return Ok(None);
        }
        let path = uri.split(['?', '#']).next().unwrap_or(uri).to_owned();
        let body = response.into_body().into_with_config().limit(MOST_BYTES).reader();
        Ok(Some(Loaded { entries: self.parse(&path, body)?, version }))
    }

    /// Names that end in `.gz` are of compressed documents.
    fn parse(&self, name: &str, document: impl Read) -> Result<Vec<(String, String)>, String> {
        let entries = if name.to_ascii_lowercase().ends_with(".gz") {
            self.namespace_parse_spec.read(MultiGzDecoder::new(document))
        } else {
            self.namespace_parse_spec.read(document)
        };
        entries.map_err(|why| format!("`{name}`: {why}"))
    }
}
