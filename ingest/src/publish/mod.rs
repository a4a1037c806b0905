//! How do frozen segments and offsets become one commit? Seal, upload, one transaction, one new generation of the
//! catalogue; in order, on a thread of its own, repeated until it succeeds or somebody else took over.

mod commit;
mod committer;

pub(crate) use commit::{PendingCommit, Stores};
pub(crate) use committer::{Committer, Job, Progress};
