//! The caller's settings for a TLS handshake, the same for every runtime.

#[cfg(feature = "tls")]
use core::hash::{Hash, Hasher};

use smtp_proto::client::TlsPolicy;

use super::TlsError;

#[cfg(feature = "tls")]
use {super::TlsConfig, crate::name::in_ascii, rustls::pki_types::ServerName, std::sync::Arc};

/// The name to verify, and who is trusted.
#[derive(Clone, Debug, Default)]
#[cfg_attr(not(feature = "tls"), derive(PartialEq, Eq, Hash))]
pub struct Tls {
    /// The name that the caller gave, for the certificate; none for a stream of the caller's own.
    #[cfg(feature = "tls")]
    name: Option<String>,
    #[cfg(feature = "tls")]
    config: Option<TlsConfig>,
}

/// The same name and the same trust: two settings that are alike, and were made twice, are not the same.
#[cfg(feature = "tls")]
impl PartialEq for Tls {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

#[cfg(feature = "tls")]
impl Eq for Tls {}

#[cfg(feature = "tls")]
impl Hash for Tls {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.parts().hash(state);
    }
}

#[cfg(feature = "tls")]
impl Tls {
    /// Returns the parts that equality and hashing use. The configuration is compared by its address in memory, which
    /// no other configuration can have while this one exists.
    fn parts(&self) -> (Option<String>, Option<*const rustls::ClientConfig>) {
        let config = self.config().map(|config| Arc::as_ptr(&config.into_inner()));
        (self.name.as_deref().map(str::to_ascii_lowercase), config)
    }

    /// Settings for a server of this name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { name: Some(in_ascii(name).into_owned()), config: None }
    }

    /// Sets the name to verify.
    pub fn set_name(&mut self, name: &str) {
        self.name = Some(in_ascii(name).into_owned());
    }

    /// Sets who is trusted.
    pub fn set_config(&mut self, config: TlsConfig) {
        self.config = Some(config);
    }

    /// Returns the configuration that the caller has set. If it is `None`, the platform's authorities are trusted.
    #[must_use]
    pub fn config(&self) -> Option<TlsConfig> {
        self.config.clone()
    }

    /// The name to verify.
    ///
    /// # Errors
    /// There is none, or no certificate could have it.
    pub fn server_name(&self) -> Result<ServerName<'static>, TlsError> {
        let name = self.name.as_deref().ok_or(TlsError::Unavailable)?;
        Ok(ServerName::try_from(name).map_err(|_| TlsError::InvalidName)?.to_owned())
    }

    /// Finds out whether TLS could be had at all, before anything is sent.
    ///
    /// # Errors
    /// Those of [`server_name`](Self::server_name), unless the policy does without TLS.
    pub fn check(&self, policy: TlsPolicy) -> Result<(), TlsError> {
        match (policy, self.server_name()) {
            // Where TLS is optional there is none over a stream without a name.
            (TlsPolicy::None, _) | (TlsPolicy::Opportunistic, Err(TlsError::Unavailable)) => Ok(()),
            (_, name) => name.map(drop),
        }
    }
}

#[cfg(not(feature = "tls"))]
impl Tls {
    /// Settings for a server of this name.
    #[must_use]
    pub const fn new(_name: &str) -> Self {
        Self {}
    }

    /// Finds out whether TLS could be had at all, before anything is sent.
    ///
    /// # Errors
    /// It is required and not built in.
    pub const fn check(&self, policy: TlsPolicy) -> Result<(), TlsError> {
        match policy {
            TlsPolicy::None | TlsPolicy::Opportunistic => Ok(()),
            _ => Err(TlsError::Unavailable),
        }
    }
}
