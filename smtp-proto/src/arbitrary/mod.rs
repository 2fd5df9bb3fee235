//! `Arbitrary` for the public values (feature `arbitrary`), for the fuzz targets of this crate and of others.
//!
//! A value that borrows its text borrows it from the fuzzer's input, so nothing is allocated. The text is the longest
//! valid prefix of some input, or a sample if no prefix is valid. So a fuzzer that has learnt the grammar of an
//! address puts its own into the command, and one that has not learnt it goes on with a sample.
//!
//! Numbers stay in the range that can be sent, and buffer sizes in the range that suits a test.

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

/// Implements `Arbitrary` as a choice among the given values.
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

/// Parses the longest valid prefix of the next text, of `most` octets at most. Parses a sample if no prefix is valid.
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

/// Applies `set` to `value` if the fuzzer generates something to set.
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
