//! A foreign server's own count: nginx' access log has a line for each request that katydid says it sent.

mod support;

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use support::Katydid;

/// nginx in a folder of its own, for as long as this lives.
struct Nginx {
    child: Child,
    port: u16,
    /// Where it speaks HTTP/2.
    second: u16,
    folder: tempfile::TempDir,
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn configuration([port, second]: [u16; 2], folder: &Path) -> String {
    let folder = folder.display();
    format!(
        "daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;\n\
         events {{ worker_connections 512; }}\n\
         http {{\n\
           log_format line '$request_method $uri $status';\n\
           access_log {folder}/access.log line;\n\
           client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;\n\
           fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;\n\
           keepalive_requests 50;\n\
           server {{\n\
             listen 127.0.0.1:{port};\n\
             location / {{ return 200 '{{\"data\": []}}'; }}\n\
             location /old {{ return 302 /new; }}\n\
             location /gone {{ return 404; }}\n\
           }}\n\
           server {{\n\
             listen 127.0.0.1:{second} http2;\n\
             location / {{ return 200 'fine'; }}\n\
             location /old {{ return 302 /new; }}\n\
           }}\n\
         }}\n"
    )
}

impl Nginx {
    /// Starts the program at `program`; a port that somebody else takes in between is tried again with another.
    fn start(program: &str) -> Self {
        for _ in 0..10 {
            let folder = tempfile::tempdir().expect("a folder");
            let free = [0, 0].map(|port| TcpListener::bind(("127.0.0.1", port)).expect("a port"));
            let [port, second] = free.each_ref().map(|free| free.local_addr().expect("an address").port());
            drop(free);
            let file = folder.path().join("nginx.conf");
            std::fs::write(&file, configuration([port, second], folder.path())).expect("a file");
            let mut command = Command::new(program);
            command.arg("-p").arg(folder.path()).arg("-e").arg(folder.path().join("error.log"));
            command.arg("-c").arg(&file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            let mut nginx = Self { child: command.spawn().expect("nginx starts"), port, second, folder };
            if nginx.listens() {
                return nginx;
            }
        }
        panic!("nginx does not start");
    }

    fn listens(&mut self) -> bool {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(20) {
            if self.child.try_wait().expect("the child is ours").is_some() {
                return false;
            }
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        false
    }

    /// Ends it, so that everything is written, and reads its log.
    fn log(mut self) -> Vec<String> {
        let quit = Command::new("kill").args(["-QUIT", &self.child.id().to_string()]).status();
        assert!(quit.expect("kill runs").success());
        self.child.wait().expect("the child is ours");
        let text = std::fs::read_to_string(self.folder.path().join("access.log")).expect("a log");
        text.lines().map(str::to_owned).collect()
    }
}

/// Where nginx is, if it is.
fn program() -> Option<&'static str> {
    let there = |name: &&str| Command::new(name).arg("-v").stderr(Stdio::null()).status().is_ok();
    ["nginx", "/usr/sbin/nginx"].into_iter().find(there)
}

/// The number before `requests sent` in the summary.
fn wire_requests(stdout: &str) -> u64 {
    let line = stdout.lines().rfind(|line| line.contains("On the wire:")).expect("a summary");
    let rest = line.split("On the wire: ").nth(1).expect("a number");
    rest.split(' ').next().expect("a word").replace(',', "").parse().expect("a number")
}

#[test]
#[allow(clippy::print_stderr, clippy::allow_attributes, reason = "a test that is skipped says so")]
fn its_log_has_a_line_for_each_request() {
    let Some(program) = program() else {
        eprintln!("skipped: there is no nginx here");
        return;
    };
    let nginx = Nginx::start(program);
    let script = r#"
        let shop = task_set("Shop")
            .on_start(|user| { user.post("/login", #{ json: #{ email: fake::email() } }); })
            .task("list", 3, |user| { user.get("/items", #{ params: #{ limit: 20 } }); })
            .task("view", 5, |user| { user.get(`/items/${random::int(1, 1000)}`, #{ name: "/items/[id]" }); })
            .task("moved", 1, |user| { user.get("/old"); })
            .task("gone", 1, |user| { user.get("/gone").success(); })
            .stop();
        user_class("Visitor").wait_time(between(0.0, 0.02)).task(shop, 5).task("home", |user| { user.get("/"); });
    "#;
    let finished = Katydid::run_script(script)
        .args(["--host", &format!("http://127.0.0.1:{}", nginx.port), "-u", "20", "-r", "100", "-t", "3s"])
        .args(["--csv", "r", "--only-summary"])
        .run()
        .exits(0);
    let log = nginx.log();
    let rows = finished.csv("r");
    let count = |method: &str, name: &str| -> usize {
        rows.get(&(method.to_owned(), name.to_owned()))
            .map_or(0, |row| row["Request Count"].parse().expect("a count"))
    };
    let logged = |start: &str| log.iter().filter(|line| line.starts_with(start)).count();
    assert_eq!(wire_requests(&finished.stdout), log.len() as u64, "{}", finished.stdout);
    // A redirect is one entry and two requests.
    assert_eq!(count("", "Aggregated") + logged("GET /old "), log.len(), "{}", finished.stdout);
    assert_eq!(count("POST", "/login"), logged("POST /login "));
    assert_eq!(count("GET", "/items/[id]"), logged("GET /items/"));
    assert_eq!(count("GET", "/old"), logged("GET /new "));
    assert_eq!(count("GET", "/gone"), logged("GET /gone 404"));
    assert!(log.len() > 100, "keepalive_requests ends connections only after 50: {}", log.len());
}

#[test]
#[allow(clippy::print_stderr, clippy::allow_attributes, reason = "a test that is skipped says so")]
fn its_log_has_a_line_for_each_stream() {
    let Some(program) = program() else {
        eprintln!("skipped: there is no nginx here");
        return;
    };
    let nginx = Nginx::start(program);
    // It shuts a connection down after fifty requests, and takes no stream that comes later.
    let script = r#"
        user_class("Visitor")
            .wait_time(between(0.0, 0.02))
            .task("page", 3, |user| { user.batch(["/", "/a", "/b", "/c", "/d", "/e", "/f", "/g", "/h", "/i"]); })
            .task("moved", 1, |user| { user.get("/old"); })
            .task("post", 1, |user| { user.post("/orders", #{ json: #{ item: 7 } }); });
    "#;
    let finished = Katydid::run_script(script)
        .args(["--host", &format!("http://127.0.0.1:{}", nginx.second), "-u", "20", "-r", "100", "-t", "3s"])
        .args(["--http-version", "2", "--csv", "r", "--only-summary"])
        .run();
    let log = nginx.log();
    let failed: usize = finished.csv("r")[&(String::new(), "Aggregated".to_owned())]["Failure Count"]
        .parse()
        .expect("a count");
    let shut_down = finished.written("r_failures.csv").matches("connection shut down: NO_ERROR").count();
    assert_eq!(shut_down > 0, failed > 0, "nothing else fails: {}", finished.stdout);
    // What it refuses by its farewell it does not log.
    assert_eq!(wire_requests(&finished.stdout), (log.len() + failed) as u64, "{}", finished.stdout);
    assert!(finished.stdout.contains("closed connection"), "{}", finished.stdout);
    assert!(log.len() > 500, "keepalive_requests ends connections only after 50: {}", log.len());
}
