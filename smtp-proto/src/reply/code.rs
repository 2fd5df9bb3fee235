//! Reply codes (RFC 5321 4.2) and enhanced status codes (RFC 2034, RFC 3463).

use core::fmt;

/// A three-digit reply code, `Reply-code = %x32-35 %x30-39 %x30-39`.
///
/// Decide by [`class`](Self::class) unless a code has a meaning of its own. RFC 5321 4.2.1 limits the second digit to
/// 5, but servers send others; those count by their class. Codes without a constant here are kept as they came.
///
/// ```
/// use smtp_proto::reply::{Class, Code};
/// let code = Code::new(299).unwrap();
/// assert_eq!(code.class(), Class::Completion);
/// assert!(Code::new(600).is_none());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(u16);

impl Code {
    /// System status or help reply.
    pub const SYSTEM_STATUS: Code = Code(211);
    /// Help message.
    pub const HELP: Code = Code(214);
    /// Service ready: the greeting, and the reply to `STARTTLS` after which TLS begins.
    pub const SERVICE_READY: Code = Code(220);
    /// The server closes the connection: the reply to `QUIT`.
    pub const CLOSING: Code = Code(221);
    /// Authentication succeeded (RFC 4954).
    pub const AUTHENTICATED: Code = Code(235);
    /// Requested action done.
    pub const OK: Code = Code(250);
    /// User not local, will forward.
    pub const WILL_FORWARD: Code = Code(251);
    /// Cannot verify the user, but accepts the message.
    pub const CANNOT_VERIFY: Code = Code(252);
    /// A challenge during `AUTH` (RFC 4954).
    pub const AUTH_CHALLENGE: Code = Code(334);
    /// Start of content: the reply to `DATA` after which the content follows.
    pub const START_CONTENT: Code = Code(354);
    /// Service not available: the server closes the connection.
    pub const SERVICE_CLOSING: Code = Code(421);
    /// Mailbox busy or blocked at the moment.
    pub const MAILBOX_UNAVAILABLE_NOW: Code = Code(450);
    /// Local error in processing.
    pub const LOCAL_ERROR: Code = Code(451);
    /// Insufficient storage, and the usual reply to too many recipients.
    pub const INSUFFICIENT_STORAGE: Code = Code(452);
    /// Temporary authentication failure, or TLS not available at the moment.
    pub const TEMPORARY_AUTH_FAILURE: Code = Code(454);
    /// Syntax error, command unrecognised.
    pub const UNRECOGNISED: Code = Code(500);
    /// Syntax error in parameters or arguments.
    pub const BAD_ARGUMENT: Code = Code(501);
    /// Command not implemented.
    pub const NOT_IMPLEMENTED: Code = Code(502);
    /// Bad sequence of commands.
    pub const BAD_SEQUENCE: Code = Code(503);
    /// Command parameter not implemented; for `AUTH`, an unknown mechanism.
    pub const PARAMETER_NOT_IMPLEMENTED: Code = Code(504);
    /// Encryption needed (RFC 5248).
    pub const ENCRYPTION_NEEDED: Code = Code(523);
    /// Authentication required, or `STARTTLS` required (RFC 3207 4).
    pub const AUTH_REQUIRED: Code = Code(530);
    /// The mechanism is too weak; another one may be accepted.
    pub const MECHANISM_TOO_WEAK: Code = Code(534);
    /// The credentials are invalid.
    pub const BAD_CREDENTIALS: Code = Code(535);
    /// The mechanism requires encryption.
    pub const ENCRYPTION_REQUIRED: Code = Code(538);
    /// Mailbox unavailable.
    pub const MAILBOX_UNAVAILABLE: Code = Code(550);
    /// User not local.
    pub const USER_NOT_LOCAL: Code = Code(551);
    /// Exceeded storage allocation.
    pub const EXCEEDED_STORAGE: Code = Code(552);
    /// Mailbox name not allowed.
    pub const BAD_MAILBOX: Code = Code(553);
    /// Transaction failed.
    pub const TRANSACTION_FAILED: Code = Code(554);
    /// `MAIL` or `RCPT` parameter not recognised.
    pub const BAD_PARAMETER: Code = Code(555);

    /// The code with this value. Returns `None` outside 200..=599.
    #[must_use]
    pub const fn new(value: u16) -> Option<Code> {
        if value >= 200 && value <= 599 { Some(Code(value)) } else { None }
    }

    /// The code as a number, 200..=599.
    #[must_use]
    pub const fn value(self) -> u16 {
        self.0
    }

    /// The meaning of the first digit.
    #[must_use]
    pub const fn class(self) -> Class {
        match self.0 / 100 {
            2 => Class::Completion,
            3 => Class::Intermediate,
            4 => Class::Transient,
            _ => Class::Permanent,
        }
    }

    /// Returns whether the code is 2yz: the action is done.
    #[must_use]
    pub const fn is_completion(self) -> bool {
        matches!(self.class(), Class::Completion)
    }

    /// Returns whether the code is 4yz or 5yz: the action is refused, temporarily or permanently.
    #[must_use]
    pub const fn is_refusal(self) -> bool {
        matches!(self.class(), Class::Transient | Class::Permanent)
    }

    /// Converts three digits that the framing has checked.
    pub(crate) const fn from_digits(digits: [u8; 3]) -> Code {
        Code(
            (digits[0] - b'0') as u16 * 100
                + (digits[1] - b'0') as u16 * 10
                + (digits[2] - b'0') as u16,
        )
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Code({})", self.0)
    }
}

/// The meaning of the first digit of a [`Code`] (RFC 5321 4.2.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Class {
    /// 2yz: the action is done.
    Completion,
    /// 3yz: the server waits for more input.
    Intermediate,
    /// 4yz: refused temporarily; the same command may succeed later.
    Transient,
    /// 5yz: refused permanently.
    Permanent,
}

/// An enhanced status code, `class "." subject "." detail` (RFC 3463).
///
/// It is more exact than the [`Code`] beside it. A [`Reply`](crate::reply::Reply) has one only if its class is that
/// of the reply code; one that contradicts the code counts as text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EnhancedCode {
    class: u16,
    subject: u16,
    detail: u16,
}

impl EnhancedCode {
    /// The code `class.subject.detail`. Returns `None` unless the class is 2, 4 or 5 and the others have at most
    /// three digits.
    #[must_use]
    pub const fn new(class: u16, subject: u16, detail: u16) -> Option<Self> {
        if matches!(class, 2 | 4 | 5) && subject <= 999 && detail <= 999 {
            Some(Self { class, subject, detail })
        } else {
            None
        }
    }

    /// The class: 2 for success, 4 for a temporary failure, 5 for a permanent one.
    #[must_use]
    pub const fn class(self) -> u16 {
        self.class
    }

    /// The subject of the failure: 1 address, 2 mailbox, 3 mail system, 4 network, 5 protocol, 6 content, 7 policy
    /// (RFC 3463 3).
    #[must_use]
    pub const fn subject(self) -> u16 {
        self.subject
    }

    /// The detail within the subject.
    #[must_use]
    pub const fn detail(self) -> u16 {
        self.detail
    }

    /// Returns whether this code can be used with `code`: their classes are equal (RFC 2034 4).
    #[must_use]
    pub const fn fits(self, code: Code) -> bool {
        self.class == code.value() / 100
    }
}

impl fmt::Display for EnhancedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}
