//! Transparency of message content: RFC 5321 4.5.2, with the line rules of RFC 5321 2.3.8.
//!
//! ```text
//!             Stuffer::stuff, pieces            Unstuffer::feed
//!   message  ------------------------>  wire  -------------------->  message
//!             Stuffer::finish: CRLF . CRLF      end: true
//! ```
//!
//! Only CRLF ends a line, in both directions. A bare CR or LF never leaves a [`Stuffer`], and never ends content for an
//! [`Unstuffer`]: servers that disagree about them are how messages get smuggled.
//!
//! Neither holds content: each works on what it is handed, cut anywhere.

mod scan;
mod slices;
mod stuff;
mod survey;
mod unstuff;

pub use slices::Pieces;
pub use stuff::{ContentError, ContentErrorKind, Finish, Newlines, Progress, Stuffer};
pub use survey::Survey;
pub use unstuff::{BareNewline, BareNewlineKind, Unstuffed, Unstuffer};

/// Octets of a message as SIZE counts them (RFC 1870): every line end is two, a missing last one too, no dot is doubled.
///
/// ```
/// assert_eq!(smtp_proto::stuffing::message_size(b"Hi\n.\rBye"), 12);
/// ```
#[must_use]
pub fn message_size(message: &[u8]) -> u64 {
    let mut lone = 0;
    let mut last = b'\n';
    for (at, &octet) in message.iter().enumerate() {
        let paired = match octet {
            b'\r' => message.get(at + 1) == Some(&b'\n'),
            b'\n' => at > 0 && last == b'\r',
            _ => true,
        };
        lone += u64::from(!paired);
        last = octet;
    }
    let ended = matches!(last, b'\r' | b'\n');
    message.len() as u64 + lone + if ended { 0 } else { 2 }
}
