//! Files with certificates and keys: what may be in them, and what is said of those that cannot be used.

#![expect(clippy::unwrap_used, reason = "a test fails by panics, its helpers too")]

mod http_support;

use http_support::authority::Authority;
use http_support::{Server, User, ok, text};
use katydid::http::{Client, ClientOptions, Shared};
use rcgen::{CertificateParams, KeyPair};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use tokio_rustls::rustls::version::TLS13;

// Keys that were made for this test and open nothing.
const RSA_PKCS1: &str = include_str!("http_support/keys/rsa_pkcs1.pem");
const RSA_PKCS8: &str = include_str!("http_support/keys/rsa_pkcs8.pem");
const EC_SEC1: &str = include_str!("http_support/keys/ec_sec1.pem");
const EC_PKCS8: &str = include_str!("http_support/keys/ec_pkcs8.pem");

#[tokio::test]
async fn keys_may_be_of_any_format_and_in_the_file_of_the_certificate() {
    let authority = Authority::new();
    let server = Server::start_tls(authority.demanding(&[&TLS13]), |mut peer| async move {
        while peer.request().await.is_some() {
            peer.send(ok("known")).await;
        }
    })
    .await;
    for (same, pem) in
        [(RSA_PKCS8, RSA_PKCS1), (RSA_PKCS8, RSA_PKCS8), (EC_PKCS8, EC_SEC1), (EC_PKCS8, EC_PKCS8)]
    {
        let key = KeyPair::from_pem(same).unwrap();
        let params = CertificateParams::new(vec!["client".to_owned()]).unwrap();
        let certificate = authority.sign(&params, &key).pem();
        let separate = (authority.write("own.pem", &certificate), Some(authority.write("own.key", pem)));
        let joined = (authority.write("joined.pem", format!("{certificate}{pem}")), None);
        let turned = (authority.write("turned.pem", format!("note\n{pem}\n{certificate}")), None);
        for (cert, key) in [separate, joined, turned] {
            let user = User::with(ClientOptions { cert: Some(cert), key, ..authority.trusted() });
            assert_eq!(text(&user.get(&server.url("/")).await), "200", "{pem}");
        }
    }
}

/// What is said of options before anything is sent.
fn told(authority: &Authority, change: impl FnOnce(&mut ClientOptions)) -> String {
    let mut options = ClientOptions::default();
    change(&mut options);
    let error = Client::new(Shared::new(), Rc::new(options)).err().unwrap().to_string();
    error.replace(&authority.folder.path().display().to_string(), "DIR")
}

#[test]
fn what_is_wrong_with_a_file_is_told_with_its_name() {
    let authority = Authority::new();
    let file = |name: &str, content: &str| authority.write(name, content);
    let (certificate, key) = authority.issue("client", |_| {});
    let good = file("good.pem", &certificate.pem());
    let with_key = |cert: &Path, key: Option<PathBuf>| {
        told(&authority, |options| (options.cert, options.key) = (Some(cert.to_owned()), key))
    };
    insta::assert_snapshot!(told(&authority, |options| options.ca = Some(file("empty.pem", "hello"))), @r"
    error: cannot use the certificates of this file: it holds none
     --> DIR/empty.pem
      = help: give a PEM file with at least one `-----BEGIN CERTIFICATE-----`
    ");
    insta::assert_snapshot!(told(&authority, |options| options.ca = Some("nowhere/missing.pem".into())), @r"
    error: cannot use the certificates of this file: No such file or directory (os error 2)
     --> nowhere/missing.pem
      = help: a path in a script is relative to the script's folder, one of a flag to the working folder
    ");
    insta::assert_snapshot!(
        told(&authority, |options| options.ca = Some(file("cut.pem", "-----BEGIN CERTIFICATE-----\naGVs"))),
        @r"
    error: cannot use the certificates of this file: a section has no `-----END`
     --> DIR/cut.pem
      = help: give a PEM file with at least one `-----BEGIN CERTIFICATE-----`
    ");
    let broken = "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n";
    let broken = told(&authority, |options| options.ca = Some(file("broken.pem", broken)));
    assert!(broken.starts_with("error: cannot use the certificates of this file: "), "{broken}");
    insta::assert_snapshot!(with_key(&good, None), @r"
    error: cannot use the private key of this file: it holds none
     --> DIR/good.pem
      = help: give a PEM file with the key of the client's certificate, `-----BEGIN PRIVATE KEY-----`
    ");
    insta::assert_snapshot!(with_key(&good, Some(file("other.key", EC_PKCS8))), @r"
    error: cannot use the private key of this file: it is not that of the certificate in DIR/good.pem
     --> DIR/other.key
      = help: the first certificate of the file is the client's own
    ");
    for mark in [
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\naGVsbG8=",
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED",
    ] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(with_key(&good, Some(file("encrypted.key", mark))), @r"
            error: cannot use the private key of this file: it is encrypted
             --> DIR/encrypted.key
              = help: decrypt it first: openssl pkey -in FILE -out FILE
            ");
        }
    }
    let alone = told(&authority, |options| options.key = Some(file("own.key", &key.serialize_pem())));
    insta::assert_snapshot!(alone, @r"
    error: cannot use the private key of this file: there is no certificate for it
     --> DIR/own.key
      = help: give the client's certificate too: `cert`
    ");
}
