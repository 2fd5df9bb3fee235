//! Answers of the application to events.

use core::fmt;

use crate::{
    octets::{self, TEXT},
    reply::{Code, EnhancedCode},
};

/// A reply: code, enhanced code, text of one line or several.
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

    /// The most lines of an answer.
    pub const MAX_LINES: usize = 16;

    /// The longest text of several lines in octets, line ends included: with codes before each line
    /// and a host name it takes 1,024 octets, which every transmit buffer has.
    pub const MAX_TEXTS: usize = 480;

    /// An answer of one line.
    ///
    /// # Errors
    /// A text that is too long or could be taken for something else, or an enhanced code whose class
    /// is not that of the code.
    pub fn new(
        code: Code,
        enhanced: Option<EnhancedCode>,
        text: &'a str,
    ) -> Result<Self, AnswerError> {
        check_text(text.as_bytes(), 0)?;
        Self::checked(code, enhanced, text)
    }

    /// An answer of several lines, which are parted by LF. Only the first leaves in the answer to
    /// EHLO, which has lines of its own.
    ///
    /// ```
    /// use smtp_proto::{reply::Code, server::Answer};
    /// let members = Answer::with_lines(Code::OK, None, "<a@mx.example>\n<b@mx.example>")?;
    /// assert_eq!(members.to_string(), "250-<a@mx.example>\r\n250 <b@mx.example>");
    /// # Ok::<(), smtp_proto::server::AnswerError>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`new`](Self::new) for any of the lines, or too many of them.
    pub fn with_lines(
        code: Code,
        enhanced: Option<EnhancedCode>,
        text: &'a str,
    ) -> Result<Self, AnswerError> {
        let mut offset = 0;
        for line in text.split('\n') {
            check_text(line.as_bytes(), offset)?;
            offset += line.len() + 1;
        }
        if text.split('\n').count() > Self::MAX_LINES || text.len() > Self::MAX_TEXTS {
            return Err(AnswerError::TooManyLines);
        }
        Self::checked(code, enhanced, text)
    }

    fn checked(
        code: Code,
        enhanced: Option<EnhancedCode>,
        text: &'a str,
    ) -> Result<Self, AnswerError> {
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

    /// The text; an LF between two lines.
    #[must_use]
    pub const fn text(&self) -> &'a str {
        self.text
    }

    /// An answer whose text is known to be fine.
    pub(super) const fn verbatim(code: Code, text: &'a str) -> Self {
        Self { code, enhanced: None, text }
    }

    /// Its first line, and whether there are others.
    pub(super) fn first_line(self) -> (Self, Option<Self>) {
        match self.text.split_once('\n') {
            Some((text, rest)) => (Self { text, ..self }, Some(Self { text: rest, ..self })),
            None => (self, None),
        }
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
    /// 454: whether the credentials are good cannot be told now (RFC 4954 6).
    pub const CANNOT_AUTHENTICATE: Self =
        canned(Code::TEMPORARY_AUTH_FAILURE, (4, 7, 0), "Temporary authentication failure");
    /// 504: no such mechanism here (RFC 4954 4).
    pub const NO_MECHANISM: Self =
        canned(Code::PARAMETER_NOT_IMPLEMENTED, (5, 5, 4), "Mechanism not offered");
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

/// Answers that the server gives by itself.
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
    pub(super) const TOO_MANY_MAILS: Self =
        canned(Code::SERVICE_CLOSING, (4, 5, 3), "Too many messages, closing");
    pub(super) const BAD_CHUNK: Self =
        canned(Code::SERVICE_CLOSING, (4, 5, 4), "Chunk of unknown size, closing");
    pub(super) const NEED_RECIPIENTS: Self =
        canned(Code::BAD_SEQUENCE, (5, 5, 1), "No valid recipients");
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
    /// As it leaves, without the last CRLF.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, others) = self.first_line();
        write!(f, "{}{}", self.code, if others.is_some() { '-' } else { ' ' })?;
        self.enhanced.map_or(Ok(()), |enhanced| write!(f, "{enhanced} "))?;
        f.write_str(line.text)?;
        others.map_or(Ok(()), |others| write!(f, "\r\n{others}"))
    }
}

/// The reason for which a text cannot be an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum AnswerError {
    /// More than [`Answer::MAX_TEXT`] octets in a line.
    TooLong,
    /// More than [`Answer::MAX_LINES`] lines, or [`Answer::MAX_TEXTS`] octets in all.
    TooManyLines,
    /// An octet that is not printable ASCII.
    Octet {
        /// The octet.
        octet: u8,
        /// Its offset.
        offset: usize,
    },
    /// The classes of code and enhanced code differ.
    Class,
}

impl fmt::Display for AnswerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "text is longer than {} octets", Answer::MAX_TEXT),
            Self::TooManyLines => f.write_str("text has too many lines"),
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

/// `offset` is where the line begins.
fn check_text(text: &[u8], offset: usize) -> Result<(), AnswerError> {
    if text.len() > Answer::MAX_TEXT {
        return Err(AnswerError::TooLong);
    }
    let printable = |octet: u8| octets::is(octet, TEXT) && octet.is_ascii();
    match text.iter().position(|&octet| !printable(octet)) {
        Some(at) => Err(AnswerError::Octet { octet: text[at], offset: offset + at }),
        None => Ok(()),
    }
}
