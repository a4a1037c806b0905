//! What does an `inputSource` say: where do the bytes of a batch lie?

use std::fmt;
use std::path::PathBuf;

use serde_json::Value;

use super::SpecError;
use super::fields::Fields;

/// A validated `inputSource`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputSource {
    /// The data are in the spec.
    Inline {
        /// The bytes.
        data: String,
    },
    /// Files under a folder whose names match.
    Folder {
        /// The folder; searched with its subfolders.
        base: PathBuf,
        /// Wildcard (`*.json`) for file names.
        filter: String,
    },
    /// Files by name.
    Files(Vec<PathBuf>),
    /// Documents by HTTP GET.
    Http {
        /// What is fetched, in order.
        uris: Vec<String>,
        /// Basic authentication, where it is needed.
        credentials: Option<HttpCredentials>,
    },
    /// Several sources, one after the other.
    Combining(Vec<InputSource>),
}

/// A user and a password. Neither `Debug` nor any answer shows the password.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpCredentials {
    /// User name.
    pub user: String,
    /// Password.
    pub password: String,
}

impl fmt::Debug for HttpCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpCredentials").field("user", &self.user).finish_non_exhaustive()
    }
}

const OTHERS: [&str; 9] =
    ["s3", "google", "azure", "azureStorage", "hdfs", "druid", "sql", "delta", "iceberg"];

impl InputSource {
    /// Reads an `inputSource` found at `path`.
    ///
    /// # Errors
    /// Names the field that is missing, unknown, wrong or not supported.
    pub fn from_json(json: &Value, path: &str, notes: &mut Vec<String>) -> Result<Self, SpecError> {
        let mut fields = Fields::new(json, path)?;
        let kind = fields.required_text("type")?;
        let source = match kind.as_str() {
            "inline" => Self::Inline { data: fields.required_text("data")? },
            "local" => local(&mut fields)?,
            "http" => http(&mut fields, notes)?,
            "combining" => {
                let at = fields.path_of("delegates");
                let delegates = fields.list("delegates")?.ok_or_else(|| SpecError::missing(&at))?;
                if delegates.is_empty() {
                    return Err(SpecError::invalid(at, "must not be empty"));
                }
                let read = |(i, d): (usize, &Value)| Self::from_json(d, &format!("{at}[{i}]"), notes);
                Self::Combining(delegates.iter().enumerate().map(read).collect::<Result<_, _>>()?)
            }
            other if OTHERS.contains(&other) => {
                let why = format!("input source `{other}`; inline, local, http and combining exist");
                return Err(SpecError::unsupported(fields.path_of("type"), why));
            }
            other => {
                let why = format!("`{other}` is not an input source");
                return Err(SpecError::invalid(fields.path_of("type"), why));
            }
        };
        fields.finish()?;
        Ok(source)
    }
}

fn local(fields: &mut Fields<'_>) -> Result<InputSource, SpecError> {
    fields.refuse("systemFields", None, "columns of file names")?;
    let base = fields.text("baseDir")?;
    let filter = fields.text("filter")?;
    let files = fields.texts("files")?;
    match (base, files) {
        (Some(base), None) => {
            let filter = filter.ok_or_else(|| SpecError::missing(fields.path_of("filter")))?;
            if glob::Pattern::new(&filter).is_err() {
                return Err(SpecError::invalid(fields.path_of("filter"), "is not a wildcard pattern"));
            }
            Ok(InputSource::Folder { base: base.into(), filter })
        }
        (None, Some(files)) if !files.is_empty() => {
            Ok(InputSource::Files(files.into_iter().map(PathBuf::from).collect()))
        }
        (None, _) => Err(SpecError::missing(fields.path_of("baseDir"))),
        (Some(_), Some(_)) => {
            Err(SpecError::invalid(fields.path_of("files"), "give either baseDir or files"))
        }
    }
}

fn http(fields: &mut Fields<'_>, notes: &mut Vec<String>) -> Result<InputSource, SpecError> {
    fields.refuse("systemFields", None, "columns of addresses")?;
    fields.refuse("requestHeaders", None, "own headers")?;
    let uris = fields.texts("uris")?.ok_or_else(|| SpecError::missing(fields.path_of("uris")))?;
    let web = |uri: &String| uri.starts_with("http://") || uri.starts_with("https://");
    if uris.is_empty() || !uris.iter().all(web) {
        return Err(SpecError::invalid(fields.path_of("uris"), "must be http or https addresses"));
    }
    let user = fields.text("httpAuthenticationUsername")?;
    let password = match fields.get("httpAuthenticationPassword") {
        None => None,
        Some(Value::String(s)) => Some(s.clone()),
        Some(Value::Object(map)) if map.get("type").is_some_and(|t| t == "default") => {
            map.get("password").and_then(Value::as_str).map(str::to_owned)
        }
        Some(_) => {
            let why = "password providers; write {\"type\":\"default\",\"password\":..}";
            return Err(SpecError::unsupported(fields.path_of("httpAuthenticationPassword"), why));
        }
    };
    fields.no_effect(&["config"], notes);
    let credentials = user.map(|user| HttpCredentials { user, password: password.unwrap_or_default() });
    Ok(InputSource::Http { uris, credentials })
}
