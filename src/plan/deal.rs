//! Which user class the next user gets, so that the shares follow the weights at every moment.
//!
//! Locust's rule: the class whose next user lowers the Kullback-Leibler divergence between the wanted and the actual
//! shares most. For weight `w` and `n` users so far its key is `w * log2((w + n) / (w + n + 1))`; the smallest wins.
//! Weights are taken relative to the smallest one, so that 1:2 and 0.1:0.2 deal alike. No randomness: the same plan
//! always deals the same order, however many shards there are.

use super::{ClassId, Plan};

/// Deals user classes and remembers what it dealt.
#[derive(Clone, Debug)]
pub struct Dealer {
    /// Sorted by class name, as Locust sorts them; ties go to the earlier one.
    seats: Vec<Seat>,
    /// Users per class, by [`ClassId`]; classes that are off stay at 0.
    counts: Vec<usize>,
    /// Positions in `seats`, in the order of dealing.
    dealt: Vec<usize>,
}

/// One class that takes part.
#[derive(Clone, Debug)]
struct Seat {
    class: ClassId,
    /// Relative to the smallest weight; for a class of fixed count the count itself.
    weight: f64,
    fixed: Option<usize>,
    /// Users so far.
    count: usize,
    /// The divergence rule's key for the next user; kept because only one seat changes per deal.
    key: f64,
}

impl Seat {
    fn new(class: ClassId, weight: f64, fixed: Option<usize>) -> Self {
        let mut seat = Self { class, weight, fixed, count: 0, key: 0.0 };
        seat.set_count(0);
        seat
    }

    fn set_count(&mut self, count: usize) {
        self.count = count;
        let after = self.weight + as_f64(count);
        // ln_1p, because the plain logarithm of x / (x + 1) is 0 for a large x and such a class would never be dealt.
        // The base of the logarithm does not change the order.
        self.key = -(self.weight * (1.0 / after).ln_1p());
    }

    fn is_missing(&self) -> bool {
        self.fixed.is_some_and(|fixed| self.count < fixed)
    }

    /// Locust's order among candidates: key, then users so far, then weight; the name by position.
    fn order(&self, other: &Self) -> std::cmp::Ordering {
        let so_far = |seat: &Self| seat.weight + as_f64(seat.count);
        self.key
            .total_cmp(&other.key)
            .then(so_far(self).total_cmp(&so_far(other)))
            .then(self.weight.total_cmp(&other.weight))
    }
}

impl Dealer {
    /// A dealer for the classes of `plan`, with no user dealt yet. Classes of weight 0 or fixed count 0 are
    /// off; users of open classes are not dealt.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        let smallest = plan
            .classes()
            .filter(|(id, _)| !plan.is_open(*id))
            .filter(|(_, class)| class.fixed_count.is_none() && class.weight > 0.0)
            .map(|(_, class)| class.weight)
            .fold(f64::INFINITY, f64::min);
        let mut seats: Vec<Seat> = plan
            .classes()
            .filter(|(id, class)| class.has_users() && !plan.is_open(*id))
            .map(|(id, class)| {
                let relative = (class.weight / smallest).min(f64::MAX);
                Seat::new(id, class.fixed_count.map_or(relative, as_f64), class.fixed_count)
            })
            .collect();
        seats.sort_by_key(|seat| &plan.class(seat.class).name);
        Self { seats, counts: vec![0; plan.classes.len()], dealt: Vec::new() }
    }

    /// Adds one user and says of which class: fixed counts first, then by weight.
    ///
    /// `None` when there is nobody to add: every fixed count is reached and no class has a weight.
    pub fn deal(&mut self) -> Option<ClassId> {
        self.deal_among(None)
    }

    /// The same, where only users of `classes` may be added; `None` = of all.
    pub fn deal_among(&mut self, classes: Option<&[ClassId]>) -> Option<ClassId> {
        let may_come = |seat: &Seat| classes.is_none_or(|classes| classes.contains(&seat.class));
        let seat = self
            .next(|seat| may_come(seat) && seat.is_missing())
            .or_else(|| self.next(|seat| may_come(seat) && seat.fixed.is_none()))?;
        let count = self.seats[seat].count + 1;
        self.dealt.push(seat);
        Some(self.put(seat, count))
    }

    /// Takes back the user dealt last, and says of which class it was.
    pub fn remove_last(&mut self) -> Option<ClassId> {
        let seat = self.dealt.pop()?;
        let count = self.seats[seat].count - 1;
        Some(self.put(seat, count))
    }

    /// Starts anew with users of these classes, in this order, as if they had been dealt: what is left when users have
    /// ended by themselves. The next deals make up for those that are missing.
    pub fn restart(&mut self, classes: impl IntoIterator<Item = ClassId>) {
        self.dealt.clear();
        for seat in 0..self.seats.len() {
            self.put(seat, 0);
        }
        for class in classes {
            if let Some(seat) = self.seats.iter().position(|seat| seat.class == class) {
                self.dealt.push(seat);
                self.put(seat, self.seats[seat].count + 1);
            }
        }
    }

    /// Users per class, by [`ClassId`].
    #[must_use]
    pub fn counts(&self) -> &[usize] {
        &self.counts
    }

    /// Users in all.
    #[must_use]
    pub fn total(&self) -> usize {
        self.dealt.len()
    }

    fn next(&self, takes_part: impl Fn(&Seat) -> bool) -> Option<usize> {
        let candidates = self.seats.iter().enumerate().filter(|(_, seat)| takes_part(seat));
        candidates.min_by(|(_, a), (_, b)| a.order(b)).map(|(index, _)| index)
    }

    fn put(&mut self, seat: usize, count: usize) -> ClassId {
        let seat = &mut self.seats[seat];
        seat.set_count(count);
        self.counts[seat.class.0] = count;
        seat.class
    }
}

