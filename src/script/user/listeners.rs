//! The hooks of `request`: a user's requests are told to them on the user's own fiber, at points where script code may
//! run and wait.
//!
//! A verdict may fall anywhere, also while a fiber that was cut is unwound. So what falls is only kept, and told before
//! the user's next request and at the end of its task.

use super::ending::TaskEnd;
use super::handle::User;
use super::host::Sample;
use crate::http;
use crate::plan::{Event, FnId};
use crate::script::fiber::Stopped;
use crate::script::fiber::control::Control;
use crate::script::program::Script;
use crate::script::request::response::Response;
use rhai::{Dynamic, EvalAltResult, Map};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Those who are told of requests.
pub struct Listeners {
    script: Script,
    hooks: Vec<FnId>,
}

/// What a script says about a request to whoever is told of it in detail; nothing of it is sent.
#[derive(Clone, Debug, Default)]
pub(in crate::script) struct Remarks {
    /// `context: #{ .. }`
    pub(in crate::script) context: Option<Map>,
    /// `tags`: an array of strings, or a map of plain values.
    pub(in crate::script) tags: Dynamic,
}

/// What is kept of a request only for those who listen.
#[derive(Debug, Default)]
pub(in crate::script) struct Details {
    /// None for what is not HTTP.
    pub(in crate::script) answer: Option<Box<http::Response>>,
    /// What the request's options say to whoever is told.
    pub(in crate::script) remarks: Option<Box<Remarks>>,
}

/// A request that was counted and not told yet.
#[derive(Debug)]
pub(super) struct Fallen {
    pub(super) sample: Sample,
    pub(super) details: Details,
}

impl Listeners {
    /// The `hooks` of `script`; none where there are no hooks, so that nobody need listen.
    #[must_use]
    pub fn new(script: &Script, hooks: &[FnId]) -> Option<Self> {
        (!hooks.is_empty()).then(|| Self { script: script.clone(), hooks: hooks.to_vec() })
    }
}

impl User {
    /// Whether somebody listens who was not told everything.
    #[must_use]
    pub fn has_untold(&self) -> bool {
        self.0.listeners.is_some() && !self.0.untold.borrow().is_empty()
    }

    /// Whether somebody is to be told of a request that begins now: hooks are not told of their own.
    pub(in crate::script) fn is_heard(&self) -> bool {
        self.0.listeners.is_some() && self.0.actor.hook() != Some(Event::Request)
    }

    /// Tells the listeners what they were not told yet; call it on the user's fiber, where it may wait. Within a timed
    /// block nothing is told: that would count into its time.
    ///
    /// # Errors
    ///
    /// Only when the fiber is cut: a listener that throws is reported, and the next one told.
    pub(in crate::script) fn tell(&self) -> Result<(), Box<EvalAltResult>> {
        let Some(listeners) = &self.0.listeners else { return Ok(()) };
        if !self.has_untold() || !self.is_heard() || self.0.verdicts.transaction.is_timed() {
            return Ok(());
        }
        // What the hooks send is neither part of the task's transaction nor answers for the task's lateness.
        let _outside = self.0.verdicts.transaction.step_out();
        let lateness = self.take_lateness();
        let result = self.tell_all(listeners);
        self.set_lateness(lateness);
        result
    }

    fn tell_all(&self, listeners: &Listeners) -> Result<(), Box<EvalAltResult>> {
        // What the hooks throw away settles while they run: no borrow may last.
        while let Some(fallen) = { self.0.untold.borrow_mut().pop_front() } {
            let _inside = self.0.actor.enter_hook(Event::Request);
            let event = self.event_of(fallen);
            for hook in &listeners.hooks {
                listeners.tell(self, *hook, event.clone())?;
            }
        }
        Ok(())
    }

    /// A function of the user has ended with `result`, on the fiber that runs now: all its verdicts fall and are told
    /// before anybody hears of its end. A fiber that was cut cannot wait, so there nothing is told.
    pub(in crate::script) fn tell_after(
        &self,
        result: Result<Dynamic, Box<EvalAltResult>>,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let cut = |error| Control::in_error(error) == Some(Control::Stopped(Stopped::Cut));
        if self.0.listeners.is_some() && !result.as_ref().is_err_and(|error| cut(error)) {
            self.settle(false);
            // Where the fiber is cut only now, the function has ended all the same.
            let _ = self.tell();
        }
        result
    }

    /// What a hook is told of a request: the fields of Locust's event.
    fn event_of(&self, fallen: Fallen) -> Dynamic {
        let Fallen { sample, details } = fallen;
        let Details { answer, remarks } = details;
        let Remarks { context, tags } = remarks.map(|remarks| *remarks).unwrap_or_default();
        let took = sample.response_time.unwrap_or_default();
        let started = since_epoch().saturating_sub(sample.ended.elapsed() + took);
        let milliseconds = |time: Duration| Dynamic::from(time.as_secs_f64() * 1000.0);
        let url = answer.as_ref().map_or(Dynamic::UNIT, |answer| answer.url.to_string().into());
        let response =
            answer.map(|answer| Dynamic::from(Response::counted(self.clone(), sample.name.clone(), answer)));
        let size = i64::try_from(sample.size).unwrap_or(i64::MAX);
        let fields: [(&str, Dynamic); 11] = [
            ("request_type", sample.method.into()),
            ("name", sample.name.into()),
            ("response_time", sample.response_time.map_or(Dynamic::UNIT, milliseconds)),
            ("response_length", size.into()),
            ("response", response.unwrap_or_default()),
            ("context", context.unwrap_or_default().into()),
            ("tags", tags),
            ("exception", sample.failure.map_or(Dynamic::UNIT, Dynamic::from)),
            ("start_time", started.as_secs_f64().into()),
            ("url", url),
            ("user", Dynamic::from(self.clone())),
        ];
        Dynamic::from_map(fields.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }
}

fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

impl Listeners {
    fn tell(&self, user: &User, hook: FnId, event: Dynamic) -> Result<(), Box<EvalAltResult>> {
        let Err(error) = self.script.call_here(hook, event) else { return Ok(()) };
        if Control::in_error(&error) == Some(Control::Stopped(Stopped::Cut)) {
            return Err(error);
        }
        match self.script.end_of(Err(error)) {
            TaskEnd::Failed(exception) => user.0.host.hook_failed(Event::Request, &exception),
            TaskEnd::StopTest(reason) => user.0.host.stop_test(&reason),
            _ => {}
        }
        Ok(())
    }
}
