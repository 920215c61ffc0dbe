//! Values that were given for the options of scripts, before it is known which options there are.

use std::collections::BTreeMap;

/// How the variables begin that hold options of scripts.
pub const OPTION_PREFIX: &str = "KATYDID_OPT_";

/// The variable for the option called `name`: upper case, with `_` for everything that is no letter or digit.
#[must_use]
pub fn option_variable(name: &str) -> String {
    let letters = name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' });
    OPTION_PREFIX.chars().chain(letters).collect()
}

/// A value, and who gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenOption {
    /// The option.
    pub name: String,
    /// The value as text.
    pub text: String,
    /// Who gave it, as messages say it: `--option`, `katydid.toml:3:8`.
    pub origin: String,
}

/// What was given by name; variables lie in between.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GivenOptions {
    /// Over the variables, strongest first.
    pub strong: Vec<GivenOption>,
    /// Below them, strongest first.
    pub weak: Vec<GivenOption>,
}

impl GivenOptions {
    /// The value for the option called `name`, if anybody gave one.
    #[must_use]
    pub fn find(&self, name: &str, environment: &BTreeMap<String, String>) -> Option<GivenOption> {
        let named = |list: &[GivenOption]| list.iter().find(|given| given.name == name).cloned();
        let variable = || {
            let variable = option_variable(name);
            let text = environment.get(&variable)?.clone();
            Some(GivenOption { name: name.to_owned(), text, origin: variable })
        };
        named(&self.strong).or_else(variable).or_else(|| named(&self.weak))
    }

    /// All names that were given outside of the environment, with who gave them.
    pub fn all(&self) -> impl Iterator<Item = &GivenOption> {
        self.strong.iter().chain(&self.weak)
    }
}

#[cfg(test)]
mod tests {
    use super::{GivenOption, GivenOptions, option_variable};
    use std::collections::BTreeMap;

    #[test]
    fn the_stronger_layer_wins_by_name() {
        let given = |name: &str, text: &str| GivenOption {
            name: name.to_owned(),
            text: text.to_owned(),
            origin: "here".to_owned(),
        };
        let options = GivenOptions {
            strong: vec![given("a", "flag")],
            weak: vec![given("a", "file"), given("b-c", "file"), given("d", "file")],
        };
        let variables = [("KATYDID_OPT_A", "variable"), ("KATYDID_OPT_B_C", "variable")];
        let environment: BTreeMap<_, _> =
            variables.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
        let found = |name: &str| options.find(name, &environment).map(|given| given.text);
        let texts = ["a", "b-c", "d", "e"].map(found);
        assert_eq!(
            texts,
            ["flag", "variable", "file"]
                .map(|text| Some(text.to_owned()))
                .into_iter()
                .chain([None])
                .collect::<Vec<_>>()[..]
        );
        assert_eq!(options.find("b-c", &environment).unwrap().origin, "KATYDID_OPT_B_C");
        assert_eq!(option_variable("größe.x"), "KATYDID_OPT_GR__E_X");
    }
}
