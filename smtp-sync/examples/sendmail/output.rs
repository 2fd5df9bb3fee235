//! Writing to standard output and standard error. Nobody may be reading, and the device may be full: that changes
//! neither the session nor the exit status, so errors are dropped, where `println!` would panic.

use std::io::{self, Write};

/// Writes text to standard output.
pub(crate) fn result(text: &str) {
    write(io::stdout().lock(), text);
}

/// Writes text to standard error.
pub(crate) fn diagnostic(text: &str) {
    write(io::stderr().lock(), text);
}

/// Writes a line to standard error, in one piece.
pub(crate) fn line(text: &str) {
    diagnostic(&format!("{text}\n"));
}

fn write(mut to: impl Write, text: &str) {
    to.write_all(text.as_bytes()).and_then(|()| to.flush()).ok();
}
