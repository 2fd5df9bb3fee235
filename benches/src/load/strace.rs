//! System calls of a client, counted in runs of their own.

use std::fs;

use super::{Failure, contender::Contender, job::Job, measure, row::Row};

/// System calls for each message: those of a long run less those of a short one, so that starting, connecting
/// and warming up are not in it.
#[allow(clippy::cast_precision_loss, reason = "a few thousand calls")]
pub(crate) fn calls_per_message(row: &Row, contender: &Contender) -> Result<f64, Failure> {
    let [short, long] = row.traced.ok_or("not counted in this row")?;
    let rarely = if contender.waits { 20 } else { 1 };
    let (short, more) = (short.div_ceil(rarely), (long - short).div_ceil(rarely));
    let of = |messages| calls(row, contender, &Job { messages, ..row.job });
    Ok((of(short + more)? - of(short)?) / more as f64)
}

pub(crate) fn is_installed() -> bool {
    std::process::Command::new("strace").arg("--version").output().is_ok()
}

fn calls(row: &Row, contender: &Contender, job: &Job) -> Result<f64, Failure> {
    let file = std::env::temp_dir().join(format!("e2e-strace-{}", std::process::id()));
    let path = file.to_str().ok_or("a temporary directory with a strange name")?;
    let run = measure::run(row, contender, job, &["strace", "-f", "-c", "-o", path]);
    let summary = fs::read_to_string(&file);
    fs::remove_file(&file).ok();
    run?;
    total(&summary?).ok_or_else(|| "strace told no total".into())
}

/// `100.00    0.000214           7        29         1 total`
fn total(summary: &str) -> Option<f64> {
    let line = summary.lines().find(|line| line.ends_with(" total"))?;
    line.split_whitespace().nth(3)?.parse().ok()
}
