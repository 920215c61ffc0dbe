//! The open classes of one shard: its desks, and the users that it starts by itself.

use super::alarm::Alarm;
use super::config::RunConfig;
use super::desk::{Books, Desk, Seat, Ticket};
use super::message::{Assignment, Report};
use super::open_walk::OpenUser;
use super::shard::Shard;
use crate::plan::{Arrivals, Plan, portion};
use crate::stats::ArrivalSummary;
use crate::util::{Purpose, seed_of, stream};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::futures::Notified;

/// Users of open classes are numbered from here on, so that they are told from users that were dealt, whose numbers
/// begin at 1.
const NUMBERED_FROM: u64 = 1_000_000_000;

/// What a shard knows of its open classes.
pub(super) struct OpenClasses {
    books: Rc<Books>,
    /// Those that this shard takes part in.
    desks: Vec<Rc<Desk>>,
    /// Users that this shard has started.
    hired: Cell<u64>,
    /// Those of them that were not reported yet.
    joined: RefCell<Vec<Assignment>>,
    /// What the controller waits to hear.
    awaited: Cell<Awaited>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Awaited {
    Nothing,
    Prepared,
    Settled,
}

impl OpenClasses {
    /// The desks of shard number `shard`.
    pub(super) fn new(config: &RunConfig, shard: usize) -> Self {
        let books = Rc::new(Books::default());
        let desk = |arrivals: &Arrivals| {
            let parts = arrivals.parts(config.shards);
            // With fewer users than shards, the last shards have none.
            (shard < parts).then(|| {
                let name = &config.plan.class(arrivals.class).name;
                let gaps = stream(seed_of(config.seed, name), 0, Purpose::Arrivals);
                let times = arrivals.due_times(shard as u64, parts as u64, gaps);
                let limit = portion(arrivals.user_limit(), shard, parts);
                Rc::new(Desk::new(arrivals.class, config.late, limit, times, books.clone()))
            })
        };
        let desks = config.plan.arrivals.iter().filter_map(desk).collect();
        Self {
            books,
            desks,
            hired: Cell::new(0),
            joined: RefCell::default(),
            awaited: Cell::new(Awaited::Nothing),
        }
    }

    /// Ready when something may have been settled.
    pub(super) fn news(&self) -> Notified<'_> {
        self.books.settled.notified()
    }

    /// What became of arrivals since the last time; none if there were none.
    pub(super) fn take(&self) -> Option<ArrivalSummary> {
        self.books.take()
    }

    /// Users that were started since the last time.
    pub(super) fn joined(&self) -> Vec<Assignment> {
        self.joined.take()
    }

    /// The run is being ended: no arrival is let in any more.
    pub(super) fn close(&self) {
        self.awaited.set(Awaited::Nothing);
        self.desks.iter().for_each(|desk| desk.close());
    }
}

/// The declaration behind a desk.
fn arrivals_of<'a>(plan: &'a Plan, desk: &Desk) -> &'a Arrivals {
    let declared = plan.arrivals.iter().find(|arrivals| arrivals.class == desk.class);
    declared.expect("a desk is made for a declaration")
}

impl Shard {
    /// Starts the users that open classes begin with.
    pub(super) fn prepare_open_classes(self: &Rc<Self>) {
        self.open.awaited.set(Awaited::Prepared);
        for desk in &self.open.desks {
            let arrivals = arrivals_of(&self.config.plan, desk);
            let users = portion(arrivals.start_users, self.index, arrivals.parts(self.config.shards));
            for _ in 0..users {
                if desk.hired() {
                    self.open.books.preparing(1);
                    self.hire(desk, None);
                }
            }
        }
    }

    /// Lets arrivals in, from the time `at` of the run on.
    pub(super) fn open_doors(self: &Rc<Self>, at: Duration) {
        self.open.awaited.set(Awaited::Settled);
        let begin = self.ledger.started + at;
        for desk in &self.open.desks {
            let end = begin + arrivals_of(&self.config.plan, desk).duration();
            let (shard, desk) = (self.clone(), desk.clone());
            tokio::task::spawn_local(async move {
                desk.open(begin, end, &Alarm::fine(), |ticket| shard.hire(&desk, Some(ticket))).await;
            });
        }
    }

    /// Tells the controller what it waits to hear, if it is so.
    pub(super) fn report_open_classes(&self) {
        let books = &self.open.books;
        match self.open.awaited.get() {
            Awaited::Prepared if books.is_prepared() => {
                self.hand_over_users();
                self.report(Report::Prepared);
            }
            Awaited::Settled if books.is_settled() => {
                self.hand_over();
                self.report(Report::Settled);
            }
            _ => return,
        }
        self.open.awaited.set(Awaited::Nothing);
    }

    /// Starts a user, for an arrival or ahead of the first. The desk has counted it.
    fn hire(self: &Rc<Self>, desk: &Rc<Desk>, ticket: Option<Ticket>) {
        let open = &self.open;
        let nth = open.hired.replace(open.hired.get() + 1);
        let user = NUMBERED_FROM + 1 + nth * self.config.shards as u64 + self.index as u64;
        let assignment = Assignment { user, class: desk.class };
        // It has said why; the run ends.
        let Some((walk, actor)) = self.walk(assignment) else { return };
        open.joined.borrow_mut().push(assignment);
        let ahead = ticket.is_none();
        let seat = Rc::new(Seat::with(ticket));
        let place = OpenUser { desk: desk.clone(), seat, actor, seed: self.config.seed };
        let (shard, desk) = (self.clone(), desk.clone());
        tokio::task::spawn_local(async move {
            let ready = || {
                if ahead {
                    shard.open.books.prepared();
                }
            };
            walk.run_open(&shard.config.plan.classes[desk.class.0], place, ready).await;
            shard.left(user);
            if let Some(ticket) = desk.left() {
                shard.hire(&desk, Some(ticket));
            }
        });
    }
}
