//! Where a setting came from, so that messages can say it.

use crate::plan;
use crate::util::{Diagnostic, Place};
use std::collections::BTreeMap;
use std::fmt;

/// Where a setting came from. The order is that of precedence, the strongest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A flag or an argument, as `--users`.
    Flag(String),
    /// An environment variable, by its name.
    Variable(String),
    /// A key of a configuration file; the place is that of its value.
    File(Place),
    /// The script's `settings(..)`, at this `file:line:column`.
    Script(String),
    /// Nobody gave it.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) | Self::Variable(name) => f.write_str(name),
            Self::File(place) => place.fmt(f),
            Self::Script(place) => write!(f, "settings(..) at {place}"),
            Self::Default => f.write_str("the default"),
        }
    }
}

impl Origin {
    /// The error for a value of the option `key` from here; `reason` says what is wrong with the value.
    pub(super) fn refuse(&self, key: &str, reason: &str) -> Diagnostic {
        match self {
            Self::Flag(name) | Self::Variable(name) => Diagnostic::error(format!("{name}: {reason}")),
            Self::File(place) => Diagnostic::error(format!("{key}: {reason}")).at(place.clone()),
            Self::Script(place) => {
                let diagnostic = Diagnostic::error(format!("{key}: {reason}"));
                match plan::place(place) {
                    Some(place) => diagnostic.at(place),
                    None => diagnostic,
                }
            }
            Self::Default => Diagnostic::error(format!("--{key}: {reason}")),
        }
    }
}

/// Where each of the settings that somebody gave came from, and how it was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins(BTreeMap<&'static str, (Origin, String)>);

impl Origins {
    /// Where the option with this long name (without dashes) came from.
    #[must_use]
    pub fn of(&self, key: &str) -> &Origin {
        self.0.get(key).map_or(&Origin::Default, |(origin, _)| origin)
    }

    /// Whether somebody gave the option: then a script's own wish does not matter.
    #[must_use]
    pub fn is_given(&self, key: &str) -> bool {
        *self.of(key) != Origin::Default
    }

    pub(super) fn note(&mut self, key: &'static str, origin: Origin, text: &str) {
        self.0.insert(key, (origin, text.to_owned()));
    }

    /// Everything that was given: its name, who gave it and how it was written.
    pub(in crate::cli) fn given(&self) -> impl Iterator<Item = (&'static str, &Origin, &str)> {
        self.0.iter().map(|(key, (origin, text))| (*key, origin, text.as_str()))
    }
}
