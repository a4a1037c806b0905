//! How does a table get into Apache Druid? As CSV files, one a month, with a native batch task.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::engine::{Embedded, count};
use crate::machine;
use crate::node::Node;
use crate::workload::{Column, Workload};

/// How long historicals may take to load the segments after the task.
const HANDOFF: Duration = Duration::from_secs(600);

/// Loads the table that `referee` has; gives the seconds from the task to all rows being queryable.
///
/// # Errors
/// When the task fails, or the rows do not come.
pub fn load(
    workload: &Workload,
    referee: &mut Embedded,
    csv: &Path,
    [coordinator, broker]: [&mut Node; 2],
    rows: u64,
) -> Result<f64, String> {
    std::fs::create_dir_all(csv).map_err(|e| format!("`{}`: {e}", csv.display()))?;
    referee.write_csv(csv)?;
    let started = Instant::now();
    let loaded = coordinator.run_task(&task(workload, csv)).and_then(|_| {
        let task = started.elapsed();
        while count(broker, workload.table).unwrap_or_default() != rows {
            if started.elapsed() > task + HANDOFF {
                return Err("Druid's historicals did not load all rows".to_owned());
            }
            std::thread::sleep(Duration::from_millis(500));
        }
        Ok(started.elapsed().as_secs_f64())
    });
    let _ = std::fs::remove_dir_all(csv);
    loaded
}

fn task(workload: &Workload, csv: &Path) -> Value {
    let dimensions: Vec<Value> = workload.columns.iter().filter_map(Column::druid_dimension).collect();
    json!({
        "type": "index_parallel",
        "spec": {
            "dataSchema": {
                "dataSource": workload.table,
                "timestampSpec": {"column": workload.time, "format": "millis"},
                "dimensionsSpec": {"dimensions": dimensions},
                "metricsSpec": [],
                "granularitySpec": {
                    "type": "uniform", "segmentGranularity": workload.granularity,
                    "queryGranularity": "NONE", "rollup": false
                }
            },
            "ioConfig": {
                "type": "index_parallel",
                "inputSource": {"type": "local", "baseDir": csv, "filter": "*.csv"},
                "inputFormat": {"type": "csv", "findColumnsFromHeader": true}
            },
            "tuningConfig": {
                "type": "index_parallel", "maxNumConcurrentSubTasks": machine::cores(), "maxRowsInMemory": 500_000,
                "splitHintSpec": {"type": "maxSize", "maxSplitSize": "600MiB"},
                "partitionsSpec": {"type": "dynamic", "maxRowsPerSegment": 5_000_000}
            }
        }
    })
}
