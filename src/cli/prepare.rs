//! From script files to a plan that can run: everything that can be found wrong before anything is sent.

use super::demo::DEMO;
use super::manifests::read_manifests;
use super::once::{self, Planned};
use super::script_options;
use super::settings::Origin;
use super::settings::network::{self, given};
use super::settings::{RunSettings, ScriptLimits, ScriptSettings};
use crate::engine::client_options_of;
use crate::http::{
    AllowedHosts, Base, Client, ClientOptions, Network, Shared, Url, secrets_of, without_password,
};
use crate::plan::{self, Plan, UserClass};
use crate::script::{FiberLimits, Limits, Loaded, Loader, Script, World};
use crate::util::{Diagnostic, Severity, nearest};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

/// Scripts that can run.
pub(super) struct Prepared {
    pub(super) plan: Plan,
    pub(super) loader: Loader,
    pub(super) warnings: Vec<Diagnostic>,
    /// Every task and whether it runs, for a run that runs each once.
    pub(super) planned: Vec<Planned>,
}

/// Scripts that are not to be run.
pub(super) struct Reading {
    pub(super) plan: Plan,
    pub(super) script: Script,
    pub(super) world: Arc<World>,
    pub(super) warnings: Vec<Diagnostic>,
}

/// Scripts that were read and declared without a mistake.
pub(super) struct Read {
    pub(super) plan: Plan,
    script: Script,
    loader: Loader,
    warnings: Vec<Diagnostic>,
}

/// Loads and checks the scripts.
///
/// # Errors
///
/// Everything that is wrong with them, and values for options that they do not have.
pub(super) fn read(settings: &ScriptSettings, seed: u64) -> Result<Read, Vec<Diagnostic>> {
    let loader = loader(settings, seed);
    let Loaded { script, plan, warnings: found } = loader.load(false)?;
    script_options::refuse_unknown(&settings.options, &plan.options).map_err(|error| vec![error])?;
    let mut warnings = settings.warnings.clone();
    warnings.extend(script_options::strange_variables(&settings.environment, &plan.options));
    warnings.extend(found);
    warnings.extend(verify_plan(&plan, &script)?);
    let hosts = plan.classes.iter().filter_map(|class| class.host.as_deref());
    let settings_host = plan.settings.as_ref().and_then(|settings| settings.host.as_deref());
    hosts.chain(settings_host).for_each(|host| hide_password(host, &loader.world));
    Ok(Read { plan, script, loader, warnings })
}

impl Read {
    /// The folder that file names in scripts are relative to.
    pub(super) fn folder(&self) -> &Path {
        &self.loader.world.folder
    }

    /// The diagnostic with the line of the script that it is about, if it is about one.
    pub(super) fn show_line(&self, diagnostic: Diagnostic) -> Diagnostic {
        self.script.show_line(diagnostic)
    }
}

/// The credentials of a url are secrets, in the url and as the header that they become.
fn hide_password(url: &str, world: &World) {
    for secret in secrets_of(url) {
        world.add_secret(&secret);
    }
}

