//! Channel binding: a proof that is valid in one TLS session only (RFC 5056).

use core::fmt;

use crate::sasl::text::Sink;

/// Octets that identify the TLS session in which the exchange runs.
///
/// With a channel binding, an attacker in the middle cannot relay the exchange to the real server. The TLS library
/// returns the octets.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum ChannelBinding<'a> {
    /// `tls-exporter` (RFC 9266): 32 octets exported with the label `EXPORTER-Channel-Binding` and an empty context.
    /// For TLS 1.3, and for TLS 1.2 with extended master secret.
    TlsExporter(&'a [u8]),
    /// `tls-server-end-point` (RFC 5929 4): the hash of the server's certificate, by the hash function of its
    /// signature, or by SHA-256 if that is MD5 or SHA-1.
    TlsServerEndPoint(&'a [u8]),
}

impl<'a> ChannelBinding<'a> {
    /// The name of the binding, `cb-name`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            ChannelBinding::TlsExporter(_) => "tls-exporter",
            ChannelBinding::TlsServerEndPoint(_) => "tls-server-end-point",
        }
    }

    /// The octets, `cbind-data`.
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

/// The `gs2-cbind-flag` that the client sends (RFC 5802 7).
#[derive(Clone, Copy)]
pub(super) enum Binding<'a> {
    /// `n`: the client does not support channel binding.
    Unsupported,
    /// `y`: the client supports it, but the server does not offer it. A server that does offer it learns from this
    /// that somebody removed its offer.
    Unoffered,
    /// `p=`: the client uses this binding.
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
