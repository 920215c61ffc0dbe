//! `settings(#{ .. })`: a script's own defaults for the run.

use super::declaration::{self, Declaration};
use crate::plan::Settings;
use crate::script::options::SETTINGS;
use crate::script::value::convert::{duration, number, refuse, string, strings};
use crate::util::nearest;
use rhai::{Dynamic, Engine, EvalAltResult, Map, NativeCallContext};
use std::rc::Rc;

type Result<T> = std::result::Result<T, Box<EvalAltResult>>;

/// Registers `settings`.
pub(super) fn register(engine: &mut Engine, declaration: &Rc<Declaration>) {
    let declaration = declaration.clone();
    engine.register_fn("settings", move |context: NativeCallContext<'_>, given: Map| -> Result<()> {
        declaration.at_top_level("settings(..)")?;
        let mut known = declaration.settings.borrow_mut();
        if let Some(known) = &*known {
            return Err(refuse(format!("settings(..) was called before, at {}", known.declared_at)));
        }
        let mut settings = Settings { declared_at: declaration::place(&context), ..Settings::default() };
        for (key, value) in given.iter().filter(|(_, value)| !value.is_unit()) {
            apply(&mut settings, key, value)?;
        }
        *known = Some(settings);
        Ok(())
    });
}

fn apply(settings: &mut Settings, key: &str, value: &Dynamic) -> Result<()> {
    match key {
        "users" => settings.users = Some(users(value)?),
        "spawn_rate" => {
            let rate = number("`spawn_rate`", value)?;
            if rate <= 0.0 {
                return Err(refuse(format!("`spawn_rate` must be above 0, but is {rate}")));
            }
            settings.spawn_rate = Some(rate);
        }
        "run_time" => {
            let time = duration("`run_time`", value)?;
            if time.is_zero() {
                return Err(refuse("`run_time` must be above 0"));
            }
            settings.run_time = Some(time);
        }
        "host" => settings.host = Some(string("`host`", value)?.into()),
        "stop_timeout" => settings.stop_timeout = Some(duration("`stop_timeout`", value)?),
        "manifest" => settings.manifests = strings("`manifest`", value)?,
        unknown => {
            let hint = match nearest(unknown, SETTINGS.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known are {}", SETTINGS.join(", ")),
            };
            return Err(refuse(format!("unknown setting `{unknown}`; {hint}")));
        }
    }
    Ok(())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is tested")]
fn users(value: &Dynamic) -> Result<usize> {
    let users = number("`users`", value)?;
    if users.fract() == 0.0 && (1.0..=1e9).contains(&users) {
        return Ok(users as usize);
    }
    Err(refuse(format!("`users` must be a whole number from 1, but is {users}")))
}
