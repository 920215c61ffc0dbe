//! One builder for every test of the command: a folder with files, a command line, what came of it.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::allow_attributes,
    clippy::print_stdout,
    reason = "each test file uses its own part of the builder, and says what it skips"
)]

pub mod browser;
pub mod faults;
pub mod held;
pub mod records;
pub mod schema;
pub mod teller;
pub mod terminal;
pub mod trial;
pub mod verbatim;

use katydid::demo::DemoServer;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long any command may take before the test gives up on it.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a command gets of the environment of the tests.
const KEPT_VARIABLES: [&str; 5] = ["PATH", "HOME", "TMPDIR", "RUST_BACKTRACE", "LLVM_PROFILE_FILE"];

/// A command to be run in a folder of its own.
pub struct Katydid {
    folder: tempfile::TempDir,
    args: Vec<String>,
    environment: BTreeMap<String, String>,
    descriptors: Option<u32>,
    file_blocks: Option<u32>,
    ports: Option<(u16, u16)>,
}

/// A command that has ended.
#[derive(Debug)]
pub struct Finished {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    pub folder: tempfile::TempDir,
}

impl Katydid {
    /// `katydid` with these words.
    pub fn new<S: Into<String>>(args: impl IntoIterator<Item = S>) -> Self {
        Self {
            folder: tempfile::tempdir().expect("a folder"),
            args: args.into_iter().map(Into::into).collect(),
            environment: BTreeMap::new(),
            descriptors: None,
            file_blocks: None,
            ports: None,
        }
    }

    /// `katydid run main.rhai` with this script.
    pub fn run_script(script: &str) -> Self {
        Self::new(["run", "main.rhai"]).file("main.rhai", script)
    }

    /// One more file in the folder.
    pub fn file(self, name: &str, text: &str) -> Self {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, text).expect("a file");
        self
    }

    /// More words.
    pub fn args<S: Into<String>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// One variable in the environment.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// With no more than so many open files.
    pub fn descriptors(self, most: u32) -> Self {
        Self { descriptors: Some(most), ..self }
    }

    /// With no file longer than so many blocks of 512 bytes, as on a disk that is full then; its output goes through pipes.
    pub fn file_blocks(self, most: u32) -> Self {
        Self { file_blocks: Some(most), ..self }
    }

    /// In a network of its own with no more than the local ports from `first` to `last`; none where this machine does not
    /// let anyone have a network.
    pub fn local_ports(self, first: u16, last: u16) -> Option<Self> {
        let own = Command::new("unshare").args(["-rn", "sh", "-c", &narrow(first, last)]).output().ok()?;
        own.status.success().then_some(Self { ports: Some((first, last)), ..self })
    }

    /// Against this demo server.
    pub fn against(self, server: &DemoServer) -> Self {
        let url = server.url();
        self.args(["--host".to_owned(), url])
    }

    /// The folder, while the command is being put together.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts the command and leaves it running.
    pub fn start(self) -> Running {
        let (out, err) = (self.folder.path().join(".stdout"), self.folder.path().join(".stderr"));
        let create = |path: &PathBuf| Stdio::from(std::fs::File::create(path).expect("a file"));
        let mut command = self.command();
        command.stdin(Stdio::null()).stdout(create(&out)).stderr(create(&err));
        let child = command.spawn().expect("the binary starts");
        Running { child, folder: self.folder, out, err }
    }

    /// The command as the system is to start it, but for where it reads and writes.
    fn command(&self) -> Command {
        let binary = env!("CARGO_BIN_EXE_katydid");
        let mut command = match (self.descriptors, self.ports) {
            _ if self.file_blocks.is_some() => {
                let blocks = self.file_blocks.unwrap_or_default();
                let mut shell = Command::new("sh");
                let script = format!(
                    "mkfifo .pipe && {{ cat .pipe & }} && (ulimit -f {blocks} && exec \"$0\" \"$@\" >.pipe); \
                     code=$?; wait; rm .pipe; exit $code"
                );
                shell.args(["-c", &script, binary]);
                shell
            }
            (None, None) => Command::new(binary),
            (Some(most), _) => {
                let mut shell = Command::new("sh");
                shell.args(["-c", &format!("ulimit -n {most} && exec \"$0\" \"$@\""), binary]);
                shell
            }
            (None, Some((first, last))) => {
                let mut shell = Command::new("unshare");
                let script = format!("{} && exec \"$0\" \"$@\"", narrow(first, last));
                shell.args(["-rn", "sh", "-c", &script, binary]);
                shell
            }
        };
        own_environment(&mut command);
        // How busy this machine is says nothing about what is tested; `validity.rs` sets it to `no`.
        command.env("KATYDID_ALLOW_SATURATION", "yes");
        command.args(&self.args).envs(&self.environment).current_dir(self.folder.path());
        command
    }

    /// Runs the command, which must refuse: exit 2, nothing sent, nothing reported. Returns what it says.
    #[track_caller]
    pub fn refused(self) -> String {
        let server = DemoServer::start(0).expect("a port");
        let sends = self.args.first().is_some_and(|verb| verb == "run");
        let named = self.args.iter().any(|word| word == "--host");
        let command = if sends && !named { self.against(&server).args(["-i", "1"]) } else { self };
        let finished = command.run().exits(2);
        assert_eq!(finished.stdout, "", "{}", finished.stderr);
        assert_eq!(server.ledger().total, 0, "{}", finished.stderr);
        for word in ["panicked", "RUST_BACKTRACE", finished.folder.path().to_str().expect("text")] {
            assert!(!finished.stderr.contains(word), "{}", finished.stderr);
        }
        finished.stderr
    }

    /// Runs the command to its end.
    pub fn run(self) -> Finished {
        self.start().finish()
    }
}

