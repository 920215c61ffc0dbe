//! Whether a run says something about the server, or only about a generator that could not keep up.
//!
//! A pure function of what was measured. `docs/validity.md` has the limits for those who run tests.

use super::lateness::LATE;
use super::{ArrivalSummary, Health, Lateness, RunCounters};
use std::fmt;
use std::time::Duration;

/// So many must have been late before a percentile is judged: one hiccup of a shared machine does not spoil a short run.
const LEAST_LATE: u64 = 20;

/// The same for moments of the beat: as many as there are in a second. Fewer are the bursts in which users start, and what a
/// busy machine takes away.
const LEAST_LATE_BEATS: u64 = 50;

/// The share of arrivals that may be late, be turned away or never begin.
const MOST_MISSED: f64 = 0.01;

/// A shard that serves nothing for longer than this was starved.
const LONGEST_GAP: Duration = Duration::from_secs(1);

/// Why a run is not valid. As text, each is a sentence with the figure, the limit and what to do, without its full stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Invalid {
    /// Waiting users went on too late.
    LateWaits {
        /// The 99th percentile.
        lateness: Duration,
    },
    /// A shard got to what was ready too late, so that response times are too long by as much.
    Slow {
        /// Its index: the worst one.
        shard: usize,
        /// The 99th percentile.
        lateness: Duration,
    },
    /// A shard served nothing for a long time.
    Starved {
        /// Its index: the worst one.
        shard: usize,
        /// For how long.
        gap: Duration,
    },
    /// Too many arrivals began more than [`LATE`] after they were due, were turned away, or never began.
    LateArrivals {
        /// How many.
        missed: u64,
        /// Of how many that were due.
        due: u64,
        /// Whether arrivals had to wait for a user.
        queued: bool,
    },
    /// Connections were not opened because this process or machine may open no more files.
    OutOfDescriptors {
        /// How many.
        connections: u64,
    },
    /// Connections were not opened because this machine had no local port left.
    OutOfPorts {
        /// How many.
        connections: u64,
    },
}

/// Every limit that a run has broken; none if it is valid.
#[must_use]
pub fn invalid(health: &Health, counters: &RunCounters, arrivals: Option<&ArrivalSummary>) -> Vec<Invalid> {
    let mut reasons = Vec::new();
    let shards = || health.shards.iter();
    let starved = shards().map(|(shard, health)| (health.longest_gap, *shard)).max();
    if let Some((gap, shard)) = starved.filter(|(gap, _)| *gap > LONGEST_GAP) {
        reasons.push(Invalid::Starved { shard, gap });
    }
    let slow =
        shards().filter_map(|(shard, health)| Some((late(&health.beat, LEAST_LATE_BEATS)?, *shard))).max();
    if let Some((lateness, shard)) = slow {
        reasons.push(Invalid::Slow { shard, lateness });
    }
    if let Some(lateness) = late(&health.waits(), LEAST_LATE) {
        reasons.push(Invalid::LateWaits { lateness });
    }
    if let Some(arrivals) = arrivals {
        reasons.extend(of_arrivals(arrivals));
    }
    if counters.out_of_descriptors > 0 {
        reasons.push(Invalid::OutOfDescriptors { connections: counters.out_of_descriptors });
    }
    if counters.out_of_ports > 0 {
        reasons.push(Invalid::OutOfPorts { connections: counters.out_of_ports });
    }
    reasons
}

/// An open model promises its rate: it holds if arrivals begin when they are due.
fn of_arrivals(arrivals: &ArrivalSummary) -> Option<Invalid> {
    let missed = arrivals.lateness.late() + arrivals.dropped + arrivals.unstarted;
    let too_many = missed >= LEAST_LATE && missed as f64 > MOST_MISSED * arrivals.due as f64;
    let queued = arrivals.longest_queue > 0 || arrivals.dropped > 0;
    too_many.then_some(Invalid::LateArrivals { missed, due: arrivals.due, queued })
}

