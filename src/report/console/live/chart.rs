//! Charts of eighths: one column per second, one or more lines high.

const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The lines of a chart from top to bottom; `highest` fills all of them. Whatever is above zero shows, and what is none or
/// zero does not.
pub(super) fn chart(values: &[Option<f64>], highest: f64, lines: usize) -> Vec<Vec<char>> {
    let full = lines * 8;
    let heights: Vec<usize> = values.iter().map(|value| height(*value, highest, full)).collect();
    (0..lines)
        .rev()
        .map(|line| heights.iter().map(|height| EIGHTHS[height.saturating_sub(line * 8).min(8)]).collect())
        .collect()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and a few eighths")]
fn height(value: Option<f64>, highest: f64, full: usize) -> usize {
    match value {
        Some(value) if value > 0.0 && highest > 0.0 => {
            ((value / highest * full as f64).round() as usize).clamp(1, full)
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::chart;

    fn drawn(values: &[f64], lines: usize) -> Vec<String> {
        let highest = values.iter().copied().fold(0.0, f64::max);
        let values: Vec<_> = values.iter().map(|value| Some(*value)).collect();
        chart(&values, highest, lines).into_iter().map(|line| line.into_iter().collect()).collect()
    }

    #[test]
    fn eighths_fill_lines_from_below() {
        assert_eq!(drawn(&[0.0, 0.01, 1.0, 2.0, 4.0, 8.0], 1), [" ▁▁▂▄█"]);
        assert_eq!(drawn(&[0.0, 0.01, 4.0, 8.0, 12.0, 16.0], 2), ["    ▄█", " ▁▄███"]);
        assert_eq!(drawn(&[0.0, 0.0], 1), ["  "]);
        assert_eq!(chart(&[None, Some(f64::NAN)], 1.0, 1), [[' ', ' ']]);
    }
}
