//! The TLS configuration of a client: its trust anchors above all.

use std::sync::Arc;

use rustls::{
    ClientConfig, ClientConnection, ConfigBuilder, DigitallySignedStruct, SignatureScheme,
    client::{
        Resumption, WantsClientCert,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
    sign::{CertifiedKey, SingleCertAndKey},
};
use rustls_platform_verifier::BuilderVerifierExt;

use super::{TlsError, anchored::Anchored, shared::Shared};

static PLATFORM: Shared = Shared::new();
static ACCEPT_ANY: Shared = Shared::new();

/// The trust anchors and the TLS settings of a client: version 1.2 or later, ring for the cryptography.
///
/// Other providers, verifiers and settings come in as a [`ClientConfig`] of the caller's own.
///
/// Clones share the sessions that servers offer to resume, which saves most of a handshake: make one, and clone it for each
/// connection.
#[derive(Clone, Debug)]
pub struct TlsConfig {
    config: Arc<ClientConfig>,
    /// Certificates are verified.
    verifies: bool,
}

impl TlsConfig {
    /// Trusts whom the platform trusts. What is used unless something else is set.
    ///
    /// The authorities are read from the system's files when they are first asked for, which takes milliseconds; the process
    /// shares them from then on, and does not see later changes.
    ///
    /// # Errors
    /// The platform's authorities cannot be read. The next call tries again.
    pub fn platform() -> Result<Self, TlsError> {
        PLATFORM.get_or_make(|| {
            let builder =
                builder(provider())?.with_platform_verifier().map_err(TlsError::Rustls)?;
            Ok(Self::finish(builder))
        })
    }

    /// The same if they have been read, for those who must not wait for files.
    #[doc(hidden)]
    #[must_use]
    pub fn platform_if_read() -> Option<Self> {
        PLATFORM.get()
    }

    /// Trusts these authorities, in DER, and no others.
    ///
    /// A server whose own certificate is one of these, octet for octet, is trusted as well where that is self-signed and an
    /// authority's, as those of mail bridges and of boxes at home are: it has to have the server's name, and the server its
    /// key; its dates do not count.
    ///
    /// # Errors
    /// There is none, or one is no certificate.
    pub fn with_anchors<'a>(
        anchors: impl IntoIterator<Item = CertificateDer<'a>>,
    ) -> Result<Self, TlsError> {
        let provider = provider();
        let verifier = Anchored::new(anchors, Arc::clone(&provider))?;
        Self::with_verifier(provider, Arc::new(verifier))
    }

    /// Trusts the authorities in this PEM text, and no others; see [`with_anchors`](Self::with_anchors).
    ///
    /// # Errors
    /// There is none, or one is no certificate.
    pub fn with_pem_anchors(pem: &[u8]) -> Result<Self, TlsError> {
        let anchors: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
        Self::with_anchors(anchors.map_err(|_| TlsError::InvalidAnchors)?)
    }

    /// Verifies nothing: whoever answers is believed, and whoever sits between can read all,
    /// credentials too. For tests and for servers on the same machine.
    ///
    /// # Errors
    /// None that is known of.
    pub fn dangerous_accept_any_certificate() -> Result<Self, TlsError> {
        ACCEPT_ANY.get_or_make(|| {
            let provider = provider();
            let verifier = Arc::new(AcceptAny(Arc::clone(&provider)));
            Ok(Self { verifies: false, ..Self::with_verifier(provider, verifier)? })
        })
    }

    /// Shows a certificate to servers that ask for one (RFC 4422 EXTERNAL, mutual TLS): its chain and
    /// its private key, both in PEM.
    ///
    /// # Errors
    /// There is no certificate or no key, or they do not belong together.
    pub fn with_client_certificate(self, chain: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(chain).collect();
        let certificates = certificates.map_err(|_| TlsError::InvalidCertificate)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| TlsError::InvalidCertificate)?;
        let certified = CertifiedKey::from_der(certificates, key, self.config.crypto_provider());
        let mut config = ClientConfig::clone(&self.config);
        config.client_auth_cert_resolver =
            Arc::new(SingleCertAndKey::from(certified.map_err(TlsError::Rustls)?));
        // A session belongs to who the client was when it began.
        config.resumption = Resumption::default();
        Ok(Self { config: Arc::new(config), ..self })
    }

    /// Returns whether certificates are verified: `false` for
    /// [`dangerous_accept_any_certificate`](Self::dangerous_accept_any_certificate). A
    /// [`ClientConfig`] of the caller's own is taken to verify them.
    #[must_use]
    pub const fn is_verifying(&self) -> bool {
        self.verifies
    }

    /// The settings as the TLS library has them.
    #[must_use]
    pub fn into_inner(self) -> Arc<ClientConfig> {
        self.config
    }

    fn with_verifier(
        provider: Arc<CryptoProvider>,
        verifier: Arc<dyn ServerCertVerifier>,
    ) -> Result<Self, TlsError> {
        let builder = builder(provider)?.dangerous().with_custom_certificate_verifier(verifier);
        Ok(Self::finish(builder))
    }

    fn finish(builder: ConfigBuilder<ClientConfig, WantsClientCert>) -> Self {
        Arc::new(builder.with_no_client_auth()).into()
    }

    /// A connection that has yet to shake hands with a server of this name.
    ///
    /// # Errors
    /// Those of rustls.
    pub fn connection(&self, name: ServerName<'static>) -> Result<ClientConnection, TlsError> {
        ClientConnection::new(Arc::clone(&self.config), name).map_err(TlsError::Rustls)
    }
}

/// The caller's own settings: client certificates, another provider, another verifier.
impl From<Arc<ClientConfig>> for TlsConfig {
    fn from(config: Arc<ClientConfig>) -> Self {
        Self { config, verifies: true }
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn builder(
    provider: Arc<CryptoProvider>,
) -> Result<ConfigBuilder<ClientConfig, rustls::WantsVerifier>, TlsError> {
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Rustls)
}

/// Believes every certificate, but not that a handshake belongs to it without its key.
#[derive(Debug)]
struct AcceptAny(Arc<CryptoProvider>);

impl ServerCertVerifier for AcceptAny {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
