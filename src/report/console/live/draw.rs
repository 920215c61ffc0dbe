//! The whole view: which parts a terminal has room for.

use super::line::Line;
use super::parts::{
    arrivals, bar, charts, digest, failing, figures, headline, names, progress, standing, trouble,
};
use super::state::LiveView;

/// The view is never higher than this: what is above it, the log, matters too.
const MOST_LINES: usize = 24;

/// Lines of a chart at most.
const MOST_CHART: usize = 3;

/// The names that are shown before charts may grow.
const SOME_NAMES: usize = 5;

/// The lines of the view for a terminal of so many columns and rows: none wider than that, and one fewer than there are rows
/// (at least one, unless there is none). They have styles; what is on top matters most.
#[must_use]
pub fn live_lines(view: &LiveView, columns: usize, rows: usize) -> Vec<String> {
    let room = rows.saturating_sub(1).clamp(rows.min(1), MOST_LINES);
    let lines = match room {
        0 | 1 => vec![digest(view)],
        _ if room < SMALLEST => summary(view),
        _ => full(view, columns, room),
    };
    lines.iter().take(room).map(|line| line.render(columns)).collect()
}

/// With fewer lines there is only the most important.
const SMALLEST: usize = 6;

/// Everything in a few lines, which say most together.
fn summary(view: &LiveView) -> Vec<Line> {
    let mut lines = vec![progress(view)];
    lines.extend(trouble(view));
    lines.extend(figures(view).into_iter().skip(1));
    lines
}

fn full(view: &LiveView, columns: usize, room: usize) -> Vec<Line> {
    let mut lines = headline(view, columns);
    lines.extend(bar(view, columns));
    lines.extend(figures(view));
    lines.extend(arrivals(view));
    lines.extend(trouble(view));
    lines.extend(standing(view));
    lines.extend(failing(view));
    let left = room.saturating_sub(lines.len());
    let names = names(view, columns);
    // A header and one name say little without a chart, and a chart needs two lines.
    let shown = names.len().min(SOME_NAMES + 1);
    let height = (left.saturating_sub(shown) / 2).clamp(usize::from(left >= 2), MOST_CHART);
    let charts = charts(view, columns, height);
    let charts_lines = charts.len();
    // Air, where there is room for it.
    let airy = left >= charts_lines + shown + 2;
    let mut add = |part: Vec<Line>| {
        if airy && !part.is_empty() {
            lines.push(Line::default());
        }
        lines.extend(part);
    };
    add(charts);
    // A header alone says nothing.
    if left >= charts_lines + 2 {
        add(names);
    }
    lines
}
