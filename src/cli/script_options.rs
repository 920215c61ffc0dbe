//! Options that scripts declare: what nobody declared, and how they are listed.

use crate::plan::{ScriptOption, Settings};
use crate::script::{GivenOptions, OPTION_PREFIX, option_variable};
use crate::util::{Diagnostic, nearest};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;

/// A value was given for an option that no script declares.
///
/// # Errors
///
/// With who gave it, and the nearest that there is.
pub(super) fn refuse_unknown(given: &GivenOptions, declared: &[ScriptOption]) -> Result<(), Diagnostic> {
    let names = || declared.iter().map(|option| option.name.as_str());
    let Some(stranger) = given.all().find(|given| !names().any(|name| name == given.name)) else {
        return Ok(());
    };
    let name = &stranger.name;
    let diagnostic = Diagnostic::error(format!("{}: no script has an option `{name}`", stranger.origin));
    Err(match nearest(name, names()) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None if declared.is_empty() => {
            diagnostic.help(format!("a script declares one by option(\"{name}\", default, help)"))
        }
        None => diagnostic.help(format!("there are {}", names().collect::<Vec<_>>().join(", "))),
    })
}

/// A warning for each variable of an option that no script declares.
pub(super) fn strange_variables(
    environment: &BTreeMap<String, String>,
    declared: &[ScriptOption],
) -> Vec<Diagnostic> {
    let known: Vec<String> = declared.iter().map(|option| option_variable(&option.name)).collect();
    let strange = |name: &&String| name.starts_with(OPTION_PREFIX) && !known.contains(name);
    let warn = |name: &String| {
        let warning = Diagnostic::warning(format!("no script has an option for the variable {name}"));
        match nearest(name, known.iter().map(String::as_str)) {
            Some(near) => warning.help(format!("did you mean {near}?")),
            None => warning,
        }
    };
    environment.keys().filter(strange).map(warn).collect()
}

/// The settings and options of scripts as `katydid list` shows them; empty where there are none.
pub(super) fn listed(settings: Option<&Settings>, options: &[ScriptOption]) -> String {
    let mut text = String::new();
    if let Some(settings) = settings {
        text.push_str("\nsettings of the script\n");
        for (name, value) in facts(settings) {
            writeln!(text, "  {name}  {value}").expect("a String takes it");
        }
    }
    if !options.is_empty() {
        text.push_str("\noptions of the script, given by -o NAME=VALUE\n");
    }
    for option in options {
        writeln!(text, "  {}", line(option)).expect("a String takes it");
    }
    text
}

fn facts(settings: &Settings) -> Vec<(&'static str, String)> {
    let seconds = |time: std::time::Duration| format!("{} s", time.as_secs_f64());
    let facts = [
        ("users", settings.users.map(|users| users.to_string())),
        ("spawn_rate", settings.spawn_rate.map(|rate| rate.to_string())),
        ("run_time", settings.run_time.map(seconds)),
        ("host", settings.host.as_deref().map(|host| crate::http::without_password(host).to_string())),
        ("stop_timeout", settings.stop_timeout.map(seconds)),
        ("manifest", (!settings.manifests.is_empty()).then(|| settings.manifests.join(", "))),
    ];
    facts.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

fn line(option: &ScriptOption) -> String {
    let shown = |value: &Value| match value {
        Value::String(text) if text.is_empty() => "\"\"".to_owned(),
        _ if option.secret => "***".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut facts = vec![format!("default {}", shown(&option.default))];
    if let Some(origin) = &option.given {
        facts.push(format!("{} by {origin}", shown(&option.value)));
    }
    if !option.choices.is_empty() {
        facts.push(format!("one of {}", option.choices.iter().map(shown).collect::<Vec<_>>().join(" ")));
    }
    let help = if option.help.is_empty() { String::new() } else { format!("  {}", option.help) };
    format!("{}  ({}){help}", option.name, facts.join(", "))
}
