//! The users of a load shape over time, as a plot for a terminal.

use crate::plan::Forecast;
use crate::util::timespan_text;
use std::time::Duration;

/// Steps between two labels of the time axis, in seconds.
const TIME_STEPS: [usize; 18] =
    [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200];

/// Columns that a label of the time axis needs at least.
const LABEL: usize = 9;

/// Eighths of a cell, from one to eight.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The plot, `width` columns wide and at most 16 lines high: a filled area for the users, a dotted line where the shape wants more.
#[must_use]
pub(in crate::cli) fn plot(forecast: &Forecast, width: usize) -> String {
    let highest = forecast.seconds.iter().map(|&(wanted, users)| wanted.max(users)).max().unwrap_or(0);
    let scale = Scale::of(highest);
    let margin = scale.top.to_string().len().max(5) + 2;
    let columns = columns(&forecast.seconds, width.saturating_sub(margin).max(20));
    let mut text = format!("{}\n", headline(forecast, highest));
    for row in (0..scale.rows).rev() {
        let label = scale.label(row).unwrap_or_default();
        let axis = if label.is_empty() { '│' } else { '┤' };
        let cells: String = columns.iter().map(|column| scale.cell(*column, row)).collect();
        text.push_str(format!("{label:>width$} {axis}{cells}", width = margin - 2).trim_end());
        text.push('\n');
    }
    text.push_str(&time_axis(forecast.seconds.len(), columns.len(), margin));
    text.push_str(&format!("{:margin$}█ users   ┄ wanted by the shape\n", ""));
    text
}

fn headline(forecast: &Forecast, highest: usize) -> String {
    let length = timespan_text(Duration::from_secs(forecast.seconds.len() as u64));
    let users = if highest == 1 { "1 user".to_owned() } else { format!("{highest} users") };
    if forecast.ends {
        format!("Load shape: {length}, at most {users}")
    } else {
        format!("Load shape: no end within {length}, at most {users} by then")
    }
}

/// One column: the most users that are wanted in its time, and the most that there are.
fn columns(seconds: &[(usize, usize)], width: usize) -> Vec<(usize, usize)> {
    let column = |index: usize| {
        let from = index * seconds.len() / width;
        let to = ((index + 1) * seconds.len() / width).clamp(from + 1, seconds.len().max(from + 1));
        let part = seconds.get(from..to.min(seconds.len())).unwrap_or_default();
        let most = |value: fn(&(usize, usize)) -> usize| part.iter().map(value).max().unwrap_or(0);
        (most(|second| second.0), most(|second| second.1))
    };
    (0..width).map(column).collect()
}

/// The axis of users.
struct Scale {
    top: usize,
    /// Users between two labels.
    step: usize,
    /// Rows between two labels.
    gap: usize,
    rows: usize,
}

impl Scale {
    /// At most four labels above 0, at round numbers.
    fn of(highest: usize) -> Self {
        let highest = highest.max(1);
        let rough = highest.div_ceil(4).max(1);
        let unit = 10usize.saturating_pow(rough.ilog10());
        let step = [1, 2, 5, 10].map(|factor| unit.saturating_mul(factor));
        let step = step.into_iter().find(|step| *step >= rough).unwrap_or(rough);
        let labels = highest.div_ceil(step);
        let gap = (12 / labels).min(6);
        Self { top: labels.saturating_mul(step), step, gap, rows: labels * gap }
    }

    /// The label of a row, counted from the bottom, at its upper edge.
    fn label(&self, row: usize) -> Option<String> {
        let edge = row + 1;
        edge.is_multiple_of(self.gap).then(|| (edge / self.gap).saturating_mul(self.step).to_string())
    }

    /// The character of a column in a row.
    fn cell(&self, (wanted, users): (usize, usize), row: usize) -> char {
        let filled = self.eighths(users).saturating_sub(row * 8).min(8);
        if filled > 0 {
            return BLOCKS[filled - 1];
        }
        let line = self.eighths(wanted).div_ceil(8);
        if wanted > users && line == row + 1 { '┄' } else { ' ' }
    }

    /// The height of so many users in eighths of a row; one user is always seen.
    fn eighths(&self, users: usize) -> usize {
        let height = (users as u128 * (self.rows as u128 * 8)).div_ceil(self.top as u128);
        usize::try_from(height).unwrap_or(usize::MAX)
    }
}

