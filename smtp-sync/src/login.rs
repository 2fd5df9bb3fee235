//! A user with a password or a token: the strongest mechanism for it that the server offers.

use smtp_adapter::Error;
#[cfg(feature = "scram")]
use smtp_adapter::nonce;
use smtp_proto::sasl::{Password, Token};

use crate::{client::Client, stream::Stream};

impl<S: Stream> Client<S> {
    /// Authenticates with a password, by the first of SCRAM-SHA-256, SCRAM-SHA-1, CRAM-MD5, PLAIN
    /// and LOGIN that the server offers, as far as the features `scram` and `cram-md5` are on. SCRAM
    /// is bound to the TLS session where the server offers that (`-PLUS`) and TLS is 1.3; what can be
    /// bound comes before what cannot.
    ///
    /// # Errors
    /// Those of [`authenticate`](Self::authenticate). If a SCRAM exchange was cancelled, [`Error::Authentication`]
    /// contains the reason. For a server that asks for more than 100,000 iterations, use [`Password::with_iterations`]
    /// and `authenticate`.
    pub fn login(&mut self, user: &str, password: &str) -> Result<(), Error> {
        self.open()?;
        #[cfg(feature = "scram")]
        let binding = self.channel_binding();
        #[cfg(feature = "scram")]
        let mut password = {
            let (password, nonce) = (Password::new(user, password), nonce()?);
            match &binding {
                Some(octets) => password.with_channel_binding(nonce, exporter(octets)),
                None => password.with_nonce(nonce),
            }
        };
        #[cfg(not(feature = "scram"))]
        let mut password = Password::new(user, password);
        let result = self.authenticate(&mut password).map(|_| ());
        #[cfg(feature = "scram")]
        let result = result.map_err(|error| error.with_reason(password.scram_error()));
        result
    }

    /// Authenticates with an OAuth 2.0 access token, by OAUTHBEARER (RFC 7628) or XOAUTH2.
    ///
    /// # Errors
    /// Those of [`authenticate`](Self::authenticate). If the token was refused, [`Error::Authentication`] contains the
    /// server's text about it.
    pub fn login_with_token(&mut self, user: &str, token: &str) -> Result<(), Error> {
        let mut token = Token::new(user, token);
        let result = self.authenticate(&mut token).map(|_| ());
        result.map_err(|error| error.with_details(token.error()))
    }

    /// Returns the `tls-exporter` channel binding of the TLS session (RFC 9266), for SCRAM's `-PLUS` mechanisms. `None`
    /// unless the session uses TLS 1.3 and this library itself set it up.
    #[cfg(feature = "scram")]
    #[must_use]
    pub fn channel_binding(&self) -> Option<[u8; 32]> {
        self.transport.channel_binding()
    }
}

#[cfg(feature = "scram")]
const fn exporter(octets: &[u8]) -> smtp_proto::sasl::ChannelBinding<'_> {
    smtp_proto::sasl::ChannelBinding::TlsExporter(octets)
}
