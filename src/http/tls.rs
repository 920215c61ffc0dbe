//! TLS configurations: built when first needed, shared by all users with the same options.

use super::options::ClientOptions;
use crate::util::{Diagnostic, Place};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// What tells one configuration from another.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    verify: bool,
    ca: Option<PathBuf>,
    cert: Option<PathBuf>,
    key: Option<PathBuf>,
}

/// The configurations that were needed so far.
#[derive(Debug, Default)]
pub(super) struct Configurations(RefCell<HashMap<Key, Arc<ClientConfig>>>);

impl Configurations {
    /// The configuration for these options.
    ///
    /// # Errors
    ///
    /// When a file of `ca`, `cert` or `key` cannot be read or does not hold what it should.
    pub(super) fn get(&self, options: &ClientOptions) -> Result<Arc<ClientConfig>, Diagnostic> {
        let ClientOptions { verify, ca, cert, key, .. } = options;
        let key = Key { verify: *verify, ca: ca.clone(), cert: cert.clone(), key: key.clone() };
        if let Some(known) = self.0.borrow().get(&key) {
            return Ok(known.clone());
        }
        let configuration = Arc::new(build(&key)?);
        self.0.borrow_mut().insert(key, configuration.clone());
        Ok(configuration)
    }
}

fn build(key: &Key) -> Result<ClientConfig, Diagnostic> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .expect("the provider knows the default versions");
    let builder = if key.verify {
        let mut roots = system_roots().clone();
        if let Some(path) = &key.ca {
            add_file(&mut roots, path)?;
        }
        builder.with_root_certificates(roots)
    } else {
        builder.dangerous().with_custom_certificate_verifier(Arc::new(AcceptAnything(provider)))
    };
    let mut configuration = match &key.cert {
        None => builder.with_no_client_auth(),
        Some(cert) => {
            let file = key.key.as_deref().unwrap_or(cert);
            let secret =
                PrivateKeyDer::from_pem_file(file).map_err(|error| no_key(file, &error.to_string()))?;
            let chain = certificates(cert)?;
            builder.with_client_auth_cert(chain, secret).map_err(|error| refuse(cert, &error.to_string()))?
        }
    };
    configuration.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(configuration)
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

fn add_file(roots: &mut RootCertStore, path: &Path) -> Result<(), Diagnostic> {
    for certificate in certificates(path)? {
        roots.add(certificate).map_err(|error| refuse(path, &error.to_string()))?;
    }
    Ok(())
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Diagnostic> {
    let found: Vec<_> = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|error| refuse(path, &error.to_string()))?;
    if found.is_empty() { Err(refuse(path, "it holds none")) } else { Ok(found) }
}

fn refuse(path: &Path, why: &str) -> Diagnostic {
    Diagnostic::error(format!("cannot use the certificates of this file: {why}"))
        .at(Place::file(&path.display().to_string()))
        .help("give a PEM file with at least one `-----BEGIN CERTIFICATE-----`")
}

fn no_key(path: &Path, why: &str) -> Diagnostic {
    Diagnostic::error(format!("cannot use the private key of this file: {why}"))
        .at(Place::file(&path.display().to_string()))
        .help("give a PEM file with the key of the client's certificate, `-----BEGIN PRIVATE KEY-----`")
}

/// `verify: false`: any certificate will do. Signatures are still verified, so that a broken server is noticed.
#[derive(Debug)]
struct AcceptAnything(Arc<CryptoProvider>);

impl ServerCertVerifier for AcceptAnything {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
