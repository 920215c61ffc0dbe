//! What all users of one process share: the script's folder, the environment, loaded data files, secrets.

use super::given::GivenOptions;
use super::secrets::{Mask, Secrets};
use crate::script::data::files::Files;
use crate::script::data::shared::Shared;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Shared by all shards of a process; made once by the command line, which alone reads the environment.
#[derive(Debug)]
pub struct World {
    /// The main script's folder: file names in scripts are relative to it.
    pub folder: PathBuf,
    /// The environment as `env::get` sees it.
    pub environment: BTreeMap<String, String>,
    /// The run's seed.
    pub seed: u64,
    /// The time that the top level sees as now, on every shard the same.
    pub started: jiff::Timestamp,
    /// Data files, each loaded once.
    pub(in crate::script) files: Files,
    /// What was given for options of scripts.
    pub(in crate::script) options: GivenOptions,
    /// Stores, queues and counters.
    pub(in crate::script) shared: Shared,
    secrets: Secrets,
    /// Where `print(..)` goes at the top level and in hooks: this room does not print.
    pub(in crate::script) print: fn(&str),
}

impl World {
    /// A world without loaded files; it knows the secrets of its environment.
    #[must_use]
    pub fn new(
        folder: PathBuf,
        environment: BTreeMap<String, String>,
        seed: u64,
        started: jiff::Timestamp,
    ) -> Self {
        let secrets = Secrets::of_environment(&environment);
        Self {
            folder,
            environment,
            seed,
            started,
            files: Files::default(),
            options: GivenOptions::default(),
            shared: Shared::default(),
            secrets,
            print: |_| (),
        }
    }

    /// The same, where what the top level and hooks print is written by `print`.
    #[must_use]
    pub fn printing_to(self, print: fn(&str)) -> Self {
        Self { print, ..self }
    }

    /// The same, with these values for the options of scripts.
    #[must_use]
    pub fn with_options(self, options: GivenOptions) -> Self {
        Self { options, ..self }
    }

    /// `text` with every secret in it replaced by `***`; borrowed when there is none. For everything that is written
    /// where a person may read it.
    #[must_use]
    pub fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.secrets.mask(text)
    }

    /// The secrets that are known now: to be asked often, and from any thread.
    #[must_use]
    pub fn secrets(&self) -> Mask {
        self.secrets.mask_now()
    }

    /// Adds a secret, such as the value of a secret option. Values shorter than four characters are not masked.
    pub fn add_secret(&self, value: &str) {
        self.secrets.add(value);
    }
}
