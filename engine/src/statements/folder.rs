//! Where are statements kept? Each in a folder of its own: a file that says how it stands, and a file a page.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::status::Status;

/// The file that says how a statement stands.
const STATUS_FILE: &str = "statement.json";

/// The folder of all statements.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    root: PathBuf,
}

impl Folder {
    /// Opens the folder, which is made if it is not there.
    pub(super) fn open(root: &Path) -> io::Result<Self> {
        fs::create_dir_all(root)?;
        Ok(Self { root: root.to_owned() })
    }

    /// Whether an id can be the name of a folder.
    pub(super) fn is_name(id: &str) -> bool {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        !id.is_empty() && id.len() <= 200 && !id.starts_with('.') && id.chars().all(plain)
    }

    /// Makes the folder of a new statement.
    pub(super) fn create(&self, status: &Status) -> io::Result<()> {
        fs::create_dir(self.root.join(&status.query_id))?;
        self.write(status)
    }

    /// Writes how a statement stands, whole or not at all.
    pub(super) fn write(&self, status: &Status) -> io::Result<()> {
        let folder = self.root.join(&status.query_id);
        let new = folder.join("statement.new");
        fs::write(&new, serde_json::to_vec(status)?)?;
        fs::rename(new, folder.join(STATUS_FILE))
    }

    /// How a statement stands; `None` when there is none of this id.
    pub(super) fn read(&self, id: &str) -> io::Result<Option<Status>> {
        if !Self::is_name(id) {
            return Ok(None);
        }
        match fs::read(self.root.join(id).join(STATUS_FILE)) {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The file of a page.
    pub(super) fn page(&self, id: &str, page: u64) -> PathBuf {
        self.root.join(id).join(format!("page-{page}.jsonl"))
    }

    /// Removes the pages of a statement that came to nothing.
    pub(super) fn remove_pages(&self, id: &str) -> io::Result<()> {
        for entry in fs::read_dir(self.root.join(id))? {
            let path = entry?.path();
            if path.extension().is_some_and(|ending| ending == "jsonl") {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    /// Removes a statement.
    pub(super) fn remove(&self, id: &str) -> io::Result<()> {
        fs::remove_dir_all(self.root.join(id))
    }

    /// All statements. What cannot be read is none, and is removed.
    pub(super) fn all(&self) -> io::Result<Vec<Status>> {
        let mut all = Vec::new();
        for entry in fs::read_dir(&self.root)? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            match self.read(name) {
                Ok(Some(status)) => all.push(status),
                Ok(None) | Err(_) => {
                    tracing::warn!(path = %path.display(), "a folder that is no statement is removed");
                    fs::remove_dir_all(&path)?;
                }
            }
        }
        Ok(all)
    }
}
