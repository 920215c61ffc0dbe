//! Hooks: script functions that run when something happens to the run, and not to one user only.

use super::FnId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a hook can be declared for, in the order in which a run comes to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The scripts are loaded and nothing was sent yet.
    Init,
    /// The run begins; no user starts before its hooks have returned.
    TestStart,
    /// All users have been started.
    SpawningComplete,
    /// The verdict of a request has fallen.
    Request,
    /// A task or an `on_start` threw.
    UserError,
    /// The run is about to end; the users still run.
    TestStopping,
    /// The run has ended; all users are gone.
    TestStop,
    /// The last thing before the exit code is given.
    Quitting,
}

impl Event {
    /// All of them, in the order in which a run comes to them.
    pub const ALL: [Self; 8] = [
        Self::Init,
        Self::TestStart,
        Self::SpawningComplete,
        Self::Request,
        Self::UserError,
        Self::TestStopping,
        Self::TestStop,
        Self::Quitting,
    ];

    /// The name that scripts use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::TestStart => "test_start",
            Self::SpawningComplete => "spawning_complete",
            Self::Request => "request",
            Self::UserError => "user_error",
            Self::TestStopping => "test_stopping",
            Self::TestStop => "test_stop",
            Self::Quitting => "quitting",
        }
    }

    /// The event with this name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.name() == name)
    }
}

/// The hooks that the scripts declared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hooks(BTreeMap<Event, Vec<FnId>>);

impl Hooks {
    /// Adds a hook behind those that `event` has; before them for [`Event::Quitting`], whose hooks run in reverse
    /// order as Locust's do: what was set up first is torn down last.
    pub fn add(&mut self, event: Event, function: FnId) {
        let hooks = self.0.entry(event).or_default();
        match event {
            Event::Quitting => hooks.insert(0, function),
            _ => hooks.push(function),
        }
    }

    /// The hooks of `event`, in the order in which they run.
    #[must_use]
    pub fn of(&self, event: Event) -> &[FnId] {
        self.0.get(&event).map_or(&[], Vec::as_slice)
    }

    /// Whether `event` has a hook.
    #[must_use]
    pub fn has(&self, event: Event) -> bool {
        self.0.contains_key(&event)
    }
}

#[cfg(test)]
mod tests {
    use super::{Event, Hooks};
    use crate::plan::FnId;

    #[test]
    fn every_event_is_found_by_its_name_and_by_no_other() {
        for event in Event::ALL {
            assert_eq!(Event::of_name(event.name()), Some(event));
            assert_eq!(serde_json::to_value(event).unwrap(), event.name());
        }
        assert_eq!(Event::of_name("Request"), None);
        assert_eq!(Event::of_name(""), None);
    }

    #[test]
    fn hooks_run_in_the_order_of_declaration_and_those_of_quitting_in_reverse() {
        let mut hooks = Hooks::default();
        assert!(!hooks.has(Event::TestStart));
        for event in [Event::TestStart, Event::Quitting] {
            for number in [4, 2, 9] {
                hooks.add(event, FnId(number));
            }
        }
        assert!(hooks.has(Event::Quitting));
        assert_eq!(hooks.of(Event::TestStart), [FnId(4), FnId(2), FnId(9)]);
        assert_eq!(hooks.of(Event::Quitting), [FnId(9), FnId(2), FnId(4)]);
        assert_eq!(hooks.of(Event::Init), []);
        let text = serde_json::to_string(&hooks).unwrap();
        assert_eq!(serde_json::from_str::<Hooks>(&text).unwrap(), hooks);
    }
}
