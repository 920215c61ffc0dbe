//! Where arrivals meet users: one desk per open class and shard.
//!
//! An arrival goes to the user that has been free the longest; else to a new user, as long as there may be more; else it
//! waits in line, or is turned away. Nothing is lost on the way: whoever holds an arrival holds its ticket, and a ticket
//! that is dropped before its iteration began counts as not started.

use super::alarm::Alarm;
use super::config::Late;
use crate::plan::{ClassId, DueTimes};
use crate::stats::ArrivalSummary;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::iter::Peekable;
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// Arrivals that are past due are let in at once, but after so many the users get a turn.
const BURST: u32 = 32;

/// What became of the arrivals of one shard.
#[derive(Debug, Default)]
pub(super) struct Books {
    summary: RefCell<ArrivalSummary>,
    /// Tickets that are out.
    tickets: Cell<u64>,
    /// Desks whose schedule has not ended.
    desks: Cell<usize>,
    /// Users started ahead of the schedule whose `on_start` has not ended.
    starting: Cell<usize>,
    /// The last ticket is back, the last schedule has ended, or the last user is prepared.
    pub(super) settled: Notify,
}

impl Books {
    /// What was counted since the last time; none if nothing was.
    pub(super) fn take(&self) -> Option<ArrivalSummary> {
        let summary = self.summary.take();
        (summary != ArrivalSummary::default()).then_some(summary)
    }

    /// Whether every schedule has ended and every iteration is done.
    pub(super) fn is_settled(&self) -> bool {
        self.tickets.get() == 0 && self.desks.get() == 0
    }

    /// So many users more are being prepared.
    pub(super) fn preparing(&self, users: usize) {
        self.starting.set(self.starting.get() + users);
    }

    /// One of them is ready, or has failed.
    pub(super) fn prepared(&self) {
        self.starting.set(self.starting.get() - 1);
        if self.starting.get() == 0 {
            self.settled.notify_waiters();
        }
    }

    /// Whether nobody is being prepared.
    pub(super) fn is_prepared(&self) -> bool {
        self.starting.get() == 0
    }
}

/// An arrival on its way to the end of its iteration.
#[derive(Debug)]
pub(super) struct Ticket {
    /// Its number in the schedule of its class, from 0: it names the random streams of the iteration.
    pub(super) number: u64,
    due: Instant,
    books: Rc<Books>,
    counted: bool,
}

impl Ticket {
    fn new(number: u64, due: Instant, books: Rc<Books>) -> Self {
        books.summary.borrow_mut().due += 1;
        books.tickets.set(books.tickets.get() + 1);
        Self { number, due, books, counted: false }
    }

    /// The iteration begins now; says how late that is.
    pub(super) fn begin(&mut self) -> Duration {
        let lateness = Instant::now().saturating_duration_since(self.due);
        let mut summary = self.books.summary.borrow_mut();
        summary.started += 1;
        summary.lateness.record(lateness);
        self.counted = true;
        lateness
    }

    /// Nobody asks for this arrival any more.
    pub(super) fn void(mut self) {
        self.books.summary.borrow_mut().surplus += 1;
        self.counted = true;
    }

    fn turn_away(mut self) {
        self.books.summary.borrow_mut().dropped += 1;
        self.counted = true;
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if !self.counted {
            self.books.summary.borrow_mut().unstarted += 1;
        }
        self.books.tickets.set(self.books.tickets.get() - 1);
        if self.books.is_settled() {
            self.books.settled.notify_waiters();
        }
    }
}

/// Where one user waits for its next arrival.
#[derive(Debug, Default)]
pub(super) struct Seat {
    ticket: RefCell<Option<Ticket>>,
    waker: RefCell<Option<Waker>>,
}

impl Seat {
    /// A seat for a user, with the ticket that it was hired for.
    pub(super) fn with(ticket: Option<Ticket>) -> Self {
        Self { ticket: RefCell::new(ticket), waker: RefCell::default() }
    }

    fn give(&self, ticket: Ticket) {
        self.ticket.replace(Some(ticket));
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    async fn ticket(&self) -> Ticket {
        poll_fn(|context| match self.ticket.take() {
            Some(ticket) => Poll::Ready(ticket),
            None => {
                let mut waker = self.waker.borrow_mut();
                match &mut *waker {
                    Some(waker) => waker.clone_from(context.waker()),
                    None => *waker = Some(context.waker().clone()),
                }
                Poll::Pending
            }
        })
        .await
    }
}

/// One open class on one shard.
#[derive(Debug)]
pub(super) struct Desk {
    /// Whose users serve here.
    pub(super) class: ClassId,
    late: Late,
    /// Users at a time at most.
    limit: usize,
    users: Cell<usize>,
    free: RefCell<VecDeque<Rc<Seat>>>,
    line: RefCell<VecDeque<Ticket>>,
    times: RefCell<Peekable<DueTimes>>,
    /// When the schedule began, once it has.
    begun: Cell<Option<Instant>>,
    closed: Cell<bool>,
    books: Rc<Books>,
}

impl Desk {
    /// A desk for the arrivals `times` of `class` and at most `limit` users.
    pub(super) fn new(class: ClassId, late: Late, limit: usize, times: DueTimes, books: Rc<Books>) -> Self {
        books.desks.set(books.desks.get() + 1);
        Self {
            class,
            late,
            limit,
            users: Cell::new(0),
            free: RefCell::default(),
            line: RefCell::default(),
            times: RefCell::new(times.peekable()),
            begun: Cell::new(None),
            closed: Cell::new(false),
            books,
        }
    }

