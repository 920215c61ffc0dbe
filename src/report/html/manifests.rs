//! The manifests: every threshold with its actual value and margin.

use super::markup::Html;
use super::table::{Column, Table, name, number, text};
use crate::manifest::{Judgement, Verdict, VerdictRow};

const COLUMNS: [Column; 9] = [
    text("Verdict"),
    name("Name"),
    text("Type"),
    text("Metric"),
    text("Window"),
    number("Limit"),
    number("Actual"),
    number("Margin"),
    text("Why"),
];

/// A table for each manifest, in so many bytes together; what was missed comes in before what was kept.
pub(super) fn manifests(verdicts: &[Verdict], most_bytes: usize) -> Html {
    let mut html = Html::default();
    if verdicts.is_empty() {
        return html;
    }
    html.push("<section aria-labelledby=thresholds>\n<h2 id=thresholds>Thresholds</h2>\n");
    let each = most_bytes / verdicts.len();
    for verdict in verdicts {
        html.push("<h3>").push_html(&Html::foreign(&verdict.manifest, 200)).push(" ");
        html.push(if verdict.passed { "<b class=good>passed</b>" } else { "<b class=bad>FAILED</b>" });
        html.push("</h3>\n").push_html(&table(verdict, each));
    }
    html.push("</section>\n");
    html
}

fn table(verdict: &Verdict, most_bytes: usize) -> Html {
    let shown = |row: &VerdictRow| cells(row).iter().map(Html::len).sum::<usize>() + 80;
    let mut order: Vec<usize> = (0..verdict.rows.len()).collect();
    order.sort_by_key(|index| !verdict.rows[*index].failed());
    let mut bytes = 0;
    order.retain(|index| {
        bytes += shown(&verdict.rows[*index]);
        bytes <= most_bytes
    });
    order.sort_unstable();
    let mut table = Table::new(&COLUMNS);
    for index in &order {
        table.row(cells(&verdict.rows[*index]));
    }
    let left = verdict.rows.len() - order.len();
    if left > 0 {
        table.note(&format!(
            "{left} more are in the saved result (--result); what was missed is shown first."
        ));
    }
    table.finish("thresholds", &format!("Thresholds of {}", verdict.manifest))
}

fn cells(row: &VerdictRow) -> [Html; 9] {
    let nothing = if row.why.starts_with("no row") { "no row" } else { "no data" };
    let margin = row.margin.map(|margin| {
        let sign = if margin > 0.0 { "+" } else { "" };
        format!("{sign}{}", row.unit.show(margin))
    });
    let why = match row.judgement {
        Judgement::Passed => Html::default(),
        _ => Html::foreign(&format!("{} ({})", row.why, row.place), 600),
    };
    [
        Html::of(match row.judgement {
            Judgement::Passed => "<b class=good>passed</b>",
            Judgement::Failed => "<b class=bad>FAILED</b>",
            Judgement::Warned => "<b class=doubt>warned</b>",
            Judgement::Skipped => "<b class=quiet>skipped</b>",
        }),
        Html::foreign(&row.resource, 300),
        Html::text(row.kind.as_deref().unwrap_or_default()),
        Html::text(&row.metric),
        Html::text(row.window.as_deref().unwrap_or("whole run")),
        Html::text(&row.limit),
        row.actual.map_or_else(|| Html::of(nothing), |actual| Html::text(&row.unit.show(actual))),
        Html::text(&margin.unwrap_or_default()),
        why,
    ]
}
