//! The page as a whole.

use super::data::Data;
use super::facts::{facts, subtitle};
use super::headline::{headline, title};
use super::health::health;
use super::manifests::manifests;
use super::markup::Html;
use super::phases::phases;
use super::problems::{exceptions, failures};
use super::requests::requests;
use super::tasks::tasks;
use crate::report::Record;
use data_encoding::BASE64;
use ring::digest::{SHA256, digest};

/// No report is larger.
pub const MOST_BYTES: usize = 400_000;

const STYLE: &str = concat!(
    include_str!("../../../assets/vendor/uplot-1.6.32/uPlot.min.css"),
    "\n",
    include_str!("page.css")
);
/// The scripts of the page, each in an element of its own: the library, tables, charts.
const SCRIPTS: [&str; 3] = [
    include_str!("../../../assets/vendor/uplot-1.6.32/uPlot.iife.min.js"),
    include_str!("tables.js"),
    include_str!("charts.js"),
];

/// What the library asks to be given on with it.
const LICENCE: &str = include_str!("../../../assets/vendor/uplot-1.6.32/LICENSE");

/// What the charts stand in; the script fills it.
const CHARTS: &str = r#"<section id=charts aria-labelledby=charts-title>
<h2 id=charts-title>Over time</h2>
<p class=controls><label>Requests <select id=series><option value="">all together</option></select></label>
<label><input id=logarithmic type=checkbox> logarithmic times</label>
<button id=whole type=button hidden>Whole run</button> <span id=left-out></span></p>
<noscript><p>The charts need JavaScript; everything else on this page does not.</p></noscript>
<h3>Response times</h3>
<div class=chart data-chart=times></div>
<h3 data-load>Users and load</h3>
<div class=chart data-chart=load></div>
<h3>Throughput and failures</h3>
<div class=chart data-chart=throughput></div>
<h2>Distribution</h2>
<p class=lead>The response time that a share of the requests did not exceed; each step to the right is another nine.</p>
<div class=chart data-chart=spectrum></div>
<h3>How many took how long</h3>
<div class=chart data-chart=histogram></div>
</section>
"#;

/// The report of a run as one HTML file: below [`MOST_BYTES`], whatever the run was, and in need of nothing else.
///
/// It may run its own scripts and nothing more (Content Security Policy Level 3): names that look like markup are text, and if
/// one were not, it would still not be run.
#[must_use]
pub fn html_report(record: &Record) -> String {
    let mut body = Html::default();
    body.push_html(&headline(record)).push_html(&manifests(&record.verdicts, 50_000));
    body.push_html(&requests(&record.run.totals, 90_000)).push_html(&phases(&record.run.totals, 40_000));
    body.push(CHARTS);
    body.push_html(&failures(&record.run.totals, 45_000)).push_html(&exceptions(&record.run.totals, 25_000));
    body.push_html(&tasks(&record.plan, &record.run.class_counts, 20_000)).push_html(&health(record));
    body.push_html(&facts(record));

    let mut page = Html::of("<!DOCTYPE html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n");
    page.push("<meta http-equiv=Content-Security-Policy content=\"").push_text(&policy()).push("\">\n");
    page.push("<meta name=viewport content=\"width=device-width, initial-scale=1\">\n");
    page.push("<meta name=color-scheme content=\"light dark\">\n<title>").push_text(&title(record));
    page.push("</title>\n<style>")
        .push(STYLE)
        .push("</style>\n</head>\n<body>\n<header>\n<p class=brand>katydid</p>\n");
    page.push_html(&subtitle(record));
    page.push("<button id=theme type=button hidden>Dark</button>\n</header>\n<main>\n").push_html(&body);
    page.push("</main>\n<script id=data type=application/json>");
    let rest: usize = SCRIPTS.iter().map(|script| script.len() + 20).sum();
    // The rest is for what stands around the names.
    let left = (MOST_BYTES - 5_000).saturating_sub(page.len() + rest);
    page.push_json(&Data::new(record, left)).push("</script>\n");
    page.push("<!-- The charts are drawn by uPlot.\n").push(LICENCE).push("-->\n");
    for script in SCRIPTS {
        page.push("<script>").push(script).push("</script>\n");
    }
    page.push("</body>\n</html>\n");
    page.into_string()
}

/// Only the scripts and the style of this page, by their digests; nothing from anywhere.
fn policy() -> String {
    let hash = |text: &str| format!("'sha256-{}'", BASE64.encode(digest(&SHA256, text.as_bytes()).as_ref()));
    let scripts = SCRIPTS.map(hash).join(" ");
    format!(
        "default-src 'none'; base-uri 'none'; form-action 'none'; script-src {scripts}; style-src {}",
        hash(STYLE)
    )
}
