//! `katydid run`: from wishes to a verdict.

use super::debug::view::View;
use super::demo::DEMO;
use super::exit::{self, Outcome as ExitOutcome};
use super::manifests::read_manifests;
use super::observer::{Course, RunObserver};
use super::prepare::{self, Prepared};
use super::record::Known;
use super::settings::RunSettings;
use super::settings::file_names::Names;
use super::settings::form::STDOUT;
use super::terminal::live::LiveRun;
use super::terminal::show;
use super::{logging, once, signals};
use crate::demo::DemoServer;
use crate::engine::{self, Debugging, RunConfig};
use crate::http::{AllowedHosts, ClientOptions};
use crate::manifest::{Manifest, Verdict, evaluate};
use crate::plan::{Plan, UserTarget};
use crate::report::Record;
use crate::report::console::{OnceRow, once_report, quiet_report, run_report};
use crate::report::csv::CsvWriter;
use crate::report::trace::TraceWriter;
use crate::script::{Fields, World};
use crate::util::Diagnostic;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Runs the scripts; the exit code says how it went.
///
/// # Errors
///
/// What is wrong with the user's words or files; nothing was sent then.
pub(super) fn run(mut settings: RunSettings) -> Result<u8, Vec<Diagnostic>> {
    logging::start(&settings.log).map_err(|error| vec![error])?;
    let traced_to_stdout = settings.trace.as_ref().is_some_and(|path| path.as_os_str() == STDOUT);
    if settings.files.take_stdout() || traced_to_stdout {
        show::leave_stdout();
    }
    let read = prepare::read(&settings.script, settings.seed)?;
    if let Some(script) = &read.plan.settings {
        settings.adopt(script, read.folder());
    }
    let (manifests, warnings) = read_manifests(&settings.manifests, settings.origins.of("manifest"))
        .map_err(|error| vec![read.show_line(error)])?;
    show::diagnostics(&warnings);
    let demo = start_demo(&mut settings).map_err(|error| vec![error])?;
    let prepared = prepare::for_run(&settings, read)?;
    show::diagnostics(&prepared.warnings);
    if let Some(name) = settings.network.unheeded_proxy(&settings.script.environment) {
        tracing::info!("{name} is set and not heeded: requests take no proxy but that of --proxy");
    }
    settings.files = settings.files.named(&Names::of_run(&settings)).map_err(|error| vec![error])?;
    let outputs = settings.files.open().map_err(|error| vec![error])?;
    let csv = open_csv(&settings).map_err(|error| vec![error])?;
    let trace = settings.trace.as_deref().map(open_trace).transpose().map_err(|error| vec![error])?;
    prepare::raise_descriptor_limit();
    let conducted = conduct(&settings, prepared, &manifests, csv, trace)
        .map_err(|reason| vec![Diagnostic::error(reason)])?;
    drop(demo);
    let record = conclude(&settings, &manifests, conducted);
    // The run is not lost for a file: the console has its numbers.
    for Diagnostic { message, place, .. } in outputs.write(|form, name| form.render(&record, name)) {
        let file = place.map_or_else(String::new, |place| format!(" ({place})"));
        tracing::warn!("{message}{file}");
    }
    Ok(record.exit_code)
}

/// `--host demo`: the run brings its own server.
fn start_demo(settings: &mut RunSettings) -> Result<Option<DemoServer>, Diagnostic> {
    if settings.host.as_deref() != Some(DEMO) {
        return Ok(None);
    }
    let demo = DemoServer::start(0)
        .map_err(|error| Diagnostic::error(format!("cannot start the demo server: {error}")))?;
    tracing::info!("demo server at {}", demo.url());
    settings.host = Some(demo.url());
    // Whoever asks for the shop wants it called.
    if !settings.allowed_hosts.is_empty() {
        settings.allowed_hosts.extend(demo.url().trim_start_matches("http://").parse());
    }
    Ok(Some(demo))
}

fn open_csv(settings: &RunSettings) -> Result<Option<CsvWriter>, Diagnostic> {
    let files = &settings.files;
    files.csv.as_ref().map(|prefix| CsvWriter::new(prefix, files.csv_options)).transpose()
}

/// Another hand on stdout, since what is written to it grows with the run.
fn open_trace(path: &Path) -> Result<TraceWriter, Diagnostic> {
    if path.as_os_str() != STDOUT {
        return TraceWriter::new(path);
    }
    let file = show::output_file();
    let file =
        file.map_err(|error| Diagnostic::error(format!("--trace: cannot write to stdout: {error}")))?;
    TraceWriter::of(file, path)
}

/// A run that has ended.
struct Conducted {
    outcome: engine::Outcome,
    /// What there was to run, and on what.
    known: Known,
    /// What became of each task, where each ran once.
    once: Option<Vec<OnceRow>>,
}

/// Who looks at users, where anybody does.
fn view(settings: &RunSettings, world: &Arc<World>) -> Option<(Arc<View>, Debugging)> {
    let users = match (settings.once, settings.debug_http) {
        (true, _) => u64::MAX,
        (false, users) => users.filter(|users| *users > 0)?,
    };
    let talks = settings.debug_http != Some(0);
    let view = Arc::new(View::new(world.clone(), talks, settings.once));
    Some((view.clone(), Debugging { users, view }))
}

