//! What the operating system knows of this process, by the names that Prometheus clients use.

use std::fs::read_to_string;

use opentelemetry::KeyValue;

use super::{meter, observe};

/// Ticks a second in `/proc`: `USER_HZ`, which is 100 on every architecture that we build for.
const TICKS_A_SECOND: f64 = 100.0;

/// Publishes memory, CPU time, start time and the version of this process.
pub(crate) fn observe_process(service: &'static str) {
    observe("process_resident_memory", "Resident memory of the process.", "By", resident_memory);
    let started = start_time();
    let help = "Start of the process, in seconds since 1970.";
    observe("process_start_time", help, "s", move || started);
    observe("process_open_fds", "Open file descriptors.", "", open_files);
    meter()
        .f64_observable_counter("process_cpu")
        .with_description("CPU time, of user and system, that the process has used.")
        .with_unit("s")
        .with_callback(|seen| cpu_time().into_iter().for_each(|time| seen.observe(time, &[])))
        .build();
    let labels =
        [KeyValue::new("service", service), KeyValue::new("version", env!("CARGO_PKG_VERSION"))];
    meter()
        .u64_observable_gauge("waypost_build_info")
        .with_description("The version that runs; the value is always 1.")
        .with_callback(move |seen| seen.observe(1, &labels))
        .build();
}

fn resident_memory() -> Option<f64> {
    let status = read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024.0)
}

fn cpu_time() -> Option<f64> {
    Some((stat_field(14)? + stat_field(15)?) / TICKS_A_SECOND)
}

fn start_time() -> Option<f64> {
    let system = read_to_string("/proc/stat").ok()?;
    let booted = system.lines().find_map(|line| line.strip_prefix("btime "))?;
    Some(booted.trim().parse::<f64>().ok()? + stat_field(22)? / TICKS_A_SECOND)
}

fn open_files() -> Option<f64> {
    let count = std::fs::read_dir("/proc/self/fd").ok()?.count();
    u32::try_from(count).ok().map(f64::from)
}

/// A field of `/proc/self/stat` by its number in proc(5), beyond the second: that one, the name,
/// may hold blanks and brackets.
fn stat_field(number: usize) -> Option<f64> {
    let stat = read_to_string("/proc/self/stat").ok()?;
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(number - 3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_this_process_make_sense() {
        let now = crate::now().timestamp() as f64;

        assert!(resident_memory().unwrap() > 100_000.0);
        assert!(cpu_time().unwrap() >= 0.0);
        assert!(open_files().unwrap() >= 3.0);
        let age = now - start_time().unwrap();
        assert!((-2.0..86_400.0).contains(&age), "{age}");
    }
}
