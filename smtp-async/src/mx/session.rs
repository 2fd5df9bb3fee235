//! A session with one address of a host.

use core::{future::Future, net::IpAddr};
use std::{borrow::Cow, io, sync::Arc};

use hickory_resolver::Name;
use smtp_proto::client::{End, Phase, TlsPolicy};
use smtp_sync::shared::prepare;
use tokio::{
    net::TcpStream,
    time::{Instant, timeout},
};

use super::{MxDelivery, Security};
use crate::{Client, Connector, Error};

#[cfg(feature = "tls")]
use crate::TlsConfig;

impl<R, T> MxDelivery<R, T> {
    /// Opens a session; where opportunistic TLS fails, another one in the clear.
    pub(super) async fn session(
        &self,
        host: &str,
        address: IpAddr,
        security: Security,
        deadline: Option<Instant>,
    ) -> Result<Client<TcpStream>, Error> {
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
    ) -> Result<Client<TcpStream>, Error> {
        let connector = self.connector(host, security)?;
        let stream = self.reach(address, deadline).await;
        let stream = stream.map_err(|error| Error::Connect(Arc::new(error)))?;
        let mut client = connector.over(stream);
        client.set_deadline(deadline);
        client.open().await?;
        Ok(client)
    }

    fn connector(&self, host: &str, security: Security) -> Result<Connector, Error> {
        let connector = Connector::new(&in_ascii(host), self.port);
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

/// The host as certificates name it: a domain that is its own host may have labels beyond ASCII.
fn in_ascii(host: &str) -> Cow<'_, str> {
    if host.is_ascii() {
        return Cow::Borrowed(host);
    }
    Name::from_utf8(host).map_or(Cow::Borrowed(host), |name| Cow::Owned(name.to_ascii()))
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
