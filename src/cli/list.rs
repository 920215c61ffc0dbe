//! `katydid list`: what a script declares.

use super::settings::ScriptSettings;
use super::{prepare, show, tree};
use crate::util::Diagnostic;

/// Prints the classes with their task sets, weights, tags, waits and task ratios.
///
/// # Errors
///
/// Everything that is wrong with the scripts.
pub(super) fn list(settings: &ScriptSettings) -> Result<u8, Vec<Diagnostic>> {
    let prepared = prepare::for_reading(settings)?;
    show::diagnostics(&prepared.warnings);
    show::report(&tree::tree(&prepared.plan));
    Ok(0)
}
