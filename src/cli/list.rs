//! `katydid list`: what a script declares.

use super::settings::ScriptSettings;
use super::{prepare, script_options, show, tree};
use crate::util::Diagnostic;

/// Prints the classes with their task sets, weights, tags, waits and task ratios, then settings and options.
///
/// # Errors
///
/// Everything that is wrong with the scripts.
pub(super) fn list(settings: &ScriptSettings) -> Result<u8, Vec<Diagnostic>> {
    let prepared = prepare::for_reading(settings)?;
    show::diagnostics(&prepared.warnings);
    let plan = &prepared.plan;
    let options = script_options::listed(plan.settings.as_ref(), &plan.options);
    show::report(&prepared.loader.world.mask(&format!("{}{options}", tree::tree(plan))));
    Ok(0)
}
