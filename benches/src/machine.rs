//! What does the machine say of processes and folders? Peak memory, CPU time, bytes on disk.

use std::fs;
use std::path::Path;

/// Clock ticks of `/proc` a second, on every Linux.
const TICKS: f64 = 100.0;

/// The most memory a process has had resident since its start or the last [`forget_peak`], in bytes.
#[must_use]
pub fn peak_bytes(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches("kB").trim().parse::<u64>().ok().map(|kib| kib << 10)
}

/// Starts the peak of a process anew; without effect where that is not allowed.
pub fn forget_peak(process: u32) {
    let _ = fs::write(format!("/proc/{process}/clear_refs"), "5");
}

/// CPU seconds spent since the machine's start: by all, and by the given processes.
#[derive(Debug, Clone, Copy)]
pub struct CpuSeconds {
    all: f64,
    own: f64,
}

impl CpuSeconds {
    /// Reads both.
    #[must_use]
    pub fn read(processes: &[u32]) -> Self {
        let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
        let fields = stat.lines().next().unwrap_or_default().split_whitespace().skip(1);
        let ticks: Vec<f64> = fields.take(8).filter_map(|f| f.parse().ok()).collect();
        let idle: f64 = ticks.iter().skip(3).take(2).sum();
        let own: f64 = processes.iter().filter_map(|p| process_seconds(*p)).sum();
        Self { all: (ticks.iter().sum::<f64>() - idle) / TICKS, own }
    }

    /// CPU seconds that other processes spent between `earlier` and this reading.
    #[must_use]
    pub fn foreign_since(&self, earlier: Self) -> f64 {
        ((self.all - earlier.all) - (self.own - earlier.own)).max(0.0)
    }

    /// CPU seconds that the given processes spent since `earlier`.
    #[must_use]
    pub fn own_since(&self, earlier: Self) -> f64 {
        self.own - earlier.own
    }
}

fn process_seconds(process: u32) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|f| f.parse::<f64>().ok());
    Some((ticks(11)? + ticks(12)?) / TICKS)
}

/// Cores that may be used.
#[must_use]
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Name of the processor.
#[must_use]
pub fn processor() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = info.lines().find(|l| l.starts_with("model name"));
    line.and_then(|l| l.split_once(':')).map_or_else(String::new, |(_, name)| name.trim().to_owned())
}

/// Bytes of all files below a folder.
#[must_use]
pub fn folder_bytes(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(found) if found.is_dir() => folder_bytes(&entry.path()),
            Ok(found) => found.len(),
            Err(_) => 0,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_process_has_memory_and_cpu_time() {
        let me = std::process::id();
        assert!(peak_bytes(me).unwrap() > 100_000);
        let before = CpuSeconds::read(&[me]);
        let mut sum = 0_u64;
        while CpuSeconds::read(&[me]).own_since(before) < 0.02 {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        assert_eq!(peak_bytes(u32::MAX), None);
    }
}
