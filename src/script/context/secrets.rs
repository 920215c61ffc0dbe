//! Values that must not be read by people: recognised by the names of their variables, replaced in every output.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

/// What is escaped in a query: all that is not unreserved (RFC 3986, section 2.3).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What a secret is replaced by.
const MASK: &str = "***";

/// A shorter value would be found inside innocent words.
const SHORTEST: usize = 4;

/// Parts of names whose values are secrets.
const NAME_PARTS: [&str; 4] = ["TOKEN", "SECRET", "PASSWORD", "KEY"];

/// Values that are switches, not secrets, whatever the variable is called (`ENABLE_PASSWORD_LOGIN=true`).
const SWITCHES: [&str; 4] = ["true", "false", "none", "null"];

/// Secrets, longest first, so that one that contains another is masked whole. Cheap to clone.
#[derive(Clone, Default)]
pub struct Mask(Arc<Vec<String>>);

impl Mask {
    /// The values of all variables whose names contain `TOKEN`, `SECRET`, `PASSWORD` or `KEY`.
    #[must_use]
    pub fn of_environment(environment: &BTreeMap<String, String>) -> Self {
        Secrets::of_environment(environment).mask_now()
    }

    /// `text` with every secret in it replaced by `***`; borrowed when there is none.
    #[must_use]
    pub fn apply<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut masked = Cow::Borrowed(text);
        for secret in self.0.iter() {
            if masked.contains(secret.as_str()) {
                masked = Cow::Owned(masked.replace(secret.as_str(), MASK));
            }
        }
        masked
    }

    fn add(&mut self, value: String) {
        let secrets = Arc::make_mut(&mut self.0);
        let place = secrets.partition_point(|known| known.len() >= value.len());
        if !secrets.contains(&value) {
            secrets.insert(place, value);
        }
    }
}

/// The known secrets.
#[derive(Default)]
pub(super) struct Secrets(RwLock<Mask>);

impl Secrets {
    /// The values of all variables whose names contain `TOKEN`, `SECRET`, `PASSWORD` or `KEY`.
    pub(super) fn of_environment(environment: &BTreeMap<String, String>) -> Self {
        let secrets = Self::default();
        for (name, value) in environment {
            let name = name.to_uppercase();
            if NAME_PARTS.iter().any(|part| name.contains(part)) {
                secrets.add(value);
            }
        }
        secrets
    }

    /// Adds one, unless it is too short to be told from other text.
    pub(super) fn add(&self, value: &str) {
        let value = value.trim();
        let switch = SWITCHES.iter().any(|switch| value.eq_ignore_ascii_case(switch));
        if value.chars().count() < SHORTEST || switch {
            return;
        }
        let mut secrets = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for form in forms(value) {
            secrets.add(form);
        }
    }

    /// What is known now, to be asked without a lock.
    pub(super) fn mask_now(&self) -> Mask {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// `text` without the secrets.
    pub(super) fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.mask_now().apply(text)
    }
}

/// A secret as it is, and as it stands in urls, in forms and in JSON.
fn forms(value: &str) -> impl Iterator<Item = String> {
    let escaped = utf8_percent_encode(value, UNRESERVED).to_string();
    let form = escaped.replace("%20", "+");
    let json = serde_json::Value::from(value).to_string();
    let json = json.trim_matches('"').to_owned();
    [value.to_owned(), escaped, form, json].into_iter()
}

/// How many there are, never which.
impl fmt::Debug for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mask({})", self.0.len())
    }
}

/// How many there are, never which.
impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.mask_now().0.len();
        write!(f, "Secrets({count})")
    }
}

#[cfg(test)]
mod tests {
    use super::Secrets;
    use std::borrow::Cow;
    use std::collections::BTreeMap;

    fn secrets(variables: &[(&str, &str)]) -> Secrets {
        let environment: BTreeMap<_, _> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Secrets::of_environment(&environment)
    }

    #[test]
    fn masks_by_the_name_of_the_variable_in_any_case() {
        let secrets = secrets(&[
            ("API_TOKEN", "abc-123"),
            ("db_password", "hunter22"),
            ("AWS_SECRET_ACCESS_KEY", "wJalr"),
            ("HOME", "/home/me"),
        ]);
        assert_eq!(secrets.mask("abc-123 hunter22 wJalr /home/me hunter22"), "*** *** *** /home/me ***");
    }

    #[test]
    fn text_without_a_secret_is_not_copied() {
        assert!(matches!(secrets(&[("TOKEN", "abcdef")]).mask("abcde"), Cow::Borrowed("abcde")));
    }

    #[test]
    fn a_secret_is_known_in_other_clothes() {
        let secrets = secrets(&[("TOKEN", "a b&\"ü")]);
        for text in ["a b&\"ü", "?x=a%20b%26%22%C3%BC", "x=a+b%26%22%C3%BC", r#"{"x":"a b&\"ü"}"#] {
            assert!(secrets.mask(text).contains("***") && !secrets.mask(text).contains("a b"), "{text}");
        }
    }

    #[test]
    fn short_values_and_switches_are_left_alone() {
        let secrets = secrets(&[("KEY", "abc"), ("EMPTY_KEY", ""), ("ENABLE_PASSWORD_LOGIN", "True")]);
        assert_eq!(secrets.mask("abc true True"), "abc true True");
    }

    #[test]
    fn the_longer_secret_goes_first() {
        let secrets = secrets(&[("A_KEY", "abcd"), ("B_KEY", "abcdefgh")]);
        assert_eq!(secrets.mask("abcdefgh abcd"), "*** ***");
    }

    #[test]
    fn its_debug_text_holds_no_secret() {
        assert_eq!(format!("{:?}", secrets(&[("TOKEN", "abcdef")])), "Secrets(1)");
    }
}
