//! Certificates and the server's side of the handshake.

use std::sync::{Arc, OnceLock};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{ServerConfig, ServerConnection, StreamOwned, crypto::ring, pki_types::PrivateKeyDer};
use smtp_sync::TlsConfig;

use super::Duplex;

struct Authority {
    pem: String,
    server: Arc<ServerConfig>,
}

/// An authority, and a server with its certificate for `localhost` and 127.0.0.1.
fn authority() -> &'static Authority {
    static AUTHORITY: OnceLock<Authority> = OnceLock::new();
    AUTHORITY.get_or_init(|| {
        let mut params = CertificateParams::new(vec![]).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Authority { pem, server: server(&Issuer::new(params, key)) }
    })
}

fn server(issuer: &Issuer<'_, KeyPair>) -> Arc<ServerConfig> {
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(names).expect("names");
    let certificate = params.signed_by(&key, issuer).expect("a certificate");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(key.serialize_der().into()),
        );
    Arc::new(config.expect("a certificate with its key"))
}

/// Trusts the test's authority.
pub fn trusting() -> TlsConfig {
    TlsConfig::with_pem_anchors(authority().pem.as_bytes()).expect("an anchor")
}

/// The test's authority.
#[allow(dead_code, reason = "not every test uses it")]
pub fn authority_pem() -> &'static str {
    &authority().pem
}

/// What the server shakes hands with.
#[allow(dead_code, reason = "not every test uses it")]
pub fn server_config() -> Arc<ServerConfig> {
    Arc::clone(&authority().server)
}

/// The server's side. The handshake happens with the first octets.
pub fn accept(stream: Box<dyn Duplex>) -> Box<dyn Duplex> {
    let connection = ServerConnection::new(Arc::clone(&authority().server)).expect("a server");
    Box::new(StreamOwned::new(connection, stream))
}
