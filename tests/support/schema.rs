//! JSON schemas of draft 7, as far as those of `docs/` go: a keyword that is not known here is an error.

use regex_lite::Regex;
use serde_json::{Map, Value};

/// What says nothing about whether a value is right.
const ANNOTATIONS: [&str; 5] = ["$schema", "title", "description", "examples", "definitions"];

/// A schema.
pub struct Schema(Value);

impl Schema {
    /// Reads a schema.
    pub fn new(text: &str) -> Self {
        Self(serde_json::from_str(text).expect("a schema is JSON"))
    }

    /// What is wrong with a value: where, and which keyword says so.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong.
    pub fn judge(&self, value: &Value) -> Result<(), String> {
        self.check(&self.0, value).map_err(|(place, keyword)| format!("at `{place}`: {keyword}"))
    }

    fn check(&self, schema: &Value, value: &Value) -> Result<(), (String, String)> {
        if let Value::Bool(all) = schema {
            return if *all { Ok(()) } else { Err((String::new(), "nothing may be here".to_owned())) };
        }
        let schema = schema.as_object().expect("a schema is a map");
        if let Some(target) = schema.get("$ref") {
            // What stands beside a reference is not heeded (draft 7, core 8.3).
            let pointer =
                target.as_str().and_then(|target| target.strip_prefix('#')).expect("a place in this file");
            let target = self.0.pointer(pointer).unwrap_or_else(|| panic!("there is no {pointer}"));
            return self.check(target, value);
        }
        for (keyword, rule) in schema {
            if ANNOTATIONS.contains(&keyword.as_str()) {
                continue;
            }
            let wrong = || (String::new(), format!("{keyword}: {rule}"));
            match keyword.as_str() {
                "allOf" => list(rule).iter().try_for_each(|part| self.check(part, value))?,
                "items" => {
                    let items = value.as_array().into_iter().flatten().enumerate();
                    for (index, item) in items {
                        within(&index.to_string(), self.check(rule, item))?;
                    }
                }
                // See below: which of them counts for a property depends on the others.
                "properties" | "patternProperties" | "additionalProperties" => {}
                _ if self.holds(keyword, rule, value) => {}
                _ => return Err(wrong()),
            }
        }
        value.as_object().map_or(Ok(()), |map| self.check_properties(schema, map))
    }

    fn check_properties(
        &self,
        schema: &Map<String, Value>,
        map: &Map<String, Value>,
    ) -> Result<(), (String, String)> {
        for (name, value) in map {
            let named = schema.get("properties").and_then(|properties| properties.get(name));
            let patterns = schema.get("patternProperties").and_then(Value::as_object).into_iter().flatten();
            let fitting = patterns.filter(|(pattern, _)| regex(pattern).is_match(name)).map(|(_, rule)| rule);
            let mut rules: Vec<&Value> = named.into_iter().chain(fitting).collect();
            if rules.is_empty() {
                rules.extend(schema.get("additionalProperties"));
            }
            rules.into_iter().try_for_each(|rule| within(name, self.check(rule, value)))?;
        }
        Ok(())
    }

    /// Keywords that are true or false.
    fn holds(&self, keyword: &str, rule: &Value, value: &Value) -> bool {
        let fits = |schema: &Value, value: &Value| self.check(schema, value).is_ok();
        let number = |holds: fn(f64, f64) -> bool| {
            value.as_f64().is_none_or(|number| holds(number, rule.as_f64().expect("a number")))
        };
        let size = |size: Option<usize>, holds: fn(usize, usize) -> bool| {
            size.is_none_or(|size| {
                holds(size, rule.as_u64().and_then(|rule| rule.try_into().ok()).expect("a count"))
            })
        };
        match keyword {
            "type" => match rule {
                Value::String(name) => is_of(name, value),
                _ => list(rule).iter().any(|name| is_of(name.as_str().expect("a type"), value)),
            },
            "enum" => list(rule).contains(value),
            "const" => rule == value,
            "anyOf" => list(rule).iter().any(|part| fits(part, value)),
            "not" => !fits(rule, value),
            "minimum" => number(|number, rule| number >= rule),
            "maximum" => number(|number, rule| number <= rule),
            "pattern" => {
                value.as_str().is_none_or(|text| regex(rule.as_str().expect("a pattern")).is_match(text))
            }
            "minItems" => size(value.as_array().map(Vec::len), |size, rule| size >= rule),
            "minProperties" => size(value.as_object().map(Map::len), |size, rule| size >= rule),
            "maxProperties" => size(value.as_object().map(Map::len), |size, rule| size <= rule),
            "required" => value.as_object().is_none_or(|map| {
                list(rule).iter().all(|name| map.contains_key(name.as_str().expect("a name")))
            }),
            "propertyNames" => value
                .as_object()
                .is_none_or(|map| map.keys().all(|name| fits(rule, &Value::String(name.clone())))),
            _ => panic!("nobody taught the tests the keyword `{keyword}`"),
        }
    }
}

fn list(rule: &Value) -> &[Value] {
    rule.as_array().expect("a list")
}

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"))
}

fn within(name: &str, judged: Result<(), (String, String)>) -> Result<(), (String, String)> {
    judged.map_err(|(place, keyword)| (format!("/{name}{place}"), keyword))
}

fn is_of(name: &str, value: &Value) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => panic!("there is no type `{name}`"),
    }
}
