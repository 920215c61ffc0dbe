//! The open model: when iterations are due, whatever the server does.
//!
//! The rate is a curve over time, made of straight stages. Arrival number `n`, counted from 0, is due when the area under
//! the curve passes `n`: at a constant 50 per second every 20 ms, the first at once, 1000 of them in 20 s. Each time is
//! computed from the start in closed form, so nothing drifts, and a fraction that one stage leaves over counts in the next.

use super::shape::ends;
use super::{ClassId, Plan, UserClass};
use crate::util::{Stream, timespan_text};
use rand::RngExt;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Users of an open class at the same time, where the script says nothing.
pub const DEFAULT_MAX_USERS: usize = 10_000;

/// Areas that differ by less than this share are the same: 100 per minute over ten minutes are 1000 arrivals, though
/// 100 / 60 * 600 is not quite 1000 in `f64`.
const SAME: f64 = 1e-10;

/// The arrivals of one user class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Arrivals {
    /// Whose task functions are run.
    pub class: ClassId,
    /// The rate, piece by piece.
    pub stages: Vec<Stage>,
    /// Gaps are random, as those of independent visitors; otherwise even.
    pub poisson: bool,
    /// Users that are started before the first arrival.
    pub start_users: usize,
    /// Users at the same time at most; none = [`DEFAULT_MAX_USERS`].
    pub max_users: Option<usize>,
    /// `file:line:column` of the declaration.
    pub declared_at: String,
}

/// A straight piece of the rate. Of length zero it is a jump.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// How long it is.
    pub duration: Duration,
    /// Arrivals per second at its beginning.
    pub from: f64,
    /// Arrivals per second at its end.
    pub to: f64,
}

/// The course of the rate, and how many users may come of it.
impl fmt::Display for Arrivals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = self.stages.iter().filter(|stage| !stage.duration.is_zero());
        let course: Vec<_> = held.map(Stage::to_string).collect();
        let gaps = if self.poisson { " with random gaps" } else { "" };
        write!(f, "{}{gaps}, at most {} users", course.join(", "), self.user_limit())
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, to, time) = (rate_text(self.from), rate_text(self.to), timespan_text(self.duration));
        if self.from.to_bits() == self.to.to_bits() {
            write!(f, "{to}/s for {time}")
        } else {
            write!(f, "{from}/s to {to}/s in {time}")
        }
    }
}

