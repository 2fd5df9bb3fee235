//! Transparency of message content: RFC 5321 4.5.2, with the line rules of RFC 5321 2.3.8.
//!
//! ```text
//!             Stuffer::stuff, pieces            Unstuffer::feed
//!   message  ------------------------>  wire  -------------------->  message
//!             Stuffer::finish: CRLF . CRLF      end: true
//! ```
//!
//! On the wire only CRLF ends a line. A bare CR or LF never leaves a [`Stuffer`], and never ends content for an
//! [`Unstuffer`]: servers that disagree about them are how messages get smuggled. What ends a line of a message that is
//! to be sent is said by [`Newlines`].
//!
//! Neither holds content: each works on what it is handed, cut anywhere.

#[cfg(test)]
mod linear;
mod rewrite;
mod scan;
mod slices;
mod stuff;
mod survey;
mod unstuff;

pub use slices::Pieces;
pub use stuff::{ContentError, ContentErrorKind, Finish, Newlines, Progress, Stuffer};
pub use survey::Survey;
pub use unstuff::{BareNewline, BareNewlineKind, Unstuffed, Unstuffer};