/// The axis itself and the labels under it.
fn time_axis(seconds: usize, width: usize, margin: usize) -> String {
    let seconds = seconds.max(1);
    let fits = |step: &&usize| *step * width / seconds >= LABEL;
    let step = TIME_STEPS.iter().find(fits).copied().unwrap_or(86_400);
    let (mut axis, mut labels) = (vec!['─'; width], String::new());
    for time in (0..seconds).step_by(step) {
        let column = time * width / seconds;
        axis[column] = '┬';
        let label = timespan_text(Duration::from_secs(time as u64));
        if column + label.len() <= width {
            let gap = column.saturating_sub(labels.chars().count());
            labels.push_str(&" ".repeat(gap));
            labels.push_str(&label);
        }
    }
    let axis: String = axis.into_iter().collect();
    format!("{:>width$} ┼{axis}\n{:margin$}{labels}\n", 0, "", width = margin - 2)
}

#[cfg(test)]
mod tests {
    use super::{Scale, plot};
    use crate::plan::Forecast;

    fn forecast(seconds: &[(usize, usize)], ends: bool) -> Forecast {
        Forecast { seconds: seconds.to_vec(), ends }
    }

    #[test]
    fn draws_what_is_wanted_and_what_there_is() {
        let up = (0..30).map(|second| (8, (second + 1).min(8)));
        let down = (0..30).map(|second| (2, 8usize.saturating_sub(second / 2).max(2)));
        let text = plot(&forecast(&up.chain(down).collect::<Vec<_>>(), true), 60);
        insta::assert_snapshot!(text, @r"
        Load shape: 1m, at most 8 users
            8 ┤┄┄┄┄┄┄┄██████████████████████
              │      ▄██████████████████████▄▄
              │      █████████████████████████
            6 ┤     ███████████████████████████
              │    ▄███████████████████████████▄▄
              │    ██████████████████████████████
            4 ┤   █████████████████████████████████
              │  ▄█████████████████████████████████▄▄
              │  ████████████████████████████████████
            2 ┤ ████████████████████████████████████████████████████
              │▄████████████████████████████████████████████████████
              │█████████████████████████████████████████████████████
            0 ┼┬────────────┬────────────┬────────────┬─────────────
               0s           15s          30s          45s
               █ users   ┄ wanted by the shape
        ");
        assert!(text.lines().all(|line| line.chars().count() <= 60), "{text}");
    }

    #[test]
    fn a_moment_is_drawn_over_the_whole_width() {
        insta::assert_snapshot!(plot(&forecast(&[(1, 1)], false), 40), @r"
        Load shape: no end within 1s, at most 1 user by then
            1 ┤█████████████████████████████████
              │█████████████████████████████████
              │█████████████████████████████████
              │█████████████████████████████████
              │█████████████████████████████████
              │█████████████████████████████████
            0 ┼┬────────────────────────────────
               0s
               █ users   ┄ wanted by the shape
        ");
        insta::assert_snapshot!(plot(&forecast(&[], true), 40), @r"
        Load shape: 0s, at most 0 users
            1 ┤
              │
              │
              │
              │
              │
            0 ┼┬────────────────────────────────
               0s
               █ users   ┄ wanted by the shape
        ");
    }

    #[test]
    fn any_number_has_a_scale() {
        let scale = Scale::of(usize::MAX);
        assert!(scale.top == usize::MAX && scale.cell((usize::MAX, 1), 0) == '▁');
        assert_eq!(plot(&forecast(&[(usize::MAX, 0)], true), 80).lines().count(), scale.rows + 4);
    }

    #[test]
    fn no_line_is_wider_than_the_terminal_and_the_highest_fits() {
        for highest in [0, 1, 2, 3, 4, 5, 7, 9, 11, 39, 41, 99, 100, 101, 12_345, 1_000_000_000] {
            let scale = Scale::of(highest);
            assert!(scale.top >= highest && (3..=12).contains(&scale.rows), "{highest}: {}", scale.rows);
            for (seconds, width) in [(1, 40), (10, 80), (61, 80), (3600, 120), (86_400, 200)] {
                let text = plot(&forecast(&vec![(highest, highest / 2); seconds], true), width);
                let widest = text.lines().map(|line| line.chars().count()).max();
                assert!(widest <= Some(width.max(50)), "{widest:?} of {width}:\n{text}");
            }
        }
    }
}
