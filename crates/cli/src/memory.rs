//! How much memory the process may use (spec/proxy.md 7).

use std::fs;

/// Limits of the control group, second and first generation. Where the process sees its own group only, these are its files.
const GROUP_LIMITS: [&str; 2] = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
const MACHINE: &str = "/proc/meminfo";

/// The memory limit of the control group, or of the machine if that is less; bytes. 0 if neither can be told.
pub(crate) fn limit() -> u64 {
    let group = GROUP_LIMITS
        .iter()
        .filter_map(|file| fs::read_to_string(file).ok()?.trim().parse().ok());
    let machine = fs::read_to_string(MACHINE).ok().and_then(|text| total(&text));
    group.chain(machine).min().unwrap_or(0)
}

/// `MemTotal` of `/proc/meminfo`, in bytes.
fn total(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib.saturating_mul(1024))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_read_in_kibibytes() {
        assert_eq!(total("MemTotal:       24018852 kB\nMemFree: 1 kB\n"), Some(24_018_852 * 1024));
        assert_eq!(total("MemFree: 1 kB\n"), None);
    }
}
