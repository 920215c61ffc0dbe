//! Numbers as the tables write them.

use std::time::Duration;

/// The percentiles of Locust's tables: header and share.
pub(super) const PERCENTILES: [(&str, f64); 11] = [
    ("50%", 0.5),
    ("66%", 0.66),
    ("75%", 0.75),
    ("80%", 0.8),
    ("90%", 0.9),
    ("95%", 0.95),
    ("98%", 0.98),
    ("99%", 0.99),
    ("99.9%", 0.999),
    ("99.99%", 0.9999),
    ("100%", 1.0),
];

/// Only the shares.
pub(super) fn quantiles() -> [f64; 11] {
    PERCENTILES.map(|(_, quantile)| quantile)
}

/// Whole milliseconds, the rest cut off: so no percentile can show more than the maximum does.
pub(super) fn whole_ms(time: Duration) -> u128 {
    time.as_millis()
}

/// Milliseconds with all their decimals.
pub(super) fn exact_ms(time: Duration) -> f64 {
    // One division of whole numbers: 420 us are 0.42, where seconds times 1000 are 0.42000000000000004.
    time.as_nanos() as f64 / 1e6
}

/// Milliseconds with up to three decimals.
pub(super) fn short_ms(time: Duration) -> String {
    let text = format!("{:.3}", exact_ms(time));
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Milliseconds with the decimals that still say something: `0.12`, `12.3`, `123`.
pub(super) fn three_digits(time: Duration) -> String {
    let milliseconds = exact_ms(time);
    let decimals = if milliseconds < 9.995 {
        2
    } else if milliseconds < 99.95 {
        1
    } else {
        0
    };
    format!("{milliseconds:.decimals$}")
}

/// A count with commas between its thousands: `1,234,567`.
pub(super) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Milliseconds as [`three_digits`] has them, with commas between thousands.
pub(super) fn grouped_ms(time: Duration) -> String {
    // Not negative, and far from the end of the range.
    if time < Duration::from_micros(999_500) {
        three_digits(time)
    } else {
        grouped(exact_ms(time).round() as u64)
    }
}

/// A float in the shortest decimals that read back as the same, always with a point, as Python writes it.
pub(super) fn shortest(value: f64) -> String {
    format!("{value:?}")
}

#[cfg(test)]
mod tests {
    use super::{grouped, grouped_ms, short_ms, shortest, three_digits};
    use std::time::Duration;

    #[test]
    fn three_digits_are_enough() {
        let shown = [0, 4, 120, 9_994, 9_996, 99_940, 99_960, 123_456]
            .map(|us| three_digits(Duration::from_micros(us)));
        assert_eq!(shown, ["0.00", "0.00", "0.12", "9.99", "10.0", "99.9", "100", "123"]);
    }

    #[test]
    fn thousands_are_apart() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        let ms = [999_400, 999_900, 1_000_000, 61_234_567].map(|us| grouped_ms(Duration::from_micros(us)));
        assert_eq!(ms, ["999", "1,000", "1,000", "61,235"]);
    }

    #[test]
    fn milliseconds_are_short_and_floats_have_a_point() {
        let short = |microseconds| short_ms(Duration::from_micros(microseconds));
        assert_eq!([short(0), short(420), short(60_000), short(1_234_567)], ["0", "0.42", "60", "1234.567"]);
        assert_eq!(
            [shortest(5.0), shortest(0.1 + 0.2), shortest(0.0)],
            ["5.0", "0.30000000000000004", "0.0"]
        );
    }
}
