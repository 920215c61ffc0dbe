//! What goes wrong before, in and after a TLS handshake, through the whole command.

mod support;

use rcgen::{BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use std::sync::Arc;
use support::faults::{Faulty, Line};
use support::trial::Trial;

/// How a server ends a connection.
type End = fn(&mut Line);

/// An authority of the test's own.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// Trusts the authority.
const TRUSTING: &str = r#"ca: "ca.pem""#;

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// The configuration of a server with a certificate for `name`, changed by `change`.
    fn issue(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Arc<ServerConfig> {
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("parameters");
        change(&mut params);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        configuration(&certificate, &key)
    }
}

/// The configuration of a server with a certificate that nobody else has signed.
fn self_signed(name: &str) -> Arc<ServerConfig> {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(vec![name.to_owned()]).expect("parameters");
    // The authorities have the name that the library gives where there is none.
    params.distinguished_name.push(DnType::CommonName, "alone");
    configuration(&params.self_signed(&key).expect("a certificate"), &key)
}

fn configuration(certificate: &Certificate, key: &KeyPair) -> Arc<ServerConfig> {
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let configuration = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the default versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key);
    Arc::new(configuration.expect("a configuration"))
}

#[test]
fn certificates_that_do_not_prove_anything() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let change = |_: &mut CertificateParams| {};
    let expired = |params: &mut CertificateParams| params.not_after = date_time_ymd(2001, 1, 1);
    let early = |params: &mut CertificateParams| params.not_before = date_time_ymd(4000, 1, 1);
    for (configuration, text) in [
        (authority.issue("127.0.0.1", expired), "certificate expired"),
        (authority.issue("127.0.0.1", early), "certificate not yet valid"),
        (authority.issue("elsewhere.test", change), "certificate is for another host"),
        (stranger.issue("127.0.0.1", change), "certificate not trusted"),
        (self_signed("127.0.0.1"), "certificate self-signed"),
    ] {
        let (server, good) =
            (Faulty::start_tls(configuration.clone(), Line::behave), Faulty::start(Line::behave));
        let trial = || Trial::new(&server).next(&good).file("ca.pem", &authority.pem);
        trial().client(TRUSTING).fails(text);
        assert_eq!((server.heads(), good.heads()), (0, 1), "{text}");
    }
    let server = Faulty::start_tls(authority.issue("127.0.0.1", change), Line::behave);
    Trial::new(&server).client(TRUSTING).file("ca.pem", &authority.pem).passes();
}

#[test]
fn one_speaks_tls_and_the_other_does_not() {
    let authority = Authority::new();
    let good = Faulty::start(Line::behave);
    // https to a server that speaks plain HTTP, or anything else.
    for answer in ["HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n", "220 smtp.example ESMTP\r\n"] {
        let server = Faulty::start(move |line| {
            line.read_some();
            line.send(answer);
            line.silence();
        });
        let url = server.url().replace("http:", "https:");
        Trial::new(&Faulty::start(Line::behave)).asking(url).fails("server does not speak tls");
    }
    // http to a server that speaks TLS: its alert is no HTTP.
    let server = Faulty::start_tls(authority.issue("127.0.0.1", |_| {}), |line| {
        line.read_some();
        line.close();
    });
    let url = server.url().replace("https:", "http:");
    Trial::new(&good).asking(url).unread(1).fails("malformed response");
}

#[test]
fn handshakes_that_are_broken_off() {
    let ends: [(End, &str); 2] =
        [(Line::close, "connection closed during the tls handshake"), (Line::reset, "connection reset")];
    for (end, text) in ends {
        let server = Faulty::start(move |line| {
            // Whatever the client says first.
            line.read_some();
            end(line);
        });
        let url = server.url().replace("http:", "https:");
        Trial::new(&Faulty::start(Line::behave)).asking(url).fails(text);
    }
    // Silence: connecting ends with the handshake.
    let server = Faulty::start(Line::silence);
    let url = server.url().replace("http:", "https:");
    let good = Faulty::start(Line::behave);
    Trial::new(&good).asking(url).client("connect_timeout: 0.5").fails("connecting timed out");
}

#[test]
fn connections_that_end_within_an_encrypted_answer() {
    let authority = Authority::new();
    let configuration = authority.issue("127.0.0.1", |_| {});
    let ends: [(End, &str); 2] = [(Line::close, "response ended early"), (Line::reset, "connection reset")];
    for (end, text) in ends {
        let server = Faulty::start_tls(configuration.clone(), move |line| {
            if line.number > 0 {
                return line.behave();
            }
            line.head();
            line.send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc");
            end(line);
        });
        Trial::new(&server).client(TRUSTING).file("ca.pem", &authority.pem).fails(text);
    }
    // Bytes that belong to no record.
    let server = Faulty::start_tls(configuration, |line| {
        if line.number > 0 {
            return line.behave();
        }
        line.head();
        line.send_unencrypted("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        line.silence();
    });
    Trial::new(&server).client(TRUSTING).file("ca.pem", &authority.pem).fails("connection broken");
}
