//! `XCLIENT` and `XFORWARD`: a proxy or filter tells a server about the client for which it speaks (Postfix,
//! `XCLIENT_README` and `XFORWARD_README`).

use crate::{writer::Writer, xtext};

use super::Argument;

/// One attribute of `XCLIENT` or `XFORWARD`: a name and a value. The value is encoded as xtext when it is sent.
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
    /// Creates an attribute with a known value. Write an IPv6 address as `IPV6:` and the address.
    #[must_use]
    pub const fn new(name: AttributeName, value: Argument<'a>) -> Self {
        Self { name, value: Value::Known(value) }
    }

    /// Creates an attribute that does not exist, such as the name of a client without one.
    #[must_use]
    pub const fn unavailable(name: AttributeName) -> Self {
        Self { name, value: Value::Unavailable }
    }

    /// Creates an attribute that is not known now, such as the name of a client while the DNS does not respond.
    #[must_use]
    pub const fn temporarily_unavailable(name: AttributeName) -> Self {
        Self { name, value: Value::TemporarilyUnavailable }
    }

    /// The name of the attribute.
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

/// Escapes a leading `[`, so that a known value does not read as `[UNAVAILABLE]`.
fn write_known(value: &[u8], out: &mut Writer<'_>) {
    match value {
        [b'[', rest @ ..] => {
            out.push(b"+5B");
            xtext::write(rest, out);
        }
        value => xtext::write(value, out),
    }
}

/// The name of an attribute of `XCLIENT` or `XFORWARD`. The server lists the names that it accepts in its `EHLO`
/// reply.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum AttributeName {
    /// The client's host name.
    Name,
    /// The client's IP address.
    Addr,
    /// The client's TCP port.
    Port,
    /// `SMTP` or `ESMTP`: the protocol between the client and the proxy.
    Proto,
    /// The name that the client sent with `EHLO` or `HELO`.
    Helo,
    /// `XCLIENT` only: the user name with which the client authenticated.
    Login,
    /// `XCLIENT` only: the address to which the client connected.
    DestAddr,
    /// `XCLIENT` only: the port to which the client connected.
    DestPort,
    /// `XFORWARD` only: the identifier of the message in the proxy's log.
    Ident,
    /// `XFORWARD` only: `LOCAL` or `REMOTE`, the origin of the message.
    Source,
}

impl AttributeName {
    /// The name as it is sent.
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