/// Chooses what to run by tags and classes, and checks where it would go.
///
/// # Errors
///
/// Everything that is wrong with it.
pub(super) fn for_run(settings: &RunSettings, read: Read) -> Result<Prepared, Vec<Diagnostic>> {
    let Read { mut plan, script, loader, mut warnings } = read;
    let one = |error| vec![error];
    settings.host.iter().for_each(|host| hide_password(host, &loader.world));
    if let Some(proxy) = &settings.network.proxy {
        proxy.secrets().iter().for_each(|secret| loader.world.add_secret(secret));
    }
    let all = if settings.once { plan::planned_tasks(&plan) } else { Vec::new() };
    warnings.extend(plan::select_classes(&mut plan, &settings.classes).map_err(one)?);
    let chosen = if settings.once { plan::planned_tasks(&plan) } else { Vec::new() };
    warnings.extend(plan::filter(&mut plan, &settings.tags, &settings.exclude_tags).map_err(one)?);
    warnings.extend(if settings.once {
        once::without_effect(settings)
    } else {
        without_effect(settings, &plan)
    });
    let planned = once::planned(&all, &chosen, &plan);
    if settings.once {
        plan::make_once(&mut plan);
    }
    let host = settings.origins.of("host");
    if matches!(host, Origin::Default | Origin::Script(_)) {
        verify_class_hosts(&plan, &script).map_err(one)?;
    } else {
        // Whoever says where the run goes means all of it.
        plan.classes.iter_mut().for_each(|class| class.host = None);
    }
    verify_allowed(settings, &plan, &script).map_err(one)?;
    network::verify_sources(&settings.network.network, &settings.origins).map_err(one)?;
    verify_hosts(settings, &plan, &script).map_err(one)?;
    verify_clients(&super::run::client_options(settings), &plan, &script).map_err(one)?;
    Ok(Prepared { plan, loader, warnings, planned })
}

/// Where users come by arrivals only, or by a load shape, nobody asks how many are to be started.
fn without_effect(settings: &RunSettings, plan: &Plan) -> Option<Diagnostic> {
    let given = ["users", "spawn-rate"].into_iter().find(|key| settings.origins.is_given(key))?;
    let what = match settings.origins.of(given) {
        origin @ Origin::Script(_) => format!("`{}` of {origin}", given.replace('-', "_")),
        origin => origin.to_string(),
    };
    let warning = |why: &str| Diagnostic::warning(format!("{what} has no effect: {why}"));
    if plan.shape.is_some() {
        let warning = warning("the number of users follows the load shape");
        return Some(warning.help("-t cuts a load shape; its numbers stand in the script"));
    }
    let all_open = !plan.has_dealt_users() && !plan.arrivals.is_empty();
    all_open.then(|| {
        let warning = warning("users come by arrivals only");
        warning.help("give `max_users` and `start_users` to arrivals(..)")
    })
}

/// Loads and checks the scripts without a wish to run them.
///
/// # Errors
///
/// Everything that is wrong with them.
pub(super) fn for_reading(settings: &ScriptSettings) -> Result<Reading, Vec<Diagnostic>> {
    let read = read(settings, 0)?;
    let one = |error| vec![read.show_line(error)];
    verify_class_hosts(&read.plan, &read.script).map_err(one)?;
    let mut warnings = Vec::new();
    if let Some(said) = &read.plan.settings {
        let origin = Origin::Script(said.declared_at.clone());
        if let Some(host) = said.host.as_ref().filter(|host| *host != DEMO) {
            let parsed = parse_host(host, "settings(..)");
            parsed.map_err(|error| one(at_settings(error, &origin)))?;
        }
        let paths: Vec<_> = said.manifests.iter().map(|name| read.folder().join(name)).collect();
        warnings = read_manifests(&paths, &origin).map_err(one)?.1;
    }
    verify_clients(&ClientOptions::default(), &read.plan, &read.script).map_err(one)?;
    warnings.extend(read.warnings);
    Ok(Reading { plan: read.plan, script: read.script, world: read.loader.world, warnings })
}

fn loader(settings: &ScriptSettings, seed: u64) -> Loader {
    // File names in scripts are relative to the main script's folder.
    let folder =
        settings.scripts.first().and_then(|script| script.parent()).map(Path::to_owned).unwrap_or_default();
    let world = World::new(folder, settings.environment.clone(), seed, jiff::Timestamp::now());
    let world = world.printing_to(super::terminal::show::print).with_options(settings.options.clone());
    Loader {
        scripts: settings.scripts.clone(),
        libraries: settings.libraries.clone(),
        limits: limits(&settings.limits),
        world: Arc::new(world),
    }
}

