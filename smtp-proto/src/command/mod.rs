//! Commands: the lines that a client writes and a server reads (RFC 5321 4.1.1).
//!
//! A client writes a [`Command`]. Its values are valid by construction, so [`Command::encode`] fails only if the
//! buffer is too short. A server reads a [`Received`]. [`Received::parse`] is the inverse of `encode`: it gives back
//! the same values.

mod argument;
mod attribute;
mod auth;
mod error;
mod mail;
mod parse;
mod received;
mod recipient;

use crate::{hello::EhloName, writer::Writer};

pub use argument::{Argument, ArgumentError};
pub use attribute::{Attribute, AttributeName};
pub use auth::{Auth, AuthError};
pub use error::CommandError;
pub use mail::Mail;
pub use received::{Received, ReceivedMail, ReceivedRecipient};
pub use recipient::Recipient;

/// A command that a client sends.
///
/// Sessions write their own commands. Use this type to send one in a session by hand, or to encode one for another
/// purpose. Its counterpart in a server is [`Received`].
///
/// ```
/// use smtp_proto::command::{Command, Mail};
/// use smtp_proto::address::ReversePath;
///
/// let mail = Mail::new(ReversePath::parse("a@example.org")?).with_size(12);
/// let mut out = [0; 64];
/// let n = Command::Mail(mail).encode(&mut out).unwrap();
/// assert_eq!(&out[..n], b"MAIL FROM:<a@example.org> SIZE=12\r\n");
/// assert_eq!(Command::Quit.encode(&mut out[..5]), None);
/// # Ok::<(), smtp_proto::address::AddressError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Command<'a> {
    /// `EHLO`: greets the server and asks for its extensions (RFC 5321 4.1.1.1).
    Ehlo(EhloName),
    /// `HELO`: greets a server that does not know `EHLO` (RFC 5321 4.1.1.1).
    Helo(EhloName),
    /// `LHLO`: the `EHLO` of LMTP (RFC 2033 4.1).
    Lhlo(EhloName),
    /// `STARTTLS`: asks to continue with TLS (RFC 3207 4).
    StartTls,
    /// `MAIL FROM:`: starts a transaction and names the sender (RFC 5321 4.1.1.2).
    Mail(Mail<'a>),
    /// `RCPT TO:`: adds a recipient to the transaction (RFC 5321 4.1.1.3).
    Rcpt(Recipient<'a>),
    /// `DATA`: asks to send the content, which ends with a line that holds a single dot (RFC 5321 4.1.1.4).
    Data,
    /// `BDAT`: announces a chunk of content, which follows the line at once (RFC 3030 2).
    Bdat {
        /// The length of the chunk in octets.
        size: u64,
        /// The chunk is the last one of the content.
        last: bool,
    },
    /// `RSET`: aborts the transaction (RFC 5321 4.1.1.5).
    Rset,
    /// `NOOP`: asks for a reply and does nothing else (RFC 5321 4.1.1.9).
    Noop,
    /// `QUIT`: ends the session (RFC 5321 4.1.1.10).
    Quit,
    /// `VRFY`: asks whether a mailbox exists (RFC 5321 4.1.1.6).
    Vrfy(Argument<'a>),
    /// `EXPN`: asks for the members of a mailing list (RFC 5321 4.1.1.7).
    Expn(Argument<'a>),
    /// `HELP`: asks for a text for people (RFC 5321 4.1.1.8).
    Help(Option<Argument<'a>>),
    /// `AUTH`: starts a SASL authentication (RFC 4954 4).
    Auth(Auth<'a>),
    /// `XCLIENT`: replaces the client's address, name and so on in the session (Postfix).
    XClient(&'a [Attribute<'a>]),
    /// `XFORWARD`: gives the client's address, name and so on for the log (Postfix).
    XForward(&'a [Attribute<'a>]),
}

impl Command<'_> {
    /// Writes the command line with its CRLF. Returns its length in octets, or `None` if `out` is too short.
    #[must_use]
    pub fn encode(&self, out: &mut [u8]) -> Option<usize> {
        let mut writer = Writer::new(out);
        self.write(&mut writer);
        writer.push(b"\r\n");
        writer.finish()
    }

    fn write(&self, out: &mut Writer<'_>) {
        match self {
            Self::Ehlo(name) => write_argument(out, b"EHLO ", name.as_bytes()),
            Self::Helo(name) => write_argument(out, b"HELO ", name.as_bytes()),
            Self::Lhlo(name) => write_argument(out, b"LHLO ", name.as_bytes()),
            Self::StartTls => out.push(b"STARTTLS"),
            Self::Mail(mail) => mail.write(out),
            Self::Rcpt(recipient) => recipient.write(out),
            Self::Data => out.push(b"DATA"),
            Self::Bdat { size, last } => write_chunk(out, *size, *last),
            Self::Rset => out.push(b"RSET"),
            Self::Noop => out.push(b"NOOP"),
            Self::Quit => out.push(b"QUIT"),
            Self::Vrfy(argument) => write_text(out, b"VRFY ", *argument),
            Self::Expn(argument) => write_text(out, b"EXPN ", *argument),
            Self::Help(Some(argument)) => write_argument(out, b"HELP ", argument.as_bytes()),
            Self::Help(None) => out.push(b"HELP"),
            Self::Auth(auth) => auth.write(out),
            Self::XClient(attributes) => attribute::write_all(out, b"XCLIENT", attributes),
            Self::XForward(attributes) => attribute::write_all(out, b"XFORWARD", attributes),
        }
    }
}

fn write_chunk(out: &mut Writer<'_>, size: u64, last: bool) {
    out.push(b"BDAT ");
    out.push_decimal(size);
    out.push(if last { b" LAST" } else { b"" });
}

fn write_text(out: &mut Writer<'_>, verb: &[u8], text: Argument<'_>) {
    write_argument(out, verb, text.as_bytes());
    out.push(if text.is_ascii() { b"" } else { SMTP_UTF8 });
}

/// The parameter that follows text beyond ASCII (RFC 6531 3.7.4.2).
const SMTP_UTF8: &[u8] = b" SMTPUTF8";

fn write_argument(out: &mut Writer<'_>, verb: &[u8], argument: &[u8]) {
    out.push(verb);
    out.push(argument);
}
