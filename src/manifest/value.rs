//! What is known of a metric: a number, or the bounds that it lies between.

use super::Operator;

/// A number that is known, or known to lie between two others, both included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Value {
    low: f64,
    high: f64,
}

impl Value {
    pub(super) fn exactly(value: f64) -> Self {
        Self { low: value, high: value }
    }

    pub(super) fn between(one: f64, other: f64) -> Self {
        Self { low: one.min(other), high: one.max(other) }
    }

    /// The number, if it is known.
    pub(super) fn exact(self) -> Option<f64> {
        (self.low == self.high).then_some(self.low)
    }

    /// Both bounds, the lower first.
    pub(super) fn bounds(self) -> (f64, f64) {
        (self.low, self.high)
    }

    /// Whether it stands as it must to `limit`; none where that depends on where between its bounds it lies.
    pub(super) fn holds(self, operator: Operator, limit: f64) -> Option<bool> {
        let both = (operator.holds(self.low, limit), operator.holds(self.high, limit));
        let meets = self.low <= limit && limit <= self.high;
        match (operator, self.exact()) {
            (_, Some(_)) => Some(both.0),
            (Operator::Equal, None) => (!meets).then_some(false),
            (Operator::NotEqual, None) => (!meets).then_some(true),
            _ => (both.0 == both.1).then_some(both.0),
        }
    }

    /// The bound that is nearer to the limit, where it is known on which side of it the number lies.
    pub(super) fn nearer(self, limit: f64) -> f64 {
        if (self.low - limit).abs() < (self.high - limit).abs() { self.low } else { self.high }
    }
}

#[cfg(test)]
mod tests {
    use super::Value;
    use crate::manifest::Operator;
    use proptest::prelude::*;

    const OPERATORS: [Operator; 6] = [
        Operator::Less,
        Operator::AtMost,
        Operator::Greater,
        Operator::AtLeast,
        Operator::Equal,
        Operator::NotEqual,
    ];

    #[test]
    fn bounds_decide_where_all_between_them_agree() {
        let value = Value::between(30.0, 20.0);
        for (operator, limit, expected) in [
            (Operator::AtMost, 30.0, Some(true)),
            (Operator::AtMost, 29.0, None),
            (Operator::AtMost, 20.0, None),
            (Operator::AtMost, 19.0, Some(false)),
            (Operator::Less, 20.0, Some(false)),
            (Operator::AtLeast, 20.0, Some(true)),
            (Operator::Greater, 20.0, None),
            (Operator::Equal, 25.0, None),
            (Operator::Equal, 31.0, Some(false)),
            (Operator::NotEqual, 31.0, Some(true)),
            (Operator::NotEqual, 30.0, None),
        ] {
            assert_eq!(value.holds(operator, limit), expected, "{operator} {limit}");
        }
        assert_eq!((value.nearer(40.0), value.nearer(5.0)), (30.0, 20.0));
    }

    proptest! {
        #[test]
        fn what_is_decided_holds_for_every_number_between(
            ends in (0..20_i32, 0..20_i32), limit in 0..20_i32, operator in 0..6_usize,
        ) {
            let value = Value::between(ends.0.into(), ends.1.into());
            let between = ends.0.min(ends.1)..=ends.0.max(ends.1);
            let each = between.map(|number| OPERATORS[operator].holds(number.into(), limit.into()));
            if let Some(decided) = value.holds(OPERATORS[operator], limit.into()) {
                prop_assert!(each.into_iter().all(|holds| holds == decided));
            }
        }
    }
}
