//! A comparison as one page that needs nothing else.

use super::markdown::headline;
use super::sheet::{ComparedRun, ComparisonSheet};
use super::words::{self, title};
use crate::compare::{Change, Finding, Metric, NameComparison};
use crate::report::html::escaped;

/// How the page looks.
const STYLE: &str = include_str!("page.css");

/// The largest share that a bar shows at its full length.
const LONGEST: f64 = 1.0;

/// A comparison as a page: what is more than noise with its intervals, then all figures of all names.
#[must_use]
pub fn comparison_html(sheet: &ComparisonSheet) -> String {
    let mut page = String::from("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    page.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    page.push_str("<meta name=\"color-scheme\" content=\"light dark\">\n");
    let headline = headline(sheet);
    page.push_str(&format!("<title>katydid compare: {}</title>\n", escaped(&headline)));
    page.push_str(&format!("<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n"));
    let class = if sheet.regressions > 0 { "worse" } else { "plain" };
    page.push_str(&format!("<h1 class=\"{class}\">{}</h1>\n", escaped(&headline)));
    page.push_str("<dl>\n");
    runs(&mut page, "Base", &sheet.base);
    runs(&mut page, "New", &sheet.new);
    page.push_str("</dl>\n");
    notes(&mut page, sheet);
    real(&mut page, sheet);
    table(&mut page, sheet);
    page.push_str("<ul class=\"method\">\n");
    item(&mut page, &words::stretch(sheet));
    words::judgement(sheet).iter().for_each(|sentence| item(&mut page, sentence));
    page.push_str("</ul>\n</main>\n</body>\n</html>\n");
    page
}

fn runs(page: &mut String, what: &str, runs: &[ComparedRun]) {
    for run in runs {
        let ComparedRun { requests, duration_s, users, started, .. } = run;
        page.push_str(&format!(
            "<dt>{what}</dt><dd><b>{}</b> {requests} requests in {duration_s:.1} s, {users} users, {}</dd>\n",
            escaped(&run.file),
            escaped(started)
        ));
    }
}

/// What is to be known before anything is believed.
fn notes(page: &mut String, sheet: &ComparisonSheet) {
    let unlike = sheet.unlike.iter().map(|difference| format!("Not alike: {difference}"));
    let invalid = sheet.invalid().map(|(file, reason)| format!("Not valid: {file}: {reason}"));
    let alone = words::alone(sheet).into_iter().flat_map(|(what, names)| {
        let sentence = move |name: &NameComparison| {
            format!("{what}: {} ({} requests)", title(name), words::requests_alone(name))
        };
        names.into_iter().map(sentence)
    });
    let notes: Vec<String> = unlike.chain(invalid).chain(alone).collect();
    if !notes.is_empty() {
        page.push_str("<ul class=\"notes\">\n");
        notes.iter().for_each(|note| item(page, note));
        page.push_str("</ul>\n");
    }
}

fn item(page: &mut String, text: &str) {
    page.push_str(&format!("<li>{}</li>\n", escaped(text)));
}

/// What is more than noise, with bars.
fn real(page: &mut String, sheet: &ComparisonSheet) {
    let names = sheet.real();
    if names.is_empty() {
        return;
    }
    let reach = names
        .iter()
        .flat_map(|(_, changes)| changes.iter().filter_map(|change| change.relative_interval))
        .map(|(low, high)| low.abs().max(high.abs()))
        .fold(0.1, f64::max)
        .min(LONGEST);
    page.push_str(
        "<h2>More than noise</h2>\n<div class=\"wide\"><table>\n<thead><tr><th>Name<th>Figure<th>Base<th>New",
    );
    page.push_str(&format!(
        "<th>Change<th>Interval<th>{} to {}</tr></thead>\n",
        words::percent(-reach),
        words::percent(reach)
    ));
    page.push_str("<tbody>\n");
    for (name, changes) in names {
        for change in changes {
            let metric = change.metric;
            let finding = words::finding(change.finding);
            page.push_str(&format!(
                "<tr class=\"{finding}\"><th scope=\"row\">{}<td>{}<td>{}<td>{}<td class=\"change\">{} {finding}<td>{}<td>{}</tr>\n",
                escaped(&title(name)),
                metric.name(),
                words::value(metric, change.base),
                words::value(metric, change.new),
                escaped(&words::amount(change)),
                escaped(&words::interval(change)),
                bar(change, reach),
            ));
        }
    }
    page.push_str("</tbody>\n</table></div>\n");
}

/// The interval as a line about zero, and the change as a mark on it.
fn bar(change: &Change, reach: f64) -> String {
    let Some(((low, high), relative)) = change.relative_interval.zip(change.relative) else {
        return String::new();
    };
    let place = |share: f64| 50.0 + 50.0 * (share / reach).clamp(-1.0, 1.0);
    let (left, right) = (place(low), place(high));
    format!(
        "<span class=\"bar\" role=\"img\" aria-label=\"{}\"><i style=\"left:{left:.1}%;width:{:.1}%\"></i><b style=\"left:{:.1}%\"></b></span>",
        escaped(&words::interval(change)),
        (right - left).max(0.5),
        place(relative)
    )
}

/// All figures of all names.
fn table(page: &mut String, sheet: &ComparisonSheet) {
    page.push_str("<h2>All names</h2>\n<div class=\"wide\"><table>\n<thead><tr><th>Name");
    Metric::ALL.iter().for_each(|metric| page.push_str(&format!("<th>{}", metric.name())));
    page.push_str("</tr></thead>\n<tbody>\n");
    for name in &sheet.comparison.names {
        page.push_str(&format!("<tr><th scope=\"row\">{}", escaped(&title(name))));
        for change in &name.changes {
            let class = match change.finding {
                Finding::Worse => "worse",
                Finding::Better => "better",
                Finding::Changed => "changed",
                _ => "noise",
            };
            let (base, new) =
                (words::value(change.metric, change.base), words::value(change.metric, change.new));
            let cell = escaped(&words::cell(change));
            page.push_str(&format!("<td class=\"{class}\"><span>{base} → {new}</span> <b>{cell}</b>"));
        }
        page.push_str("</tr>\n");
    }
    page.push_str(&format!("</tbody>\n</table></div>\n<p class=\"legend\">{}</p>\n", escaped(words::LEGEND)));
}
