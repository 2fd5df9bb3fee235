//! `Arbitrary` for the public values (feature `arbitrary`), for fuzz targets of this crate and of others.
//!
//! A value that borrows its text borrows it from the fuzzer's input, so nothing is allocated for it: the longest start of
//! some input that is valid, or a sample where none is. So a fuzzer that learns what an address is has its own in the
//! command, and one that has not learnt it yet goes on with ours.
//!
//! Numbers are those that can be sent, sizes of buffers those that fit a test.

mod address;
mod client;
mod command;
#[cfg(feature = "alloc")]
mod envelope;
mod hello;
mod parameter;
mod reply;
mod server;

use ::arbitrary::{Arbitrary, Error, Result, Unstructured};

/// Implements `Arbitrary` as a choice among values.
macro_rules! one_of {
    ($type:ty: $($value:expr),+ $(,)?) => {
        impl<'a> ::arbitrary::Arbitrary<'a> for $type {
            fn arbitrary(u: &mut ::arbitrary::Unstructured<'a>) -> ::arbitrary::Result<Self> {
                u.choose(&[$($value),+]).copied()
            }
        }
    };
}
use one_of;

/// What `parse` makes of the longest start of the next text that it takes, `most` octets at most; of a sample where it
/// takes none.
fn longest<'a, T>(
    u: &mut Unstructured<'a>,
    most: usize,
    samples: &[&'static str],
    parse: impl Fn(&'a str) -> Option<T>,
) -> Result<T> {
    let text = <&str>::arbitrary(u)?;
    let mut ends = (1..=text.len().min(most)).rev().filter(|&end| text.is_char_boundary(end));
    if let Some(value) = ends.find_map(|end| parse(&text[..end])) {
        return Ok(value);
    }
    parse(u.choose(samples)?).ok_or(Error::IncorrectFormat)
}

/// `value` changed by `set` where the fuzzer has something to set.
fn with<'a, T, V: Arbitrary<'a>>(
    u: &mut Unstructured<'a>,
    value: T,
    set: impl FnOnce(T, V) -> T,
) -> Result<T> {
    Ok(match Option::<V>::arbitrary(u)? {
        Some(given) => set(value, given),
        None => value,
    })
}