#[expect(clippy::cast_precision_loss, reason = "user counts are far below 2^53")]
fn as_f64(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::{ClassId, Dealer, Plan};
    use proptest::prelude::*;

    fn order(weights: &[(&str, f64)], users: usize) -> String {
        let plan = Plan::of_weights(weights);
        let mut dealer = Dealer::new(&plan);
        (0..users).map_while(|_| dealer.deal()).map(|id| plan.class(id).name.as_str()).collect()
    }

    #[test]
    fn deals_the_orders_that_locust_deals() {
        assert_eq!(order(&[("A", 5.0), ("B", 1.0)], 16), "AABAAAAABAAAAABA");
        assert_eq!(order(&[("F", 1.0), ("W", 3.0)], 10), "WFWWWFWWWF");
        assert_eq!(order(&[("C", 1.0), ("A", 1.0), ("B", 1.0)], 6), "ABCABC");
        assert_eq!(order(&[("A", 4.0), ("B", 5.0)], 18), "BABABABABBABABABAB");
    }

    #[test]
    fn float_weights_deal_as_whole_ones() {
        let whole = order(&[("A", 1.0), ("B", 2.0), ("C", 3.0)], 75);
        for factor in [0.1, 1.0 / 3.0, 0.7, 11.3] {
            assert_eq!(order(&[("A", factor), ("B", 2.0 * factor), ("C", 3.0 * factor)], 75), whole);
        }
        for users in 1..=75 {
            let count = |class: char| whole[..users].matches(class).count() as f64;
            for (class, share) in [('A', 1.0 / 6.0), ('B', 2.0 / 6.0), ('C', 0.5)] {
                assert!((count(class) - users as f64 * share).abs() < 1.0, "{class} of {users}");
            }
        }
    }

    #[test]
    fn fixed_counts_come_first_and_are_exact() {
        assert_eq!(order(&[("A", 1.0), ("F", -2.0), ("B", 1.0), ("G", -1.0)], 7), "FGFABAB");
        assert_eq!(order(&[("F", -2.0)], 9), "FF", "nobody is left to add");
    }

    #[test]
    fn fixed_counts_are_filled_first_when_users_come_again() {
        let plan = Plan::of_weights(&[("A", 1.0), ("B", 1.0), ("F", -3.0)]);
        let mut dealer = Dealer::new(&plan);
        let deal = |users: usize, dealer: &mut Dealer| {
            (0..users)
                .filter_map(|_| dealer.deal())
                .map(|id| plan.class(id).name.as_str())
                .collect::<String>()
        };
        assert_eq!(deal(7, &mut dealer), "FFFABAB");
        // Down to one, and to five, and to nine: what is missing of the fixed count comes before the others.
        let leave =
            |users: usize, dealer: &mut Dealer| assert!((0..users).all(|_| dealer.remove_last().is_some()));
        leave(6, &mut dealer);
        assert_eq!(dealer.counts(), [0, 0, 1]);
        assert_eq!(deal(4, &mut dealer), "FFAB");
        leave(3, &mut dealer);
        assert_eq!(deal(7, &mut dealer), "FABABAB");
        assert_eq!(dealer.counts(), [3, 3, 3]);
    }

    #[test]
    fn a_hundred_thousand_users_of_fifty_classes_keep_their_shares() {
        let weights: Vec<f64> = (1..=50).map(f64::from).collect();
        let mut dealer = Dealer::new(&named(&weights));
        for _ in 0..100_000 {
            dealer.deal();
        }
        let sum: f64 = weights.iter().sum();
        for (count, weight) in dealer.counts().iter().zip(&weights) {
            let wanted = 100_000.0 * weight / sum;
            assert!((super::as_f64(*count) - wanted).abs() < 1.0, "{count} for {wanted}");
        }
    }

    #[test]
    fn a_class_of_weight_or_count_zero_is_off() {
        assert_eq!(order(&[("A", 0.0), ("B", 1.0)], 3), "BBB");
        assert_eq!(order(&[("A", 0.0)], 3), "");
        let mut plan = Plan::of_weights(&[("A", 1.0), ("B", 1.0)]);
        plan.classes[0].fixed_count = Some(0);
        let mut dealer = Dealer::new(&plan);
        assert_eq!([dealer.deal(), dealer.deal()], [Some(ClassId(1)), Some(ClassId(1))]);
    }

    #[test]
    fn weights_of_any_size_are_dealt() {
        assert_eq!(order(&[("A", 1e300), ("B", 1e-300)], 5), "AAAAA");
        assert_eq!(order(&[("A", 1e17), ("B", 1e17)], 4), "ABAB");
    }

    #[test]
    fn users_that_ended_by_themselves_are_made_up_for() {
        let plan = Plan::of_weights(&[("A", 1.0), ("B", 1.0)]);
        let mut dealer = Dealer::new(&plan);
        for _ in 0..6 {
            dealer.deal();
        }
        dealer.restart([1, 0, 1, 0, 1].map(ClassId));
        assert_eq!((dealer.counts(), dealer.total()), ([2, 3].as_slice(), 5));
        assert_eq!(dealer.deal(), Some(ClassId(0)));
        assert_eq!([dealer.remove_last(), dealer.remove_last()], [Some(ClassId(0)), Some(ClassId(1))]);
    }

    #[test]
    fn only_the_named_classes_are_dealt() {
        let plan = Plan::of_weights(&[("A", 1.0), ("B", 3.0), ("F", -1.0)]);
        let mut dealer = Dealer::new(&plan);
        let dealt: Vec<_> = (0..3).map(|_| dealer.deal_among(Some(&[ClassId(0)]))).collect();
        assert_eq!(dealt, [Some(ClassId(0)); 3], "not even a fixed count of another class");
        assert_eq!(dealer.deal_among(Some(&[])), None);
        assert_eq!(
            [dealer.deal(), dealer.deal()],
            [Some(ClassId(2)), Some(ClassId(1))],
            "the others catch up"
        );
    }

    fn weights() -> impl Strategy<Value = Vec<f64>> {
        prop::collection::vec(prop_oneof![Just(0.0), 0.1..10.0, (1u8..=10).prop_map(f64::from)], 1..7)
            .prop_filter("somebody to deal", |weights| weights.iter().any(|&weight| weight > 0.0))
    }

    fn named(weights: &[f64]) -> Plan {
        let names: Vec<String> = (0..weights.len()).map(|index| format!("C{index}")).collect();
        let pairs: Vec<_> = names.iter().map(String::as_str).zip(weights.iter().copied()).collect();
        Plan::of_weights(&pairs)
    }

    proptest! {
        #[test]
        fn shares_follow_the_weights_at_every_moment(weights in weights()) {
            let mut dealer = Dealer::new(&named(&weights));
            let sum: f64 = weights.iter().sum();
            for users in 1..=300u32 {
                dealer.deal();
                for (count, weight) in dealer.counts().iter().zip(&weights) {
                    let wanted = f64::from(users) * weight / sum;
                    prop_assert!((super::as_f64(*count) - wanted).abs() < 2.0, "{users} users: {count} for {wanted}");
                }
            }
        }

        #[test]
        fn only_the_ratios_of_the_weights_matter(weights in weights(), power in -20i32..20) {
            // A power of two scales without rounding, so the orders must be equal, not just alike.
            let scaled: Vec<f64> = weights.iter().map(|weight| weight * 2f64.powi(power)).collect();
            let deal = |weights: &[f64]| {
                let mut dealer = Dealer::new(&named(weights));
                (0..200).map(|_| dealer.deal()).collect::<Vec<_>>()
            };
            prop_assert_eq!(deal(&weights), deal(&scaled));
        }

        #[test]
        fn removing_takes_back_what_was_dealt_last(weights in weights(), users in 1usize..100, fewer in 0usize..100) {
            let mut dealer = Dealer::new(&named(&weights));
            let dealt: Vec<_> = (0..users).map(|_| dealer.deal()).collect();
            let fewer = fewer.min(users);
            let removed: Vec<_> = (0..fewer).map(|_| dealer.remove_last()).collect();
            prop_assert!(removed.iter().eq(dealt.iter().rev().take(fewer)));
            let again: Vec<_> = (0..fewer).map(|_| dealer.deal()).collect();
            prop_assert_eq!(&again[..], &dealt[users - fewer..]);
        }

        #[test]
        fn fixed_counts_are_exact_once_there_are_enough_users(fixed in prop::collection::vec(0usize..5, 1..4), more in 0usize..20) {
            let mut plan = named(&vec![1.0; fixed.len() + 1]);
            for (class, count) in plan.classes.iter_mut().zip(&fixed) {
                class.fixed_count = Some(*count);
            }
            let sum: usize = fixed.iter().sum();
            let mut dealer = Dealer::new(&plan);
            for _ in 0..sum + more {
                dealer.deal();
            }
            prop_assert_eq!(&dealer.counts()[..fixed.len()], &fixed[..]);
            prop_assert_eq!(dealer.counts()[fixed.len()], more);
        }
    }
}
