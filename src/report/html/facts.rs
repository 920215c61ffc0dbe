//! What was run, where, and with which options.

use super::headline::duration;
use super::markup::Html;
use super::table::{Column, Table, name, text};
use crate::report::Record;
use crate::report::stamps::utc;
use crate::util::bytes_text;

const OPTIONS: [Column; 3] = [name("Option"), text("Value"), text("Given by")];

/// So many bytes of options are shown.
const MOST_BYTES: usize = 20_000;

/// Where and when, in one line under the title.
pub(super) fn subtitle(record: &Record) -> Html {
    let mut html = Html::of("<p class=subtitle>");
    html.push_html(&Html::foreign(&record.scripts.join(", "), 300));
    if let Some(host) = &record.host {
        html.push(" against ").push_html(&Html::foreign(host, 200));
    }
    let started = record.run.started();
    html.push(" · <time datetime=\"").push_text(&utc(started)).push("\">");
    html.push_text(&started.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()).push("</time></p>\n");
    html
}

/// The options that somebody gave, and the machine.
pub(super) fn facts(record: &Record) -> Html {
    let mut html = Html::of("<section aria-labelledby=run>\n<h2 id=run>Run</h2>\n");
    let machine = &record.machine;
    let mut facts = vec![
        ("script", record.scripts.join(", ")),
        ("host", record.host.clone().unwrap_or_else(|| "–".to_owned())),
        ("started", utc(record.run.started())),
        ("took", duration(record.run.duration)),
        ("seed", record.seed.to_string()),
        ("katydid", record.katydid.clone()),
        ("system", format!("{} {}", machine.os, machine.arch)),
        ("cores", machine.cores.to_string()),
    ];
    facts.extend(machine.processor.clone().map(|processor| ("processor", processor)));
    facts.extend(machine.memory_bytes.map(|bytes| ("memory", bytes_text(bytes))));
    push_list(&mut html, facts);
    if !record.options.is_empty() {
        let mut table = Table::new(&OPTIONS);
        for option in &record.options {
            if table.len() > MOST_BYTES {
                break;
            }
            table.row([
                Html::foreign(&option.name, 100),
                Html::foreign(&option.value, 500),
                Html::foreign(&option.origin, 200),
            ]);
        }
        let left = record.options.len() - table.rows();
        if left > 0 {
            table.note(&format!("{left} more are in the saved result (--result)."));
        }
        html.push_html(&table.finish("options", "Options that were given"));
    }
    html.push("</section>\n");
    html
}

/// Adds names with their values.
pub(super) fn push_list(html: &mut Html, facts: Vec<(&'static str, String)>) {
    html.push("<dl class=facts>\n");
    for (name, value) in facts {
        html.push("<div><dt>").push(name).push("</dt><dd>").push_html(&Html::foreign(&value, 500));
        html.push("</dd></div>\n");
    }
    html.push("</dl>\n");
}
