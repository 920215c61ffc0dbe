//! `option(name, default, help)`: values that the command line gives to a script.

use super::declaration::{self, Declaration};
use crate::plan::ScriptOption;
use crate::script::context::current;
use crate::script::context::given::GivenOption;
use crate::script::data::json;
use crate::script::options::OPTION_KEYS;
use crate::script::value::convert::{boolean, refuse, string, type_text};
use crate::util::nearest;
use rhai::{Array, Dynamic, Engine, EvalAltResult, ImmutableString, Map, NativeCallContext};
use serde_json::Value;
use std::rc::Rc;

type Result<T> = std::result::Result<T, Box<EvalAltResult>>;

/// Registers `option` in its forms.
pub(super) fn register(engine: &mut Engine, declaration: &Rc<Declaration>) {
    type Context<'a> = NativeCallContext<'a>;
    let options = declaration.clone();
    engine.register_fn("option", move |name: ImmutableString| read(&options, &name));
    let options = declaration.clone();
    engine.register_fn("option", move |context: Context<'_>, name: ImmutableString, default: Dynamic| {
        declare(&options, &context, &name, &default, &Dynamic::UNIT)
    });
    let options = declaration.clone();
    engine.register_fn(
        "option",
        move |context: Context<'_>, name: ImmutableString, default: Dynamic, about: Dynamic| {
            declare(&options, &context, &name, &default, &about)
        },
    );
}

/// `option(name)`: the value of an option that is declared.
fn read(declaration: &Declaration, name: &str) -> Result<Dynamic> {
    let options = declaration.options.borrow();
    if let Some(option) = options.iter().find(|option| option.name == name) {
        return Ok(json::from_value(option.value.clone()));
    }
    let hint = match nearest(name, options.iter().map(|option| option.name.as_str())) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("declare it at the top level: option(\"{name}\", default, help)"),
    };
    Err(refuse(format!("no option `{name}` is declared; {hint}")))
}

/// What the third argument says.
#[derive(Default)]
struct About {
    help: String,
    secret: bool,
    choices: Vec<Value>,
}

fn declare(
    declaration: &Declaration,
    context: &NativeCallContext<'_>,
    name: &str,
    default: &Dynamic,
    about: &Dynamic,
) -> Result<Dynamic> {
    if declaration.is_over() {
        return Err(refuse(format!(
            "option(..) with a default declares; inside of a function write option(\"{name}\")"
        )));
    }
    if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c)) {
        return Err(refuse(format!(
            "`{name}` cannot be the name of an option; letters, digits, `_`, `-` and `.` can"
        )));
    }
    let default = plain(default).ok_or_else(|| {
        refuse(format!(
            "the default of option `{name}` must be an integer, a float, a boolean or a string, not {}",
            type_text(default)
        ))
    })?;
    let About { help, secret, choices } = About::read(name, about, &default)?;
    let mut options = declaration.options.borrow_mut();
    if let Some(known) = options.iter().find(|option| option.name == name) {
        if known.default != default {
            let shown =
                |value: &Value| if known.secret || secret { "another".to_owned() } else { text(value) };
            return Err(refuse(format!(
                "option `{name}` has the default {} here and the default {} at {}",
                shown(&default),
                shown(&known.default),
                known.declared_at
            )));
        }
        return Ok(json::from_value(known.value.clone()));
    }
    let world = current::world();
    let given = world.options.find(name, &world.environment);
    let value = match &given {
        Some(given) => value_of(given, &default, &choices, secret)?,
        None => default.clone(),
    };
    if secret {
        world.add_secret(&text(&value));
    }
    options.push(ScriptOption {
        name: name.to_owned(),
        help,
        default,
        value: value.clone(),
        given: given.map(|given| given.origin),
        secret,
        choices,
        declared_at: declaration::place(context),
    });
    Ok(json::from_value(value))
}

impl About {
    fn read(name: &str, given: &Dynamic, default: &Value) -> Result<Self> {
        let mut about = Self::default();
        if given.is_unit() {
            return Ok(about);
        }
        if given.is_string() {
            about.help = string("help", given)?.into();
            return Ok(about);
        }
        let Some(map) = given.read_lock::<Map>() else {
            return Err(refuse(format!(
                "what follows the default of option `{name}` must be its help or a map, not {}",
                type_text(given)
            )));
        };
        for (key, value) in map.iter().filter(|(_, value)| !value.is_unit()) {
            match key.as_str() {
                "help" => about.help = string("`help`", value)?.into(),
                "secret" => about.secret = boolean("`secret`", value)?,
                "choices" => about.choices = choices(name, value, default)?,
                unknown => {
                    let hint = match nearest(unknown, OPTION_KEYS.iter().copied()) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("known are {}", OPTION_KEYS.join(", ")),
                    };
                    return Err(refuse(format!("unknown key `{unknown}` of option(..); {hint}")));
                }
            }
        }
        Ok(about)
    }
}

/// The choices, which are of the default's type and contain it.
fn choices(name: &str, value: &Dynamic, default: &Value) -> Result<Vec<Value>> {
    let Some(items) = value.read_lock::<Array>() else {
        return Err(refuse(format!("`choices` must be an array, not {}", type_text(value))));
    };
    let choices: Option<Vec<Value>> = items.iter().map(plain).collect();
    let choices = choices.filter(|choices| choices.iter().all(|choice| kind(choice) == kind(default)));
    let choices = choices.ok_or_else(|| {
        refuse(format!("each of the `choices` of option `{name}` must be {}", kind(default)))
    })?;
    if choices.contains(default) {
        Ok(choices)
    } else {
        Err(refuse(format!("the default of option `{name}` is none of its `choices`")))
    }
}

/// What was given, read as the type of the default.
fn value_of(given: &GivenOption, default: &Value, choices: &[Value], secret: bool) -> Result<Value> {
    let GivenOption { name, text: given, origin } = given;
    let shown = if secret { "something else".to_owned() } else { format!("`{given}`") };
    let value = match default {
        Value::Bool(_) => match given.trim().to_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Some(Value::Bool(true)),
            "false" | "no" | "off" | "0" => Some(Value::Bool(false)),
            _ => None,
        },
        Value::String(_) => Some(Value::String(given.clone())),
        Value::Number(number) if number.is_f64() => {
            given.trim().parse::<f64>().ok().filter(|number| number.is_finite()).map(Value::from)
        }
        _ => given.trim().replace('_', "").parse::<i64>().ok().map(Value::from),
    };
    let value = value.ok_or_else(|| {
        refuse(format!("option `{name}` takes {}, but {origin} gives {shown}", kind(default)))
    })?;
    if choices.is_empty() || choices.contains(&value) {
        return Ok(value);
    }
    let known: Vec<String> = choices.iter().map(text).collect();
    Err(refuse(format!("option `{name}` takes one of {}, but {origin} gives {shown}", known.join(", "))))
}

/// An integer, a float, a boolean or a string.
fn plain(value: &Dynamic) -> Option<Value> {
    if let Ok(number) = value.as_int() {
        return Some(number.into());
    }
    if let Ok(number) = value.as_float() {
        return number.is_finite().then(|| number.into());
    }
    if let Ok(truth) = value.as_bool() {
        return Some(truth.into());
    }
    value.read_lock::<ImmutableString>().map(|text| text.as_str().into())
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "true or false",
        Value::String(_) => "a string",
        Value::Number(number) if number.is_f64() => "a number",
        _ => "a whole number",
    }
}

/// A value as people read it.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
