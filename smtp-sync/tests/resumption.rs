//! What connections share: the platform's authorities, and with them the sessions that servers let them resume.
#![cfg(all(feature = "tls", target_os = "linux"))]
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a test has std")]

#[path = "support/platform.rs"]
mod platform;
mod support;

use std::thread;

use platform::{Anchors, counting};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use smtp_sync::{
    Connector, TlsConfig,
    server::{Server, Store},
};
use support::tls;

/// Connects so many times, one after the other.
fn connect(times: usize, port: u16, config: impl Fn() -> Option<TlsConfig>) {
    for _ in 0..times {
        let connector = Connector::new("localhost", port);
        let connector = match config() {
            Some(config) => connector.with_tls_config(config),
            None => connector,
        };
        connector.connect().expect("a session").quit().expect("a session");
    }
}

#[test]
fn connections_that_trust_the_platform_resume_one_anothers_sessions() {
    Anchors::with("connections_that_trust_the_platform_resume_one_anothers_sessions", |anchors| {
        anchors.write();
        let (builder, resumed) = counting();
        let server = Server::bind(builder, Store::new()).expect("a port");
        connect(4, server.address().port(), || None);
        assert_eq!(resumed.count(), 3);
    });
}

#[test]
fn connections_that_trust_anybody_resume_one_anothers_sessions() {
    let (builder, resumed) = counting();
    let server = Server::bind(builder, Store::new()).expect("a port");
    let anybody = || TlsConfig::dangerous_accept_any_certificate().ok();
    connect(4, server.address().port(), anybody);
    assert_eq!(resumed.count(), 3);
    // What was begun with whoever answered is not gone on with where somebody has to be trusted.
    let trusting = tls::trusting();
    connect(3, server.address().port(), || Some(trusting.clone()));
    assert_eq!(resumed.count(), 3 + 2);
}

#[test]
fn the_platforms_authorities_are_read_once_by_many_at_a_time() {
    Anchors::with("the_platforms_authorities_are_read_once_by_many_at_a_time", |anchors| {
        anchors.make_pipe();
        let readers: Vec<_> = (0..4).map(|_| thread::spawn(TlsConfig::platform)).collect();
        anchors.serve(|| {});
        for reader in readers {
            reader.join().expect("no panic").expect("anchors");
        }
    });
}

#[test]
fn authorities_that_could_not_be_read_are_read_at_the_next_call() {
    Anchors::with("authorities_that_could_not_be_read_are_read_at_the_next_call", |anchors| {
        assert!(TlsConfig::platform().is_err());
        anchors.write();
        TlsConfig::platform().expect("anchors");
    });
}

/// A session says who the client was when it began.
#[test]
fn a_client_certificate_begins_sessions_of_its_own() {
    let (builder, resumed) = counting();
    let server = Server::bind(builder, Store::new()).expect("a port");
    let trusting = tls::trusting();
    connect(2, server.address().port(), || Some(trusting.clone()));
    assert_eq!(resumed.count(), 1);
    let key = rcgen::KeyPair::generate().expect("a key");
    let params = rcgen::CertificateParams::new(["client.example".to_owned()]).expect("a name");
    let certificate = params.self_signed(&key).expect("a certificate").pem();
    assert!(CertificateDer::from_pem_slice(certificate.as_bytes()).is_ok());
    let named =
        trusting.with_client_certificate(certificate.as_bytes(), key.serialize_pem().as_bytes());
    let named = named.expect("a certificate");
    connect(3, server.address().port(), || Some(named.clone()));
    assert_eq!(resumed.count(), 1 + 2);
}