/// Gives a command an environment of its own. What else is set here is none of a test's: options, colours, `CI`, secrets
/// whose values would be hidden.
pub fn own_environment(command: &mut Command) -> &mut Command {
    command.env_clear().envs(KEPT_VARIABLES.iter().filter_map(|name| Some((name, std::env::var_os(name)?))))
}

/// A command of the shell that leaves a network of its own only these local ports.
fn narrow(first: u16, last: u16) -> String {
    format!("ip link set lo up && echo {first} {last} > /proc/sys/net/ipv4/ip_local_port_range")
}

/// What `run` and `check` say, in the same words, of a wrong script `main.rhai` among these files.
#[track_caller]
pub fn mistake(files: &[(&str, &str)]) -> String {
    let said = ["run", "check"].map(|verb| {
        let command = Katydid::new([verb, "main.rhai"]);
        files.iter().fold(command, |command, (name, text)| command.file(name, text)).refused()
    });
    assert_eq!(said[0], said[1], "`run` and `check` differ");
    let [said, _] = said;
    said
}

/// Waits until so many requests have arrived at the server.
#[track_caller]
pub fn until_arrived(server: &DemoServer, count: u64) {
    let begun = Instant::now();
    while server.ledger().total < count {
        assert!(begun.elapsed() < PATIENCE, "{:?}, and not {count}", server.ledger());
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A command that runs.
pub struct Running {
    child: Child,
    folder: tempfile::TempDir,
    out: PathBuf,
    err: PathBuf,
}

impl Running {
    /// Sends a signal by its name as `kill` knows it.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args([format!("-{name}"), self.child.id().to_string()]).status();
        assert!(status.expect("kill runs").success());
    }

    /// The number of its process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// What was printed to stdout so far.
    pub fn stdout(&self) -> String {
        std::fs::read_to_string(&self.out).expect("the output")
    }

    /// What was printed to stderr so far.
    pub fn stderr(&self) -> String {
        std::fs::read_to_string(&self.err).expect("the output")
    }

    /// The most memory that it has ever held, in bytes.
    pub fn peak_memory(&self) -> u64 {
        self.status_bytes("VmHWM:")
    }

    /// The memory that it holds now, in bytes.
    pub fn memory(&self) -> u64 {
        self.status_bytes("VmRSS:")
    }

    fn status_bytes(&self, key: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix(key)).expect("a size");
        let kilobytes = line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number");
        kilobytes * 1024
    }

    /// Waits until this was printed.
    pub fn wait_for(&self, what: &str) {
        self.wait_for_times(what, 1);
    }

    /// Waits until this was printed so many times, to stderr or to stdout.
    pub fn wait_for_times(&self, what: &str, times: usize) {
        let begun = Instant::now();
        let printed = |text: String| text.matches(what).count() >= times;
        while !printed(self.stderr()) && !printed(self.stdout()) {
            assert!(begun.elapsed() < PATIENCE, "`{what}` never came:\n{}\n{}", self.stdout(), self.stderr());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits for the end.
    pub fn finish(mut self) -> Finished {
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("the child is ours") {
                break status;
            }
            if begun.elapsed() > PATIENCE {
                let _ = self.child.kill();
                panic!("the command did not end:\n{}\n{}", self.stdout(), self.stderr());
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        let (stdout, stderr) = (self.stdout(), self.stderr());
        Finished { code: status.code(), stdout, stderr, folder: self.folder }
    }
}

impl Finished {
    /// Asserts the exit code and shows everything where it is another.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "\n--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr);
        self
    }

    /// Where a file of the command is.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Text of a file that the command wrote.
    #[track_caller]
    pub fn written(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The number before one of `words` in the summary; 0 when it says nothing about it.
    #[track_caller]
    pub fn told(&self, words: [&str; 2]) -> u64 {
        let Some(end) = words.iter().filter_map(|words| self.stdout.find(words)).min() else { return 0 };
        let before = self.stdout[..end].trim_end();
        let number = before.rsplit(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
        number.parse().unwrap_or_else(|_| panic!("no number before {words:?}:\n{}", self.stdout))
    }

    /// How many requests were written to the wire, as the summary says.
    #[track_caller]
    pub fn sent(&self) -> u64 {
        self.told(["requests sent", "request sent"])
    }

    /// How many requests were cut off, as the summary says.
    #[track_caller]
    pub fn cut_off(&self) -> u64 {
        self.told(["requests cut off", "request cut off"])
    }

    /// Rows of `PREFIX_stats.csv`, by (type, name), each by column name.
    pub fn csv(&self, prefix: &str) -> BTreeMap<(String, String), BTreeMap<String, String>> {
        let text = self.written(&format!("{prefix}_stats.csv"));
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header = reader.headers().expect("a header").clone();
        reader
            .records()
            .map(|record| {
                let record = record.expect("a row");
                let row: BTreeMap<_, _> = header
                    .iter()
                    .zip(record.iter())
                    .map(|(name, cell)| (name.to_owned(), cell.to_owned()))
                    .collect();
                ((row["Type"].clone(), row["Name"].clone()), row)
            })
            .collect()
    }
}

/// A file of real data, which lies beside the repository and not in it: below the folder of `KATYDID_TEST_DATA`, or
/// `../shared/data`. Says `skipped` and returns none where it is not there.
pub fn outside_data(name: &str) -> Option<String> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let folder = std::env::var_os("KATYDID_TEST_DATA").map_or(beside, PathBuf::from);
    let text = std::fs::read_to_string(folder.join(name)).ok();
    if text.is_none() {
        println!("skipped: {name} is not in {}", folder.display());
    }
    text
}
