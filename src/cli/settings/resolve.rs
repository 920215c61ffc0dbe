//! What a command is to do, with nothing left open: flags, variables, files and defaults brought together.

use super::args::Given;
use super::layers::{Environment, Layers};
use super::network::NetworkSettings;
use super::origin::{Origin, Origins};
use super::parse;
use super::report::FileSettings;
use crate::cli::outputs::one_for_stdout;
use crate::engine::Late;
use crate::http::{HostPattern, HttpVersion, TlsVersion};
use crate::plan;
use crate::script::GivenOptions;
use crate::util::{Diagnostic, timespan_text};
use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tracing::level_filters::LevelFilter;

/// What `katydid run` is to do.
#[derive(Clone, Debug, PartialEq)]
pub struct RunSettings {
    /// The scripts and how they are read.
    pub script: ScriptSettings,
    /// Where relative urls go, as given; `demo` is the built-in shop. None leaves it to the user classes.
    pub host: Option<String>,
    /// Users at the top of the ramp, at least 1.
    pub users: usize,
    /// Users started per second, above 0.
    pub spawn_rate: f64,
    /// What arrivals do that find no user.
    pub late: Late,
    /// From the first user to the end; none = no end.
    pub run_time: Option<Duration>,
    /// Task runs of all users together, at least 1; none = no end.
    pub iterations: Option<u64>,
    /// Task runs of each user, at least 1; none = no end.
    pub iterations_per_user: Option<u64>,
    /// Only tasks with one of these tags; empty = all.
    pub tags: Vec<String>,
    /// No tasks with one of these tags.
    pub exclude_tags: Vec<String>,
    /// Only these user classes, with weights for some; empty = all.
    pub classes: Vec<(String, Option<f64>)>,
    /// The files that are written about the run.
    pub files: FileSettings,
    /// Where a line per task run is written to.
    pub trace: Option<PathBuf>,
    /// Group failure texts from the first on.
    pub failure_grouping: bool,
    /// A table of the phases of requests at the end.
    pub phases: bool,
    /// Run each task once instead of making load.
    pub once: bool,
    /// How many users are looked at; none = as many as the kind of run asks for.
    pub debug_http: Option<u64>,
    /// Files with thresholds.
    pub manifests: Vec<PathBuf>,
    /// Nothing while the run goes on, tables at its end.
    pub only_summary: bool,
    /// No tables at all, only what failed and the outcome.
    pub quiet: bool,
    /// How long running tasks may go on when the run ends; may be 0.
    pub stop_timeout: Duration,
    /// Forget what was counted when all users have been started.
    pub reset_stats: bool,
    /// The exit code of a run with errors, if one was chosen.
    pub exit_code_on_error: Option<u8>,
    /// A run in which the generator could not keep up is valid all the same.
    pub allow_saturation: bool,
    /// Where all randomness comes from.
    pub seed: u64,
    /// Threads that run users, at least 1.
    pub shards: usize,
    /// Certificates to trust besides the system's.
    pub ca: Option<PathBuf>,
    /// The client's own certificate.
    pub cert: Option<PathBuf>,
    /// Its key, if that is in a file of its own.
    pub key: Option<PathBuf>,
    /// Certificates are not verified.
    pub insecure: bool,
    /// The oldest version of TLS that is accepted.
    pub tls_min: TlsVersion,
    /// Every connection has a full TLS handshake.
    pub no_tls_resumption: bool,
    /// Which versions of HTTP are spoken.
    pub http_version: HttpVersion,
    /// The only hosts that may be called; empty = all.
    pub allowed_hosts: Vec<HostPattern>,
    /// How long a request may take.
    pub timeout: Duration,
    /// Where connections come from and what they go through.
    pub network: NetworkSettings,
    /// Longer bodies are a failure, in bytes as transferred; none = the client's rule.
    pub max_body: Option<u64>,
    /// What is logged, and where to.
    pub log: LogSettings,
    /// Where each of these came from.
    pub origins: Origins,
}

