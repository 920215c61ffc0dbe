//! The layers that settings come from: flags over variables over files over defaults.

use super::args::{Given, Raw};
use super::colours::NO_COLOR;
use super::config_file::{self, ConfigFile};
use super::options::{CONFIG, Kind, OPTION, OPTIONS, Spec, spec};
use super::origin::{Origin, Origins};
use super::parse;
use crate::script::{GivenOption, GivenOptions, OPTION_PREFIX};
use crate::util::{Diagnostic, nearest};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The environment, passed in so that nothing here reads the process's own.
pub(super) type Environment = BTreeMap<String, String>;

/// A list of folders, as `PATH` is one, that follow those of `--library`.
const PATH_VARIABLE: &str = "KATYDID_PATH";

/// Everything that was given, strongest first, and what was taken from where.
pub(super) struct Layers<'a> {
    given: &'a Given,
    environment: &'a Environment,
    files: Vec<ConfigFile>,
    origins: Origins,
}

impl<'a> Layers<'a> {
    /// Reads `--config` and, below it, `katydid.toml` in `folder` if it is there.
    ///
    /// # Errors
    ///
    /// A file that cannot be read or understood.
    pub(super) fn new(
        given: &'a Given,
        environment: &'a Environment,
        folder: &Path,
    ) -> Result<Self, Diagnostic> {
        let mut layers = Self { given, environment, files: Vec::new(), origins: Origins::default() };
        if let Some(name) = layers.optional(CONFIG, parse::text)? {
            layers.files.push(config_file::read(&folder.join(&name), &name)?);
        }
        let usual = folder.join(config_file::USUAL);
        if usual.is_file() {
            layers.files.push(config_file::read(&usual, config_file::USUAL)?);
        }
        // It has been heeded already; whether it is right is said here.
        layers.switch(NO_COLOR)?;
        Ok(layers)
    }

    /// Only what the command line says.
    pub(super) fn of_flags(given: &'a Given, environment: &'a Environment) -> Self {
        Self { given, environment, files: Vec::new(), origins: Origins::default() }
    }

    /// Where everything that was asked for came from.
    pub(super) fn into_origins(self) -> Origins {
        self.origins
    }

