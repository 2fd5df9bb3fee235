//! Postfix smtp-source: one process with an event loop, which sends one message after the other.
//!
//! Its time holds its start, connecting and QUIT: it says nothing of its own.

use core::ops::RangeInclusive;
use std::{
    net::SocketAddr,
    process::{Command, Stdio},
    time::Instant,
};

use super::SENDER;
use crate::load::{Failure, client::Report, job::Job, usage::Usage};

/// Where Debian has it; it is in no user's path.
const PROGRAMS: [&str; 2] = ["/usr/sbin/smtp-source", "/usr/lib/postfix/sbin/smtp-source"];

/// Octets of the header that it puts before its payload; there are numbers and a date in it.
pub(super) const HEADER: RangeInclusive<usize> = 100..=200;

pub(super) fn is_installed() -> bool {
    program().is_some()
}

fn program() -> Option<&'static str> {
    PROGRAMS.into_iter().find(|program| std::fs::exists(program).is_ok_and(|exists| exists))
}

#[allow(clippy::cast_precision_loss, reason = "KiB of a process")]
pub(super) fn run(address: SocketAddr, job: &Job) -> Result<Report, Failure> {
    let start = Instant::now();
    let status = command(address, job)?.status()?;
    let seconds = start.elapsed().as_secs_f64();
    if !status.success() {
        return Err(format!("smtp-source: {status}").into());
    }
    let Usage { cpu, peak } = Usage::of_children()?;
    Ok(Report { seconds, cpu, peak: peak as f64 })
}

fn command(address: SocketAddr, job: &Job) -> Result<Command, Failure> {
    let mut command = Command::new(program().ok_or("smtp-source is not installed")?);
    let options = [
        ("-s", job.connections),
        ("-m", job.all_messages()),
        ("-r", job.recipients),
        ("-l", job.octets),
    ];
    for (option, value) in options {
        command.arg(option).arg(value.to_string());
    }
    // -d: further messages over the same connection.
    command.args(["-d", "-M", "client.example", "-f", SENDER, "-t", "bob@sink.example"]);
    command.arg(address.to_string()).stdout(Stdio::null());
    Ok(command)
}
