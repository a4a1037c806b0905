//! Which documents does an input source name, in which order, and how is one opened?

use std::fs::File;
use std::io::{BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::http;
use crate::IngestError;
use crate::spec::{HttpCredentials, InputSource};

/// Documents a folder may hold, and folders it may be deep; more is taken for a mistake.
const MAX_DOCUMENTS: usize = 1_000_000;
const MAX_DEPTH: usize = 64;

/// One document of an input source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Document {
    Inline(String),
    File(PathBuf),
    Http { uri: String, credentials: Option<HttpCredentials> },
}

impl Document {
    /// All documents of a source; files of a folder in the order of their paths.
    pub(crate) fn of(source: &InputSource) -> Result<Vec<Self>, IngestError> {
        Ok(match source {
            InputSource::Inline { data } => vec![Self::Inline(data.clone())],
            InputSource::Files(files) => files.iter().cloned().map(Self::File).collect(),
            InputSource::Http { uris, credentials } => {
                let document =
                    |uri: &String| Self::Http { uri: uri.clone(), credentials: credentials.clone() };
                uris.iter().map(document).collect()
            }
            InputSource::Combining(delegates) => {
                let parts = delegates.iter().map(Self::of).collect::<Result<Vec<_>, _>>()?;
                parts.into_iter().flatten().collect()
            }
            InputSource::Folder { base, filter } => folder(base, filter)?,
        })
    }

    /// What it is called in messages.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Inline(_) => "inline data".to_owned(),
            Self::File(path) => path.display().to_string(),
            Self::Http { uri, .. } => uri.clone(),
        }
    }

    /// Its bytes, decompressed where they are gzip.
    pub(crate) fn open(&self) -> Result<Box<dyn Read + Send>, IngestError> {
        let mut raw = self.open_raw()?;
        let mut magic = [0; 4];
        let mut have = 0;
        while have < magic.len() {
            match raw.read(&mut magic[have..]).map_err(|e| failed("read", &self.name(), e))? {
                0 => break,
                n => have += n,
            }
        }
        let start = Cursor::new(magic.get(..have).unwrap_or_default().to_vec());
        let whole = start.chain(raw);
        match magic {
            [0x1f, 0x8b, ..] => Ok(Box::new(MultiGzDecoder::new(BufReader::new(whole)))),
            [b'B', b'Z', b'h', _]
            | [0xfd, b'7', b'z', b'X']
            | [0x28, 0xb5, 0x2f, 0xfd]
            | [b'P', b'K', 3, 4] => {
                let why = "is compressed in a way other than gzip; decompress it, or use .gz";
                Err(failed("read", &self.name(), why))
            }
            _ => Ok(Box::new(whole)),
        }
    }

    fn open_raw(&self) -> Result<Box<dyn Read + Send>, IngestError> {
        match self {
            Self::Inline(data) => Ok(Box::new(Cursor::new(data.clone().into_bytes()))),
            Self::File(path) => Ok(Box::new(open_file(path)?)),
            Self::Http { uri, credentials } => http::get(uri, credentials.as_ref()),
        }
    }
}

/// A file for reading; folders are refused.
pub(crate) fn open_file(path: &Path) -> Result<File, IngestError> {
    let name = path.display().to_string();
    let file = File::open(path).map_err(|e| failed("open", &name, e))?;
    let meta = file.metadata().map_err(|e| failed("open", &name, e))?;
    if meta.is_dir() {
        return Err(failed("open", &name, "it is a folder; use baseDir and filter"));
    }
    Ok(file)
}

fn folder(base: &Path, filter: &str) -> Result<Vec<Document>, IngestError> {
    let name = base.display().to_string();
    let pattern = glob::Pattern::new(filter).map_err(|e| failed("match", filter, e))?;
    let mut found = Vec::new();
    let mut open = vec![(base.to_owned(), 0)];
    while let Some((path, depth)) = open.pop() {
        for entry in std::fs::read_dir(&path).map_err(|e| failed("list", &path.display().to_string(), e))? {
            let entry = entry.map_err(|e| failed("list", &name, e))?;
            let (path, kind) = (entry.path(), entry.file_type().map_err(|e| failed("list", &name, e))?);
            if kind.is_dir() {
                if depth >= MAX_DEPTH {
                    return Err(failed("list", &name, "its folders are nested too deeply"));
                }
                open.push((path, depth + 1));
            } else if pattern.matches(&entry.file_name().to_string_lossy()) {
                found.push(path);
            }
            if found.len() > MAX_DOCUMENTS {
                return Err(failed("list", &name, "it has more than a million matching files"));
            }
        }
    }
    if found.is_empty() {
        return Err(failed("list", &name, format!("no file matches `{filter}`")));
    }
    found.sort();
    Ok(found.into_iter().map(Document::File).collect())
}

/// An input that cannot be read.
pub(crate) fn failed(action: &'static str, name: &str, why: impl ToString) -> IngestError {
    IngestError::Input { action, name: name.to_owned(), message: why.to_string() }
}
