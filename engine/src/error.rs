//! What stops the process, in which words, and with which exit code?

use std::path::PathBuf;

use alluvium_segments::SegmentError;

/// An error of the node or of a command.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The configuration cannot be used.
    #[error("configuration `{}`: {message}", path.display())]
    Config {
        /// The file, or the flag that named the value.
        path: PathBuf,
        /// What is wrong and where.
        message: String,
    },
    /// The data folder cannot be used.
    #[error("cannot {action} `{}`; choose a folder this user may write with --data-dir", path.display())]
    DataDir {
        /// What was tried, as a verb.
        action: &'static str,
        /// On which path.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// Another process owns the data folder.
    #[error(
        "data folder `{}` is in use by another server; stop it, or choose another folder with --data-dir",
        path.display()
    )]
    Locked {
        /// The folder.
        path: PathBuf,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on `{address}`; choose another address with --listen")]
    Listen {
        /// The address.
        address: String,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The operating system refused something else.
    #[error("cannot {action}")]
    Io {
        /// What was tried, as a verb with its object.
        action: String,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// A running server could not be asked.
    #[error("no answer from `{url}`: {message}")]
    Unreachable {
        /// What was asked.
        url: String,
        /// Why there was no answer.
        message: String,
    },
    /// A running server refused.
    #[error("{0}")]
    Refused(String),
    /// The metadata store, deep storage or a segment file.
    #[error(transparent)]
    Segment(#[from] SegmentError),
    /// Something the user asked for does not hold (the quickstart's own checks, a damaged segment).
    #[error("{0}")]
    Failed(String),
}

impl EngineError {
    /// The text of this error and of all its causes, in one line.
    #[must_use]
    pub fn explain(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(below) = cause {
            text.push_str(": ");
            text.push_str(&below.to_string());
            cause = below.source();
        }
        text
    }

    /// 2 for what was typed or configured, 1 for what happened.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Config { .. } => 2,
            _ => 1,
        }
    }
}
