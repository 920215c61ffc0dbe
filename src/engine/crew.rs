//! The crew: the shards as the controller sees them, which user runs where, and who is next to come or to go.

use super::config::RunConfig;
use super::message::{Assignment, Command, Report};
use super::shard::{self, ShardSetup};
use crate::plan::{ClassId, Dealer, Plan};
use crate::script::Loader;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

/// One shard, from outside.
struct ShardHandle {
    commands: UnboundedSender<Command>,
    thread: Option<JoinHandle<()>>,
    /// No user of it is left, and none will come.
    idle: bool,
    done: bool,
}

/// A user that was started and not told to stop since.
#[derive(Clone, Copy, Debug)]
struct Placed {
    user: u64,
    class: ClassId,
    shard: usize,
}

/// The shards and their users.
pub(super) struct Crew {
    shards: Vec<ShardHandle>,
    roster: Roster,
}

impl Crew {
    /// Starts the threads; what they have to say comes out of the receiver. Each says first that it is ready, or why not.
    ///
    /// # Errors
    ///
    /// When the system gives no thread.
    pub(super) fn start(
        config: &Arc<RunConfig>,
        loader: &Loader,
        started: std::time::Instant,
    ) -> Result<(Self, UnboundedReceiver<Report>), String> {
        let (reports_in, reports) = mpsc::unbounded_channel();
        let mut shards = Vec::with_capacity(config.shards);
        for index in 0..config.shards {
            let (commands, commands_in) = mpsc::unbounded_channel();
            let setup = ShardSetup { index, config: config.clone(), loader: loader.clone(), started };
            let reports_in = reports_in.clone();
            let thread = std::thread::Builder::new()
                .name(format!("shard-{index}"))
                .spawn(move || shard::run(setup, commands_in, reports_in))
                .map_err(|error| format!("cannot start a shard: {error}"))?;
            shards.push(ShardHandle { commands, thread: Some(thread), idle: false, done: false });
        }
        Ok((Self { shards, roster: Roster::new(&config.plan, config.shards) }, reports))
    }

    /// Number of shards.
    pub(super) fn shards(&self) -> usize {
        self.shards.len()
    }

    /// Starts or stops users until `target` of them are placed; only users of `classes` are added, if some are named.
    pub(super) fn resize(&mut self, target: usize, classes: Option<&[ClassId]>) {
        let mut starts = vec![Vec::new(); self.shards.len()];
        let mut stops = vec![Vec::new(); self.shards.len()];
        while self.roster.placed() < target {
            let Some(placed) = self.roster.add(classes) else { break };
            starts[placed.shard].push(Assignment { user: placed.user, class: placed.class });
        }
        while self.roster.placed() > target {
            let Some(placed) = self.roster.remove() else { break };
            stops[placed.shard].push(placed.user);
        }
        for (shard, (starts, stops)) in starts.into_iter().zip(stops).enumerate() {
            if !starts.is_empty() {
                self.tell(shard, Command::Start(starts));
            }
            if !stops.is_empty() {
                self.tell(shard, Command::Stop(stops));
            }
        }
    }

    /// Forgets the places of users that ended by themselves, so that a new target makes up for them.
    pub(super) fn forget_ended(&mut self) {
        self.roster.forget_ended();
    }

    /// Users that have a place: started, and not told to stop.
    pub(super) fn placed(&self) -> usize {
        self.roster.placed()
    }

    /// Users that run now, by class index; those that were told to stop and have not ended yet are among them.
    pub(super) fn running(&self) -> &[u64] {
        &self.roster.running
    }

    /// The largest number of users that ran at a time, and of which classes they were.
    pub(super) fn peak(&self) -> (u64, &[u64]) {
        (self.roster.peak.iter().sum(), &self.roster.peak)
    }

    /// Whether no user runs.
    pub(super) fn is_empty(&self) -> bool {
        self.roster.alive.is_empty()
    }

    /// A shard has started these users of open classes by itself.
    pub(super) fn note_joined(&mut self, users: &[Assignment]) {
        for user in users {
            self.roster.joined(user.user, user.class);
        }
    }

    /// These users have ended.
    pub(super) fn note_ended(&mut self, users: &[u64]) {
        for user in users {
            self.roster.ended(*user);
        }
    }

    /// The last user of a shard has ended, and no more will come.
    pub(super) fn note_idle(&mut self, shard: usize) {
        self.shards[shard].idle = true;
    }

    /// Whether every shard is idle, or gone.
    pub(super) fn all_idle(&self) -> bool {
        self.shards.iter().all(|shard| shard.idle || shard.done)
    }

    /// A shard has sent its last report.
    pub(super) fn note_done(&mut self, shard: usize) {
        self.shards[shard].done = true;
    }

    /// Whether every shard has sent its last report.
    pub(super) fn all_done(&self) -> bool {
        self.shards.iter().all(|shard| shard.done)
    }

    /// Whether a thread has ended without saying so.
    pub(super) fn has_lost_one(&self) -> bool {
        let gone =
            |shard: &ShardHandle| !shard.done && shard.thread.as_ref().is_some_and(JoinHandle::is_finished);
        self.shards.iter().any(gone)
    }

    /// Tells one shard; one that is gone has said so, or will.
    pub(super) fn tell(&self, shard: usize, command: Command) {
        let _ = self.shards[shard].commands.send(command);
    }

    /// Tells every shard.
    pub(super) fn tell_all(&self, command: &Command) {
        for shard in 0..self.shards.len() {
            self.tell(shard, command.clone());
        }
    }

    /// Waits for the threads to end.
    pub(super) fn join(&mut self) {
        for shard in &mut self.shards {
            if let Some(thread) = shard.thread.take() {
                // A shard that panicked is a defect that was printed already; what the others counted stands.
                let _ = thread.join();
            }
        }
    }
}

