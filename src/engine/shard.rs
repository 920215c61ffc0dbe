//! A shard: one thread with its own runtime, script engine, connections and recorder, and the users that live on it.

use super::budget::Budget;
use super::client::{Ledger, UserHost, client_options_of};
use super::config::RunConfig;
use super::debug::Eye;
use super::diary::Diary;
use super::hooks::{self, HookWitness};
use super::message::{Assignment, Command, Report};
use super::open::OpenClasses;
use super::order::Order;
use super::pulse::Pulse;
use super::stop::{Deadline, StopSignal, Wish};
use super::walk::{Terrain, Walk, Witness};
use crate::http::{Base, Client, ClientOptions, Shared};
use crate::plan::{Event, FnId};
use crate::script::{Actor, Exception, Fields, Listeners, Loader, User};
use crate::stats::{Recorder, RunCounters};
use crate::util::{Purpose, stream};
use std::borrow::Cow;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::task::LocalSet;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

/// How often a shard hands over what it counted.
const SNAPSHOT_EVERY: Duration = Duration::from_secs(1);

/// What a shard is made of.
pub(super) struct ShardSetup {
    pub(super) index: usize,
    pub(super) config: Arc<RunConfig>,
    pub(super) loader: Loader,
    pub(super) started: std::time::Instant,
}

/// The body of a shard's thread.
pub(super) fn run(setup: ShardSetup, commands: UnboundedReceiver<Command>, reports: UnboundedSender<Report>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            let _ = reports.send(Report::Broken { reason: format!("cannot start a runtime: {error}") });
            return;
        }
    };
    LocalSet::new().block_on(&runtime, async move {
        match Shard::new(setup, reports.clone()) {
            Ok(shard) => Rc::new(shard).serve(commands).await,
            Err(reason) => {
                let _ = reports.send(Report::Broken { reason });
            }
        }
    });
}

/// What the users of one class share.
struct Kind {
    base: Option<Rc<Base>>,
    options: Rc<ClientOptions>,
}

/// How far the run has come, as this shard knows it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Users come and go.
    Running,
    /// No user will come; those that are left finish.
    Finishing,
    /// No user is left; hooks may run.
    Idle,
    /// Nothing more will come.
    Quitting,
}

pub(super) struct Shard {
    pub(super) index: usize,
    pub(super) config: Arc<RunConfig>,
    loader: Loader,
    terrain: Rc<Terrain>,
    kinds: Vec<Kind>,
    network: Rc<Shared>,
    pub(super) ledger: Rc<Ledger>,
    reports: UnboundedSender<Report>,
    crowd: Rc<Crowd>,
    /// Held by the user whose turn it is, where they run one after the other.
    turns: Rc<tokio::sync::Mutex<()>>,
    hooks: Rc<Crowd>,
    /// Who sends in `test_start` and `test_stop`: one user, made for the first of them.
    setup_user: OnceCell<User>,
    /// Who is told of every request.
    listeners: Option<Rc<Listeners>>,
    pub(super) open: OpenClasses,
    /// On whose behalf the load shape runs: one for the whole run, so that its random stream goes on.
    shape_actor: Rc<Actor>,
}

/// Those that run now: users by their numbers, or hooks.
#[derive(Default)]
struct Crowd {
    signals: RefCell<HashMap<u64, Rc<StopSignal>>>,
    /// Those that have ended and were not reported yet.
    ended: RefCell<Vec<u64>>,
    /// The number that was given last.
    last: Cell<u64>,
    emptied: tokio::sync::Notify,
}

impl Crowd {
    fn is_empty(&self) -> bool {
        self.signals.borrow().is_empty()
    }

    fn set_all(&self, wish: Wish) {
        for signal in self.signals.borrow().values() {
            signal.set(wish);
        }
    }

    fn joined(&self, user: u64, signal: Rc<StopSignal>) {
        self.signals.borrow_mut().insert(user, signal);
    }

    fn set(&self, user: u64, wish: Wish) {
        // One that is not here has ended by itself.
        if let Some(signal) = self.signals.borrow().get(&user) {
            signal.set(wish);
        }
    }

    /// Joined under the number after the last.
    fn joined_next(&self, signal: Rc<StopSignal>) -> u64 {
        let number = self.last.get() + 1;
        self.last.set(number);
        self.joined(number, signal);
        number
    }

    fn left(&self, user: u64) {
        self.signals.borrow_mut().remove(&user);
        self.ended.borrow_mut().push(user);
        if self.is_empty() {
            self.emptied.notify_waiters();
        }
    }
}

