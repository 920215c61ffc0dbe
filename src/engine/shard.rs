//! A shard: one thread with its own runtime, script engine, connections and recorder, and the users that live on it.

use super::budget::Budget;
use super::client::{Ledger, UserHost, client_options_of};
use super::config::RunConfig;
use super::hooks::HookWitness;
use super::message::{Assignment, Command, Report};
use super::order::Order;
use super::stop::{StopSignal, Wish};
use super::walk::{Terrain, Walk, Witness};
use crate::http::{Base, Client, ClientOptions, Shared};
use crate::plan::Event;
use crate::script::{Actor, Exception, Listeners, Loader, User};
use crate::stats::{Recorder, RunCounters};
use crate::util::{Purpose, stream};
use std::cell::{Cell, RefCell};
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
            Ok(shard) => shard.serve(commands).await,
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

struct Shard {
    index: usize,
    config: Arc<RunConfig>,
    loader: Loader,
    terrain: Rc<Terrain>,
    kinds: Vec<Kind>,
    network: Rc<Shared>,
    ledger: Rc<Ledger>,
    reports: UnboundedSender<Report>,
    crowd: Rc<Crowd>,
    listeners: Option<Rc<Listeners>>,
}

/// The users that run now.
struct Crowd {
    signals: RefCell<HashMap<u64, Rc<StopSignal>>>,
    /// Users that have ended, by class index.
    ended: RefCell<Vec<u64>>,
    changed: Cell<bool>,
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

    fn left(&self, user: u64, class: usize) {
        self.signals.borrow_mut().remove(&user);
        self.ended.borrow_mut()[class] += 1;
        self.changed.set(true);
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
        let orders = config.plan.sets.iter().map(Order::new).collect();
        let network = Shared::new();
        let kinds = config.plan.classes.iter().map(|class| {
            let host = config.host.as_ref().or(class.host.as_ref());
            let base = host
                .map(|host| Base::parse(host).map(Rc::new))
                .transpose()
                .map_err(|error| error.to_string())?;
            let options =
                Rc::new(client_options_of(&config.client, class).map_err(|error| error.to_string())?);
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
            stop_timeout: config.stop_timeout,
        };
        let ledger = Ledger {
            recorder: RefCell::new(Recorder::new()),
            started: Instant::from_std(setup.started),
            counters: RefCell::default(),
            world: setup.loader.world.clone(),
        };
        let crowd = Crowd {
            signals: RefCell::default(),
            ended: RefCell::new(vec![0; config.plan.classes.len()]),
            changed: Cell::new(false),
            emptied: tokio::sync::Notify::new(),
        };
        Ok(Self {
            index: setup.index,
            loader: setup.loader,
            terrain: Rc::new(terrain),
            kinds,
            network,
            ledger: Rc::new(ledger),
            reports,
            crowd: Rc::new(crowd),
            listeners,
            config,
        })
    }

    fn report(&self, report: Report) {
        // A controller that is gone needs no reports.
        let _ = self.reports.send(report);
    }

    /// Obeys the controller until the run is over and the last user has ended.
    async fn serve(self, mut commands: UnboundedReceiver<Command>) {
        self.report(Report::Ready { shard: self.index });
        let mut ticks = interval_at(Instant::now() + SNAPSHOT_EVERY, SNAPSHOT_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut finishing = false;
        while !(finishing && self.crowd.is_empty()) {
            let emptied = self.crowd.emptied.notified();
            tokio::select! {
                command = commands.recv() => match command {
                    Some(Command::Start(users)) => users.into_iter().for_each(|user| self.start(user)),
                    Some(Command::Grant(runs)) => self.terrain.budget.grant(runs),
                    Some(Command::Finish { stop_timeout }) => {
                        finishing = true;
                        self.crowd.set_all(Wish::Finish { deadline: Instant::now() + stop_timeout });
                    }
                    Some(Command::Cut) | None => {
                        finishing = true;
                        self.crowd.set_all(Wish::Cut);
                    }
                },
                _ = ticks.tick() => self.hand_over(),
                () = emptied => self.hand_over_users(),
            }
        }
        self.hand_over();
        self.report(Report::Done { shard: self.index });
    }

    /// Sends what was counted since the last time.
    fn hand_over(&self) {
        let mut recorder = self.ledger.recorder.borrow_mut();
        let counters = &self.network.counters;
        let now = RunCounters {
            wire_requests: counters.wire_requests.take(),
            reconnects: counters.reconnects.take(),
            ..self.ledger.counters.take()
        };
        recorder.counters().merge(&now);
        let snapshot = Box::new(recorder.take());
        drop(recorder);
        self.report(Report::Counted { snapshot });
        self.hand_over_users();
    }

    fn hand_over_users(&self) {
        if self.crowd.changed.replace(false) {
            self.report(Report::Ended { shard: self.index, ended: self.crowd.ended.borrow().clone() });
        }
    }

    fn start(&self, assignment: Assignment) {
        let Assignment { user: number, class } = assignment;
        let kind = &self.kinds[class.0];
        let client = match Client::new(self.network.clone(), kind.options.clone()) {
            Ok(client) => client,
            Err(error) => return self.report(Report::Broken { reason: error.to_string() }),
        };
        let host = Rc::new(UserHost {
            client,
            network: self.network.clone(),
            ledger: self.ledger.clone(),
            reports: self.reports.clone(),
        });
        let actor = Rc::new(Actor::new(number, self.loader.world.clone()));
        let name = self.config.plan.classes[class.0].name.as_str();
        let signal = Rc::new(StopSignal::new());
        let walk = Walk {
            terrain: self.terrain.clone(),
            user: User::heard_by(self.listeners.clone(), actor, name, kind.base.clone(), host),
            signal: signal.clone(),
            schedule: stream(self.config.seed, number, Purpose::Schedule),
            witness: UserWitness {
                shard: self.index,
                ledger: self.ledger.clone(),
                reports: self.reports.clone(),
            },
            frames: Vec::new(),
        };
        let (crowd, config) = (self.crowd.clone(), self.config.clone());
        crowd.joined(number, signal);
        tokio::task::spawn_local(async move {
            walk.run(&config.plan.classes[class.0]).await;
            crowd.left(number, class.0);
        });
    }
}

/// One user's line to the recorder and the controller.
struct UserWitness {
    shard: usize,
    ledger: Rc<Ledger>,
    reports: UnboundedSender<Report>,
}

impl HookWitness for UserWitness {
    fn hook_failed(&self, event: Event, exception: &Exception) {
        self.ledger.hook_failed(event, exception);
    }
}

impl Witness for UserWitness {
    fn exception(&self, exception: &Exception, task: &str) {
        self.ledger.exception(exception, task);
    }

    fn stop_test(&self, reason: &str) {
        let _ = self.reports.send(Report::StopTest { reason: reason.to_owned() });
    }

    fn needs_grant(&self) {
        let _ = self.reports.send(Report::NeedsGrant { shard: self.shard });
    }

    fn iteration(&self) {
        self.ledger.recorder.borrow_mut().counters().iterations += 1;
    }
}
