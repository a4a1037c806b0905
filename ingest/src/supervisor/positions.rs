//! Where does reading start? At the stored offset; for partitions without one at the earliest, or, when nothing at
//! all is stored and the spec says so, at the latest, which is then stored at once.

use std::collections::BTreeMap;

use alluvium_segments::catalog::MetadataStore;

use crate::IngestError;
use crate::source::{Source, StreamPartition};
use crate::spec::SupervisorSpec;

/// The stored positions of a supervisor.
pub(super) fn stored(
    metadata: &dyn MetadataStore,
    supervisor: &str,
) -> Result<BTreeMap<StreamPartition, i64>, IngestError> {
    let rows = metadata.offsets(supervisor)?;
    Ok(rows.into_iter().map(|(topic, p, next)| (StreamPartition::new(&topic, p), next)).collect())
}

/// A position for each partition, checked against what the stream holds.
///
/// # Errors
/// [`IngestError::OutOfRange`] when a stored offset is gone and the spec does not ask for an automatic reset.
pub(super) fn starting(
    spec: &SupervisorSpec,
    metadata: &dyn MetadataStore,
    source: &mut dyn Source,
    partitions: &[StreamPartition],
) -> Result<Vec<(StreamPartition, i64)>, IngestError> {
    let known = stored(metadata, &spec.id)?;
    let mut positions = Vec::with_capacity(partitions.len());
    let mut fresh = Vec::new();
    for partition in partitions {
        let (low, high) = source.bounds(partition)?;
        let position = match known.get(partition) {
            Some(&next) if (low..=high).contains(&next) => next,
            Some(&next) => {
                let position = reset(spec, partition, next, low, high)?;
                fresh.push((partition.topic.to_string(), partition.partition, Some(position)));
                position
            }
            None if known.is_empty() && !spec.io.use_earliest_offset => {
                fresh.push((partition.topic.to_string(), partition.partition, Some(high)));
                high
            }
            None => low,
        };
        positions.push((partition.clone(), position));
    }
    if !fresh.is_empty() {
        metadata.set_offsets(&spec.id, &fresh)?;
    }
    Ok(positions)
}

/// What to do about a stored offset that the stream does not hold.
fn reset(
    spec: &SupervisorSpec,
    partition: &StreamPartition,
    stored: i64,
    low: i64,
    high: i64,
) -> Result<i64, IngestError> {
    let gap = if stored < low {
        format!("records {stored} to {} are gone", low - 1)
    } else {
        "the topic was truncated or created anew".to_owned()
    };
    if spec.tuning.reset_offset_automatically {
        let position = if stored < low || spec.io.use_earliest_offset { low } else { high };
        tracing::warn!(%partition, stored, low, high, position, gap, "the offset is reset automatically");
        return Ok(position);
    }
    Err(IngestError::OutOfRange {
        topic: partition.topic.to_string(),
        partition: partition.partition,
        stored,
        low,
        high,
        hint: format!("({gap}): POST /druid/indexer/v1/supervisor/{}/reset to go on without them", spec.id),
    })
}

#[cfg(test)]
mod tests;