/// The 99th percentile, if it breaks the limit and so many were late at least.
fn late(lateness: &Lateness, least: u64) -> Option<Duration> {
    let percentile = lateness.p99().filter(|percentile| *percentile > LATE);
    percentile.filter(|_| lateness.late() >= least)
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LESS: &str = "use fewer users, do less in scripts, or give the generator more cores of its own";
        let limit = LATE.as_millis();
        match *self {
            Self::LateWaits { lateness } => {
                let lateness = lateness.as_millis();
                write!(
                    f,
                    "users went on {lateness} ms after the end of their wait (p99), the limit is {limit} ms; {LESS}"
                )
            }
            Self::Slow { shard, lateness } => {
                let lateness = lateness.as_millis();
                write!(
                    f,
                    "shard {shard} got to what was ready {lateness} ms late (p99), the limit is {limit} ms; {LESS}"
                )
            }
            Self::Starved { shard, gap } => {
                let (gap, limit) = (gap.as_secs_f64(), LONGEST_GAP.as_secs());
                write!(
                    f,
                    "shard {shard} stood still for {gap:.1} s, the limit is {limit} s; run where nothing suspends \
                     or crowds out the generator"
                )
            }
            Self::LateArrivals { missed, due, queued } => {
                let (share, most) = (missed as f64 * 100.0 / due.max(1) as f64, MOST_MISSED * 100.0);
                let mend = if queued {
                    "no user was free for some: raise max_users and start_users, or arrive at a lower rate"
                } else {
                    "start users ahead with start_users, arrive at a lower rate, or give the generator more cores"
                };
                write!(
                    f,
                    "{share:.1}% of the arrivals started more than {limit} ms late, were dropped or never started, the \
                     limit is {most}%; {mend}"
                )
            }
            Self::OutOfDescriptors { connections } => {
                let (count, were) = counted(connections);
                write!(
                    f,
                    "{count} {were} not opened because no more files may be open, the limit is 0; raise `ulimit -n`, or \
                     use fewer users"
                )
            }
            Self::OutOfPorts { connections } => {
                let (count, were) = counted(connections);
                write!(
                    f,
                    "{count} {were} not opened because no local port was free, the limit is 0; keep connections alive, \
                     widen net.ipv4.ip_local_port_range, or give --source-address"
                )
            }
        }
    }
}

