//! Servers with TLS, and what is asked of them.

use core::future::{Future, ready};
use std::sync::Arc;

use rustls::{ServerConfig, crypto::ring, pki_types::PrivatePkcs8KeyDer};
use smtp_async::{
    TlsConfig,
    mx::{HostTls, Security},
    proto::{hello::EhloName, server},
};
use smtp_sync::server::{Faults, Server, ServerBuilder};

/// A server with a certificate of `name` that nobody vouches for, and who does all the same.
pub fn secure(name: &str) -> (ServerBuilder, TlsConfig) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).expect("a name");
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let tls = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.into())
        .expect("a key");
    let config = server::Config::new(EhloName::LOCALHOST)
        .with_tls(server::TlsPolicy::Offered)
        .with_extensions(server::Config::SUPPORTED);
    let trust = TlsConfig::with_anchors([made.cert.der().clone()]).expect("an anchor");
    (Server::builder().with_config(config).with_tls(Arc::new(tls)), trust)
}

/// Offers STARTTLS and answers the handshake in the clear.
pub fn broken() -> Faults {
    Faults::new().with_keyword("STARTTLS").with_reply("STARTTLS", "220 2.0.0 Go on")
}

/// The same for every host.
pub struct Fixed(pub Option<Security>);

impl HostTls for Fixed {
    fn security(&self, _: &str, _: &str) -> impl Future<Output = Option<Security>> + Send {
        ready(self.0.clone())
    }
}