/// Who is who: pure bookkeeping, so that it can be tested without threads.
struct Roster {
    dealer: Dealer,
    shards: usize,
    /// In the order in which they came: the last to come is the first to go, as in Locust.
    placed: Vec<Placed>,
    /// Those that have not ended, told to stop or not.
    alive: HashMap<u64, ClassId>,
    /// The number of the user that came last.
    last: u64,
    running: Vec<u64>,
    peak: Vec<u64>,
}

impl Roster {
    fn new(plan: &Plan, shards: usize) -> Self {
        Self {
            dealer: Dealer::new(plan),
            shards,
            placed: Vec::new(),
            alive: HashMap::new(),
            last: 0,
            running: vec![0; plan.classes.len()],
            peak: vec![0; plan.classes.len()],
        }
    }

    fn placed(&self) -> usize {
        self.placed.len()
    }

    fn add(&mut self, classes: Option<&[ClassId]>) -> Option<Placed> {
        let class = self.dealer.deal_among(classes)?;
        self.last += 1;
        let shards = self.shards as u64;
        let shard = usize::try_from((self.last - 1) % shards).unwrap_or(0);
        let placed = Placed { user: self.last, class, shard };
        self.placed.push(placed);
        self.joined(placed.user, class);
        Some(placed)
    }

    /// A user has begun; one of an open class has no place that the course could take away.
    fn joined(&mut self, user: u64, class: ClassId) {
        self.alive.insert(user, class);
        self.running[class.0] += 1;
        if self.running.iter().sum::<u64>() > self.peak.iter().sum() {
            self.peak.clone_from(&self.running);
        }
    }

    fn remove(&mut self) -> Option<Placed> {
        let placed = self.placed.pop()?;
        self.dealer.remove_last();
        Some(placed)
    }

    fn ended(&mut self, user: u64) {
        if let Some(class) = self.alive.remove(&user) {
            self.running[class.0] -= 1;
        }
    }

    fn forget_ended(&mut self) {
        let (kept, gone): (Vec<_>, Vec<_>) =
            self.placed.drain(..).partition(|placed| self.alive.contains_key(&placed.user));
        self.placed = kept;
        if !gone.is_empty() {
            // The dealer's order of taking back must stay that of the places, so it deals the kept ones anew.
            self.dealer.restart(self.placed.iter().map(|placed| placed.class));
        }
    }
}

/// Users by class name.
pub(super) fn by_name(plan: &Plan, counts: &[u64]) -> BTreeMap<String, u64> {
    plan.classes.iter().zip(counts).map(|(class, count)| (class.name.clone(), *count)).collect()
}

#[cfg(test)]
mod tests {
    use super::Roster;
    use crate::plan::{ClassId, Plan};
    use proptest::prelude::*;

    fn roster(shards: usize) -> Roster {
        Roster::new(&Plan::of_weights(&[("A", 1.0), ("B", 1.0)]), shards)
    }

    fn numbers(roster: &Roster) -> Vec<u64> {
        roster.placed.iter().map(|placed| placed.user).collect()
    }

    #[test]
    fn the_last_to_come_is_the_first_to_go_and_numbers_are_never_used_twice() {
        let mut roster = roster(2);
        for _ in 0..4 {
            roster.add(None);
        }
        assert_eq!(roster.placed.iter().map(|placed| placed.shard).collect::<Vec<_>>(), [0, 1, 0, 1]);
        assert_eq!(roster.remove().map(|placed| placed.user), Some(4));
        assert_eq!(roster.running, [2, 2], "it has not ended yet");
        roster.ended(4);
        assert_eq!(roster.running, [2, 1]);
        assert_eq!(roster.add(None).map(|placed| (placed.user, placed.class)), Some((5, ClassId(1))));
    }

    #[test]
    fn users_that_ended_by_themselves_keep_their_place_until_a_new_target_makes_up_for_them() {
        let mut roster = roster(1);
        for _ in 0..6 {
            roster.add(None);
        }
        roster.ended(1);
        roster.ended(4);
        assert_eq!((roster.placed(), roster.alive.len()), (6, 4));
        roster.forget_ended();
        assert_eq!(numbers(&roster), [2, 3, 5, 6]);
        assert_eq!(roster.dealer.counts(), [2, 2]);
        assert_eq!(roster.remove().map(|placed| placed.user), Some(6));
        assert_eq!(roster.dealer.counts(), [2, 1], "the dealer takes back the same user");
    }

    #[test]
    fn the_peak_is_the_largest_number_of_users_at_a_time() {
        let mut roster = roster(1);
        for _ in 0..3 {
            roster.add(None);
        }
        roster.remove();
        roster.ended(3);
        roster.ended(2);
        roster.add(None);
        assert_eq!(roster.peak, [2, 1]);
    }

    proptest! {
        #[test]
        fn places_dealer_and_running_users_agree_whatever_happens(
            steps in prop::collection::vec((0u8..4, 0u64..30), 1..200), shards in 1usize..5,
        ) {
            let mut roster = roster(shards);
            for (step, number) in steps {
                match step {
                    0 | 1 => drop(roster.add(None)),
                    2 => drop(roster.remove()),
                    _ if number % 3 == 0 => roster.forget_ended(),
                    _ => roster.ended(number),
                }
                prop_assert_eq!(roster.dealer.total(), roster.placed());
                prop_assert_eq!(roster.running.iter().sum::<u64>(), roster.alive.len() as u64);
                for class in [0, 1] {
                    let placed = roster.placed.iter().filter(|placed| placed.class == ClassId(class)).count();
                    prop_assert_eq!(roster.dealer.counts()[class], placed);
                }
            }
        }
    }
}
