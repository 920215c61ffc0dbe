//! Transactions: the requests of a block, and their sum as one entry.
//!
//! The time of a transaction is what its user waited for answers: the response times of its requests, without think time
//! and without what the script computed. What overlaps, a batch or a timed block, counts with the time on the clock.
//!
//! The verdicts of its requests may fall long after the block has ended, and each may decide the transaction's own. So
//! every open verdict holds the sum that it belongs to, and the sum is recorded when the last of them lets go.

use super::handle::User;
use super::host::Sample;
use super::site::CallSite;
use rhai::ImmutableString;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;
use std::time::Duration;
use tokio::time::Instant;

/// What transactions are called in the type column.
const KIND: &str = "TX";

/// A transaction whose verdict is open.
pub(in crate::script) struct Sum {
    name: ImmutableString,
    user: User,
    /// The call that has its block.
    site: CallSite,
    /// The transaction around it: what counts here counts there too.
    parent: Option<Rc<Sum>>,
    time: Cell<Duration>,
    lateness: Cell<Duration>,
    size: Cell<u64>,
    /// How many timed blocks run in it: their own times cover those of their requests.
    covered: Cell<u32>,
    failure: RefCell<Option<(Order, String)>>,
    /// When its block ended; without that it was cut off and is not counted.
    ended: Cell<Option<Instant>>,
}

/// Which of several failures is told: the exception that ended the block, or else that of the earliest request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Order {
    Exception,
    Request(u64),
}

impl fmt::Debug for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sum").field("name", &self.name).field("time", &self.time).finish_non_exhaustive()
    }
}

impl Sum {
    fn and_those_around(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |sum| sum.parent.as_deref())
    }

    /// A request took so long. Where a timed block covers it, that is not counted twice.
    pub(in crate::script) fn add_time(&self, time: Duration) {
        for sum in self.and_those_around().take_while(|sum| sum.covered.get() == 0) {
            sum.time.set(sum.time.get() + time);
        }
    }

    /// A request of it was the first of an iteration that began so late. No clock in the block has seen that.
    pub(in crate::script) fn add_lateness(&self, lateness: Duration) {
        if !lateness.is_zero() {
            for sum in self.and_those_around() {
                sum.lateness.set(sum.lateness.get() + lateness);
            }
        }
    }

    /// A request brought so many bytes.
    pub(in crate::script) fn add_size(&self, size: u64) {
        for sum in self.and_those_around() {
            sum.size.set(sum.size.get().saturating_add(size));
        }
    }

    /// The verdict of a request has fallen: it failed.
    pub(super) fn request_failed(&self, serial: u64, name: &str, text: &str) {
        for sum in self.and_those_around() {
            sum.fail(Order::Request(serial), || format!("{name}: {text}"));
        }
    }

    fn fail(&self, order: Order, text: impl FnOnce() -> String) {
        let mut failure = self.failure.borrow_mut();
        if failure.as_ref().is_none_or(|(known, _)| order < *known) {
            *failure = Some((order, text()));
        }
    }
}

impl Drop for Sum {
    fn drop(&mut self) {
        let Some(ended) = self.ended.get() else { return };
        let sample = Sample {
            method: KIND.into(),
            name: self.name.clone(),
            response_time: Some(self.lateness.get() + self.time.get()),
            lateness: self.lateness.get(),
            size: self.size.get(),
            failure: self.failure.take().map(|(_, text)| text),
            phases: None,
            ended,
            site: self.site.clone(),
            charge: None,
        };
        self.user.count_other(sample);
    }
}

/// The innermost transaction that one user is in, if any.
#[derive(Debug, Default)]
pub(in crate::script) struct Innermost {
    sum: RefCell<Option<Rc<Sum>>>,
    /// How many timed blocks run, in a transaction or not.
    timed: Cell<u32>,
}

impl Innermost {
    /// The transaction that a request counts into now.
    pub(in crate::script) fn get(&self) -> Option<Rc<Sum>> {
        self.sum.borrow().clone()
    }

    /// Enters a transaction; it is left when the guard is dropped.
    pub(super) fn enter(&self, name: ImmutableString, user: &User, site: CallSite) -> Entered<'_> {
        let parent = self.get();
        let sum = Rc::new(Sum {
            name,
            user: user.clone(),
            site,
            parent: parent.clone(),
            time: Cell::default(),
            lateness: Cell::default(),
            size: Cell::default(),
            covered: Cell::default(),
            failure: RefCell::default(),
            ended: Cell::default(),
        });
        self.sum.replace(Some(sum.clone()));
        Entered { innermost: self, sum, parent }
    }

    /// Requests take no time of their own until the guard is dropped.
    pub(super) fn cover(&self) -> Covered<'_> {
        let sum = self.get();
        if let Some(sum) = &sum {
            sum.covered.set(sum.covered.get() + 1);
        }
        self.timed.set(self.timed.get() + 1);
        Covered { innermost: self, sum }
    }

    /// Whether a timed block runs: whatever happens now counts into its time.
    pub(super) fn is_timed(&self) -> bool {
        self.timed.get() > 0
    }

    /// No request counts into the transaction until the guard is dropped.
    pub(super) fn step_out(&self) -> SteppedOut<'_> {
        SteppedOut { innermost: self, sum: self.sum.take() }
    }
}

/// A transaction whose block runs. Dropped before [`Entered::end`] it was cut off.
pub(super) struct Entered<'a> {
    innermost: &'a Innermost,
    sum: Rc<Sum>,
    parent: Option<Rc<Sum>>,
}

impl Entered<'_> {
    /// The block has ended, by an exception where there is a text: the transaction is counted.
    pub(super) fn end(self, exception: Option<String>) {
        if let Some(text) = exception {
            self.sum.fail(Order::Exception, || text);
        }
        self.sum.ended.set(Some(Instant::now()));
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.innermost.sum.replace(self.parent.take());
    }
}

/// The user is outside of the transaction that it will be in again.
pub(super) struct SteppedOut<'a> {
    innermost: &'a Innermost,
    sum: Option<Rc<Sum>>,
}

impl Drop for SteppedOut<'_> {
    fn drop(&mut self) {
        self.innermost.sum.replace(self.sum.take());
    }
}

/// A timed block runs, in this transaction if there is one.
pub(super) struct Covered<'a> {
    innermost: &'a Innermost,
    sum: Option<Rc<Sum>>,
}

impl Drop for Covered<'_> {
    fn drop(&mut self) {
        self.innermost.timed.set(self.innermost.timed.get() - 1);
        if let Some(sum) = &self.sum {
            sum.covered.set(sum.covered.get() - 1);
        }
    }
}
