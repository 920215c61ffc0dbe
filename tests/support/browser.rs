//! A real browser without a window, spoken to by its DevTools protocol over two pipes.

use serde_json::{Value, json};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// Names under which Chromium is installed.
const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// How it is started without a window, as any user, in a container.
const BARE: [&str; 5] =
    ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"];

/// Whether the browser of this name is there and does what it is for: one that lacks libraries, or may not start
/// processes, says nothing about a page.
fn shows_a_page(name: &str) -> bool {
    let profile = tempfile::tempdir().expect("a folder");
    let shown = Command::new("timeout")
        .args(["-k", "5", "60", name])
        .args(BARE)
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .args(["--dump-dom", "data:text/html,<p>here"])
        .stderr(Stdio::null())
        .output();
    shown.is_ok_and(|shown| String::from_utf8_lossy(&shown.stdout).contains("<p>here"))
}

/// A browser with one page.
pub struct Browser {
    child: Child,
    to: File,
    from: BufReader<File>,
    session: Option<String>,
    last_id: u64,
    events: VecDeque<Value>,
    _profile: tempfile::TempDir,
}

/// What a page did besides being shown.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Conduct {
    /// Exceptions and whatever else is in the browser's console.
    pub complaints: Vec<String>,
    /// What it fetched.
    pub requests: Vec<String>,
}