/// Which scripts, and how they are read.
#[derive(Clone, Debug, PartialEq)]
pub struct ScriptSettings {
    /// At least one.
    pub scripts: Vec<PathBuf>,
    /// Where imports are looked for, in this order, after the importing file's folder.
    pub libraries: Vec<PathBuf>,
    /// Bounds on what a script may take.
    pub limits: ScriptLimits,
    /// Values for the options of scripts.
    pub options: GivenOptions,
    /// The environment as scripts see it.
    pub environment: BTreeMap<String, String>,
    /// What the user should know about what was given.
    pub warnings: Vec<Diagnostic>,
}

/// Bounds that keep one script from taking the process down. For sizes of data, 0 = no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScriptLimits {
    /// Operations of a task since it last waited.
    pub max_operations: u64,
    /// Bytes of a string.
    pub max_string_size: usize,
    /// Elements of an array.
    pub max_array_size: usize,
    /// Properties of a map.
    pub max_map_size: usize,
    /// Nested calls.
    pub max_call_levels: usize,
    /// Bytes of the stack of a running task.
    pub stack_size: usize,
}

/// What is logged, and where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSettings {
    /// Nothing less grave than this.
    pub level: LevelFilter,
    /// None is stderr.
    pub file: Option<PathBuf>,
}

/// What `katydid list` is to do.
#[derive(Clone, Debug, PartialEq)]
pub struct ListSettings {
    /// Which scripts, and how they are read.
    pub script: ScriptSettings,
    /// Draw the load shape instead of the classes.
    pub shape: bool,
}

/// What `katydid verify` is to do.
#[derive(Clone, Debug, PartialEq)]
pub struct VerifySettings {
    /// Files with thresholds, at least one.
    pub manifests: Vec<PathBuf>,
    /// What they judge: a result file or a `_stats.csv`.
    pub data: PathBuf,
    /// A run in which the generator could not keep up is valid all the same.
    pub allow_saturation: bool,
    /// The exit code of a run with errors, if another one was chosen than for the run.
    pub exit_code_on_error: Option<u8>,
    /// The files that are written about the verdict.
    pub files: FileSettings,
    /// Where each of these came from.
    pub origins: Origins,
}

/// What `katydid demo` is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DemoSettings {
    /// The port on 127.0.0.1; 0 = any that is free.
    pub port: u16,
}

impl RunSettings {
    /// Takes over what the script says about the run, wherever nobody else has said anything. `folder` is the one that
    /// its file names are relative to.
    pub(in crate::cli) fn adopt(&mut self, script: &plan::Settings, folder: &Path) {
        let origin = Origin::Script(script.declared_at.clone());
        let mut take = |key: &'static str, said: Option<String>| {
            let taken = said.filter(|_| !self.origins.is_given(key));
            if let Some(text) = &taken {
                self.origins.note(key, origin.clone(), text);
            }
            taken.is_some()
        };
        if take("users", script.users.map(|users| users.to_string())) {
            self.users = script.users.unwrap_or(self.users);
        }
        if take("spawn-rate", script.spawn_rate.map(|rate| rate.to_string())) {
            self.spawn_rate = script.spawn_rate.unwrap_or(self.spawn_rate);
        }
        if take("run-time", script.run_time.map(timespan_text)) {
            self.run_time = script.run_time;
        }
        if take("host", script.host.clone()) {
            self.host.clone_from(&script.host);
        }
        if take("stop-timeout", script.stop_timeout.map(timespan_text)) {
            self.stop_timeout = script.stop_timeout.unwrap_or(self.stop_timeout);
        }
        if take("manifest", (!script.manifests.is_empty()).then(|| script.manifests.join(","))) {
            self.manifests = script.manifests.iter().map(|name| folder.join(name)).collect();
        }
    }
}

