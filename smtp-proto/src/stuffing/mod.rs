//! Transparency: message content as it is sent after `DATA`, and back (RFC 5321 4.5.2, with the line rules of RFC
//! 5321 2.3.8).
//!
//! ```text
//!             Stuffer::stuff, pieces            Unstuffer::feed
//!   message  ------------------------>  wire  -------------------->  message
//!             Stuffer::finish: CRLF . CRLF      end: true
//! ```
//!
//! A line with a single dot ends the content, so a [`Stuffer`] doubles each dot at the start of a line, and an
//! [`Unstuffer`] removes the second one.
//!
//! On the wire only CRLF ends a line. A stuffer never writes a bare CR or LF, and for an unstuffer they never end
//! content: messages get smuggled between servers that disagree about them. [`Newlines`] is the rule for the lines of
//! the message that is sent.
//!
//! Neither of them buffers content: each works on the octets of a call, which may be cut anywhere.

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
