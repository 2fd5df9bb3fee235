//! What the application answers to an event.

use core::fmt;

use crate::{
    octets::{self, TEXT},
    reply::{Code, EnhancedCode},
};

/// A reply of one line: code, enhanced code, text.
///
/// The text is printable ASCII and never ends the line: what came from a peer can be refused here,
/// but not smuggled out. The enhanced code leaves only where ENHANCEDSTATUSCODES is offered, and
/// never in the greeting or in answers to EHLO and HELO (RFC 2034 4).
///
/// ```
/// use smtp_proto::{reply::{Code, EnhancedCode}, server::Answer};
/// let full = Answer::new(Code::EXCEEDED_STORAGE, EnhancedCode::new(5, 2, 2), "Mailbox full")?;
/// assert_eq!(full.to_string(), "552 5.2.2 Mailbox full");
/// assert!(Answer::new(Code::OK, None, "done\r\n250 again").is_err());
/// # Ok::<(), smtp_proto::server::AnswerError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Answer<'a> {
    code: Code,
    enhanced: Option<EnhancedCode>,
    text: &'a str,
}

impl<'a> Answer<'a> {
    /// The longest text in octets: with a host name of 255 octets before it, as in the greeting, the
    /// line stays within the 512 of RFC 5321 4.5.3.1.5.
    pub const MAX_TEXT: usize = 240;

    /// An answer.
    ///
    /// # Errors
    /// A text that is too long or could be taken for something else, or an enhanced code whose class
    /// is not that of the code.
    pub fn new(
        code: Code,
        enhanced: Option<EnhancedCode>,
        text: &'a str,
    ) -> Result<Self, AnswerError> {
        check_text(text.as_bytes())?;
        if enhanced.is_some_and(|enhanced| !enhanced.fits(code)) {
            return Err(AnswerError::Class);
        }
        Ok(Self { code, enhanced, text })
    }

    /// The reply code.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    /// The enhanced status code.
    #[must_use]
    pub const fn enhanced(&self) -> Option<EnhancedCode> {
        self.enhanced
    }

    /// The text.
    #[must_use]
    pub const fn text(&self) -> &'a str {
        self.text
    }

    /// An answer whose text is known to be fine.
    pub(super) const fn verbatim(code: Code, text: &'a str) -> Self {
        Self { code, enhanced: None, text }
    }

    /// The same answer without its enhanced code.
    pub(super) const fn plain(self) -> Self {
        Self { enhanced: None, ..self }
    }
}

/// Answers for the application.
impl Answer<'static> {
    /// 250: done.
    pub const OK: Self = canned(Code::OK, (2, 0, 0), "OK");
    /// 250: the sender is fine.
    pub const SENDER_OK: Self = canned(Code::OK, (2, 1, 0), "Sender OK");
    /// 250: the recipient is fine.
    pub const RECIPIENT_OK: Self = canned(Code::OK, (2, 1, 5), "Recipient OK");
    /// 235: the credentials are good.
    pub const AUTHENTICATED: Self =
        canned(Code::AUTHENTICATED, (2, 7, 0), "Authentication successful");
    /// 535: the credentials are not good.
    pub const BAD_CREDENTIALS: Self =
        canned(Code::BAD_CREDENTIALS, (5, 7, 8), "Authentication credentials invalid");
    /// 550: there is no such mailbox.
    pub const NO_SUCH_MAILBOX: Self =
        canned(Code::MAILBOX_UNAVAILABLE, (5, 1, 1), "No such mailbox");
    /// 550: refused as a matter of policy.
    pub const NOT_ALLOWED: Self = canned(Code::MAILBOX_UNAVAILABLE, (5, 7, 1), "Not allowed");
    /// 450: the mailbox cannot take mail now.
    pub const MAILBOX_BUSY: Self =
        canned(Code::MAILBOX_UNAVAILABLE_NOW, (4, 2, 0), "Mailbox unavailable, try again");
    /// 451: something is wrong here, for now.
    pub const LOCAL_ERROR: Self = canned(Code::LOCAL_ERROR, (4, 3, 0), "Local error, try again");
    /// 421: the server closes the session. Closes it at whatever it answers.
    pub const CLOSING: Self =
        canned(Code::SERVICE_CLOSING, (4, 3, 2), "Service not available, closing");
    /// 554: no service here, the refusal of a connection.
    pub const NO_SERVICE: Self = canned(Code::TRANSACTION_FAILED, (5, 3, 2), "No service");
    /// 354: the answer to DATA.
    pub const START_CONTENT: Self =
        Self { code: Code::START_CONTENT, enhanced: None, text: "End with <CRLF>.<CRLF>" };
}