/// Resolves the settings of a run. `folder` is where `katydid.toml` is looked for.
///
/// # Errors
///
/// A value that cannot be read, with the flag, the variable or the line that gave it; settings that contradict each
/// other; no script.
pub(super) fn resolve(
    given: &Given,
    environment: &Environment,
    folder: &Path,
) -> Result<RunSettings, Diagnostic> {
    let mut layers = Layers::new(given, environment, folder)?;
    refuse_web(&mut layers)?;
    let mut settings = RunSettings {
        script: script(&mut layers, environment)?,
        host: layers.optional("host", parse::text)?,
        users: layers.value("users", parse::whole(1..))?,
        spawn_rate: layers.value("spawn-rate", parse::rate)?,
        late: layers.value("late", parse::late)?,
        run_time: layers.optional("run-time", parse::time)?,
        iterations: layers.optional("iterations", parse::whole(1..))?,
        iterations_per_user: layers.optional("iterations-per-user", parse::whole(1..))?,
        tags: layers.list("tags", parse::text)?,
        exclude_tags: layers.list("exclude-tags", parse::text)?,
        classes: layers.list("class", parse::class)?,
        files: FileSettings::resolve(&mut layers)?,
        trace: layers.optional("trace", parse::text)?.map(PathBuf::from),
        failure_grouping: layers.switch("failure-grouping")?,
        phases: layers.switch("phases")?,
        once: layers.switch("once")?,
        debug_http: layers.optional("debug-http", parse::watched)?,
        manifests: paths(layers.list("manifest", parse::text)?),
        only_summary: layers.switch("only-summary")?,
        quiet: layers.switch("quiet")?,
        stop_timeout: layers.value("stop-timeout", crate::util::parse_timespan)?,
        reset_stats: layers.switch("reset-stats")?,
        exit_code_on_error: layers.optional("exit-code-on-error", exit_code)?,
        allow_saturation: layers.switch("allow-saturation")?,
        seed: layers.optional("seed", parse::whole(0..))?.unwrap_or_else(new_seed),
        shards: layers.optional("shards", parse::whole(1..=MOST_SHARDS))?.unwrap_or_else(cores),
        ca: layers.optional("ca", parse::text)?.map(PathBuf::from),
        cert: layers.optional("cert", parse::text)?.map(PathBuf::from),
        key: layers.optional("key", parse::text)?.map(PathBuf::from),
        insecure: layers.switch("insecure")?,
        tls_min: layers.value("tls-min", str::parse)?,
        no_tls_resumption: layers.switch("no-tls-resumption")?,
        http_version: layers.value("http-version", str::parse)?,
        allowed_hosts: layers.list("allow-host", str::parse)?,
        timeout: layers.value("timeout", parse::time)?,
        network: NetworkSettings::resolve(&mut layers)?,
        max_body: layers.optional("max-body", crate::util::parse_size)?,
        log: LogSettings {
            level: layers.value("loglevel", parse::level)?,
            file: layers.optional("logfile", parse::text)?.map(PathBuf::from),
        },
        origins: Origins::default(),
    };
    settings.origins = layers.into_origins();
    if settings.quiet && !settings.origins.is_given("loglevel") {
        settings.log.level = LevelFilter::WARN;
    }
    settings.files.check(&settings.origins)?;
    let forms = settings.files.forms.iter().map(|(form, path)| (form.key(), path.as_path()));
    one_for_stdout(forms.chain(settings.trace.as_deref().map(|path| ("trace", path))))?;
    Ok(settings)
}

/// Resolves the settings of a verb that only reads scripts. `folder` is where `katydid.toml` is looked for.
///
/// # Errors
///
/// As [`resolve`].
pub(super) fn resolve_script(
    given: &Given,
    environment: &Environment,
    folder: &Path,
) -> Result<ScriptSettings, Diagnostic> {
    script(&mut Layers::new(given, environment, folder)?, environment)
}

/// Resolves the settings of `katydid list`. `folder` is where `katydid.toml` is looked for.
///
/// # Errors
///
/// As [`resolve`].
pub(super) fn resolve_list(
    given: &Given,
    environment: &Environment,
    folder: &Path,
) -> Result<ListSettings, Diagnostic> {
    let mut layers = Layers::new(given, environment, folder)?;
    Ok(ListSettings { shape: layers.switch("shape")?, script: script(&mut layers, environment)? })
}

