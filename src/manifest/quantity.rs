//! What the parts of a formula are measured in: likes are added, and the whole is what the limit's metric is.

use super::metric::Unit;
use std::fmt;

/// The unit of a part of a formula, as powers of what metrics are measured in.
///
/// A number without a unit takes the unit that is wanted where it stands, as in `p95(/a) + 50`, also after it was multiplied by
/// ratios: `100 * count(/a) / count(*)` may be milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quantity {
    powers: [i32; BASES.len()],
    /// Whether a number without a unit is a factor of it.
    open: bool,
}

/// Seconds are apart from milliseconds: what is per second is not made a time by multiplying it with one, because nothing
/// converts the number.
const BASES: [(Unit, &str, &str); 4] = [
    (Unit::Milliseconds, "a time", "ms"),
    (Unit::Bytes, "a size", "B"),
    (Unit::Count, "a count", "count"),
    (Unit::PerSecond, "a rate", "1/s"),
];

impl Quantity {
    /// A number without a unit.
    pub(super) const NUMBER: Self = Self { powers: [0; BASES.len()], open: true };

    /// What is measured in `unit`. A ratio has none.
    pub(super) fn of(unit: Unit) -> Self {
        Self { powers: BASES.map(|(base, ..)| i32::from(base == unit)), open: false }
    }

    /// Whether it is, or may be taken for, something in `unit`.
    pub(super) fn fits(self, unit: Unit) -> bool {
        self.plus(Self::of(unit)) == Some(Self::of(unit))
    }

    /// What comes of adding the two, or of taking one from the other; none where that makes no sense.
    pub(super) fn plus(self, other: Self) -> Option<Self> {
        if self.powers == other.powers {
            return Some(Self { open: self.open && other.open, ..self });
        }
        match (self.takes_any_unit(), other.takes_any_unit()) {
            (true, _) => Some(other),
            (_, true) => Some(self),
            _ => None,
        }
    }

    pub(super) fn times(self, other: Self) -> Self {
        self.with(other, i32::saturating_add)
    }

    pub(super) fn over(self, other: Self) -> Self {
        self.with(other, i32::saturating_sub)
    }

    fn with(self, other: Self, power: fn(i32, i32) -> i32) -> Self {
        let powers = std::array::from_fn(|base| power(self.powers[base], other.powers[base]));
        Self { powers, open: self.open || other.open }
    }

    fn takes_any_unit(self) -> bool {
        self.open && self.powers.iter().all(|power| *power == 0)
    }
}

/// `a time`, `a count`, `ms * count`, `1 / B`.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.powers.iter().all(|power| *power == 0) {
            return f.write_str(if self.open { "a number" } else { "a ratio" });
        }
        if let Some((_, name, _)) = BASES.iter().find(|(unit, ..)| self.powers == Self::of(*unit).powers) {
            return f.write_str(name);
        }
        let product = |sign: i32| -> Vec<String> {
            let powers = BASES.iter().zip(self.powers).filter(|(_, power)| power.signum() == sign);
            powers
                .map(|((_, _, short), power)| match power.abs() {
                    1 => (*short).to_owned(),
                    power => format!("{short}^{power}"),
                })
                .collect()
        };
        let (above, below) = (product(1), product(-1));
        f.write_str(if above.is_empty() { "1".to_owned() } else { above.join(" * ") }.as_str())?;
        below.iter().try_for_each(|short| write!(f, " / {short}"))
    }
}

#[cfg(test)]
mod tests {
    use super::Quantity;
    use crate::manifest::Unit;

    #[test]
    fn likes_are_added_and_numbers_to_everything() {
        let [ms, bytes, count] = [Unit::Milliseconds, Unit::Bytes, Unit::Count].map(Quantity::of);
        let (ratio, number) = (Quantity::of(Unit::Ratio), Quantity::NUMBER);
        assert_eq!((ms.plus(ms), ms.plus(number), number.plus(ms)), (Some(ms), Some(ms), Some(ms)));
        assert_eq!((ms.plus(bytes), ms.plus(ratio), ratio.plus(count)), (None, None, None));
        assert_eq!((ratio.plus(number), number.plus(number)), (Some(ratio), Some(number)));
        assert_eq!(ms.plus(number.times(count).over(count)), Some(ms));
        assert_eq!(ms.plus(count.over(count)), None);
    }

    #[test]
    fn units_have_names() {
        let [ms, bytes, count, rate, ratio] =
            [Unit::Milliseconds, Unit::Bytes, Unit::Count, Unit::PerSecond, Unit::Ratio].map(Quantity::of);
        let names = [
            ms,
            bytes,
            count,
            rate,
            ratio,
            Quantity::NUMBER,
            ms.over(ms),
            ms.times(ms),
            bytes.over(count),
            ratio.over(ms),
            ms.times(count).over(bytes).over(bytes),
            rate.times(ms),
        ];
        assert_eq!(
            names.map(|name| name.to_string()).join("; "),
            "a time; a size; a count; a rate; a ratio; a number; a ratio; ms^2; B / count; 1 / ms; \
             ms * count / B^2; ms * 1/s"
        );
    }
}
