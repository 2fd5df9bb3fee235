//! Channel binding (RFC 5056): the proof holds for one TLS session only.

use core::fmt;

use crate::sasl::text::Sink;

/// What names the TLS session that the exchange runs in.
///
/// With it nobody in the middle can pass the exchange on to the real server. The TLS library has
/// the octets.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum ChannelBinding<'a> {
    /// `tls-exporter` (RFC 9266): 32 octets exported with the label `EXPORTER-Channel-Binding` and
    /// an empty context. For TLS 1.3, and for TLS 1.2 with extended master secret.
    TlsExporter(&'a [u8]),
    /// `tls-server-end-point` (RFC 5929 4): the server's certificate, hashed with the hash of its
    /// signature, SHA-256 where that is MD5 or SHA-1.
    TlsServerEndPoint(&'a [u8]),
}

impl<'a> ChannelBinding<'a> {
    /// The `cb-name`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            ChannelBinding::TlsExporter(_) => "tls-exporter",
            ChannelBinding::TlsServerEndPoint(_) => "tls-server-end-point",
        }
    }

    /// The `cbind-data`.
    #[must_use]
    pub const fn data(&self) -> &'a [u8] {
        match self {
            ChannelBinding::TlsExporter(data) | ChannelBinding::TlsServerEndPoint(data) => data,
        }
    }
}

impl fmt::Debug for ChannelBinding<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChannelBinding({}, ***)", self.name())
    }
}

/// `gs2-cbind-flag` (RFC 5802 7) as the client uses it.
#[derive(Clone, Copy)]
pub(super) enum Binding<'a> {
    /// `n`: the client cannot.
    Unsupported,
    /// `y`: the client could, but the server does not offer it. A server that does offer it then
    /// knows that its offer was taken away on the wire.
    Unoffered,
    /// `p=`.
    Bound(ChannelBinding<'a>),
}

impl Binding<'_> {
    pub(super) const fn is_bound(&self) -> bool {
        matches!(self, Binding::Bound(_))
    }

    pub(super) const fn data(&self) -> &[u8] {
        match self {
            Binding::Bound(channel) => channel.data(),
            _ => &[],
        }
    }

    pub(super) fn push_flag(&self, sink: &mut Sink<'_>) {
        match self {
            Binding::Unsupported => sink(b"n"),
            Binding::Unoffered => sink(b"y"),
            Binding::Bound(channel) => {
                sink(b"p=");
                sink(channel.name().as_bytes());
            }
        }
    }
}