impl Shard {
    fn new(setup: ShardSetup, reports: UnboundedSender<Report>) -> Result<Self, String> {
        crate::script::set_max_stacks(setup.config.max_fibers);
        let loaded = setup.loader.load(true).map_err(|errors| {
            let texts: Vec<_> = errors.iter().map(ToString::to_string).collect();
            texts.join("\n")
        })?;
        let config = setup.config;
        let order = if config.once { Order::once } else { Order::new };
        let orders = config.plan.sets.iter().map(order).collect();
        let network = Shared::of_shard(config.network.clone(), setup.index, config.shards);
        let kinds = config.plan.classes.iter().map(|class| {
            let host = class.host.as_ref().or(config.host.as_ref());
            let base = host
                .map(|host| Base::parse(host).map(Rc::new))
                .transpose()
                .map_err(|error| error.to_string())?;
            let options = client_options_of(&config.client, class).map_err(|error| error.to_string())?;
            let options = Rc::new(options);
            // What is wrong with the options shows now, before anything is sent.
            Client::new(network.clone(), options.clone()).map_err(|error| error.to_string())?;
            Ok(Kind { base, options })
        });
        let kinds = kinds.collect::<Result<Vec<_>, String>>()?;
        let listeners = Listeners::new(&loaded.script, config.plan.hooks.of(Event::Request)).map(Rc::new);
        let terrain = Terrain {
            script: loaded.script,
            plan: config.plan.clone(),
            orders,
            budget: Budget::new(config.iterations.is_some()),
            runs_per_user: config.iterations_per_user,
            stop_timeout: config.stop_timeout,
            pulse: Pulse::new(),
        };
        let ledger = Ledger {
            recorder: RefCell::new(Recorder::grouping(config.failure_grouping)),
            started: Instant::from_std(setup.started),
            counters: RefCell::default(),
            world: setup.loader.world.clone(),
            // Scripts declare their secret options while they are loaded.
            mask: setup.loader.world.secrets(),
            trace: config.trace.then(Rc::default),
            phases: config.phases,
        };
        let shape_actor = Rc::new(Actor::new(0, setup.loader.world.clone()));
        Ok(Self {
            shape_actor,
            index: setup.index,
            loader: setup.loader,
            terrain: Rc::new(terrain),
            kinds,
            network,
            ledger: Rc::new(ledger),
            reports,
            crowd: Rc::default(),
            turns: Rc::default(),
            hooks: Rc::default(),
            setup_user: OnceCell::new(),
            listeners,
            open: OpenClasses::new(&config, setup.index),
            config,
        })
    }

    pub(super) fn report(&self, report: Report) {
        // A controller that is gone needs no reports.
        let _ = self.reports.send(report);
    }

