//! The example program `sendmail`, run as a program. `cargo test` builds it; before one test alone, `cargo build --examples`.

use std::{
    io::Write,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use serde_json::Value;

/// Where Cargo puts the examples: beside the directory of the tests.
pub fn path() -> PathBuf {
    let test = std::env::current_exe().expect("a path");
    let profile = test.parent().and_then(|deps| deps.parent()).expect("a profile's directory");
    profile.join("examples").join(format!("sendmail{}", std::env::consts::EXE_SUFFIX))
}

/// The program with `--json` and these arguments.
pub fn sendmail(args: &[&str]) -> Command {
    let mut command = command();
    command.arg("--json").args(args);
    command
}

/// The program; nothing of the test's environment names a server or a password.
pub fn command() -> Command {
    let mut command = Command::new(path());
    command.args(["--hello", "client.example", "--timeout", "20"]);
    command.env_remove("SMTP_SERVER").env_remove("SMTP_PASSWORD");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// What a run has shown.
#[derive(Debug)]
pub struct Ran {
    pub status: Option<i32>,
    pub json: Value,
    /// Standard output and standard error.
    pub shown: String,
}

impl Ran {
    /// Why the program refused what it was told.
    pub fn problem(&self) -> &str {
        self.json["error"]["text"].as_str().unwrap_or_default()
    }
}

/// Runs the program with a message on its standard input.
pub fn run(command: &mut Command, message: &[u8]) -> Ran {
    let mut child = command.spawn().expect("the example, built");
    // One that refuses its arguments does not read.
    child.stdin.take().expect("a pipe").write_all(message).ok();
    let Output { status, stdout, stderr } = child.wait_with_output().expect("an end");
    Ran {
        status: status.code(),
        json: serde_json::from_slice(&stdout).unwrap_or_default(),
        shown: String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned(),
    }
}
