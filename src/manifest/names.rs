//! The rows that a threshold is about.

use crate::util::fits;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Names of requests, as the key of a manifest says them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Names {
    /// All rows together: `*` or `Aggregated`.
    Everything,
    /// One name.
    One(String),
    /// Every name that fits, each judged by itself; `*` stands for any characters.
    Like(String),
    /// Every name in which the regular expression is found, each judged by itself: `re:^/items/`.
    Matching(String),
}

/// How a key says that it is a regular expression.
const REGEX: &str = "re:";

impl Names {
    /// Reads a key.
    ///
    /// # Errors
    ///
    /// What is wrong with its regular expression.
    pub(super) fn parse(key: &str) -> Result<Self, String> {
        if matches!(key, "*" | "Aggregated") {
            return Ok(Self::Everything);
        }
        if let Some(pattern) = key.strip_prefix(REGEX) {
            regex_lite::Regex::new(pattern)
                .map_err(|error| format!("`{pattern}` is not a regular expression: {error}"))?;
            return Ok(Self::Matching(pattern.to_owned()));
        }
        Ok(if key.contains('*') { Self::Like(key.to_owned()) } else { Self::One(key.to_owned()) })
    }

    /// Whether each of several names is judged by itself.
    pub(super) fn is_pattern(&self) -> bool {
        matches!(self, Self::Like(_) | Self::Matching(_))
    }

    /// What tells a name that is meant from another.
    pub(super) fn matcher(&self) -> Box<dyn Fn(&str) -> bool + '_> {
        match self {
            Self::Everything => Box::new(|_| true),
            Self::One(name) => Box::new(move |other| name == other),
            Self::Like(pattern) => Box::new(move |name| pattern == name || fits(pattern, name)),
            // It was read once: it can be read again.
            Self::Matching(pattern) => match regex_lite::Regex::new(pattern) {
                Ok(regex) => Box::new(move |name| regex.is_match(name)),
                Err(_) => Box::new(|_| false),
            },
        }
    }
}

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everything => f.write_str("*"),
            Self::One(name) | Self::Like(name) => f.write_str(name),
            Self::Matching(pattern) => write!(f, "{REGEX}{pattern}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Names;

    #[test]
    fn names_are_found() {
        for (key, name, meant) in [
            ("/items", "/items", true),
            ("/items", "/items/7", false),
            ("/items/*", "/items/7", true),
            ("/items/*", "/items/", true),
            ("/items/*", "/items", false),
            ("*/items", "/api/items", true),
            ("/a*b*c", "/a-b-b-c", true),
            ("/a*b*c", "/a-c-b", false),
            ("/a*a", "/a", false),
            ("/**", "/x", true),
            ("/items/[id]", "/items/i", false),
            ("/odd*name", "/odd*name", true),
            ("re:^/items/[0-9]+$", "/items/17", true),
            ("re:^/items/[0-9]+$", "/items/x", false),
            ("re:item", "/items", true),
            ("*", "anything", true),
            ("Aggregated", "anything", true),
        ] {
            assert_eq!(Names::parse(key).unwrap().matcher()(name), meant, "{key} {name}");
        }
        assert!(Names::parse("re:(").is_err());
    }
}
