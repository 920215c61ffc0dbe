//! `katydid list`: what a script declares.

use super::prepare::{self, Reading};
use super::script_options;
use super::settings::ListSettings;
use super::terminal::{plot, show, tree};
use crate::plan::{self, Shape, UserTarget};
use crate::script::Actor;
use crate::util::Diagnostic;
use std::rc::Rc;
use std::time::Duration;

/// How far a load shape is followed.
const DAY: Duration = Duration::from_secs(86_400);

/// How wide a report is that goes to no terminal.
const COLUMNS: usize = 100;

/// Prints the classes with their task sets, weights, tags, waits and task ratios, then settings and options; or the load
/// shape.
///
/// # Errors
///
/// Everything that is wrong with the scripts.
pub(super) fn list(settings: &ListSettings) -> Result<u8, Vec<Diagnostic>> {
    let reading = prepare::for_reading(&settings.script)?;
    show::diagnostics(&reading.warnings);
    if settings.shape {
        show::report(&shape(&reading).map_err(|error| vec![error])?);
        return Ok(0);
    }
    let plan = &reading.plan;
    let options = script_options::listed(plan.settings.as_ref(), &plan.options);
    show::report(&reading.world.mask(&format!("{}{options}", tree::tree(plan))));
    Ok(0)
}

fn shape(reading: &Reading) -> Result<String, Diagnostic> {
    let Some(shape) = &reading.plan.shape else {
        return Err(Diagnostic::error("the scripts declare no load shape")
            .help("declare one: `stages([#{ duration: \"30s\", users: 10, spawn_rate: 2 }]);`"));
    };
    let actor = Rc::new(Actor::new(0, reading.world.clone()));
    let forecast = plan::forecast(DAY, |at| target_at(reading, shape, &actor, at))?;
    Ok(plot::plot(&forecast, show::columns().unwrap_or(COLUMNS)))
}

fn target_at(
    reading: &Reading,
    shape: &Shape,
    actor: &Rc<Actor>,
    at: Duration,
) -> Result<Option<UserTarget>, Diagnostic> {
    if let Some(known) = shape.target_at(at) {
        return Ok(known);
    }
    let Shape::Function(function) = shape else { return Ok(None) };
    let at_t = |error: Diagnostic| error.note(format!("at t = {}", at.as_secs()));
    reading.script.shape_now(*function, actor, at.as_secs_f64(), &reading.plan).map_err(at_t)
}
