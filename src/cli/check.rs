//! `katydid check`: everything that can be found wrong with a script, without sending anything.

use super::prepare;
use super::settings::ScriptSettings;
use super::terminal::show;
use crate::util::Diagnostic;

/// Checks the scripts and says what they declare, in one line.
///
/// # Errors
///
/// Everything that is wrong with them.
pub(super) fn check(settings: &ScriptSettings) -> Result<u8, Vec<Diagnostic>> {
    let prepared = prepare::for_reading(settings)?;
    show::diagnostics(&prepared.warnings);
    let classes = prepared.plan.classes.len();
    let tasks: usize = prepared.plan.sets.iter().map(|set| set.tasks.len()).sum();
    let warnings = prepared.warnings.len();
    let plural =
        |count: usize, one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
    show::report(&format!(
        "ok: {}, {}, {}",
        plural(classes, "user class", "user classes"),
        plural(tasks, "task", "tasks"),
        plural(warnings, "warning", "warnings"),
    ));
    Ok(0)
}