    /// Obeys the controller until nothing more will come and the last user and the last hook have ended.
    async fn serve(self: Rc<Self>, mut commands: UnboundedReceiver<Command>) {
        self.report(Report::Ready { shard: self.index });
        let terrain = self.terrain.clone();
        let beat = tokio::task::spawn_local(async move { terrain.pulse.beat().await });
        let mut ticks = interval_at(Instant::now() + SNAPSHOT_EVERY, SNAPSHOT_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut phase = Phase::Running;
        while !(phase == Phase::Quitting && self.crowd.is_empty() && self.hooks.is_empty()) {
            let emptied = self.crowd.emptied.notified();
            let hooked = self.hooks.emptied.notified();
            let settled = self.open.news();
            self.report_open_classes();
            if phase == Phase::Finishing && self.crowd.is_empty() {
                phase = Phase::Idle;
                self.hand_over();
                self.report(Report::Idle { shard: self.index });
            }
            tokio::select! {
                command = commands.recv() => phase = self.obey(command.unwrap_or(Command::Cut), phase),
                _ = ticks.tick() => self.hand_over(),
                () = emptied => {
                    self.hand_over_health();
                    self.hand_over_users();
                }
                () = hooked => {}
                () = settled => {}
            }
        }
        beat.abort();
        self.hand_over();
        self.report(Report::Done { shard: self.index });
    }

    fn obey(self: &Rc<Self>, command: Command, phase: Phase) -> Phase {
        match command {
            Command::Start(mut users) => {
                if self.config.once {
                    users.sort_by_key(|user| user.class.0);
                }
                users.into_iter().for_each(|user| self.start(user));
            }
            Command::Stop(users) => {
                let wish = Wish::Finish { deadline: Instant::now() + self.config.stop_timeout };
                users.into_iter().for_each(|user| self.crowd.set(user, wish));
            }
            Command::Grant(runs) => self.terrain.budget.grant(runs),
            Command::Hook { event, fields } => self.run_hooks(event, fields),
            Command::CutHook => self.hooks.set_all(Wish::Cut),
            Command::Shape { function, at } => self.ask_shape(function, at),
            Command::Prepare => self.prepare_open_classes(),
            Command::OpenDoors { at } => self.open_doors(at),
            Command::Finish { stop_timeout } => {
                self.open.close();
                let wish = Wish::Finish { deadline: Instant::now() + stop_timeout };
                self.crowd.set_all(wish);
                self.hooks.set_all(wish);
                return Phase::Finishing;
            }
            Command::Cut => {
                self.open.close();
                self.crowd.set_all(Wish::Cut);
                self.hooks.set_all(Wish::Cut);
                return Phase::Quitting;
            }
            Command::Quit => return Phase::Quitting,
        }
        phase
    }

    /// Sends what was counted since the last time.
    pub(super) fn hand_over(&self) {
        if let Some(arrivals) = self.open.take() {
            self.ledger.recorder.borrow_mut().arrivals().merge(&arrivals);
        }
        self.report(counted(&self.ledger, &self.network));
        self.hand_over_health();
        self.hand_over_trace();
        self.hand_over_users();
    }

    fn hand_over_health(&self) {
        if let Some(health) = self.terrain.pulse.take(!self.crowd.is_empty()) {
            self.report(Report::Health { shard: self.index, health: Box::new(health) });
        }
    }

    fn hand_over_trace(&self) {
        let mut steps = self.ledger.trace.as_ref().map(|pages| pages.take()).unwrap_or_default();
        for step in &mut steps {
            if let Cow::Owned(masked) = self.ledger.mask.apply(&step.task) {
                step.task = masked;
            }
        }
        if !steps.is_empty() {
            self.report(Report::Traced { steps });
        }
    }

    pub(super) fn hand_over_users(&self) {
        let users = self.open.joined();
        if !users.is_empty() {
            self.report(Report::Joined { users });
        }
        let users = self.crowd.ended.take();
        if !users.is_empty() {
            self.report(Report::Ended { users });
        }
    }

    fn start(&self, assignment: Assignment) {
        let Assignment { user: number, class } = assignment;
        let Some((walk, _)) = self.walk(assignment) else { return };
        let (crowd, config) = (self.crowd.clone(), self.config.clone());
        let turns = self.config.once.then(|| self.turns.clone());
        tokio::task::spawn_local(async move {
            let _turn = match &turns {
                Some(turns) => Some(turns.lock().await),
                None => None,
            };
            walk.run(&config.plan.classes[class.0]).await;
            crowd.left(number);
        });
    }

    /// A new user that has joined the crowd and not yet begun, and who it is for the script; none if it cannot be.
    pub(super) fn walk(&self, assignment: Assignment) -> Option<(Walk<UserWitness>, Rc<Actor>)> {
        let Assignment { user: number, class } = assignment;
        let kind = &self.kinds[class.0];
        let name = self.config.plan.classes[class.0].name.as_str();
        let eye = self.config.debugging.as_ref().and_then(|debugging| debugging.eye_on(number, name));
        let host = match self.host_of(&kind.options, eye.clone()) {
            Ok(host) => host,
            Err(reason) => {
                self.report(Report::Broken { reason });
                return None;
            }
        };
        if let Some(base) = &kind.base {
            host.start_with_cookies(base, &kind.options.cookies);
        }
        let actor = Actor::new(number, self.loader.world.clone());
        let trace = self.ledger.trace.clone();
        let actor = Rc::new(if trace.is_some() { actor.noting_rows() } else { actor });
        let name = self.config.plan.classes[class.0].name.as_str();
        let signal = Rc::new(StopSignal::new());
        let user = User::heard_by(self.listeners.clone(), actor.clone(), name, kind.base.clone(), host);
        let schedule = stream(self.config.seed, number, Purpose::Schedule);
        let diary = trace.map(|pages| Diary::new(number, self.ledger.started, pages));
        let walk =
            Walk::new(self.terrain.clone(), user, signal.clone(), schedule, self.witness(eye)).traced(diary);
        self.crowd.joined(number, signal);
        self.terrain.pulse.begin();
        Some((walk, actor))
    }

    /// A user has ended.
    pub(super) fn left(&self, user: u64) {
        self.crowd.left(user);
    }

    /// Runs the hooks of an event, beside the users.
    fn run_hooks(&self, event: Event, fields: Fields) {
        let user = match self.hook_user(event) {
            Ok(user) => user,
            Err(reason) => return self.report(Report::Broken { reason }),
        };
        let signal = Rc::new(StopSignal::new());
        let number = self.hooks.joined_next(signal.clone());
        let (hooks, terrain, witness) =
            (self.hooks.clone(), self.terrain.clone(), self.witness(self.hooks_eye()));
        let network = self.network.clone();
        tokio::task::spawn_local(async move {
            let mut outcome =
                hooks::run(&terrain, event, &user, &fields, &signal, Deadline::of_task, &witness).await;
            outcome.stop = outcome.stop.map(|reason| witness.ledger.world.mask(&reason).into_owned());
            // The hooks of the next event are told what these have sent.
            let _ = witness.reports.send(counted(&witness.ledger, &network));
            let _ = witness.reports.send(Report::Hooked { event, outcome });
            hooks.left(number);
        });
    }

    /// Asks the load shape, beside the users.
    fn ask_shape(&self, function: FnId, at: Duration) {
        let signal = Rc::new(StopSignal::new());
        let number = self.hooks.joined_next(signal.clone());
        let (hooks, terrain, witness) =
            (self.hooks.clone(), self.terrain.clone(), self.witness(self.hooks_eye()));
        let actor = self.shape_actor.clone();
        tokio::task::spawn_local(async move {
            let answer = hooks::shape(&terrain, function, &actor, at, &witness, &signal).await;
            let _ = witness.reports.send(Report::Shaped { answer });
            hooks.left(number);
        });
    }

    /// The user of no class that the hooks of `event` run as. Set-up and tear-down share one, with its cookies, headers
    /// and state; all others send nothing, and hooks of different events may run at the same time.
    fn hook_user(&self, event: Event) -> Result<User, String> {
        if !matches!(event, Event::TestStart | Event::TestStop) {
            return self.new_hook_user(event);
        }
        if let Some(user) = self.setup_user.get() {
            return Ok(user.clone());
        }
        let user = self.new_hook_user(event)?;
        Ok(self.setup_user.get_or_init(|| user).clone())
    }

    fn new_hook_user(&self, event: Event) -> Result<User, String> {
        let base = self.config.host.as_ref().map(|host| Base::parse(host).map(Rc::new)).transpose();
        let base = base.map_err(|error| error.to_string())?;
        let host = self.host_of(&Rc::new(self.config.client.clone()), self.hooks_eye())?;
        let actor = Rc::new(Actor::of_hooks(event, self.loader.world.clone()));
        Ok(User::heard_by(self.listeners.clone(), actor, "", base, host))
    }

    /// Set-up and tear-down are looked at wherever any user is.
    fn hooks_eye(&self) -> Option<Rc<Eye>> {
        self.config.debugging.as_ref().and_then(|debugging| debugging.eye_on(0, ""))
    }

    fn host_of(&self, options: &Rc<ClientOptions>, eye: Option<Rc<Eye>>) -> Result<Rc<UserHost>, String> {
        let client = Client::new(self.network.clone(), options.clone()).map_err(|error| error.to_string())?;
        Ok(Rc::new(UserHost {
            client,
            network: self.network.clone(),
            ledger: self.ledger.clone(),
            reports: self.reports.clone(),
            eye,
        }))
    }

    fn witness(&self, eye: Option<Rc<Eye>>) -> UserWitness {
        UserWitness { shard: self.index, ledger: self.ledger.clone(), reports: self.reports.clone(), eye }
    }
}

/// What was counted since the last time.
fn counted(ledger: &Ledger, network: &Shared) -> Report {
    let mut recorder = ledger.recorder.borrow_mut();
    let counters = &network.counters;
    let told = ledger.counters.take();
    let now = RunCounters {
        wire_requests: counters.wire_requests.take(),
        reconnects: counters.reconnects.take(),
        bytes_sent: counters.bytes_sent.take(),
        bytes_received: counters.bytes_received.take(),
        cut_off: told.cut_off + counters.abandoned.take(),
        ..told
    };
    recorder.counters().merge(&now);
    Report::Counted { snapshot: Box::new(recorder.take()) }
}

/// One user's line to the recorder and the controller.
pub(super) struct UserWitness {
    shard: usize,
    ledger: Rc<Ledger>,
    reports: UnboundedSender<Report>,
    eye: Option<Rc<Eye>>,
}

impl HookWitness for UserWitness {
    fn hook_failed(&self, event: Event, exception: &Exception) {
        if let Some(eye) = &self.eye {
            eye.view.threw(&eye.watched, &format!("on({})", event.name()), exception);
        }
        self.ledger.hook_failed(event, exception);
    }
}

impl Witness for UserWitness {
    fn exception(&self, exception: &Exception, task: &str) {
        self.ledger.exception(exception, task);
    }

    fn eye(&self) -> Option<&Rc<Eye>> {
        self.eye.as_ref()
    }

    fn stop_test(&self, reason: &str) {
        let reason = self.ledger.world.mask(reason).into_owned();
        let _ = self.reports.send(Report::StopTest { reason });
    }

    fn needs_grant(&self) {
        let _ = self.reports.send(Report::NeedsGrant { shard: self.shard });
    }

    fn iteration(&self) {
        self.ledger.recorder.borrow_mut().counters().iterations += 1;
    }
}