    /// The value of an option that has a default.
    ///
    /// # Errors
    ///
    /// What `read` says about the text that was given.
    pub(super) fn value<T>(
        &mut self,
        key: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, Diagnostic> {
        let default = spec(key).default;
        match self.optional(key, &read)? {
            Some(value) => Ok(value),
            None => read(default).map_err(|reason| Origin::Default.refuse(key, &reason)),
        }
    }

    /// The value of an option that may be left out.
    ///
    /// # Errors
    ///
    /// What `read` says about the text that was given.
    pub(super) fn optional<T>(
        &mut self,
        key: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, Diagnostic> {
        let spec = spec(key);
        let Some((raw, origin)) = self.find(spec) else { return Ok(None) };
        let (value, text) = match raw {
            Raw::One(text) => (read(&text), text),
            Raw::Many(_) => (Err("this takes one value, not a list".to_owned()), String::new()),
        };
        let value = value.map_err(|reason| origin.refuse(spec.key, &reason))?;
        self.origins.note(spec.key, origin, &text);
        Ok(Some(value))
    }

    /// Whether a switch is on.
    ///
    /// # Errors
    ///
    /// A text that is neither yes nor no.
    pub(super) fn switch(&mut self, key: &str) -> Result<bool, Diagnostic> {
        self.value(key, parse::switch)
    }

    /// The values of an option that may have several.
    ///
    /// # Errors
    ///
    /// What `read` says about one of the texts that were given.
    pub(super) fn list<T>(
        &mut self,
        key: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Vec<T>, Diagnostic> {
        let spec = spec(key);
        let Some((raw, origin)) = self.find(spec) else { return Ok(Vec::new()) };
        let items = items(spec, raw, &origin);
        let values: Result<_, _> = items.iter().map(|item| read(item)).collect();
        let values = values.map_err(|reason| origin.refuse(spec.key, &reason))?;
        self.origins.note(spec.key, origin, &items.join(","));
        Ok(values)
    }

    /// The folders for imports: those of the option, then those of `KATYDID_PATH`.
    ///
    /// # Errors
    ///
    /// An empty name.
    pub(super) fn libraries(&mut self) -> Result<Vec<PathBuf>, Diagnostic> {
        let mut folders: Vec<PathBuf> =
            self.list("library", parse::text)?.into_iter().map(Into::into).collect();
        let path = self.environment.get(PATH_VARIABLE).map_or("", String::as_str);
        folders.extend(std::env::split_paths(path).filter(|folder| !folder.as_os_str().is_empty()));
        Ok(folders)
    }

    /// The values for options of scripts: those of flags and variables lie over `KATYDID_OPT_NAME`, those of files below.
    ///
    /// # Errors
    ///
    /// What is no name with a value.
    pub(super) fn options(&mut self) -> Result<GivenOptions, Diagnostic> {
        let mut pairs = self.list(OPTION, parse::pair)?;
        // Of two for one name the last counts, and the first that is found is taken.
        pairs.reverse();
        let origin = self.origins.of(OPTION).clone();
        let given = |(name, text): (String, String)| GivenOption { name, text, origin: origin.to_string() };
        let listed: Vec<_> = pairs.into_iter().map(given).collect();
        let tables = self.files.iter().flat_map(|file| &file.options).map(|(name, text, place)| {
            GivenOption { name: name.clone(), text: text.clone(), origin: place.to_string() }
        });
        Ok(match origin {
            Origin::File(_) => {
                GivenOptions { strong: Vec::new(), weak: listed.into_iter().chain(tables).collect() }
            }
            _ => GivenOptions { strong: listed, weak: tables.collect() },
        })
    }

    /// What was given for `spec` in the strongest layer that says something. A variable that is empty says nothing.
    fn find(&self, spec: &Spec) -> Option<(Raw, Origin)> {
        if let Some(value) = self.given.get(spec.key) {
            return Some((value.clone(), Origin::Flag(format!("--{}", spec.flag))));
        }
        let variables = [Some(spec.variable()), spec.locust.map(str::to_owned)];
        for name in variables.into_iter().flatten() {
            if let Some(text) = self.environment.get(&name).filter(|text| !text.trim().is_empty()) {
                return Some((Raw::One(text.clone()), Origin::Variable(name)));
            }
        }
        let (raw, place) = self.files.iter().find_map(|file| file.values.get(spec.key))?;
        Some((raw.clone(), Origin::File(place.clone())))
    }

    /// A warning for each `KATYDID_` variable that nothing reads: most likely a slip.
    pub(super) fn strange_variables(&self) -> Vec<Diagnostic> {
        let known: BTreeSet<String> =
            OPTIONS.iter().map(Spec::variable).chain([PATH_VARIABLE.to_owned()]).collect();
        let strange = |name: &&String| {
            name.starts_with("KATYDID_") && !name.starts_with(OPTION_PREFIX) && !known.contains(*name)
        };
        let warn = |name: &String| {
            let warning = Diagnostic::warning(format!("nothing reads the variable {name}"));
            match nearest(name, known.iter().map(String::as_str)) {
                Some(near) => warning.help(format!("did you mean {near}?")),
                None => warning,
            }
        };
        self.environment.keys().filter(strange).map(warn).collect()
    }
}

/// Takes a list apart. Words may have commas between them, in Locust's variables spaces too; a file name keeps them,
/// except in a variable, which has no other way to hold two.
fn items(spec: &Spec, raw: Raw, origin: &Origin) -> Vec<String> {
    let variable = match origin {
        Origin::Variable(name) => Some(name.as_str()),
        Origin::Flag(_) | Origin::File(_) | Origin::Script(_) | Origin::Default => None,
    };
    let texts = match raw {
        Raw::One(text) => vec![text],
        Raw::Many(texts) => texts,
    };
    let from_locust = variable.is_some() && variable == spec.locust;
    let parts: Vec<String> = texts.iter().flat_map(|text| split(spec, text, variable, from_locust)).collect();
    parts.into_iter().map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

fn split(spec: &Spec, text: &str, variable: Option<&str>, from_locust: bool) -> Vec<String> {
    let between = |separator: &[char]| text.split(separator).map(str::to_owned).collect();
    match (spec.kind, variable) {
        (Kind::Words, _) if from_locust => between(&[',', ' ', '[', ']', '"', '\'']),
        (Kind::Words, _) => between(&[',']),
        (Kind::Files, Some(_)) if spec.key == "library" => {
            std::env::split_paths(text).map(|folder| folder.display().to_string()).collect()
        }
        (Kind::Files, Some(_)) => between(&[',']),
        _ => vec![text.to_owned()],
    }
}
