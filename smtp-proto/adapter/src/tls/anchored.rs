//! Trust in the caller's own anchors.

use core::fmt;
use std::sync::Arc;

use rustls::{
    CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    crypto::CryptoProvider,
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::ParsedCertificate,
};
use webpki::EndEntityCert;

use super::TlsError;

/// Verifies a chain to one of the caller's anchors, or finds that the server's certificate is itself one of them.
///
/// The certificate of a bridge or a NAS box is often its own authority: self-signed, and marked as a CA. A chain cannot end
/// where it begins, so `WebPKI` refuses it, and other clients take it where it was given as an anchor. So it is here: what
/// is the caller's anchor, octet for octet, is taken for the names in it, whatever dates are. That the server has its key is
/// shown by the handshake in any case.
pub(super) struct Anchored {
    webpki: Arc<WebPkiServerVerifier>,
    anchors: Vec<CertificateDer<'static>>,
}

impl Anchored {
    pub(super) fn new<'a>(
        anchors: impl IntoIterator<Item = CertificateDer<'a>>,
        provider: Arc<CryptoProvider>,
    ) -> Result<Self, TlsError> {
        let anchors: Vec<_> = anchors.into_iter().map(CertificateDer::into_owned).collect();
        let mut roots = RootCertStore::empty();
        for anchor in &anchors {
            roots.add(anchor.clone()).map_err(TlsError::Rustls)?;
        }
        let webpki = WebPkiServerVerifier::builder_with_provider(roots.into(), provider).build();
        // There is no other reason than that there are no anchors.
        Ok(Self { webpki: webpki.map_err(|_| TlsError::InvalidAnchors)?, anchors })
    }
}

impl ServerCertVerifier for Anchored {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verify = |now| {
            let webpki = &self.webpki;
            webpki.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
        };
        let refused = match verify(now) {
            Err(refused) if self.anchors.iter().any(|anchor| anchor == end_entity) => refused,
            verified => return verified,
        };
        // Dates are judged first, so one is taken that passes.
        let is_authority = verify(valid_time(&refused, now)).is_err_and(|error| is_ca(&error));
        if !is_authority || !is_self_signed(end_entity) {
            return Err(refused);
        }
        verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.webpki.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.webpki.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.webpki.supported_verify_schemes()
    }
}

/// A time at which the dates of a certificate refused so are no reason.
const fn valid_time(refused: &Error, now: UnixTime) -> UnixTime {
    match refused {
        Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. }) => *not_after,
        Error::InvalidCertificate(CertificateError::NotValidYetContext { not_before, .. }) => {
            *not_before
        }
        _ => now,
    }
}

/// Returns whether the certificate was refused because it is an authority's.
fn is_ca(refused: &Error) -> bool {
    let Error::InvalidCertificate(CertificateError::Other(other)) = refused else { return false };
    other.0.downcast_ref() == Some(&webpki::Error::CaUsedAsEndEntity)
}

fn is_self_signed(certificate: &CertificateDer<'_>) -> bool {
    EndEntityCert::try_from(certificate).is_ok_and(|own| own.issuer() == own.subject())
}

impl fmt::Debug for Anchored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Anchored").field("anchors", &self.anchors.len()).finish_non_exhaustive()
    }
}
