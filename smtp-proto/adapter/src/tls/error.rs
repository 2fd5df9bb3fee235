//! The reason why TLS failed.

use core::fmt;
use std::{io, sync::Arc};

/// The reason why TLS failed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum TlsError {
    /// The session was given no TLS, or is built without it.
    Unavailable,
    /// The server's name is not one that a certificate can contain.
    InvalidName,
    /// Trust anchors that cannot be read.
    InvalidAnchors,
    /// A certificate of the client's, or its key, that cannot be read.
    InvalidCertificate,
    /// The server's first octets in the handshake are not TLS: it speaks plain SMTP on this port, and
    /// most such servers offer STARTTLS.
    NotTls,
    /// The handshake broke off.
    Transport(Arc<io::Error>),
    /// The library refused: a certificate, a version, a setting.
    #[cfg(feature = "tls")]
    Rustls(rustls::Error),
}

/// The library's own error, where it is one.
#[cfg(feature = "tls")]
impl From<io::Error> for TlsError {
    fn from(error: io::Error) -> Self {
        use rustls::{Error::InvalidMessage, InvalidMessage::InvalidContentType};
        match error.downcast::<rustls::Error>() {
            Ok(InvalidMessage(InvalidContentType)) => TlsError::NotTls,
            Ok(error) => TlsError::Rustls(error),
            Err(error) => TlsError::Transport(Arc::new(error)),
        }
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TlsError::Unavailable => f.write_str("no TLS at hand"),
            TlsError::InvalidName => {
                f.write_str("the server's name is none that a certificate has")
            }
            TlsError::InvalidAnchors => f.write_str("the trust anchors cannot be read"),
            TlsError::InvalidCertificate => {
                f.write_str("the client's certificate or its key cannot be read")
            }
            TlsError::NotTls => f.write_str(
                "the server does not speak TLS here: use STARTTLS if it greets in the clear",
            ),
            TlsError::Transport(error) => error.fmt(f),
            #[cfg(feature = "tls")]
            TlsError::Rustls(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for TlsError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            TlsError::Transport(error) => Some(error),
            #[cfg(feature = "tls")]
            TlsError::Rustls(error) => Some(error),
            _ => None,
        }
    }
}
