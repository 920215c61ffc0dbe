//! Student's distribution of t: what a difference means beside its standard error.

/// The chance that noise alone puts `t` as far from zero, or further; `freedom` is the degrees of freedom.
///
/// `P(|T| >= t) = I_x(freedom / 2, 1/2)` with `x = freedom / (freedom + t^2)`: Abramowitz and Stegun, 26.7.1 and 26.5.27.
pub(super) fn two_sided(t: f64, freedom: f64) -> f64 {
    if !t.is_finite() {
        return 0.0;
    }
    incomplete_beta(freedom / (freedom + t * t), freedom / 2.0, 0.5)
}

/// The `t` that noise exceeds with the chance `p`, in either direction; the inverse of [`two_sided`].
pub(super) fn critical(p: f64, freedom: f64) -> f64 {
    let mut high = 1.0;
    while two_sided(high, freedom) > p && high < 1e12 {
        high *= 2.0;
    }
    let mut low = 0.0;
    for _ in 0..80 {
        let middle = (low + high) / 2.0;
        if two_sided(middle, freedom) > p {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// The regularised incomplete beta function `I_x(a, b)`, by its continued fraction (DLMF 8.17.22).
fn incomplete_beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    // The fraction converges fast on this side of the mean only.
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - incomplete_beta(1.0 - x, b, a);
    }
    let front = (ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * (1.0 - x).ln()).exp() / a;
    front * fraction(x, a, b)
}

/// The continued fraction, evaluated from its front (Lentz's method as modified by Thompson and Barnett, 1986).
fn fraction(x: f64, a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away_from_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut value = d;
    for step in 1..300 {
        let m = f64::from(step);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let before = value;
        for coefficient in [even, odd] {
            d = 1.0 / away_from_zero(1.0 + coefficient * d);
            c = away_from_zero(1.0 + coefficient / c);
            value *= d * c;
        }
        if ((value - before) / value).abs() < 1e-15 {
            break;
        }
    }
    value
}

/// The logarithm of the gamma function of a positive number: Stirling's series (DLMF 5.11.1), from where it is exact to
/// the last digits.
fn ln_gamma(x: f64) -> f64 {
    if x < 12.0 {
        return ln_gamma(x + 1.0) - x.ln();
    }
    let square = x * x;
    let series =
        (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - 1.0 / (1680.0 * square)) / square) / square) / x;
    (x - 0.5) * x.ln() - x + 0.5 * (2.0 * std::f64::consts::PI).ln() + series
}

#[cfg(test)]
mod tests {
    use super::{critical, two_sided};

    /// From the table in Abramowitz and Stegun, 26.10, of `t` for the two-sided chance.
    #[test]
    fn agrees_with_the_printed_table() {
        for (freedom, p, t) in [
            (1.0, 0.05, 12.706),
            (1.0, 0.01, 63.657),
            (2.0, 0.05, 4.303),
            (5.0, 0.05, 2.571),
            (10.0, 0.01, 3.169),
            (30.0, 0.05, 2.042),
            (120.0, 0.01, 2.617),
            (4.0, 0.001, 8.610),
            (1e6, 0.05, 1.960),
        ] {
            assert!((critical(p, freedom) - t).abs() < 0.001, "{freedom} {p}: {}", critical(p, freedom));
            assert!((two_sided(t, freedom) - p).abs() < 0.0003, "{freedom} {t}");
        }
    }

    #[test]
    fn the_ends_are_calm() {
        assert_eq!((two_sided(0.0, 3.0), two_sided(f64::INFINITY, 3.0)), (1.0, 0.0));
        assert!(critical(1e-9, 1.0).is_finite() && critical(1.0, 5.0) < 1e-6);
        // Cauchy's distribution: 1 - 2 atan(t) / pi; and half a degree lies beyond it.
        let cauchy = 1.0 - 2.0 * 3.0_f64.atan() / std::f64::consts::PI;
        assert!((two_sided(3.0, 1.0) - cauchy).abs() < 1e-12);
        assert!(two_sided(3.0, 0.5) > cauchy);
    }
}
