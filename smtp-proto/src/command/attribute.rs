//! What a proxy or filter says of the client it speaks for: XCLIENT and XFORWARD, as Postfix
//! documents them (`XCLIENT_README`, `XFORWARD_README`).

use super::Argument;
use crate::{writer::Writer, xtext};

/// One attribute of XCLIENT or XFORWARD; its value leaves as xtext.
///
/// ```text
/// xclient-command = XCLIENT 1*( SP attribute-name "=" attribute-value )
/// attribute-value = xtext / "[UNAVAILABLE]" / "[TEMPUNAVAIL]"
/// ```
///
/// ```
/// use smtp_proto::command::{Argument, Attribute, AttributeName, Command};
/// let attributes = [
///     Attribute::new(AttributeName::Addr, Argument::new("192.0.2.1")?),
///     Attribute::new(AttributeName::Helo, Argument::new("[a+b]")?),
///     Attribute::unavailable(AttributeName::Name),
/// ];
/// let mut out = [0; 80];
/// let n = Command::XClient(&attributes).encode(&mut out).unwrap();
/// assert_eq!(&out[..n], b"XCLIENT ADDR=192.0.2.1 HELO=+5Ba+2Bb] NAME=[UNAVAILABLE]\r\n");
/// # Ok::<(), smtp_proto::command::ArgumentError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Attribute<'a> {
    name: AttributeName,
    value: Value<'a>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Value<'a> {
    Known(Argument<'a>),
    Unavailable,
    TemporarilyUnavailable,
}

impl<'a> Attribute<'a> {
    /// An attribute that is known. An IPv6 address is written `IPV6:` and the address.
    #[must_use]
    pub const fn new(name: AttributeName, value: Argument<'a>) -> Self {
        Self { name, value: Value::Known(value) }
    }

    /// An attribute that does not exist, as the name of a client without one.
    #[must_use]
    pub const fn unavailable(name: AttributeName) -> Self {
        Self { name, value: Value::Unavailable }
    }

    /// An attribute that could not be found out now, as a name when the DNS does not answer.
    #[must_use]
    pub const fn temporarily_unavailable(name: AttributeName) -> Self {
        Self { name, value: Value::TemporarilyUnavailable }
    }

    /// Which attribute it is.
    #[must_use]
    pub const fn name(&self) -> AttributeName {
        self.name
    }

    fn write(&self, out: &mut Writer<'_>) {
        out.push(b" ");
        out.push(self.name.as_str().as_bytes());
        out.push(b"=");
        match self.value {
            Value::Known(value) => write_known(value.as_bytes(), out),
            Value::Unavailable => out.push(b"[UNAVAILABLE]"),
            Value::TemporarilyUnavailable => out.push(b"[TEMPUNAVAIL]"),
        }
    }
}

/// What is known must not read as `[UNAVAILABLE]`.
fn write_known(value: &[u8], out: &mut Writer<'_>) {
    match value {
        [b'[', rest @ ..] => {
            out.push(b"+5B");
            xtext::write(rest, out);
        }
        value => xtext::write(value, out),
    }
}

/// The attributes that XCLIENT and XFORWARD have; a server names in its EHLO reply those it takes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum AttributeName {
    /// The client's host name.
    Name,
    /// The client's IP address.
    Addr,
    /// The client's TCP port.
    Port,
    /// SMTP or ESMTP.
    Proto,
    /// What the client said in EHLO or HELO.
    Helo,
    /// XCLIENT: whom the client has authenticated as.
    Login,
    /// XCLIENT: the address that the client connected to.
    DestAddr,
    /// XCLIENT: the port that the client connected to.
    DestPort,
    /// XFORWARD: what the message is called in the sender's log.
    Ident,
    /// XFORWARD: LOCAL or REMOTE.
    Source,
}

impl AttributeName {
    /// The name as it stands on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "NAME",
            Self::Addr => "ADDR",
            Self::Port => "PORT",
            Self::Proto => "PROTO",
            Self::Helo => "HELO",
            Self::Login => "LOGIN",
            Self::DestAddr => "DESTADDR",
            Self::DestPort => "DESTPORT",
            Self::Ident => "IDENT",
            Self::Source => "SOURCE",
        }
    }
}

pub(super) fn write_all(out: &mut Writer<'_>, verb: &[u8], attributes: &[Attribute<'_>]) {
    out.push(verb);
    for attribute in attributes {
        attribute.write(out);
    }
}
