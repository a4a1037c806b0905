//! Which task reads which partition? Druid's rule: partition number modulo `taskCount`; with a topic pattern the
//! topic's name is mixed in.

use std::collections::BTreeMap;

use crate::source::StreamPartition;
use crate::spec::{IoConfig, KafkaStream};

/// The task group of a partition.
pub(super) fn group_of(partition: &StreamPartition, io: &IoConfig) -> u32 {
    let count = i64::from(io.task_count.max(1));
    let number = match io.stream {
        KafkaStream::Topic(_) => i64::from(partition.partition),
        KafkaStream::Pattern(_) => {
            let mixed = java_hash(&partition.topic).wrapping_mul(31).wrapping_add(partition.partition);
            i64::from(mixed).abs()
        }
    };
    u32::try_from(number.rem_euclid(count)).unwrap_or(0)
}

/// Positions by group; groups without partitions are left out.
pub(super) fn group(
    positions: Vec<(StreamPartition, i64)>,
    io: &IoConfig,
) -> BTreeMap<u32, Vec<(StreamPartition, i64)>> {
    let mut groups: BTreeMap<u32, Vec<(StreamPartition, i64)>> = BTreeMap::new();
    for (partition, position) in positions {
        groups.entry(group_of(&partition, io)).or_default().push((partition, position));
    }
    groups
}

/// `String.hashCode` of the Java platform.
fn java_hash(text: &str) -> i32 {
    text.encode_utf16().fold(0i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn java_hashes() {
        for (text, hash) in [("", 0), ("a", 97)] {
            assert_eq!(java_hash(text), hash);
        }
        assert_eq!(java_hash("hello"), 99_162_322);
    }
}
