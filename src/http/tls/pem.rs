//! Certificates and keys, read from PEM files (RFC 7468), and what is wrong with them.

use crate::util::{Diagnostic, Place};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::Path;

/// The certificates of a file, at least one.
///
/// # Errors
///
/// When the file cannot be read, is not PEM or holds no certificate.
pub(in crate::http) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Diagnostic> {
    let text = read(path, "certificates")?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let found = found.map_err(|error| no_certificate(path, &broken(&error)))?;
    if found.is_empty() { Err(no_certificate(path, "it holds none")) } else { Ok(found) }
}

/// The private key of a file: the first one, in PKCS #8, PKCS #1 (RSA) or SEC 1 (elliptic curves).
///
/// # Errors
///
/// When the file cannot be read, is not PEM, or holds no key or an encrypted one.
pub(in crate::http) fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, Diagnostic> {
    let text = read(path, "private key")?;
    // Both ways to encrypt a key: that of PKCS #8, and the header of RFC 1421 that OpenSSL used to write.
    let encrypted = ["BEGIN ENCRYPTED PRIVATE KEY", "Proc-Type: 4,ENCRYPTED"];
    if encrypted.iter().any(|mark| text.windows(mark.len()).any(|window| window == mark.as_bytes())) {
        let help = "decrypt it first: openssl pkey -in FILE -out FILE";
        return Err(refuse(path, "private key", "it is encrypted").help(help));
    }
    PrivateKeyDer::from_pem_slice(&text).map_err(|error| {
        let why = match error {
            pem::Error::NoItemsFound => "it holds none".to_owned(),
            other => broken(&other),
        };
        no_key(path, &why)
    })
}

/// That a file's certificates cannot be used.
pub(in crate::http) fn no_certificate(path: &Path, why: &str) -> Diagnostic {
    refuse(path, "certificates", why).help("give a PEM file with at least one `-----BEGIN CERTIFICATE-----`")
}

/// That a file's key cannot be used.
pub(in crate::http) fn no_key(path: &Path, why: &str) -> Diagnostic {
    refuse(path, "private key", why)
        .help("give a PEM file with the key of the client's certificate, `-----BEGIN PRIVATE KEY-----`")
}

fn refuse(path: &Path, what: &str, why: &str) -> Diagnostic {
    Diagnostic::error(format!("cannot use the {what} of this file: {why}"))
        .at(Place::file(&path.display().to_string()))
}

fn read(path: &Path, what: &str) -> Result<Vec<u8>, Diagnostic> {
    std::fs::read(path).map_err(|error| {
        let diagnostic = refuse(path, what, &error.to_string());
        if error.kind() == std::io::ErrorKind::NotFound {
            return diagnostic.help(
                "a path in a script is relative to the script's folder, one of a flag to the working folder",
            );
        }
        diagnostic
    })
}

fn broken(error: &pem::Error) -> String {
    match error {
        pem::Error::MissingSectionEnd { .. } => "a section has no `-----END`".to_owned(),
        pem::Error::IllegalSectionStart { .. } => {
            "a line begins with `-----BEGIN` and does not go on".to_owned()
        }
        pem::Error::Base64Decode(_) => "a section is not base64".to_owned(),
        other => other.to_string(),
    }
}
