//! TLS configurations: built when first needed, shared by all users with the same options.

use super::pem;
use super::sessions::Sessions;
use super::trust;
use crate::http::options::ClientOptions;
use crate::http::versions::{HttpVersion, TlsVersion};
use crate::util::Diagnostic;
use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::version::{TLS12, TLS13};
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

/// What HTTP/2 is called in the handshake (RFC 9113, section 3.2).
pub(in crate::http) const ALPN_HTTP2: &[u8] = b"h2";

const ALPN_HTTP1: &[u8] = b"http/1.1";

/// What one request says about TLS; where it says nothing, its client's options count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsChoice {
    /// Whether certificates are verified.
    pub verify: Option<bool>,
    /// A PEM file with the client's certificate.
    pub cert: Option<PathBuf>,
    /// A PEM file with the key of `cert`; none = it is in the file of `cert`.
    pub key: Option<PathBuf>,
}

impl TlsChoice {
    /// Whether it says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// How a client speaks TLS. Connections that were made in one way do not carry requests of another.
#[derive(Clone, Debug)]
pub struct Tls(pub(in crate::http) Arc<ClientConfig>);

impl Tls {
    /// Whether both are the same one.
    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Whether TLS is spoken in the same way, or not at all, by both.
    pub(in crate::http) fn alike(one: Option<&Self>, other: Option<&Self>) -> bool {
        match (one, other) {
            (None, None) => true,
            (Some(one), Some(other)) => one.is(other),
            _ => false,
        }
    }

    /// The same, with TLS sessions of its own.
    fn with_own_sessions(&self) -> Self {
        let mut own = (*self.0).clone();
        own.resumption = Resumption::store(Arc::new(Sessions::default()));
        Self(Arc::new(own))
    }
}

/// What tells one configuration from another.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    verify: bool,
    ca: Option<PathBuf>,
    cert: Option<PathBuf>,
    key: Option<PathBuf>,
    oldest: TlsVersion,
    resumption: bool,
    version: HttpVersion,
}

/// The configurations that were needed so far.
#[derive(Debug, Default)]
pub(in crate::http) struct Configurations {
    built: RefCell<HashMap<Key, Tls>>,
    /// Roots take a hundred kilobytes: they are shared by those who differ in their own certificates only.
    verifiers: RefCell<HashMap<Trusted, Arc<dyn ServerCertVerifier>>>,
}

/// Whether anybody must be trusted, and who is besides the system's authorities.
type Trusted = (bool, Option<PathBuf>);

impl Configurations {
    /// The configuration for these options, with what a request says over them.
    ///
    /// # Errors
    ///
    /// When a file of `ca`, `cert` or `key` cannot be read or does not hold what it should.
    pub(in crate::http) fn get(
        &self,
        options: &ClientOptions,
        choice: &TlsChoice,
    ) -> Result<Tls, Diagnostic> {
        // A key belongs to the certificate that it was given with.
        let (cert, key) = match &choice.cert {
            Some(cert) => (Some(cert), choice.key.as_ref()),
            None => (options.cert.as_ref(), choice.key.as_ref().or(options.key.as_ref())),
        };
        let key = Key {
            verify: choice.verify.unwrap_or(options.verify),
            ca: options.ca.clone(),
            cert: cert.cloned(),
            key: key.cloned(),
            oldest: options.tls_min,
            resumption: options.tls_resumption,
            version: options.http_version,
        };
        if let Some(known) = self.built.borrow().get(&key) {
            return Ok(known.clone());
        }
        let provider = Arc::new(ring::default_provider());
        let verifier = self.verifier(&provider, &key)?;
        let configuration = Tls(Arc::new(build(&key, provider, verifier)?));
        self.built.borrow_mut().insert(key, configuration.clone());
        Ok(configuration)
    }

    fn verifier(
        &self,
        provider: &Arc<CryptoProvider>,
        key: &Key,
    ) -> Result<Arc<dyn ServerCertVerifier>, Diagnostic> {
        let trusted = (key.verify, key.ca.clone());
        if let Some(known) = self.verifiers.borrow().get(&trusted) {
            return Ok(known.clone());
        }
        let verifier = trust::verifier(provider, key.verify, key.ca.as_deref())?;
        self.verifiers.borrow_mut().insert(trusted, verifier.clone());
        Ok(verifier)
    }
}

fn build(
    key: &Key,
    provider: Arc<CryptoProvider>,
    verifier: Arc<dyn ServerCertVerifier>,
) -> Result<ClientConfig, Diagnostic> {
    let versions: &[_] = match key.oldest {
        TlsVersion::Tls12 => &[&TLS13, &TLS12],
        TlsVersion::Tls13 => &[&TLS13],
    };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .map_err(|error| Diagnostic::error(format!("TLS cannot be spoken: {error}")))?;
    let builder = builder.dangerous().with_custom_certificate_verifier(verifier);
    let mut configuration = match (&key.cert, &key.key) {
        (None, None) => builder.with_no_client_auth(),
        (None, Some(file)) => {
            return Err(pem::no_key(file, "there is no certificate for it")
                .help("give the client's certificate too: `cert`"));
        }
        (Some(cert), own) => {
            let chain = pem::certificates(cert)?;
            let file = own.as_deref().unwrap_or(cert);
            let secret = pem::private_key(file)?;
            builder.with_client_auth_cert(chain, secret).map_err(|error| match error {
                rustls::Error::InconsistentKeys(_) => {
                    pem::no_key(file, &format!("it is not that of the certificate in {}", cert.display()))
                        .help("the first certificate of the file is the client's own")
                }
                rustls::Error::General(why) => pem::no_key(file, &why),
                other => pem::no_certificate(cert, &other.to_string()),
            })?
        }
    };
    if !key.resumption {
        configuration.resumption = Resumption::disabled();
    }
    let protocols: &[&[u8]] = match key.version {
        HttpVersion::Auto => &[ALPN_HTTP2, ALPN_HTTP1],
        HttpVersion::Http1 => &[ALPN_HTTP1],
        HttpVersion::Http2 => &[ALPN_HTTP2],
    };
    configuration.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    Ok(configuration)
}

/// A user who speaks TLS in more ways than this forgets the sessions of the first.
const OWN: usize = 8;

/// The configurations of one user, each with sessions of its own: users do not know each other's.
#[derive(Debug, Default)]
pub(in crate::http) struct OwnTls(RefCell<Vec<(Tls, Tls)>>);

impl OwnTls {
    /// The user's own one of a shared configuration.
    pub(in crate::http) fn of(&self, shared: &Tls, resumption: bool) -> Tls {
        if !resumption {
            return shared.clone();
        }
        let mut all = self.0.borrow_mut();
        if let Some((_, own)) = all.iter().find(|(of, _)| of.is(shared)) {
            return own.clone();
        }
        let own = shared.with_own_sessions();
        if all.len() >= OWN {
            all.remove(0);
        }
        all.push((shared.clone(), own.clone()));
        own
    }
}