impl Browser {
    /// Starts it; none, and a line that says so, where there is no browser that can be used.
    pub fn start() -> Option<Self> {
        static USABLE: OnceLock<Option<&str>> = OnceLock::new();
        let Some(name) = USABLE.get_or_init(|| NAMES.into_iter().find(|name| shows_a_page(name))) else {
            println!("skipped: none of {NAMES:?} is installed and able to show a page");
            return None;
        };
        let profile = tempfile::tempdir().expect("a folder");
        let pipes = ["in", "out"].map(|pipe| profile.path().join(pipe));
        assert!(Command::new("mkfifo").args(&pipes).status().expect("mkfifo runs").success());
        // The browser reads from descriptor 3 and writes to 4. It ends when nobody holds the pipes any more, and when it has
        // taken longer than any test.
        let child = Command::new("timeout")
            .args(["-k", "5", "300", "sh", "-c", r#"exec "$@" 3<"$0/in" 4>"$0/out""#])
            .arg(profile.path())
            .arg(name)
            .args(BARE)
            .args(["--disable-background-networking", "--disable-component-update", "--hide-scrollbars"])
            .args(["--remote-debugging-pipe", "--window-size=1200,900"])
            .arg(format!("--user-data-dir={}", profile.path().join("profile").display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the browser starts");
        let to = File::options().write(true).open(&pipes[0]).expect("its input");
        let from = BufReader::new(File::open(&pipes[1]).expect("its output"));
        let events = VecDeque::new();
        let mut browser = Self { child, to, from, session: None, last_id: 0, events, _profile: profile };
        let target = browser.call("Target.createTarget", &json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let session = browser.call("Target.attachToTarget", &attach);
        browser.session = session["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.call(&format!("{domain}.enable"), &json!({}));
        }
        Some(browser)
    }

    /// Calls a method of the protocol.
    #[track_caller]
    pub fn call(&mut self, method: &str, parameters: &Value) -> Value {
        self.last_id += 1;
        let mut message = json!({ "id": self.last_id, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        self.to.write_all(format!("{message}\0").as_bytes()).expect("the browser reads");
        loop {
            let mut message = self.message();
            if message["id"] == self.last_id {
                assert_eq!(message["error"], Value::Null, "{method}");
                return message["result"].take();
            }
            self.events.push_back(message);
        }
    }

    fn message(&mut self) -> Value {
        let mut bytes = Vec::new();
        self.from.read_until(0, &mut bytes).expect("the browser writes");
        assert_eq!(bytes.pop(), Some(0), "the browser has ended");
        serde_json::from_slice(&bytes).expect("JSON")
    }

    /// Shows a file in a window of this width, and waits until it is complete.
    pub fn open(&mut self, path: &Path, width: u32) {
        self.resize(width);
        self.events.clear();
        self.call("Page.navigate", &json!({ "url": format!("file://{}", path.display()) }));
        loop {
            let message = self.message();
            let loaded = message["method"] == "Page.loadEventFired";
            self.events.push_back(message);
            if loaded {
                break;
            }
        }
    }

    /// Makes the window so wide.
    pub fn resize(&mut self, width: u32) {
        let metrics = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500 });
        self.call("Emulation.setDeviceMetricsOverride", &metrics);
    }

    /// Prefers light or dark colours.
    pub fn prefer(&mut self, scheme: &str) {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.call("Emulation.setEmulatedMedia", &json!({ "features": features }));
    }

    /// The value of an expression in the page, of its promise where it is one.
    #[track_caller]
    pub fn value(&mut self, expression: &str) -> Value {
        let parameters = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let mut answer = self.call("Runtime.evaluate", &parameters);
        assert_eq!(answer["exceptionDetails"], Value::Null, "{expression}");
        answer["result"]["value"].take()
    }

    /// Clicks in the middle of the element.
    #[track_caller]
    pub fn click(&mut self, selector: &str) {
        let middle = self.value(&format!(
            "(() => {{ const element = document.querySelector({selector:?}); element.scrollIntoView({{ block: 'center' }});
               const box = element.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; }})()"
        ));
        for kind in ["mousePressed", "mouseReleased"] {
            let event =
                json!({ "type": kind, "x": middle[0], "y": middle[1], "button": "left", "clickCount": 1 });
            self.call("Input.dispatchMouseEvent", &event);
        }
    }

    /// Presses a key: what it is called, and the text that it writes.
    pub fn press(&mut self, key: &str, text: &str) {
        let down = json!({ "type": "keyDown", "key": key, "code": key, "text": text });
        self.call("Input.dispatchKeyEvent", &down);
        self.call("Input.dispatchKeyEvent", &json!({ "type": "keyUp", "key": key, "code": key }));
    }

    /// What the page did since it was opened.
    pub fn conduct(&mut self) -> Conduct {
        // What is under way is there when the next answer is.
        self.value("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50)))");
        let mut conduct = Conduct::default();
        for event in &self.events {
            let parameters = &event["params"];
            match event["method"].as_str() {
                Some("Network.requestWillBeSent") => {
                    conduct.requests.push(parameters["request"]["url"].to_string());
                }
                Some("Runtime.exceptionThrown" | "Runtime.consoleAPICalled" | "Log.entryAdded") => {
                    conduct.complaints.push(parameters.to_string());
                }
                _ => {}
            }
        }
        conduct
    }

    /// A picture of the whole page, in the folder that `KATYDID_SCREENSHOTS` names; nothing where it names none.
    pub fn screenshot(&mut self, name: &str) {
        let Some(folder) = std::env::var_os("KATYDID_SCREENSHOTS") else { return };
        let picture = self.call("Page.captureScreenshot", &json!({ "captureBeyondViewport": true }));
        write(&Path::new(&folder).join(name), &picture["data"]);
    }

    /// The page on paper, as PDF.
    pub fn print(&mut self, name: &str) -> Vec<u8> {
        let parameters = json!({ "preferCSSPageSize": true, "paperWidth": 8.27, "paperHeight": 11.69 });
        let paper = self.call("Page.printToPDF", &parameters);
        if let Some(folder) = std::env::var_os("KATYDID_SCREENSHOTS") {
            write(&Path::new(&folder).join(name), &paper["data"]);
        }
        decoded(&paper["data"])
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // `timeout` hands the signal on to the browser.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

fn write(path: &Path, base64: &Value) {
    std::fs::write(path, decoded(base64)).expect("a file");
}

fn decoded(base64: &Value) -> Vec<u8> {
    data_encoding::BASE64.decode(base64.as_str().expect("text").as_bytes()).expect("base64")
}
