//! Changes in words and figures, as all forms of a comparison show them.

use super::sheet::ComparisonSheet;
use crate::compare::{Change, Finding, Metric, NameComparison, Piece, Presence, RATE};

/// The method and the name of a row.
pub(super) fn title(name: &NameComparison) -> String {
    if name.method.is_empty() { name.name.to_string() } else { format!("{} {}", name.method, name.name) }
}

/// Whether it is better or worse.
pub(super) fn finding(finding: Finding) -> &'static str {
    match finding {
        Finding::Worse => "worse",
        Finding::Better => "better",
        Finding::Changed => "changed",
        Finding::Noise => "noise",
        Finding::CannotTell(_) => "cannot tell",
        Finding::Shown => "not judged",
    }
}

/// A share with its sign, as a percentage that is not wider than eight characters.
pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    match percent.abs() {
        ..999.95 => format!("{percent:+.1}%"),
        ..99_999.5 => format!("{percent:+.0}%"),
        _ if percent > 0.0 => ">+99999%".to_owned(),
        _ => "<-99999%".to_owned(),
    }
}

/// A difference between two ratios, in percentage points.
fn points(difference: f64) -> String {
    format!("{:+.2}pp", difference * 100.0)
}

/// By how much it changed.
pub(super) fn amount(change: &Change) -> String {
    match (change.metric, change.difference, change.relative) {
        (Metric::FailRatio, Some(difference), _) => points(difference),
        (_, _, Some(relative)) => percent(relative),
        _ => "new".to_owned(),
    }
}

/// Where the true change lies.
pub(super) fn interval(change: &Change) -> String {
    let (interval, text): (_, fn(f64) -> String) = match change.metric {
        Metric::FailRatio => (change.difference_interval, points),
        _ => (change.relative_interval, percent),
    };
    interval.map_or(String::new(), |(low, high)| format!("{} to {}", text(low), text(high)))
}

/// A value with its unit, or a dash.
pub(super) fn value(metric: Metric, value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| metric.text(value))
}

/// What a cell of the table of all names says: a change where it is more than noise.
pub(super) fn cell(change: &Change) -> String {
    match change.finding {
        Finding::Worse | Finding::Better | Finding::Changed => amount(change),
        Finding::Noise => "~".to_owned(),
        Finding::CannotTell(_) if change.base.is_some() && change.new.is_some() => "?".to_owned(),
        _ => "-".to_owned(),
    }
}

/// What the signs in cells mean.
pub(super) const LEGEND: &str = "~ within noise, ? too little to tell, - not on both sides";

/// What of the runs was compared.
pub(super) fn stretch(sheet: &ComparisonSheet) -> String {
    let piece = |piece: &Piece| {
        let wide = if piece.width == 1 { String::new() } else { format!(" in slices of {} s", piece.width) };
        format!("{} to {} s{wide}", piece.from, piece.to)
    };
    let side = |pieces: &[Piece]| pieces.iter().map(piece).collect::<Vec<_>>().join(", ");
    let comparison = &sheet.comparison;
    let (base, new) = (side(&comparison.base), side(&comparison.new));
    let what = if comparison.steady { "after the ramp" } else { "the whole of each run" };
    if base == new {
        format!("Compared: {what}, {base}.")
    } else {
        format!("Compared: {what}, {base} of the base, {new} of the new side.")
    }
}

/// How the comparison was judged.
pub(super) fn judgement(sheet: &ComparisonSheet) -> Vec<String> {
    let comparison = &sheet.comparison;
    let real = comparison.changes().filter(|(_, change)| change.is_real()).count();
    let mut sentences = Vec::new();
    if comparison.judged > 0 {
        let confidence = comparison.confidence * 100.0;
        let confidence = format!("{confidence:.2}");
        let confidence = confidence.trim_end_matches('0').trim_end_matches('.');
        sentences.push(format!(
            "{} differences judged, {real} more than noise. Intervals hold {confidence}% of the time; of {:.0} comparisons of \
             equal runs one calls anything a change.",
            comparison.judged,
            1.0 / RATE
        ));
        if sheet.base.len() == 1 && sheet.new.len() == 1 {
            sentences.push(
                "One run on each side does not show how runs differ from each other; several do: BASE.. --with NEW..".to_owned(),
            );
        }
        if !comparison.same_load {
            sentences.push(
                "The load was not meant to be the same, so rates are neither better nor worse.".to_owned(),
            );
        }
    }
    sentences.extend(sheet.lacks());
    sentences
}

/// Names on one side only, in a sentence for each side.
pub(super) fn alone(sheet: &ComparisonSheet) -> Vec<(&'static str, Vec<&NameComparison>)> {
    let sides = [("Added", Presence::Added), ("Removed", Presence::Removed)];
    let sides = sides.map(|(what, presence)| (what, sheet.alone(presence)));
    sides.into_iter().filter(|(_, names)| !names.is_empty()).collect()
}

/// The requests of a name that is on one side only.
pub(super) fn requests_alone(name: &NameComparison) -> u64 {
    name.requests.0.max(name.requests.1)
}

/// What became of the limit; none where there is none.
pub(super) fn outcome(sheet: &ComparisonSheet) -> Option<String> {
    let limit = format!("{:.3}", sheet.limit? * 100.0);
    let limit = limit.trim_end_matches('0').trim_end_matches('.');
    Some(match sheet.regressions {
        0 => format!("No regression by more than {limit}%."),
        1 => format!("1 regression by more than {limit}%."),
        more => format!("{more} regressions by more than {limit}%."),
    })
}
