//! In what two runs are alike.

use super::Record;
use std::collections::BTreeMap;

/// Options that say where results go, and nothing about the run.
const OUTPUTS: [&str; 14] = [
    "csv",
    "csv-full-history",
    "csv-integer-ms",
    "html",
    "json",
    "junit",
    "markdown",
    "result",
    "trace",
    "only-summary",
    "quiet",
    "no-color",
    "logfile",
    "loglevel",
];

/// Durations that differ by less than this share are alike: a run ends when its last user has.
const ALIKE: f64 = 0.1;

impl Record {
    /// Whether both runs were to make the same load: the same plan, and as many users where their number was given.
    #[must_use]
    pub fn has_load_of(&self, other: &Self) -> bool {
        let closed = self.plan.classes.iter().any(|class| class.arrivals.is_none());
        let mut theirs = other.plan.clone();
        for (theirs, ours) in theirs.classes.iter_mut().zip(&self.plan.classes) {
            theirs.host.clone_from(&ours.host);
        }
        self.plan == theirs && (!closed || self.run.user_count == other.run.user_count)
    }

    /// In what the other run differs besides its results, each as a clause: `users: 50, then 60`.
    #[must_use]
    pub fn unlike(&self, other: &Self) -> Vec<String> {
        let mut found = Vec::new();
        let mut differ = |what: &str, ours: String, theirs: String| {
            if ours != theirs {
                found.push(format!("{what}: {ours}, then {theirs}"));
            }
        };
        let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_owned());
        differ("katydid", self.katydid.clone(), other.katydid.clone());
        differ("machine", self.machine_text(), other.machine_text());
        differ("scripts", self.scripts.join(", "), other.scripts.join(", "));
        differ("host", self.host_text(), other.host_text());
        differ("users", self.run.user_count.to_string(), other.run.user_count.to_string());
        differ("load shape", text(&self.plan.shape), text(&other.plan.shape));
        differ("user classes", self.classes_text(), other.classes_text());
        let (ours, theirs) = (self.run.duration.as_secs_f64(), other.run.duration.as_secs_f64());
        if (ours - theirs).abs() > ALIKE * ours.max(theirs) {
            differ("duration", format!("{ours:.1} s"), format!("{theirs:.1} s"));
        }
        let (ours, theirs) = (self.options_that_matter(), other.options_that_matter());
        let mut names: Vec<&str> = ours.keys().chain(theirs.keys()).copied().collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            let value = |options: &BTreeMap<&str, &str>| {
                options.get(name).map_or("not given", |value| value).to_owned()
            };
            differ(&format!("option {name}"), value(&ours), value(&theirs));
        }
        found
    }

    /// Where requests went, as it was given: the built-in shop has another port each time.
    fn host_text(&self) -> String {
        let given = self.options.iter().find(|option| option.name == "host").map(|option| &option.value);
        given.or(self.host.as_ref()).map_or("none", String::as_str).to_owned()
    }

    fn machine_text(&self) -> String {
        let machine = &self.machine;
        let processor = machine.processor.as_deref().unwrap_or(&machine.arch);
        format!("{processor} ({} cores, {})", machine.cores, machine.os)
    }

    fn classes_text(&self) -> String {
        let classes = self.plan.classes.iter().map(|class| {
            let how = class.arrivals.clone().or(class.fixed_count.map(|count| count.to_string()));
            how.or(class.weight.map(|weight| weight.to_string()))
                .map_or(class.name.clone(), |how| format!("{} {how}", class.name))
        });
        classes.collect::<Vec<_>>().join(", ")
    }

    /// What is said elsewhere, and where results went, is left out.
    fn options_that_matter(&self) -> BTreeMap<&str, &str> {
        let told = ["host", "users", "seed", "script", "manifest"];
        let matters = |name: &str| !OUTPUTS.contains(&name) && !told.contains(&name);
        self.options
            .iter()
            .filter(|option| matters(&option.name))
            .map(|option| (&*option.name, &*option.value))
            .collect()
    }
}
