//! `on(event, f)`: functions that run when something happens to the run.

use super::builders;
use super::declaration::Declaration;
use crate::plan::Event;
use crate::script::data::json;
use crate::script::user::User;
use crate::script::value::convert::refuse;
use crate::util::nearest;
use rhai::{Dynamic, Engine, EvalAltResult, ImmutableString, Map, NativeCallContext};
use std::rc::Rc;

/// What examples call the map that a hook gets.
pub(super) const ARGUMENT: &str = "event";

/// Registers `on`.
pub(super) fn register(engine: &mut Engine, declaration: &Rc<Declaration>) {
    let declaration = declaration.clone();
    engine.register_fn(
        "on",
        move |context: NativeCallContext<'_>,
              event: ImmutableString,
              hook: Dynamic|
              -> Result<(), Box<EvalAltResult>> {
            declaration.at_top_level("on(..)")?;
            let event = Event::of_name(&event).ok_or_else(|| unknown(&event))?;
            let hook = builders::function(&context, "a hook", "a function", &hook)?;
            declaration.hooks.borrow_mut().push((event, hook));
            Ok(())
        },
    );
}

/// What a hook is told, as plain data.
pub type Fields = serde_json::Map<String, serde_json::Value>;

/// The argument of a hook of `event`: what it is told, and who may send on its behalf.
pub(in crate::script) fn argument(event: Event, user: &User, fields: Fields) -> Dynamic {
    let mut map = Map::new();
    for (name, value) in fields {
        map.insert(name.into(), json::from_value(value));
    }
    let names: &[&str] = match event {
        Event::TestStart | Event::TestStop | Event::Request => &["user"],
        // Locust's own name, and the one that all others have.
        Event::UserError => &["user", "user_instance"],
        Event::Init | Event::SpawningComplete | Event::TestStopping | Event::Quitting => &[],
    };
    for name in names {
        map.insert((*name).into(), Dynamic::from(user.clone()));
    }
    Dynamic::from_map(map)
}

fn unknown(name: &str) -> Box<EvalAltResult> {
    let names = || Event::ALL.into_iter().map(Event::name);
    let hint = match nearest(name, names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", names().collect::<Vec<_>>().join(", ")),
    };
    refuse(format!("there is no event `{name}`; {hint}"))
}