/// The script room's limits; 0 means none there too.
fn limits(given: &ScriptLimits) -> Limits {
    Limits {
        fiber: FiberLimits { stack_size: given.stack_size, max_operations: given.max_operations },
        max_string_size: given.max_string_size,
        max_array_size: given.max_array_size,
        max_map_size: given.max_map_size,
        max_call_levels: given.max_call_levels,
    }
}

fn verify_plan(plan: &Plan, script: &Script) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
    let findings = plan::check(plan, |function| script.may_interrupt(function));
    let findings = findings.into_iter().map(|finding| script.show_line(finding));
    let (errors, warnings): (Vec<_>, Vec<_>) =
        findings.partition(|finding| finding.severity == Severity::Error);
    if errors.is_empty() { Ok(warnings) } else { Err(errors) }
}

/// The keys of `.http(#{..})` that name files.
const CERTIFICATES: [&str; 3] = ["ca", "cert", "key"];

/// Every class can have a client: its options are known, and the certificates it trusts can be read.
fn verify_clients(run: &ClientOptions, plan: &Plan, script: &Script) -> Result<(), Diagnostic> {
    let shared = Shared::new();
    for class in &plan.classes {
        let from_script = CERTIFICATES.iter().any(|key| class.http.contains_key(*key));
        let options = options_of(run, class, script)?;
        Client::new(shared.clone(), Rc::new(options)).map_err(|error| {
            let from = format!("asked for by user class `{}`, declared at {}", class.name, class.declared_at);
            if from_script { error.note(from) } else { error }
        })?;
    }
    Ok(())
}

fn options_of(run: &ClientOptions, class: &UserClass, script: &Script) -> Result<ClientOptions, Diagnostic> {
    client_options_of(run, class).map_err(|error| {
        // The place says what the note says.
        at_class(Diagnostic { notes: Vec::new(), ..error }, class, script)
    })
}

/// Every class that sends relative urls has a host, and every host, or the proxy on the way there, can be looked up.
fn verify_hosts(settings: &RunSettings, plan: &Plan, script: &Script) -> Result<(), Diagnostic> {
    let run = settings.origins.of("host");
    let (client, network) = (super::run::client_options(settings), &settings.network.network);
    for class in &plan.classes {
        let options = options_of(&client, class, script)?;
        if let Some(proxy) = &options.proxy {
            let verify = |origin: &str| {
                network::verify_name(proxy.host(), proxy.port(), network, &given(origin, &proxy.to_string()))
            };
            if client.proxy == options.proxy {
                verify(&settings.origins.of("proxy").to_string())?;
            } else {
                let origin = format!("the proxy of user class `{}`", class.name);
                verify(&origin).map_err(|error| at_class(error, class, script))?;
            }
        }
        match (&class.host, &settings.host) {
            (Some(host), _) => {
                let origin = format!("the host of user class `{}`", class.name);
                verify_host(host, &origin, &options, network)
                    .map_err(|error| at_class(error, class, script))?;
            }
            (None, Some(host)) => {
                verify_host(host, &run.to_string(), &options, network)
                    .map_err(|error| script.show_line(at_settings(error, run)))?;
            }
            (None, None) => {
                if class.http.contains_key("cookies") {
                    let error = Diagnostic::error(format!(
                        "no host: user class `{}` has cookies, and they are for its host",
                        class.name
                    ));
                    return Err(at_class(
                        error.help("give --host http://.., or `.host(\"http://..\")` on the class"),
                        class,
                        script,
                    ));
                }
                if let Some(place) = script.relative_url() {
                    return Err(Diagnostic::error("no host: this url is relative")
                        .at(place)
                        .note(format!("user class `{}` has none, declared at {}", class.name, class.declared_at))
                        .help("give --host http://.., or `.host(\"http://..\")` on the class; --host demo starts the built-in shop"));
                }
            }
        }
    }
    Ok(())
}