fn counted(connections: u64) -> (String, &'static str) {
    match connections {
        1 => ("1 connection".to_owned(), "was"),
        more => (format!("{more} connections"), "were"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Invalid, invalid};
    use crate::stats::{ArrivalSummary, Health, Lateness, RunCounters, ShardHealth};
    use std::time::Duration;

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    /// So many of so many milliseconds each.
    fn lateness(samples: &[(u64, u64)]) -> Lateness {
        let mut lateness = Lateness::default();
        for (count, milliseconds) in samples {
            (0..*count).for_each(|_| lateness.record(ms(*milliseconds)));
        }
        lateness
    }

    fn reasons(shards: &[ShardHealth]) -> Vec<Invalid> {
        let mut health = Health::default();
        shards.iter().enumerate().for_each(|(index, shard)| health.note(index, shard));
        invalid(&health, &RunCounters::default(), None)
    }

    #[test]
    fn a_run_without_figures_is_valid() {
        assert_eq!(invalid(&Health::default(), &RunCounters::default(), None), []);
        assert_eq!(reasons(&[ShardHealth::default()]), []);
    }

    #[test]
    fn waits_of_all_shards_are_judged_together() {
        let waits = |samples: &[(u64, u64)]| ShardHealth { waits: lateness(samples), ..Default::default() };
        assert_eq!(reasons(&[waits(&[(99_000, 1), (1000, 100)])]), []);
        assert_eq!(reasons(&[waits(&[(99_100, 1), (900, 5000)])]), []);
        let late = [Invalid::LateWaits { lateness: ms(200) }];
        assert_eq!(reasons(&[waits(&[(9000, 1), (1000, 200)])]), late);
        assert_eq!(reasons(&[waits(&[(980, 1)]), waits(&[(20, 200)])]), late);
        assert_eq!(reasons(&[waits(&[(9800, 1)]), waits(&[(20, 200)])]), []);
    }

    #[test]
    fn few_late_ones_are_a_hiccup() {
        let late = |count| ShardHealth { waits: lateness(&[(count, 900)]), ..Default::default() };
        assert_eq!(reasons(&[late(19)]), []);
        assert_eq!(reasons(&[late(20)]), [Invalid::LateWaits { lateness: ms(900) }]);
        let beats = |count| ShardHealth { beat: lateness(&[(count, 900)]), ..Default::default() };
        assert_eq!(reasons(&[beats(49)]), []);
        assert_eq!(reasons(&[beats(50)]), [Invalid::Slow { shard: 0, lateness: ms(900) }]);
    }

    #[test]
    fn the_worst_shard_is_named() {
        let beat = |milliseconds| ShardHealth { beat: lateness(&[(50, milliseconds)]), ..Default::default() };
        assert_eq!(reasons(&[beat(30), beat(100)]), []);
        assert_eq!(
            reasons(&[beat(150), beat(400), beat(30)]),
            [Invalid::Slow { shard: 1, lateness: ms(400) }]
        );
        let gap = |milliseconds| ShardHealth { longest_gap: ms(milliseconds), ..Default::default() };
        assert_eq!(reasons(&[gap(1000), gap(20)]), []);
        assert_eq!(reasons(&[gap(20), gap(1001)]), [Invalid::Starved { shard: 1, gap: ms(1001) }]);
    }

    #[test]
    fn arrivals_are_judged_by_lateness_and_by_what_was_missed() {
        let reasons = |samples: &[(u64, u64)], dropped, unstarted| {
            let lateness = lateness(samples);
            let due = lateness.count() + dropped + unstarted;
            let started = lateness.count();
            let arrivals =
                ArrivalSummary { due, started, dropped, unstarted, lateness, ..ArrivalSummary::default() };
            invalid(&Health::default(), &RunCounters::default(), Some(&arrivals))
        };
        let late = |missed, due, queued| [Invalid::LateArrivals { missed, due, queued }];
        assert_eq!(reasons(&[], 0, 0), []);
        assert_eq!(reasons(&[(10_000, 1), (99, 900)], 0, 0), []);
        assert_eq!(reasons(&[(9000, 1), (1000, 1500)], 0, 0), late(1000, 10_000, false));
        assert_eq!(reasons(&[(980, 1)], 20, 0), late(20, 1000, true));
        assert_eq!(reasons(&[(970, 1), (5, 200)], 15, 10), late(30, 1000, true));
        assert_eq!(reasons(&[(990, 1)], 5, 5), []);
        assert_eq!(reasons(&[(5, 1)], 19, 0), [], "a few are a hiccup");
    }

    #[test]
    fn what_ran_out_is_told_apart() {
        let counters = RunCounters { out_of_descriptors: 3, out_of_ports: 1, ..RunCounters::default() };
        let reasons = invalid(&Health::default(), &counters, None);
        let expected = [Invalid::OutOfDescriptors { connections: 3 }, Invalid::OutOfPorts { connections: 1 }];
        assert_eq!(reasons, expected);
    }

    #[test]
    fn a_reason_says_the_figure_the_limit_and_what_to_do() {
        let reasons = [
            Invalid::LateWaits { lateness: ms(412) },
            Invalid::Slow { shard: 1, lateness: ms(250) },
            Invalid::Starved { shard: 0, gap: ms(1540) },
            Invalid::LateArrivals { missed: 123, due: 10_000, queued: true },
            Invalid::LateArrivals { missed: 700, due: 1000, queued: false },
            Invalid::OutOfDescriptors { connections: 1 },
            Invalid::OutOfPorts { connections: 77 },
        ];
        insta::assert_snapshot!(reasons.map(|reason| reason.to_string()).join("\n"), @r"
        users went on 412 ms after the end of their wait (p99), the limit is 100 ms; use fewer users, do less in scripts, or give the generator more cores of its own
        shard 1 got to what was ready 250 ms late (p99), the limit is 100 ms; use fewer users, do less in scripts, or give the generator more cores of its own
        shard 0 stood still for 1.5 s, the limit is 1 s; run where nothing suspends or crowds out the generator
        1.2% of the arrivals started more than 100 ms late, were dropped or never started, the limit is 1%; no user was free for some: raise max_users and start_users, or arrive at a lower rate
        70.0% of the arrivals started more than 100 ms late, were dropped or never started, the limit is 1%; start users ahead with start_users, arrive at a lower rate, or give the generator more cores
        1 connection was not opened because no more files may be open, the limit is 0; raise `ulimit -n`, or use fewer users
        77 connections were not opened because no local port was free, the limit is 0; keep connections alive, widen net.ipv4.ip_local_port_range, or give --source-address
        ");
    }

    #[test]
    fn stretches_of_a_shard_add_up() {
        let stretch = |cpu, wall, gap| ShardHealth {
            waits: lateness(&[(2, 5)]),
            longest_gap: ms(gap),
            cpu: Some(ms(cpu)),
            wall: ms(wall),
            ..Default::default()
        };
        let mut health = Health::default();
        health.note(0, &stretch(300, 1000, 25));
        health.note(0, &stretch(900, 1000, 22));
        health.note(1, &stretch(500, 1000, 21));
        assert_eq!((health.waits().count(), health.shards[&0].longest_gap), (6, ms(25)));
        assert_eq!(health.busiest(), Some(0.6));
        let saved = serde_json::to_string(&health).expect("plain data");
        assert_eq!(serde_json::from_str::<Health>(&saved).expect("the same"), health);
    }
}
