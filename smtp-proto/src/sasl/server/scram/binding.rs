//! What both sides say about channel binding.

use crate::sasl::scram::{ChannelBinding, ServerError, attribute};

/// What the client says about channel binding (`gs2-cbind-flag`, RFC 5802 7).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClientBinding<'a> {
    /// It cannot.
    Unsupported,
    /// It could, and believes that the server cannot.
    Unoffered,
    /// It does, in the way of this name: `tls-exporter`, ...
    Bound(&'a str),
}

/// What the server knows about channel binding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ServerBinding<'a> {
    /// It offers no `-PLUS` mechanism.
    Unsupported,
    /// It offers `-PLUS`, but the client chose the mechanism without.
    NotChosen,
    /// The client chose `-PLUS`; this is the session's binding of the name that the client gives.
    Bound(ChannelBinding<'a>),
}

impl ServerBinding<'_> {
    /// Holds what the client says against it (RFC 5802 6).
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

/// `gs2-cbind-flag = ("p=" cb-name) / "n" / "y"`.
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