    /// Lets arrivals in as they come due, from `begin` until `end`. `hire` starts a user for the ticket that it is given.
    pub(super) async fn open(&self, begin: Instant, end: Instant, alarm: &Alarm, hire: impl Fn(Ticket)) {
        self.begun.set(Some(begin));
        let mut now = Instant::now();
        let mut burst = 0;
        while let Some((number, due)) = self.next_due() {
            if now < due || burst == BURST {
                if now < due {
                    alarm.until(due).await;
                } else {
                    tokio::task::yield_now().await;
                }
                (now, burst) = (Instant::now(), 0);
                // The desk may have been closed meanwhile.
                continue;
            }
            self.times.borrow_mut().next();
            burst += 1;
            if let Some(ticket) = self.admit(Ticket::new(number, due, self.books.clone())) {
                hire(ticket);
            }
        }
        alarm.until(end).await;
        self.end_schedule();
    }

    fn next_due(&self) -> Option<(u64, Instant)> {
        let begin = self.begun.get()?;
        self.times.borrow_mut().peek().map(|(number, due)| (*number, begin + *due))
    }

    /// Gives an arrival to a free user, or to the line; gives it back if a new user is to take it.
    fn admit(&self, ticket: Ticket) -> Option<Ticket> {
        if let Some(seat) = self.free.borrow_mut().pop_front() {
            seat.give(ticket);
            return None;
        }
        if self.hired() {
            return Some(ticket);
        }
        match self.late {
            Late::Drop => ticket.turn_away(),
            Late::Wait => {
                let mut line = self.line.borrow_mut();
                line.push_back(ticket);
                let mut summary = self.books.summary.borrow_mut();
                summary.longest_queue = summary.longest_queue.max(line.len() as u64);
            }
        }
        None
    }

    /// Counts one user more, if there may be one.
    pub(super) fn hired(&self) -> bool {
        let more = !self.closed.get() && self.users.get() < self.limit;
        if more {
            self.users.set(self.users.get() + 1);
        }
        more
    }

    /// The next arrival for the user with this seat: the first in line, or the next that finds it free.
    pub(super) async fn next(&self, seat: &Rc<Seat>) -> Ticket {
        if let Some(ticket) = self.line.borrow_mut().pop_front() {
            return ticket;
        }
        // A ticket that came with the hiring needs no place among the free.
        if seat.ticket.borrow().is_none() {
            self.free.borrow_mut().push_back(seat.clone());
        }
        seat.ticket().await
    }

    /// A user has ended. The ticket of the first in line, if a new user is to take it.
    pub(super) fn left(&self) -> Option<Ticket> {
        self.users.set(self.users.get() - 1);
        let ticket = if self.closed.get() { None } else { self.line.borrow_mut().pop_front() };
        if ticket.is_some() {
            self.users.set(self.users.get() + 1);
        }
        ticket
    }

    /// The run ends: nobody is let in any more, and who waits in line has waited in vain.
    pub(super) fn close(&self) {
        if self.closed.replace(true) {
            return;
        }
        let now = Instant::now();
        // What is due and was not yet let in is due all the same.
        while let Some((number, due)) = self.next_due().filter(|(_, due)| *due <= now) {
            self.times.borrow_mut().next();
            drop(Ticket::new(number, due, self.books.clone()));
        }
        self.free.borrow_mut().clear();
        let line = self.line.take();
        drop(line);
        self.end_schedule();
    }

    /// The `-i` budget is used up: no further arrival is asked for, and none of those that wait.
    pub(super) fn close_for_want_of_runs(&self) {
        if !self.closed.replace(true) {
            self.free.borrow_mut().clear();
            let line = self.line.take();
            line.into_iter().for_each(Ticket::void);
            self.end_schedule();
        }
    }

    /// No further arrival comes due.
    fn end_schedule(&self) {
        if self.begun.take().is_some() {
            self.books.desks.set(self.books.desks.get() - 1);
            if self.books.is_settled() {
                self.books.settled.notify_waiters();
            }
        }
    }
}
