//! What is said of a run: where, when, with which compiler.

use std::{fs, process::Command, thread};

/// `# key: value`, one a line.
pub(crate) fn facts(command: &str) -> String {
    let date = said_by("date", &["-u", "+%F"]);
    let rustc = said_by("rustc", &["--version"]);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    format!(
        "# date: {date}\n# machine: {}, {cores} cores\n# rustc: {rustc}\n# command: {command}\n",
        processor()
    )
}

fn said_by(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let text = output.map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&text).trim().to_owned()
}

fn processor() -> String {
    let all = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = all.lines().find(|line| line.starts_with("model name"));
    let name = line.and_then(|line| line.split_once(": ")).map(|(_, name)| name);
    name.unwrap_or("unknown").to_owned()
}
