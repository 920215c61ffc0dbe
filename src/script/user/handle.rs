//! The `user` that script functions receive: its built-in properties, its state, and how it leaves.

use super::host::{Host, Sample};
use super::listeners::{Details, Fallen, Listeners};
use super::pace::Pace;
use super::verdict::Verdicts;
use crate::http::{self, Base, Url};
use crate::script::context::current::Actor;
use crate::script::fiber::control::Control;
use crate::script::value::{convert, pairs};
use rhai::{Dynamic, Engine, EvalAltResult, ImmutableString, Map};
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

/// A handle to one user. Cloning it is cheap and names the same user.
#[derive(Clone)]
pub struct User(pub(in crate::script) Rc<UserCore>);

/// What belongs to one user as its script sees it.
pub(in crate::script) struct UserCore {
    pub(in crate::script) actor: Rc<Actor>,
    pub(super) class_name: ImmutableString,
    /// Relative urls are appended to it. None where no host is known: then only absolute urls work.
    pub(in crate::script) base: RefCell<Option<Rc<Base>>>,
    /// Session headers: a shared map, made when a script first touches it, or a shared array of pairs.
    pub(in crate::script) headers: RefCell<Option<Dynamic>>,
    /// Every property that is not built in.
    state: RefCell<Map>,
    pub(in crate::script) host: Rc<dyn Host>,
    pub(in crate::script) verdicts: Verdicts,
    /// How late the running iteration began, until its first request has taken that over.
    lateness: Cell<Duration>,
    /// How it waits; a user of no class does not.
    pub(super) pace: OnceCell<Rc<dyn Pace>>,
    /// Who is told of every request that is counted, if anybody is.
    pub(super) listeners: Option<Rc<Listeners>>,
    /// What they have not been told yet.
    pub(super) untold: RefCell<VecDeque<Fallen>>,
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.0.class_name, self.0.actor.number)
    }
}

impl User {
    /// A user of `class_name` with nothing in its state.
    #[must_use]
    pub fn new(actor: Rc<Actor>, class_name: &str, base: Option<Rc<Base>>, host: Rc<dyn Host>) -> Self {
        Self::heard_by(None, actor, class_name, base, host)
    }

    /// The same, where `listeners` are told of its requests.
    #[must_use]
    pub fn heard_by(
        listeners: Option<Rc<Listeners>>,
        actor: Rc<Actor>,
        class_name: &str,
        base: Option<Rc<Base>>,
        host: Rc<dyn Host>,
    ) -> Self {
        Self(Rc::new(UserCore {
            actor,
            class_name: class_name.into(),
            base: RefCell::new(base),
            headers: RefCell::default(),
            state: RefCell::default(),
            host,
            verdicts: Verdicts::default(),
            lateness: Cell::default(),
            pace: OnceCell::new(),
            listeners,
            untold: RefCell::default(),
        }))
    }

    /// Lets the user's script wait by `pace`; the first one stays.
    pub fn waits_by(&self, pace: Rc<dyn Pace>) {
        self.0.pace.get_or_init(|| pace);
    }

    pub(in crate::script) fn actor(&self) -> &Rc<Actor> {
        &self.0.actor
    }

    /// Says how late the function that is called next begins: its first request counts from so much earlier. Zero where
    /// nothing was late, or nothing was due.
    pub fn set_lateness(&self, lateness: Duration) {
        self.0.lateness.set(lateness);
    }

    /// The lateness that the request in hand must answer for.
    pub(in crate::script) fn take_lateness(&self) -> Duration {
        self.0.lateness.take()
    }

    /// The rows of data files that the user drew since the last time, as `file:index` joined by `;`; empty where its actor
    /// does not note them.
    #[must_use]
    pub fn take_noted_rows(&self) -> String {
        self.0.actor.take_noted_rows()
    }

    /// A script function has ended, or was `cut` off: streams are closed, and the verdicts that are still open fall.
    pub(in crate::script) fn settle(&self, cut: bool) {
        for stream in self.0.verdicts.streams() {
            stream.end_with_task(cut);
        }
        self.0.verdicts.settle_all(|sample, details| self.count(sample, details));
    }

    /// Counts what is like a request and has no response.
    pub(super) fn count_other(&self, sample: Sample) {
        let details = self.is_heard().then(Box::default);
        self.count(sample, details);
    }

    /// Counts a request. Whoever listens is told the details at the next safe point, not here: the verdict may fall
    /// while a stack is being unwound.
    pub(in crate::script) fn count(&self, sample: Sample, details: Option<Box<Details>>) {
        if let Some(details) = details {
            self.0.untold.borrow_mut().push_back(Fallen { sample: sample.clone(), details: *details });
        }
        self.0.host.record(sample);
    }

    /// The url of the host itself, for cookies.
    fn host_url(&self) -> Option<Url> {
        self.0.base.borrow().as_ref().map(|base| Url::with_path(base.origin.clone(), "/"))
    }

    fn get_state(&self, key: &str) -> Dynamic {
        self.0.state.borrow().get(key).cloned().unwrap_or(Dynamic::UNIT)
    }

