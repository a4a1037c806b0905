//! What did a crash leave over? Scratch files, local files nobody names, uploaded files that were never committed,
//! tasks that still count as running.

use std::collections::HashSet;

use alluvium_segments::SegmentError;

use super::IngestService;
use crate::IngestError;
use crate::clock::now_ms;

/// Uploaded files without a segment are kept this long: another node may be about to commit them.
const ORPHAN_MS: i64 = 24 * 3_600_000;

impl IngestService {
    /// Removes what is left over.
    ///
    /// # Errors
    /// When the metadata store or a folder cannot be read.
    pub(super) fn sweep(&self) -> Result<(), IngestError> {
        let work = &self.deps.work_dir;
        let io = |source| SegmentError::Io { action: "empty", path: work.clone(), source };
        for entry in std::fs::read_dir(work).map_err(io)? {
            let path = entry.map_err(io)?.path();
            if path.is_file() {
                std::fs::remove_file(&path).map_err(io)?;
            }
        }
        let used: HashSet<String> = self.metadata().segments(None)?.into_iter().map(|r| r.location).collect();
        let removed = self.deps.loader.cache().sweep(&|location| used.contains(location))?;
        let known: HashSet<String> = self.metadata().locations()?.into_iter().collect();
        let before = now_ms() - ORPHAN_MS;
        let mut orphans = 0;
        for (location, changed_ms) in self.deps.deep_storage.list()? {
            let ours = location.starts_with("segments/");
            if ours && changed_ms < before && !known.contains(&location) {
                self.deps.deep_storage.delete(&location)?;
                orphans += 1;
            }
        }
        if removed + orphans > 0 {
            tracing::info!(local = removed, deep_storage = orphans, "left-over files were removed");
        }
        Ok(())
    }

    /// Tasks that ran when the process died did not end well.
    pub(super) fn close_lost_tasks(&self) -> Result<(), IngestError> {
        for mut task in self.metadata().tasks()? {
            if task.status == "RUNNING" {
                "FAILED".clone_into(&mut task.status);
                task.duration_ms = (now_ms() - task.created_ms).max(0);
                let stream = task.task_type == "index_kafka";
                task.error = Some(if stream {
                    "the server stopped before the task ended; rows it had not committed are read again"
                        .to_owned()
                } else {
                    "the server stopped before the task ended; nothing of it was published".to_owned()
                });
                self.metadata().put_task(&task)?;
            }
        }
        Ok(())
    }
}
