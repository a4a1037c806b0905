//! What does the node say about itself? The interface it speaks, and the memory it has.

/// The Druid release whose interface this is; clients compare it with what they need.
pub const DRUID_VERSION: &str = "31.0.0";

/// Resident bytes of this process, the machine's, and those free; 0 where the system does not tell.
#[must_use]
pub fn memory_bytes() -> (u64, u64, u64) {
    let read = |path: &str, field: &str| {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let line = text.lines().find_map(|l| l.strip_prefix(field));
        let kib = line.and_then(|l| l.trim().trim_end_matches(" kB").parse::<u64>().ok());
        kib.unwrap_or_default() * 1024
    };
    let used = read("/proc/self/status", "VmRSS:");
    let (total, free) = (read("/proc/meminfo", "MemTotal:"), read("/proc/meminfo", "MemAvailable:"));
    (used, total, free)
}