    /// Keeps a value under `key`.
    ///
    /// A container is kept as a shared value, so that `user.list.push(x)` changes it in place: Rhai reads the property,
    /// changes what it read, and writes it back. Rhai itself copies a shared value wherever it is stored or passed on,
    /// so the state still has value semantics.
    fn set_state(&self, key: &str, value: Dynamic) {
        let container = value.is_array() || value.is_map() || value.is_blob();
        let value = if container { value.into_shared() } else { value };
        // The old value must be dropped outside the borrow: it may be a response, whose verdict falls then.
        let old = self.0.state.borrow_mut().insert(key.into(), value);
        drop(old);
    }

    fn session_headers(&self) -> Dynamic {
        let mut headers = self.0.headers.borrow_mut();
        headers.get_or_insert_with(|| Dynamic::from_map(Map::new()).into_shared()).clone()
    }

    /// Rhai also calls this to write back what it changed in place, which is then the shared map itself.
    fn set_session_headers(&self, headers: Dynamic) -> Result<(), Box<EvalAltResult>> {
        if !headers.is_map() && !headers.is_array() {
            return Err(convert::refuse(format!(
                "`user.headers` must be a map or an array of [name, value] pairs, not {}",
                convert::type_text(&headers)
            )));
        }
        self.0.headers.replace(Some(headers.into_shared()));
        Ok(())
    }

    fn cookies(&self) -> Map {
        let Some(url) = self.host_url() else { return Map::new() };
        self.0.host.cookies(&url).into_iter().map(|(name, value)| (name.into(), value.into())).collect()
    }

    /// Makes these the cookies for the host; what is not among them is gone.
    fn set_cookies(&self, cookies: Map) -> Result<(), Box<EvalAltResult>> {
        let cookies = pairs::cookies("user.cookies", &Dynamic::from_map(cookies))?;
        let Some(url) = self.host_url() else { return Ok(()) };
        let before = self.cookies();
        if before.keys().any(|known| !cookies.iter().any(|(name, _)| name == known.as_str())) {
            self.0.host.clear_cookies();
        }
        for (name, value) in cookies {
            self.0.host.set_cookie(&url, &name, &value);
        }
        Ok(())
    }

    fn set_host(&self, text: &str) -> Result<(), Box<EvalAltResult>> {
        let base = Base::parse(text).map_err(|error| {
            convert::refuse(format!("`{}` is not a host: {error}", http::without_password(text)))
        })?;
        self.0.base.replace(Some(Rc::new(base)));
        Ok(())
    }
}

fn is_built_in(name: &str) -> Result<(), Box<EvalAltResult>> {
    Err(convert::refuse(format!(
        "`user.{name}` is built in and cannot be set; choose another name for your own state"
    )))
}

/// Registers the type, its properties and the ways to leave.
pub(in crate::script) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<User>("User");
    engine.register_fn("to_string", |user: &mut User| format!("{user:?}"));
    engine.register_fn("to_debug", |user: &mut User| format!("{user:?}"));
    engine.register_get("id", |user: &mut User| i64::try_from(user.0.actor.number).unwrap_or(i64::MAX));
    engine.register_set("id", |_: &mut User, _: Dynamic| is_built_in("id"));
    engine.register_get("class_name", |user: &mut User| user.0.class_name.clone());
    engine.register_set("class_name", |_: &mut User, _: Dynamic| is_built_in("class_name"));
    engine.register_get("host", |user: &mut User| -> Dynamic {
        user.0.base.borrow().as_ref().map_or(Dynamic::UNIT, |base| base.to_string().into())
    });
    engine.register_set("host", |user: &mut User, host: ImmutableString| user.set_host(&host));
    engine.register_get("headers", |user: &mut User| user.session_headers());
    engine.register_set("headers", |user: &mut User, headers: Dynamic| user.set_session_headers(headers));
    engine.register_get("cookies", |user: &mut User| user.cookies());
    engine.register_set("cookies", |user: &mut User, cookies: Map| user.set_cookies(cookies));
    engine.register_indexer_get_set(
        |user: &mut User, key: ImmutableString| user.get_state(&key),
        |user: &mut User, key: ImmutableString, value: Dynamic| user.set_state(&key, value),
    );
    register_leaving(engine);
}

fn register_leaving(engine: &mut Engine) {
    type Never = Result<(), Box<EvalAltResult>>;
    let leave = |user: &mut User, call: &str, control: Control| -> Never {
        match user.0.actor.hook() {
            None => Err(control.raise()),
            Some(event) => Err(convert::refuse(format!(
                "{call} leaves a task, and a hook of `{}` is in none; stop_test(reason) ends the run",
                event.name()
            ))),
        }
    };
    let interrupt = move |user: &mut User, reschedule: bool| {
        leave(user, "user.interrupt()", Control::Interrupt { reschedule })
    };
    engine.register_fn("interrupt", move |user: &mut User| interrupt(user, true));
    engine.register_fn("interrupt", move |user: &mut User, reschedule: bool| interrupt(user, reschedule));
    engine.register_fn("reschedule", move |user: &mut User| {
        leave(user, "user.reschedule()", Control::Reschedule)
    });
    engine.register_fn("stop", move |user: &mut User| leave(user, "user.stop()", Control::StopUser));
    engine.register_fn("stop_test", |reason: ImmutableString| -> Never {
        Err(Control::StopTest(reason.into()).raise())
    });
}
