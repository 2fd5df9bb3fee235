//! A session with one address of a host.

use core::{future::Future, net::IpAddr};
use std::{io, sync::Arc};

use crate::reach::prepare;
use smtp_proto::client::{End, Phase, TlsPolicy};
use tokio::{
    net::TcpStream,
    time::{Instant, timeout},
};

use super::{Encryption, MxDelivery, Security};
use crate::{Client, Connector, Error, tls::Transport};

#[cfg(feature = "tls")]
use crate::TlsConfig;

/// An open session.
pub(super) struct Session {
    pub(super) client: Client<TcpStream>,
    pub(super) encryption: Encryption,
}

impl<R, T> MxDelivery<R, T> {
    /// Opens a session; where opportunistic TLS fails, another one in the clear.
    pub(super) async fn session(
        &self,
        host: &str,
        address: IpAddr,
        security: Security,
        deadline: Option<Instant>,
    ) -> Result<Session, Error> {
        let opportunistic = security.policy == TlsPolicy::Opportunistic;
        match self.open(host, address, security, deadline).await {
            Err(error) if opportunistic && is_failed_handshake(&error) => {
                self.open(host, address, Security::new(TlsPolicy::None), deadline).await
            }
            opened => opened,
        }
    }

    async fn open(
        &self,
        host: &str,
        address: IpAddr,
        security: Security,
        deadline: Option<Instant>,
    ) -> Result<Session, Error> {
        let verified = security.is_verified();
        let connector = self.connector(host, security)?;
        let stream = self.reach(address, deadline).await;
        let stream = stream.map_err(|error| Error::Connect(Arc::new(error)))?;
        let mut client = connector.over(stream);
        client.set_deadline(deadline);
        client.open().await?;
        let encryption = encryption(&client.transport, verified);
        Ok(Session { client, encryption })
    }

    fn connector(&self, host: &str, security: Security) -> Result<Connector, Error> {
        let connector = Connector::new(host, self.port);
        let connector = match &self.configure {
            Some(configure) => configure(connector),
            None => connector,
        };
        let connector = connector.with_name(self.name).with_tls(security.policy);
        trusting(connector, security)
    }

    fn reach(
        &self,
        address: IpAddr,
        deadline: Option<Instant>,
    ) -> impl Future<Output = io::Result<TcpStream>> + Send {
        let left = deadline.map(|end| end.saturating_duration_since(Instant::now()));
        let limit = left.map_or(self.connect_limit, |left| left.min(self.connect_limit));
        let port = self.port;
        async move {
            let connecting = timeout(limit, TcpStream::connect((address, port))).await;
            let stream = connecting.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))?;
            prepare(&stream)?;
            Ok(stream)
        }
    }
}

#[cfg_attr(not(feature = "tls"), allow(unused_variables, reason = "nothing is encrypted"))]
fn encryption(transport: &Transport<TcpStream>, verified: bool) -> Encryption {
    match transport {
        #[cfg(feature = "tls")]
        Transport::Tls(stream) => {
            let connection = stream.get_ref().1;
            let version = connection.protocol_version();
            let cipher = connection.negotiated_cipher_suite();
            Encryption::Tls {
                verified,
                version: version.and_then(|version| version.as_str()),
                cipher: cipher.and_then(|cipher| cipher.suite().as_str()),
            }
        }
        _ => Encryption::Clear,
    }
}

#[cfg(feature = "tls")]
fn trusting(connector: Connector, security: Security) -> Result<Connector, Error> {
    let config = match security.config {
        Some(config) => config,
        None if security.policy == TlsPolicy::Opportunistic => {
            // What may go in the clear may go to anybody.
            TlsConfig::dangerous_accept_any_certificate().map_err(Error::Tls)?
        }
        None => return Ok(connector),
    };
    Ok(connector.with_tls_config(config))
}

#[cfg(not(feature = "tls"))]
#[allow(clippy::unnecessary_wraps, reason = "the same call as with TLS")]
fn trusting(connector: Connector, _: Security) -> Result<Connector, Error> {
    Ok(connector)
}

/// TLS was begun and came to nothing. Octets that someone has put behind STARTTLS are no failure.
fn is_failed_handshake(error: &Error) -> bool {
    let injected = matches!(error.end(), Some(End::Peer(_)));
    matches!(error.phase(), Some(Phase::StartTls | Phase::Tls)) && !injected
}
