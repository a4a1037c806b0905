//! Which of the `consumerProperties` have no effect? Those we set ourselves, and those only Java's client knows.

use std::collections::BTreeMap;

/// Properties that we set: giving another value would break exactly-once. No group is ever joined, so the session's
/// timeout is only how long closing a client waits for a coordinator to report the last offsets to.
pub(crate) const OURS: [(&str, &str); 6] = [
    ("group.protocol", "classic"),
    ("session.timeout.ms", "1000"),
    ("enable.auto.commit", "false"),
    ("enable.auto.offset.store", "false"),
    ("auto.offset.reset", "error"),
    ("enable.partition.eof", "true"),
];

/// Java client properties that librdkafka does not have and that change nothing that matters.
pub(crate) const JAVA_ONLY: [&str; 7] = [
    "key.deserializer",
    "value.deserializer",
    "max.poll.records",
    "default.api.timeout.ms",
    "request.timeout.ms",
    "exclude.internal.topics",
    "interceptor.classes",
];

/// Notes the properties of a spec that have no effect; one set to our own value has.
pub(super) fn note_ignored(properties: &BTreeMap<String, String>, path: &str, notes: &mut Vec<String>) {
    for (name, value) in properties {
        let ours = OURS.iter().any(|(known, set)| known == name && set != value);
        if ours || JAVA_ONLY.contains(&name.as_str()) {
            notes.push(format!("{path}.{name}"));
        }
    }
}
