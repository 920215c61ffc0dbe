//! Patterns of names in which `*` stands for any characters.

/// Whether `text` is `pattern` with something, or nothing, in place of each `*`.
#[must_use]
pub fn fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::fits;
    use proptest::prelude::*;

    #[test]
    fn a_star_is_anything() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("a*", "a", true),
            ("a*a", "a", false),
            ("*.b", "a.b", true),
            ("*.b", ".b", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("*a*", "bab", true),
            ("**", "x", true),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }

    proptest! {
        #[test]
        fn a_star_is_any_text(parts in prop::collection::vec("[ab.]{0,4}", 1..5), fill in prop::collection::vec("[ab.]{0,5}", 5)) {
            let pattern = parts.join("*");
            let text: String = parts.iter().zip(&fill).enumerate()
                .map(|(index, (part, fill))| if index == 0 { part.clone() } else { format!("{fill}{part}") })
                .collect();
            prop_assert!(fits(&pattern, &text));
            let longer = pattern + "x";
            prop_assert!(!fits(&longer, &text));
        }
    }
}