/// Three decimals are enough to recognise a rate by.
fn rate_text(per_second: f64) -> String {
    let text = format!("{per_second:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl Stage {
    /// How many arrivals it holds, fractions included.
    fn area(&self) -> f64 {
        (self.from + self.to) * self.duration.as_secs_f64() / 2.0
    }

    /// Seconds after its beginning at which the area has come to `area`, which is above 0 and at most its own.
    fn time_of(&self, area: f64) -> f64 {
        let seconds = self.duration.as_secs_f64();
        let slope = (self.to - self.from) / seconds;
        // The root of slope / 2 * t^2 + from * t = area in the form that loses no digits where the slope is small.
        let root = 2.0f64.mul_add(slope * area, self.from * self.from).max(0.0).sqrt();
        (2.0 * area / (self.from + root)).min(seconds)
    }
}

impl Arrivals {
    /// From the first arrival's time to the end of the schedule.
    #[must_use]
    pub fn duration(&self) -> Duration {
        self.stages.iter().map(|stage| stage.duration).sum()
    }

    /// How many arrivals there are: on average if they are random, otherwise exactly, once rounded up.
    #[must_use]
    pub fn expected(&self) -> f64 {
        self.stages.iter().map(Stage::area).sum()
    }

    /// Users at the same time at most.
    #[must_use]
    pub fn user_limit(&self) -> usize {
        self.max_users.unwrap_or(DEFAULT_MAX_USERS)
    }

    /// How many of `shards` take part: with fewer users than shards only so many, and at least one.
    #[must_use]
    pub fn parts(&self, shards: usize) -> usize {
        self.user_limit().clamp(1, shards.max(1))
    }

    /// The due times of the arrivals that one of `parts` shards serves, from its number `first` on; `gaps` is where
    /// random gaps are drawn from.
    ///
    /// Arrivals go round over the users that there may be, and users round over the shards. So each shard gets arrivals
    /// in proportion to its users, and how long an arrival waits does not depend on how many shards there are.
    #[must_use]
    pub fn due_times(&self, first: u64, parts: u64, gaps: Stream) -> DueTimes {
        DueTimes {
            curve: Arc::new(Curve::new(&self.stages)),
            next: first,
            parts: parts.max(1),
            round: (self.user_limit() as u64).max(parts).max(1),
            gaps: self.poisson.then_some(Gaps { stream: gaps, drawn: 0, sum: 0.0 }),
        }
    }
}

/// Part number `part`, from 0, of `whole` dealt over `parts` as evenly as can be, the first ones getting more.
#[must_use]
pub fn portion(whole: usize, part: usize, parts: usize) -> usize {
    whole / parts + usize::from(part < whole % parts)
}

/// The arrivals of the classes that are left in `after` of those in `before`, under their new numbers.
pub(super) fn of_classes(arrivals: &[Arrivals], before: &[UserClass], after: &[UserClass]) -> Vec<Arrivals> {
    let renumbered = arrivals.iter().filter_map(|arrivals| {
        let name = &before[arrivals.class.0].name;
        let class = ClassId(after.iter().position(|class| class.name == *name)?);
        Some(Arrivals { class, ..arrivals.clone() })
    });
    renumbered.collect()
}

impl Plan {
    /// When each stage of the load ends, counted from the first user or arrival: those of the load shape, or of the
    /// schedule where there is one schedule and no shape.
    #[must_use]
    pub fn stage_ends(&self) -> Vec<Duration> {
        match (&self.shape, &self.arrivals[..]) {
            (Some(shape), _) => shape.stage_ends(),
            // A stage without length is a jump.
            (None, [one]) => {
                ends(one.stages.iter().map(|stage| stage.duration).filter(|length| !length.is_zero()))
            }
            (None, _) => Vec::new(),
        }
    }

    /// Whether the users of a class come by arrivals instead of being dealt.
    #[must_use]
    pub fn is_open(&self, class: ClassId) -> bool {
        self.arrivals.iter().any(|arrivals| arrivals.class == class)
    }

    /// Whether some users are dealt: there is a class that is on and not open.
    #[must_use]
    pub fn has_dealt_users(&self) -> bool {
        self.classes().any(|(id, class)| class.has_users() && !self.is_open(id))
    }

    /// Whether anybody comes at all.
    #[must_use]
    pub fn has_any_users(&self) -> bool {
        !self.arrivals.is_empty() || self.has_dealt_users()
    }
}

/// Stages with what came before them.
#[derive(Clone, Debug)]
struct Curve {
    pieces: Vec<Piece>,
    /// Arrivals in all.
    area: f64,
}

#[derive(Clone, Copy, Debug)]
struct Piece {
    stage: Stage,
    /// Seconds and arrivals before it.
    start: f64,
    before: f64,
}

impl Curve {
    fn new(stages: &[Stage]) -> Self {
        let mut pieces = Vec::with_capacity(stages.len());
        let (mut start, mut before) = (Duration::ZERO, 0.0);
        for &stage in stages {
            let area = stage.area();
            // Jumps and pauses hold no arrival.
            if area > 0.0 {
                pieces.push(Piece { stage, start: start.as_secs_f64(), before });
            }
            start += stage.duration;
            before += area;
        }
        Self { pieces, area: before }
    }

    /// When the area passes `area`; none if it never does.
    fn time_of(&self, area: f64) -> Option<Duration> {
        let slack = SAME * area.max(1.0);
        if area + slack >= self.area {
            return None;
        }
        let following = self.pieces.partition_point(|piece| piece.before <= area + slack);
        let piece = self.pieces.get(following.checked_sub(1)?)?;
        let within = area - piece.before;
        let seconds = if within > 0.0 { piece.stage.time_of(within) } else { 0.0 };
        Duration::try_from_secs_f64(piece.start + seconds).ok()
    }
}

/// The arrivals of one shard: number and time, counted from the start of the schedule, in order.
#[derive(Clone, Debug)]
pub struct DueTimes {
    /// Shared: a reader that lags behind another is a clone of it.
    curve: Arc<Curve>,
    next: u64,
    parts: u64,
    /// After so many arrivals the first shard is the next again.
    round: u64,
    gaps: Option<Gaps>,
}

/// A Poisson process of the curve's rate is one of rate 1 with its time stretched: its points are sums of exponentials,
/// read as areas (time rescaling theorem; Brown, Barbieri, Ventura, Kass, Frank 2002).
#[derive(Clone, Debug)]
struct Gaps {
    stream: Stream,
    /// How many gaps have been drawn, and their sum.
    drawn: u64,
    sum: f64,
}

impl Gaps {
    /// The sum of the gaps up to and with number `number`. Every shard draws all of them, and all draw the same.
    fn up_to(&mut self, number: u64) -> f64 {
        while self.drawn <= number {
            self.sum -= (-self.stream.random::<f64>()).ln_1p();
            self.drawn += 1;
        }
        self.sum
    }
}

impl Iterator for DueTimes {
    type Item = (u64, Duration);

    fn next(&mut self) -> Option<Self::Item> {
        let number = self.next;
        #[expect(clippy::cast_precision_loss, reason = "arrivals are far below 2^53")]
        let area = self.gaps.as_mut().map_or(number as f64, |gaps| gaps.up_to(number));
        let due = self.curve.time_of(area)?;
        self.next = self.after(number);
        Some((number, due))
    }
}

impl DueTimes {
    /// The shard's next arrival after `number`.
    fn after(&self, number: u64) -> u64 {
        let within = number % self.round;
        if within + self.parts < self.round {
            number + self.parts
        } else {
            number - within + self.round + within % self.parts
        }
    }
}

#[cfg(test)]
#[path = "arrivals_tests.rs"]
mod tests;