/// What the server says by itself.
impl Answer<'static> {
    pub(super) const READY: Self =
        Self { code: Code::SERVICE_READY, enhanced: None, text: "ESMTP ready" };
    pub(super) const HELLO: Self = Self { code: Code::OK, enhanced: None, text: "" };
    pub(super) const START_TLS: Self = canned(Code::SERVICE_READY, (2, 0, 0), "Start TLS");
    pub(super) const BYE: Self = canned(Code::CLOSING, (2, 0, 0), "Bye");
    pub(super) const CANNOT_VERIFY: Self =
        canned(Code::CANNOT_VERIFY, (2, 5, 2), "Cannot verify, but will take a message");
    pub(super) const HELP: Self = canned(Code::HELP, (2, 0, 0), "See RFC 5321");
    pub(super) const TOO_MANY_RECIPIENTS: Self =
        canned(Code::INSUFFICIENT_STORAGE, (4, 5, 3), "Too many recipients");
    pub(super) const TOO_MANY_BAD_COMMANDS: Self =
        canned(Code::SERVICE_CLOSING, (4, 7, 0), "Too many bad commands, closing");
    pub(super) const TOO_LARGE: Self =
        canned(Code::EXCEEDED_STORAGE, (5, 3, 4), "Message too large");
    pub(super) const BARE_NEWLINE: Self =
        canned(Code::MAILBOX_UNAVAILABLE, (5, 5, 2), "Bare CR or LF in content");
    pub(super) const NUL: Self = canned(Code::MAILBOX_UNAVAILABLE, (5, 6, 0), "NUL in content");
    pub(super) const NO_VALID_RECIPIENTS: Self =
        canned(Code::TRANSACTION_FAILED, (5, 5, 1), "No valid recipients");
    pub(super) const UNRECOGNISED: Self =
        canned(Code::UNRECOGNISED, (5, 5, 1), "Command unrecognised");
    pub(super) const BAD_LINE: Self =
        canned(Code::UNRECOGNISED, (5, 5, 2), "Line with octets that no command has");
    pub(super) const LINE_TOO_LONG: Self = canned(Code::UNRECOGNISED, (5, 5, 2), "Line too long");
    pub(super) const RESPONSE_TOO_LONG: Self =
        canned(Code::UNRECOGNISED, (5, 5, 6), "Authentication exchange line too long");
    pub(super) const BAD_ARGUMENT: Self =
        canned(Code::BAD_ARGUMENT, (5, 5, 4), "Syntax error in arguments");
    pub(super) const BAD_SENDER: Self =
        canned(Code::BAD_ARGUMENT, (5, 1, 7), "Bad sender address syntax");
    pub(super) const BAD_RECIPIENT: Self =
        canned(Code::BAD_ARGUMENT, (5, 1, 3), "Bad recipient address syntax");
    pub(super) const BAD_RESPONSE: Self =
        canned(Code::BAD_ARGUMENT, (5, 5, 2), "Malformed authentication response");
    pub(super) const CANCELLED: Self =
        canned(Code::BAD_ARGUMENT, (5, 7, 0), "Authentication cancelled");
    pub(super) const NOT_IMPLEMENTED: Self =
        canned(Code::NOT_IMPLEMENTED, (5, 5, 1), "Command not implemented");
    pub(super) const BAD_SEQUENCE: Self =
        canned(Code::BAD_SEQUENCE, (5, 5, 1), "Bad sequence of commands");
    pub(super) const NO_MECHANISM: Self =
        canned(Code::PARAMETER_NOT_IMPLEMENTED, (5, 5, 4), "Mechanism not offered");
    pub(super) const AUTH_REQUIRED: Self =
        canned(Code::AUTH_REQUIRED, (5, 7, 0), "Authentication required");
    pub(super) const TLS_REQUIRED: Self =
        canned(Code::AUTH_REQUIRED, (5, 7, 0), "Must issue a STARTTLS command first");
    pub(super) const ENCRYPTION_REQUIRED: Self =
        canned(Code::ENCRYPTION_REQUIRED, (5, 7, 11), "Encryption required for authentication");
    pub(super) const NOT_ASCII: Self =
        canned(Code::BAD_MAILBOX, (5, 6, 7), "Address needs SMTPUTF8");
    pub(super) const BAD_PARAMETER: Self =
        canned(Code::BAD_PARAMETER, (5, 5, 4), "Parameter not implemented");
}

impl fmt::Display for Answer<'_> {
    /// The line as it leaves, without its CRLF.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.code)?;
        self.enhanced.map_or(Ok(()), |enhanced| write!(f, "{enhanced} "))?;
        f.write_str(self.text)
    }
}

/// Why a text cannot be an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum AnswerError {
    /// More than [`Answer::MAX_TEXT`] octets.
    TooLong,
    /// An octet that is not printable ASCII.
    Octet {
        /// The octet.
        octet: u8,
        /// Where it is.
        offset: usize,
    },
    /// The classes of code and enhanced code differ.
    Class,
}

impl fmt::Display for AnswerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "text is longer than {} octets", Answer::MAX_TEXT),
            Self::Octet { octet, offset } => {
                write!(f, "octet 0x{octet:02X} at offset {offset} is not allowed in an answer")
            }
            Self::Class => f.write_str("code and enhanced code are of different classes"),
        }
    }
}

impl core::error::Error for AnswerError {}

const fn canned(code: Code, enhanced: (u16, u16, u16), text: &'static str) -> Answer<'static> {
    let enhanced = EnhancedCode::new(enhanced.0, enhanced.1, enhanced.2);
    Answer { code, enhanced, text }
}

fn check_text(text: &[u8]) -> Result<(), AnswerError> {
    if text.len() > Answer::MAX_TEXT {
        return Err(AnswerError::TooLong);
    }
    let printable = |octet: u8| octets::is(octet, TEXT) && octet.is_ascii();
    match text.iter().position(|&octet| !printable(octet)) {
        Some(offset) => Err(AnswerError::Octet { octet: text[offset], offset }),
        None => Ok(()),
    }
}
