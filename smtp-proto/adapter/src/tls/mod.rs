//! TLS by rustls, without its stream: who is trusted, which name is verified, what went wrong.

#[cfg(feature = "tls")]
mod anchored;
#[cfg(feature = "tls")]
mod config;
mod error;
mod settings;
#[cfg(feature = "tls")]
mod shared;

#[cfg(feature = "tls")]
pub use self::config::TlsConfig;
pub use self::{error::TlsError, settings::Tls};

/// Returns the `tls-exporter` channel binding, which identifies a TLS session (RFC 9266 2). `None` unless the session
/// uses TLS 1.3: in TLS 1.2 the value proves nothing without the extended master secret, and rustls does not report
/// whether that is in use.
#[cfg(feature = "tls")]
#[must_use]
pub fn exporter<Side>(connection: &rustls::ConnectionCommon<Side>) -> Option<[u8; 32]> {
    if connection.protocol_version()? != rustls::ProtocolVersion::TLSv1_3 {
        return None;
    }
    let label = b"EXPORTER-Channel-Binding";
    connection.export_keying_material([0; 32], label, Some(&[])).ok()
}
