//! Whom to believe: the system's roots and those of a file, or anybody.

use super::pem;
use crate::util::Diagnostic;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme};
use std::fmt;
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// The verifier of a client: none of what servers show is verified unless `verify`; `ca` is trusted besides the system.
///
/// # Errors
///
/// When the file `ca` cannot be used.
pub(in crate::http) fn verifier(
    provider: &Arc<CryptoProvider>,
    verify: bool,
    ca: Option<&Path>,
) -> Result<Arc<dyn ServerCertVerifier>, Diagnostic> {
    // Also where it is not used: a file that was named is there.
    let own = ca.map(|path| Ok((path, pem::certificates(path)?))).transpose()?;
    if !verify {
        return Ok(Arc::new(Alike { provider: provider.clone(), accepts: true }));
    }
    let mut roots = system_roots().clone();
    if let Some((path, certificates)) = own {
        for certificate in certificates {
            roots.add(certificate).map_err(|error| pem::no_certificate(path, &error.to_string()))?;
        }
    }
    if roots.is_empty() {
        return Ok(Arc::new(Alike { provider: provider.clone(), accepts: false }));
    }
    let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build();
    match inner {
        Ok(inner) => Ok(Arc::new(Verifier { inner, provider: provider.clone() })),
        Err(error) => Err(Diagnostic::error(format!("certificates cannot be verified: {error}"))),
    }
}

/// The system's roots, read once per process: it takes milliseconds.
fn system_roots() -> &'static RootCertStore {
    static ROOTS: OnceLock<RootCertStore> = OnceLock::new();
    ROOTS.get_or_init(|| {
        let mut roots = RootCertStore::empty();
        let found = rustls_native_certs::load_native_certs();
        for error in &found.errors {
            tracing::debug!("a root certificate of the system cannot be used: {error}");
        }
        roots.add_parsable_certificates(found.certs);
        roots
    })
}

/// What is wrong with a certificate that its owner has issued to itself and that nobody trusts.
#[derive(Clone, Copy, Debug)]
pub(in crate::http) struct SelfSigned;

impl fmt::Display for SelfSigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("self-signed")
    }
}

impl std::error::Error for SelfSigned {}

/// What is wrong with a certificate that nobody trusts; `error` where it was not issued by itself.
fn untrusted(
    provider: &CryptoProvider,
    certificate: &CertificateDer<'_>,
    error: CertificateError,
    now: UnixTime,
) -> rustls::Error {
    rustls::Error::InvalidCertificate(if is_self_signed(provider, certificate, now) {
        CertificateError::Other(OtherError(Arc::new(SelfSigned)))
    } else {
        error
    })
}

/// Whether its owner has issued a certificate: it says so, and it was signed by its own key.
fn is_self_signed(provider: &CryptoProvider, certificate: &CertificateDer<'_>, now: UnixTime) -> bool {
    let Ok(parsed) = webpki::EndEntityCert::try_from(certificate) else { return false };
    let Ok(itself) = webpki::anchor_from_trusted_cert(certificate) else { return false };
    let itself = [itself];
    let algorithms = provider.signature_verification_algorithms.all;
    let usage = webpki::KeyUsage::server_auth();
    let verified = parsed.verify_for_usage(algorithms, &itself, &[], now, usage, None, None);
    let by_own_key = verified.map_or_else(|error| is_of_authority(&error), |_| true);
    by_own_key && parsed.issuer() == parsed.subject()
}

/// Whether this is said of a certificate that may issue others: it must not stand for a server.
fn is_of_authority(error: &webpki::Error) -> bool {
    matches!(error, webpki::Error::CaUsedAsEndEntity)
}

/// The library's verifier, which does not tell a self-signed certificate from one of an unknown issuer, or says of one
/// that may issue others that it must not stand for a server.
#[derive(Debug)]
struct Verifier {
    inner: Arc<WebPkiServerVerifier>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verified = self.inner.verify_server_cert(certificate, intermediates, name, ocsp, now);
        verified.map_err(|error| match error {
            rustls::Error::InvalidCertificate(
                bad @ (CertificateError::UnknownIssuer
                | CertificateError::BadSignature
                | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. }),
            ) => untrusted(&self.provider, certificate, bad, now),
            rustls::Error::InvalidCertificate(CertificateError::Other(other))
                if other.0.downcast_ref().is_some_and(is_of_authority) =>
            {
                untrusted(&self.provider, certificate, CertificateError::Other(other), now)
            }
            error => error,
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

/// Believes everybody (`verify: false`) or, on a machine without roots, nobody. Signatures are verified all the same, so
/// that a broken server is noticed.
#[derive(Debug)]
struct Alike {
    provider: Arc<CryptoProvider>,
    accepts: bool,
}

impl ServerCertVerifier for Alike {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if self.accepts {
            return Ok(ServerCertVerified::assertion());
        }
        Err(untrusted(&self.provider, certificate, CertificateError::UnknownIssuer, now))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::verifier;
    use crate::http::TransportError;
    use rcgen::{
        BasicConstraints, CertificateParams, DnType, IsCa, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519,
    };
    use rustls::pki_types::UnixTime;
    use std::sync::Arc;

    /// A machine may trust somebody who has the name of a certificate's owner, and a key of another kind.
    #[test]
    fn a_self_signed_certificate_may_have_the_name_of_a_trusted_issuer() {
        let mut named = CertificateParams::new(["localhost".to_owned()]).expect("a name");
        named.distinguished_name.push(DnType::CommonName, "localhost");
        let own = named
            .self_signed(&KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("a key"))
            .expect("signed");
        named.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let trusted =
            named.self_signed(&KeyPair::generate_for(&PKCS_ED25519).expect("a key")).expect("signed");
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), trusted.pem()).expect("written");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = verifier(&provider, true, Some(file.path())).expect("a verifier");
        let name = "localhost".try_into().expect("a name");
        let error = verifier
            .verify_server_cert(own.der(), &[], &name, &[], UnixTime::now())
            .expect_err("not trusted");
        let error = TransportError::handshaking(&std::io::Error::other(error));
        assert_eq!(error, TransportError::CertificateSelfSigned);
    }
}