fn conduct(
    settings: &RunSettings,
    prepared: Prepared,
    manifests: &[Manifest],
    csv: Option<CsvWriter>,
    trace: Option<TraceWriter>,
) -> Result<Conducted, String> {
    let view = view(settings, &prepared.loader.world);
    let once = settings.once;
    let known = Known::new(settings, &prepared).map_err(|error| error.to_string())?;
    let config = RunConfig {
        users: if once { prepared.plan.classes.len() } else { settings.users },
        spawn_rate: if once { UserTarget::AT_ONCE } else { settings.spawn_rate },
        plan: prepared.plan,
        late: settings.late,
        run_time: settings.run_time,
        iterations: settings.iterations.filter(|_| !once),
        iterations_per_user: settings.iterations_per_user.filter(|_| !once),
        stop_timeout: settings.stop_timeout,
        // One user after the other: what they say would be mixed up otherwise.
        shards: if once { 1 } else { settings.shards },
        max_fibers: prepare::max_fibers(settings.shards),
        seed: settings.seed,
        trace: trace.is_some(),
        phases: settings.phases,
        failure_grouping: settings.failure_grouping,
        debugging: view.as_ref().map(|(_, debugging)| debugging.clone()),
        once,
        reset_stats: settings.reset_stats,
        host: settings.host.clone(),
        environment: environment(settings),
        client: client_options(settings),
        network: settings.network.network.clone(),
    };
    let classes: Vec<_> = config.plan.classes.iter().map(|class| class.name.clone()).collect();
    let course = course(settings, &config.plan);
    let mut observer = RunObserver::new(csv, trace, classes, manifests.to_vec(), course);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("cannot start a runtime: {error}"))?;
    let outcome = runtime.block_on(async {
        let signals = signals::listen().map_err(|error| format!("cannot listen for signals: {error}"))?;
        engine::run(config, &prepared.loader, signals, &mut observer).await
    })?;
    observer.finish(&outcome.result);
    let notes = view.filter(|_| once).map(|(view, _)| view.notes());
    let once = notes.map(|notes| once::rows(&prepared.planned, notes));
    Ok(Conducted { outcome, known, once })
}

/// What is shown while the run goes on.
fn course(settings: &RunSettings, plan: &Plan) -> Course {
    if settings.only_summary || settings.quiet || settings.once {
        return Course::Nothing;
    }
    if !show::can_draw(settings.script.environment.get("TERM").map(String::as_str)) {
        return Course::Tables;
    }
    match LiveRun::begin(settings, plan) {
        Ok(live) => Course::Live(Box::new(live)),
        Err(error) => {
            tracing::warn!("there is no live view: {error}");
            Course::Tables
        }
    }
}

/// What hooks are told of the run.
fn environment(settings: &RunSettings) -> Fields {
    let seconds = |time: Duration| time.as_secs_f64();
    let environment = json!({
        "host": settings.host,
        "users": settings.users,
        "spawn_rate": settings.spawn_rate,
        "run_time": settings.run_time.map(seconds),
        "iterations": settings.iterations,
        "stop_timeout": seconds(settings.stop_timeout),
        "tags": settings.tags,
        "exclude_tags": settings.exclude_tags,
        "seed": settings.seed,
        "shards": settings.shards,
    });
    match environment {
        Value::Object(environment) => environment,
        _ => Fields::new(),
    }
}

pub(super) fn client_options(settings: &RunSettings) -> ClientOptions {
    ClientOptions {
        timeout: settings.timeout,
        verify: !settings.insecure,
        ca: settings.ca.clone(),
        cert: settings.cert.clone(),
        key: settings.key.clone(),
        tls_min: settings.tls_min,
        tls_resumption: !settings.no_tls_resumption,
        http_version: settings.http_version,
        allowed_hosts: AllowedHosts::new(&settings.allowed_hosts),
        max_body: settings.max_body,
        ..settings.network.client_options()
    }
}

/// Judges the run and prints its end.
fn conclude(settings: &RunSettings, manifests: &[Manifest], conducted: Conducted) -> Record {
    let Conducted { outcome, known, once } = conducted;
    let verdicts: Vec<Verdict> =
        manifests.iter().map(|manifest| evaluate(manifest, &outcome.result)).collect();
    // A run without load says nothing about what the generator can bear.
    let invalid = if settings.once { Vec::new() } else { outcome.result.invalid() };
    let invalid = invalid.iter().map(ToString::to_string).collect();
    let record = known.record(settings, outcome, invalid, verdicts);
    let text = match &once {
        rows if settings.quiet => {
            quiet_report(&record, rows.as_deref(), &exit::explanation(&ExitOutcome::of(&record)))
        }
        Some(rows) => once_report(rows, &record),
        None => run_report(&record, show::columns()),
    };
    show::report(&text);
    tracing::info!("Shutting down (exit code {}), seed {}", record.exit_code, settings.seed);
    record
}
