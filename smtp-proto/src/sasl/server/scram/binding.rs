//! Channel binding, server side.

use crate::sasl::scram::{ChannelBinding, ServerError, attribute};

/// The channel binding of a client (`gs2-cbind-flag`, RFC 5802 7).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClientBinding<'a> {
    /// The client does not support channel binding.
    Unsupported,
    /// The client supports it, and believes that the server does not.
    Unoffered,
    /// The client uses the binding of this name, for example `tls-exporter`.
    Bound(&'a str),
}

/// The channel binding of a server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ServerBinding<'a> {
    /// The server offers no `-PLUS` mechanism.
    Unsupported,
    /// The server offers `-PLUS`, but the client chose the mechanism without.
    NotChosen,
    /// The client chose `-PLUS`. This is the binding of the session, which has to have the name that the client
    /// gives.
    Bound(ChannelBinding<'a>),
}

impl ServerBinding<'_> {
    /// Compares the flag of the client with the binding of the server (RFC 5802 6).
    pub(super) fn check(&self, client: ClientBinding<'_>) -> Result<(), ServerError> {
        match (self, client) {
            (Self::Bound(ours), ClientBinding::Bound(name)) if ours.name() == name => Ok(()),
            (Self::Bound(_), ClientBinding::Bound(_)) => {
                Err(ServerError::UnsupportedChannelBindingType)
            }
            (Self::NotChosen, ClientBinding::Unoffered) => {
                Err(ServerError::ServerDoesSupportChannelBinding)
            }
            (_, ClientBinding::Bound(_)) => Err(ServerError::ChannelBindingNotSupported),
            (Self::Bound(_), _) => Err(ServerError::ChannelBindingsDontMatch),
            _ => Ok(()),
        }
    }

    pub(super) const fn data(&self) -> &[u8] {
        match self {
            Self::Bound(channel) => channel.data(),
            _ => &[],
        }
    }
}

/// Parses `gs2-cbind-flag = ("p=" cb-name) / "n" / "y"`.
pub(super) fn read_flag(flag: &str) -> Result<ClientBinding<'_>, ServerError> {
    match flag {
        "n" => Ok(ClientBinding::Unsupported),
        "y" => Ok(ClientBinding::Unoffered),
        _ => {
            let name = attribute(flag, "p=").ok_or(ServerError::InvalidEncoding)?;
            Ok(ClientBinding::Bound(name))
        }
    }
}
