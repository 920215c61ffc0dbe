//! https: a certificate that nobody trusts is refused, unless the run is told otherwise.

mod support;

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use support::Katydid;

/// A server with a certificate of its own making; it lives until the test process ends.
struct Server {
    port: u16,
    /// The certificate as PEM.
    certificate: String,
}

fn start() -> Server {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key");
    let configuration =
        ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the default versions")
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .expect("a configuration");
    let configuration = Arc::new(configuration);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let configuration = configuration.clone();
            // A client that refuses the certificate ends its thread with an error, which is what it should do.
            std::thread::spawn(move || drop(serve(stream, configuration)));
        }
    });
    Server { port, certificate: made.cert.pem() }
}

/// Answers each request on a connection with `hello`.
fn serve(stream: TcpStream, configuration: Arc<ServerConfig>) -> std::io::Result<()> {
    let connection = ServerConnection::new(configuration).map_err(std::io::Error::other)?;
    let mut stream = BufReader::new(StreamOwned::new(connection, stream));
    loop {
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            if stream.read_line(&mut line)? == 0 {
                return Ok(());
            }
        }
        stream.get_mut().write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")?;
        stream.get_mut().flush()?;
    }
}

fn script(options: &str) -> String {
    format!(
        r#"user_class("U"){options}.task("t", |user| {{
            let page = user.get("/");
            if page.ok && page.text() != "hello" {{ page.failure("wrong page"); }}
        }});"#
    )
}

fn run(server: &Server, options: &str) -> Katydid {
    let host = format!("https://127.0.0.1:{}", server.port);
    Katydid::run_script(&script(options))
        .file("ca.pem", &server.certificate)
        .args(["--host", &host, "-u", "2", "-r", "100", "-i", "6", "--csv", "r"])
}

#[test]
fn a_certificate_that_nobody_trusts_fails_the_request_and_sends_nothing() {
    let finished = run(&start(), "").run().exits(1);
    let failures = finished.written("r_failures.csv");
    assert!(failures.contains("certificate self-signed"), "{failures}");
    assert!(finished.stdout.contains("GET /: certificate self-signed"), "{}", finished.stdout);
    assert!(finished.stdout.contains("On the wire: 0 requests sent"), "{}", finished.stdout);
}

#[test]
fn a_certificate_that_the_run_trusts() {
    let server = start();
    run(&server, "").args(["--ca", "ca.pem"]).run().exits(0);
    run(&server, "").env("KATYDID_CA", "ca.pem").run().exits(0);
    run(&server, r#".http(#{ ca: "ca.pem" })"#).run().exits(0);
}

#[test]
fn certificates_that_are_not_verified() {
    let server = start();
    run(&server, "").args(["--insecure"]).run().exits(0);
    run(&server, ".http(#{ verify: false })").run().exits(0);
    run(&server, ".http(#{ verify: true })").args(["--insecure"]).run().exits(1);
}

#[test]
fn http_to_an_https_port_is_a_failure_not_a_hang() {
    let server = start();
    let host = format!("http://127.0.0.1:{}", server.port);
    Katydid::run_script(&script("")).args(["--host", &host, "-i", "1"]).run().exits(1);
}
