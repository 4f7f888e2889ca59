//! The memory that is available to this program.

use std::fs;
use std::path::{Path, PathBuf};

/// Returns the available memory in bytes: the smallest of the machine's, of the control groups' (as in containers) and
/// of what `ulimit -v` allows. Returns `None` if the system reports none of them.
pub(crate) fn free_memory() -> Option<u64> {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| available(&text));
    let own = fs::read_to_string("/proc/self/cgroup").ok();
    let groups = own.map(|text| groups(&text, Path::new("/sys/fs/cgroup"))).unwrap_or_default();
    let groups = groups.iter().filter_map(|group| free_of_group(group)).min();
    [machine, groups, address_space()].into_iter().flatten().min()
}

/// Returns what `/proc/meminfo` reports as available without swapping.
fn available(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// Returns the folders of the control groups in `/proc/self/cgroup`, and of those above them.
fn groups(own: &str, mount: &Path) -> Vec<PathBuf> {
    let mut folders = Vec::new();
    for line in own.lines() {
        // Version 2 has lines like `0::/path`, version 1 like `5:memory:/path`.
        let mut fields = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (fields.next(), fields.next()) else { continue };
        let mount = match controllers {
            "" => mount.to_path_buf(),
            _ if controllers.split(',').any(|name| name == "memory") => mount.join("memory"),
            _ => continue,
        };
        let path = mount.join(path.trim_start_matches('/'));
        // In a container, the path may be the one outside, while the container's own group is mounted.
        folders.extend(path.ancestors().take_while(|above| above.starts_with(&mount)).map(Path::to_path_buf));
    }
    folders
}

/// Returns the free memory of a control group; `None` if it has no limit.
fn free_of_group(folder: &Path) -> Option<u64> {
    let number = |name: &str| fs::read_to_string(folder.join(name)).ok()?.trim().parse::<u64>().ok();
    let (limit, used) = number("memory.max")
        .zip(number("memory.current"))
        .or_else(|| number("memory.limit_in_bytes").zip(number("memory.usage_in_bytes")))?;
    // The file cache counts as used, but is available.
    let stat = fs::read_to_string(folder.join("memory.stat")).unwrap_or_default();
    let cached = stat.lines().filter_map(|line| line.strip_prefix("inactive_file ")?.trim().parse::<u64>().ok()).next();
    Some(limit.saturating_sub(used.saturating_sub(cached.unwrap_or(0))))
}

/// Returns half of what `ulimit -v` leaves, because more addresses are reserved than memory is used.
#[cfg(unix)]
fn address_space() -> Option<u64> {
    rustix::process::getrlimit(rustix::process::Resource::As).current.map(|limit| limit / 2)
}

#[cfg(not(unix))]
fn address_space() -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn available_memory_comes_from_meminfo() {
        assert_eq!(available("MemTotal:  24000 kB\nMemAvailable:    23277 kB\n"), Some(23_277 * 1024));
        assert_eq!(available("MemTotal:  24000 kB\n"), None);
    }

    #[test]
    fn tightest_control_group_limits_memory_at_any_level() {
        let mount = tempfile::tempdir().unwrap();
        let inner = mount.path().join("user/session");
        fs::create_dir_all(&inner).unwrap();
        fs::write(inner.join("memory.max"), "max\n").unwrap();
        fs::write(inner.join("memory.current"), "5\n").unwrap();
        fs::write(mount.path().join("user/memory.max"), "1000\n").unwrap();
        fs::write(mount.path().join("user/memory.current"), "700\n").unwrap();
        fs::write(mount.path().join("user/memory.stat"), "anon 1\ninactive_file 100\n").unwrap();
        let folders = groups("0::/user/session\n", mount.path());
        assert_eq!(folders, [inner, mount.path().join("user"), mount.path().to_path_buf()]);
        assert_eq!(folders.iter().filter_map(|folder| free_of_group(folder)).collect::<Vec<_>>(), [400]);
        assert!(groups("4:memory:/a\n7:cpu:/b\n", Path::new("/m")).contains(&PathBuf::from("/m/memory/a")));
    }
}