/// Resolves the settings of `katydid verify`, which judges `data`. `folder` is where `katydid.toml` is looked for.
///
/// # Errors
///
/// A value that cannot be read, no manifest, and a manifest in the place of the result.
pub(super) fn resolve_verify(
    given: &Given,
    data: String,
    environment: &Environment,
    folder: &Path,
) -> Result<VerifySettings, Diagnostic> {
    const ORDER: &str =
        "write the manifests first, then what they judge: `katydid verify limits.yaml out_stats.csv`";
    let mut layers = Layers::new(given, environment, folder)?;
    let manifests = paths(layers.list("manifest", parse::text)?);
    let allow_saturation = layers.switch("allow-saturation")?;
    let exit_code_on_error = layers.optional("exit-code-on-error", exit_code)?;
    // What variables and files say of reports is meant for the run, whose own must not be overwritten.
    let nothing = Environment::new();
    let files = FileSettings::resolve(&mut Layers::of_flags(given, &nothing))?;
    let is_yaml = [".yaml", ".yml"].iter().any(|end| data.to_lowercase().ends_with(end));
    if is_yaml {
        let message = format!("{data} is a manifest by its name, and no result or CSV is given behind it");
        return Err(Diagnostic::error(message).help(ORDER));
    }
    if manifests.is_empty() {
        return Err(Diagnostic::error(format!("no manifest is given to judge {data} by")).help(ORDER));
    }
    Ok(VerifySettings {
        manifests,
        data: data.into(),
        allow_saturation,
        exit_code_on_error,
        files,
        origins: layers.into_origins(),
    })
}

/// Resolves the settings of the demo server. `folder` is where `katydid.toml` is looked for.
///
/// # Errors
///
/// As [`resolve`].
pub(super) fn resolve_demo(
    given: &Given,
    environment: &Environment,
    folder: &Path,
) -> Result<DemoSettings, Diagnostic> {
    let mut layers = Layers::new(given, environment, folder)?;
    Ok(DemoSettings { port: layers.value("demo-port", parse::whole(0..=u16::MAX))? })
}

fn script(layers: &mut Layers<'_>, environment: &Environment) -> Result<ScriptSettings, Diagnostic> {
    let scripts = paths(layers.list("script", parse::text)?);
    if scripts.is_empty() {
        return Err(Diagnostic::error("no script is given")
            .help("name one: `katydid run main.rhai`, or `script = \"main.rhai\"` in katydid.toml"));
    }
    Ok(ScriptSettings {
        scripts,
        libraries: layers.libraries()?,
        limits: limits(layers)?,
        options: layers.options()?,
        environment: environment.clone(),
        warnings: layers.strange_variables(),
    })
}

fn limits(layers: &mut Layers<'_>) -> Result<ScriptLimits, Diagnostic> {
    let any = || parse::whole(0..);
    let operations = layers.value("max-operations", parse::whole(0..))?;
    Ok(ScriptLimits {
        max_operations: if operations == 0 { u64::MAX } else { operations },
        max_string_size: layers.value("max-string-size", parse::size(0..=usize::MAX))?,
        max_array_size: layers.value("max-array-size", any())?,
        max_map_size: layers.value("max-map-size", any())?,
        max_call_levels: layers.value("max-call-levels", parse::whole(1..=10_000))?,
        stack_size: layers.value("stack-size", parse::size(256 << 10..=256 << 20))?,
    })
}

fn paths(names: Vec<String>) -> Vec<PathBuf> {
    names.into_iter().map(PathBuf::from).collect()
}

/// More threads than any machine has cores for; a slip in the number must not start millions.
const MOST_SHARDS: usize = 4096;

fn exit_code(text: &str) -> Result<u8, String> {
    let code = parse::whole(0..=255u16)(text)?;
    Ok(u8::try_from(code).expect("the range ends at 255"))
}

/// A seed nobody chose. The standard library's hasher keys are the randomness that every platform has.
fn new_seed() -> u64 {
    RandomState::new().hash_one("seed")
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).min(MOST_SHARDS)
}

fn refuse_web(layers: &mut Layers<'_>) -> Result<(), Diagnostic> {
    layers.switch("headless")?;
    if layers.switch("web")? {
        return Err(Diagnostic::error("there is no web UI yet: every run is headless")
            .help("leave `web` out; the tables go to stdout, and --csv writes files"));
    }
    Ok(())
}
