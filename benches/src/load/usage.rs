//! What a process has used, and where it may run.

use nix::sched::{CpuSet, sched_setaffinity};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use nix::unistd::Pid;

use super::Failure;

/// CPU time so far, in seconds, and the most memory held at once, in KiB.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    pub(crate) cpu: f64,
    pub(crate) peak: u64,
}

impl Usage {
    /// Peak memory is `VmHWM`: what `getrusage` tells begins with the memory of whoever started the process.
    pub(crate) fn of_this_process() -> Result<Self, Failure> {
        let status = std::fs::read_to_string("/proc/self/status")?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|text| text.split_whitespace().next()).ok_or("no VmHWM")?;
        Ok(Self { cpu: cpu(UsageWho::RUSAGE_SELF)?, peak: peak.parse()? })
    }

    /// Of all children that have ended.
    pub(crate) fn of_children() -> Result<Self, Failure> {
        let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
        let peak = u64::try_from(usage.max_rss())?;
        Ok(Self { cpu: cpu(UsageWho::RUSAGE_CHILDREN)?, peak })
    }
}

/// User and system time.
pub(crate) fn cpu(who: UsageWho) -> Result<f64, Failure> {
    let usage = getrusage(who)?;
    Ok(seconds(usage.user_time()) + seconds(usage.system_time()))
}

#[allow(clippy::cast_precision_loss, reason = "seconds of a benchmark")]
fn seconds(time: TimeVal) -> f64 {
    time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6
}

/// Lets this thread, and the processes that it starts, run on this CPU only; on all of them for `None`.
pub(crate) fn pin(cpu: Option<usize>) -> Result<(), Failure> {
    let mut set = CpuSet::new();
    match cpu {
        Some(cpu) => set.set(cpu)?,
        None => (0..cpus()).try_for_each(|cpu| set.set(cpu))?,
    }
    Ok(sched_setaffinity(Pid::from_raw(0), &set)?)
}

/// How many there are, whatever this thread may use.
pub(crate) fn cpus() -> usize {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    info.lines().filter(|line| line.starts_with("processor")).count().max(1)
}
