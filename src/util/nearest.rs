//! "Did you mean": the nearest of the known names.

/// The one of `known` that is most likely meant by `given`, if any is near enough to be worth saying
/// (Damerau-Levenshtein distance of at most a third of the length: words of two letters are near to everything).
pub fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = given.chars().count() / 3;
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&given.to_lowercase(), &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_a_slip_and_refuses_a_stranger() {
        assert_eq!(nearest("parms", ["params", "json"]), Some("params"));
        assert_eq!(nearest("sjon", ["params", "json"]), Some("json"));
        assert_eq!(nearest("elephant", ["params", "json"]), None);
        assert_eq!(nearest("on", ["Fn", "in"]), None);
    }
}
