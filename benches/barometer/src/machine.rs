//! What the machine is, so that a figure can be judged.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

/// The facts of this machine.
pub(crate) fn facts() -> Value {
    let governor = read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
    json!({
        "cpu": field("/proc/cpuinfo", "model name"),
        "cores": std::thread::available_parallelism().map_or(0, usize::from),
        "memory": field("/proc/meminfo", "MemTotal"),
        "kernel": read("/proc/sys/kernel/osrelease"),
        "governor": governor.unwrap_or_else(|| "not visible".into()),
        "hypervisor": flag("hypervisor"),
        "avx512vl": flag("avx512vl"),
        "rustc": version("rustc"),
        "valgrind": version("valgrind"),
        "load": load(),
    })
}

/// How busy the machine is, as the kernel says.
pub(crate) fn load() -> Option<String> {
    let text = read("/proc/loadavg")?;
    Some(text.split(' ').take(3).collect::<Vec<_>>().join(" "))
}

/// The version line of a program; none if it is not there.
pub(crate) fn version(program: &str) -> Option<String> {
    let output = Command::new(program).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.lines().next()?.to_string())
}

/// The revision of this repository; none outside of one.
pub(crate) fn revision(root: &Path) -> Option<String> {
    let mut command = Command::new("git");
    let output = command
        .current_dir(root)
        .args(["describe", "--always", "--dirty"])
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_string();
    Some(text).filter(|text| !text.is_empty())
}

fn read(path: &str) -> Option<String> {
    Some(fs::read_to_string(path).ok()?.trim().to_string())
}

fn field(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_string())
}

fn flag(name: &str) -> bool {
    field("/proc/cpuinfo", "flags").is_some_and(|flags| flags.split(' ').any(|one| one == name))
}

/// Today's date, in universal time.
pub(crate) fn today() -> String {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    date(now.as_secs() / 86_400)
}

/// The date of a number of days after 1970-01-01.
fn date(days: u64) -> String {
    let is_leap = |year: u64| (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let (mut year, mut left) = (1970, days);
    loop {
        let length = if is_leap(year) { 366 } else { 365 };
        if left < length {
            break;
        }
        left -= length;
        year += 1;
    }
    let february = if is_leap(year) { 29 } else { 28 };
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if left < length {
            break;
        }
        left -= length;
        month += 1;
    }
    format!("{year}-{month:02}-{:02}", left + 1)
}

#[cfg(test)]
mod tests {
    use super::date;

    #[test]
    fn dates() {
        assert_eq!(date(0), "1970-01-01");
        assert_eq!(date(11_016), "2000-02-29");
        assert_eq!(date(11_017), "2000-03-01");
        assert_eq!(date(20_453), "2025-12-31");
    }
}
