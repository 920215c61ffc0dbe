//! What the users were to do, and how often they picked it.

use super::markup::Html;
use crate::plan::{ClassOutline, Outline, TaskKind, TaskOutline};
use crate::report::numbers::grouped;
use std::collections::BTreeMap;

/// The classes with the shares of their tasks, in so many bytes.
pub(super) fn tasks(plan: &Outline, counts: &BTreeMap<String, u64>, most_bytes: usize) -> Html {
    let mut html = Html::default();
    if plan.classes.is_empty() {
        return html;
    }
    html.push("<section aria-labelledby=tasks>\n<h2 id=tasks>Tasks</h2>\n");
    html.push("<p class=lead>The share of each task in what users of its class pick");
    if let Some(shape) = &plan.shape {
        html.push("; the number of users follows ").push_text(shape);
    }
    html.push(".</p>\n");
    let mut left = 0;
    for class in &plan.classes {
        let of_class = class_tasks(class, counts.get(&class.name).copied());
        if html.len() + of_class.len() > most_bytes {
            left += 1;
            continue;
        }
        html.push_html(&of_class);
    }
    if left > 0 {
        html.push("<p>")
            .push_text(&left.to_string())
            .push(" more classes are in the saved result (--result).</p>\n");
    }
    html.push("</section>\n");
    html
}

fn class_tasks(class: &ClassOutline, count: Option<u64>) -> Html {
    let mut html = Html::of("<h3>");
    html.push_html(&Html::foreign(&class.name, 200)).push(" <small>");
    let mut facts = Vec::new();
    facts.extend(class.share.map(|share| format!("{} of the users", percent(share))));
    facts.extend(count.map(|count| format!("{} at most", grouped(count))));
    facts.extend(class.fixed_count.map(|count| format!("fixed count {count}")));
    facts.extend(class.arrivals.clone());
    facts.extend(class.wait.clone());
    facts.extend(class.host.clone());
    html.push_text(&facts.join(" · ")).push("</small></h3>\n<ul class=tree>\n");
    class.tasks.iter().for_each(|task| push_task(&mut html, task));
    html.push("</ul>\n");
    html
}

fn push_task(html: &mut Html, task: &TaskOutline) {
    html.push("<li><span class=task>").push_html(&bar(task.share)).push("<span class=share>");
    html.push_text(&percent(task.share)).push("</span> <span>");
    match task.kind {
        TaskKind::Task => html.push_html(&Html::foreign(&task.name, 200)),
        TaskKind::Set => html.push("<b>").push_html(&Html::foreign(&task.name, 200)).push("</b>"),
        TaskKind::Stop => html.push("<i>leaves the set</i>"),
    };
    html.push("</span></span>");
    if !task.tasks.is_empty() {
        html.push("<ul>");
        task.tasks.iter().for_each(|task| push_task(html, task));
        html.push("</ul>");
    }
    html.push("\n");
}

/// A bar as long as the share; the number beside it says the same.
fn bar(share: f64) -> Html {
    let mut html =
        Html::of("<svg class=bar viewBox=\"0 0 100 8\" preserveAspectRatio=none aria-hidden=true>");
    html.push("<rect class=rail width=100 height=8 /><rect class=fill width=\"");
    html.push_text(&format!("{:.1}", share.clamp(0.0, 1.0) * 100.0)).push("\" height=8 /></svg>");
    html
}

fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}
