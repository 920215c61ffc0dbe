//! Where arrivals meet users: one desk per open class and shard.
//!
//! An arrival goes to the user that has been free the longest; else to a new user, as long as there may be more; else it
//! waits in line, or is turned away. Nothing is lost on the way: whoever holds an arrival holds its ticket, and a ticket
//! that is dropped before its iteration began counts as not started.

use super::alarm::Alarm;
use super::config::Late;
use super::line::{Line, Schedule};
use crate::plan::{ClassId, DueTimes};
use crate::stats::ArrivalSummary;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
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
    /// Arrivals that are due and not done with: those in line, and tickets that are out.
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

    /// An arrival is due: from now on somebody holds it.
    fn note_due(&self) {
        self.summary.borrow_mut().due += 1;
        self.tickets.set(self.tickets.get() + 1);
    }

    /// So many arrivals that were due will not be started; `why` is what they count as.
    fn forget(&self, arrivals: u64, why: impl FnOnce(&mut ArrivalSummary) -> &mut u64) {
        *why(&mut self.summary.borrow_mut()) += arrivals;
        self.give_back(arrivals);
    }

    /// So many arrivals are done with.
    fn give_back(&self, arrivals: u64) {
        self.tickets.set(self.tickets.get() - arrivals);
        if self.is_settled() {
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
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if !self.counted {
            self.books.summary.borrow_mut().unstarted += 1;
        }
        self.books.give_back(1);
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
    line: RefCell<Line>,
    schedule: RefCell<Schedule>,
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
            schedule: RefCell::new(times.peekable()),
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
            burst += 1;
            let ticket = self.admit(begin, (number, due));
            self.schedule.borrow_mut().next();
            if let Some(ticket) = ticket {
                hire(ticket);
            }
        }
        alarm.until(end).await;
        self.end_schedule();
    }

    fn next_due(&self) -> Option<(u64, Instant)> {
        let begin = self.begun.get()?;
        self.schedule.borrow_mut().peek().map(|(number, due)| (*number, begin + *due))
    }

    /// Gives the next arrival of the schedule, which began at `begin`, to a free user, or to the line; its ticket, if a new
    /// user is to take it.
    fn admit(&self, begin: Instant, arrival: (u64, Instant)) -> Option<Ticket> {
        self.books.note_due();
        if let Some(seat) = self.free.borrow_mut().pop_front() {
            seat.give(self.ticket(arrival));
            return None;
        }
        if self.hired() {
            return Some(self.ticket(arrival));
        }
        match self.late {
            Late::Drop => self.books.forget(1, |summary| &mut summary.dropped),
            Late::Wait => {
                let length = self.line.borrow_mut().join(begin, &self.schedule.borrow());
                let mut summary = self.books.summary.borrow_mut();
                summary.longest_queue = summary.longest_queue.max(length);
            }
        }
        None
    }

    /// The ticket of an arrival that was noted as due.
    fn ticket(&self, (number, due): (u64, Instant)) -> Ticket {
        Ticket { number, due, books: self.books.clone(), counted: false }
    }

    /// The ticket of the first in line.
    fn first_in_line(&self) -> Option<Ticket> {
        let first = self.line.borrow_mut().leave()?;
        Some(self.ticket(first))
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
        if let Some(ticket) = self.first_in_line() {
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
        let ticket = if self.closed.get() { None } else { self.first_in_line() };
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
        while self.next_due().is_some_and(|(_, due)| due <= now) {
            self.schedule.borrow_mut().next();
            self.books.note_due();
            self.books.forget(1, |summary| &mut summary.unstarted);
        }
        self.free.borrow_mut().clear();
        let waiting = self.line.borrow_mut().clear();
        self.books.forget(waiting, |summary| &mut summary.unstarted);
        self.end_schedule();
    }

    /// The `-i` budget is used up: no further arrival is asked for, and none of those that wait.
    pub(super) fn close_for_want_of_runs(&self) {
        if !self.closed.replace(true) {
            self.free.borrow_mut().clear();
            let waiting = self.line.borrow_mut().clear();
            self.books.forget(waiting, |summary| &mut summary.surplus);
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