/// The hosts of the run and of the classes are among those that may be called. What cannot be read as a host is told
/// apart from that, later.
fn verify_allowed(settings: &RunSettings, plan: &Plan, script: &Script) -> Result<(), Diagnostic> {
    let Some(allowed) = AllowedHosts::new(&settings.allowed_hosts) else { return Ok(()) };
    let refused = |host: &str, origin: &str| {
        let url = Url::parse_absolute(host).ok()?;
        let refusal = allowed.refusal(&url)?;
        let host = refusal.split(' ').next().unwrap_or_default();
        Some(
            Diagnostic::error(format!("{origin}: {refusal}"))
                .help(format!("allow it too: `--allow-host {host}`")),
        )
    };
    let run = settings.origins.of("host");
    if let Some(error) = settings.host.as_ref().and_then(|host| refused(host, &run.to_string())) {
        return Err(script.show_line(at_settings(error, run)));
    }
    for class in &plan.classes {
        let origin = format!("the host of user class `{}`", class.name);
        if let Some(error) = class.host.as_ref().and_then(|host| refused(host, &origin)) {
            return Err(at_class(error, class, script));
        }
    }
    Ok(())
}

/// Reads a host as a url; `origin` says who gave it.
fn parse_host(host: &str, origin: &str) -> Result<Base, Diagnostic> {
    Base::parse(host).map_err(|error| {
        let diagnostic =
            Diagnostic::error(format!("{origin}: `{}` is not a url: {error}", without_password(host)));
        match nearest(host, [DEMO]) {
            Some(demo) => diagnostic.help(format!("did you mean `{demo}`, the built-in shop?")),
            None if host.contains("://") => diagnostic,
            None => diagnostic.help(format!("did you mean `http://{host}`?")),
        }
    })
}

/// The hosts that the classes themselves name can be read as urls; they are not looked up.
fn verify_class_hosts(plan: &Plan, script: &Script) -> Result<(), Diagnostic> {
    for class in &plan.classes {
        if let Some(host) = &class.host {
            let origin = format!("the host of user class `{}`", class.name);
            parse_host(host, &origin).map_err(|error| at_class(error, class, script))?;
        }
    }
    Ok(())
}

/// The diagnostic at the call of `settings(..)`, if that is its origin.
fn at_settings(diagnostic: Diagnostic, origin: &Origin) -> Diagnostic {
    match origin {
        Origin::Script(place) => plan::place(place).map_or(diagnostic.clone(), |place| diagnostic.at(place)),
        _ => diagnostic,
    }
}

/// The diagnostic at the line that declares `class`.
fn at_class(diagnostic: Diagnostic, class: &UserClass, script: &Script) -> Diagnostic {
    match plan::place(&class.declared_at) {
        Some(place) => script.show_line(diagnostic.at(place)),
        None => diagnostic,
    }
}

fn verify_host(
    host: &str,
    origin: &str,
    options: &ClientOptions,
    network: &Network,
) -> Result<(), Diagnostic> {
    let base = parse_host(host, origin)?;
    let given = given(origin, host);
    if let Some(path) = base.origin.socket() {
        return network::verify_socket(path, &given);
    }
    match options.first_name(&base.origin) {
        Some((name, port)) => network::verify_name(name, port, network, &given),
        None => Ok(()),
    }
}

/// Each user holds a connection, so the process may open as many files as the system allows.
pub(super) fn raise_descriptor_limit() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE)
        && soft < hard
        && let Err(error) = setrlimit(Resource::RLIMIT_NOFILE, hard, hard)
    {
        tracing::warn!("at most {soft} open files: {error}");
    }
}

/// How many fibers a shard may suspend at once: each takes two memory maps, of which the system allows only so many.
pub(super) fn max_fibers(shards: usize) -> usize {
    const RESERVED_MAPS: usize = 4096;
    const USUAL_LIMIT: usize = 65_530;
    let text = std::fs::read_to_string("/proc/sys/vm/max_map_count").unwrap_or_default();
    let limit: usize = text.trim().parse().unwrap_or(USUAL_LIMIT);
    (limit.saturating_sub(RESERVED_MAPS) / 2 / shards.max(1)).max(1)
}
