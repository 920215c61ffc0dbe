//! Verdicts: a request passes or fails by its status, unless the script says otherwise in time.
//!
//! `success()` and `failure(..)` can be said until the task ends or the response is dropped, and the last word counts.
//! So a request is not counted when its answer arrives but when its verdict falls; until then its tally is open here.

use super::host::{Phased, Sample};
use super::listeners::Details;
use super::site::{CallSite, Charge};
use super::transaction::{Innermost, Sum};
use crate::script::stream::reading::Reading;
use rhai::ImmutableString;
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::time::Duration;
use tokio::time::Instant;

/// What the script said about a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::script) enum Word {
    /// Nothing: the default rule decides.
    #[default]
    None,
    /// `success()`.
    Success,
    /// `failure(message)`, and where that was said.
    Failure(ImmutableString, Box<Charge>),
}

/// A request that was answered and whose verdict is open.
#[derive(Debug)]
pub(in crate::script) struct Tally {
    pub(in crate::script) method: ImmutableString,
    pub(in crate::script) name: ImmutableString,
    pub(in crate::script) response_time: Duration,
    pub(in crate::script) lateness: Duration,
    pub(in crate::script) size: u64,
    /// What the failure is called if the script says nothing; none if the default is to pass.
    pub(in crate::script) default_failure: Option<String>,
    pub(in crate::script) phases: Option<Box<Phased>>,
    pub(in crate::script) ended: Instant,
    pub(in crate::script) word: Word,
    /// The call that asked for it.
    pub(in crate::script) site: CallSite,
    /// The innermost transaction that it counts into. Its verdict falls after this one.
    pub(in crate::script) transaction: Option<Rc<Sum>>,
    /// What the hooks of requests are told besides; none where there are no such hooks.
    pub(in crate::script) details: Option<Box<Details>>,
    /// Its answer is still being read: the time and the size are not known.
    pub(in crate::script) stream: Option<Weak<Reading>>,
}

impl Tally {
    /// The verdict falls: what is counted, and what hooks are told.
    fn fall(self, serial: u64) -> (Sample, Option<Box<Details>>, Option<Rc<Sum>>) {
        let (failure, charge) = match self.word {
            Word::None => (self.default_failure, None),
            Word::Success => (None, None),
            Word::Failure(message, charge) => (Some(message.into()), Some(charge)),
        };
        if let (Some(transaction), Some(text)) = (&self.transaction, &failure) {
            transaction.request_failed(serial, &self.name, text);
        }
        let sample = Sample {
            method: self.method,
            name: self.name,
            response_time: Some(self.response_time),
            lateness: self.lateness,
            size: self.size,
            failure,
            phases: self.phases,
            ended: self.ended,
            site: self.site,
            charge,
        };
        (sample, self.details, self.transaction)
    }
}

/// Names an open tally. After the verdict has fallen it names nothing, even when its slot is in use again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::script) struct TallyId {
    slot: usize,
    serial: u64,
}

/// The open tallies of one user: hardly ever more than one or two.
#[derive(Debug, Default)]
pub(in crate::script) struct Verdicts {
    slots: RefCell<Vec<Option<(u64, Tally)>>>,
    serial: Cell<u64>,
    /// The transaction that the user is in.
    pub(in crate::script) transaction: Innermost,
}

impl TallyId {
    /// Names no tally.
    pub(in crate::script) const NONE: Self = Self { slot: usize::MAX, serial: u64::MAX };
}

impl Verdicts {
    /// A number that grows with every request of the user.
    pub(super) fn next_serial(&self) -> u64 {
        let serial = self.serial.get();
        self.serial.set(serial + 1);
        serial
    }

    /// Opens a tally.
    pub(in crate::script) fn open(&self, tally: Tally) -> TallyId {
        let serial = self.next_serial();
        let mut slots = self.slots.borrow_mut();
        let slot = slots.iter().position(Option::is_none).unwrap_or_else(|| {
            slots.push(None);
            slots.len() - 1
        });
        slots[slot] = Some((serial, tally));
        TallyId { slot, serial }
    }

    /// Changes an open tally; false when its verdict has fallen.
    pub(in crate::script) fn amend(&self, id: TallyId, change: impl FnOnce(&mut Tally)) -> bool {
        match self.slots.borrow_mut().get_mut(id.slot) {
            Some(Some((serial, tally))) if *serial == id.serial => {
                change(tally);
                true
            }
            _ => false,
        }
    }

    /// The streams that are still open.
    pub(super) fn streams(&self) -> Vec<Rc<Reading>> {
        let slots = self.slots.borrow();
        slots.iter().flatten().filter_map(|(_, tally)| tally.stream.as_ref()?.upgrade()).collect()
    }

    /// The request was cut off: it has no verdict.
    pub(in crate::script) fn discard(&self, id: TallyId) {
        self.settle(id, |_, _| {});
    }

    /// The response was dropped: its verdict falls, and `count` counts it.
    pub(in crate::script) fn settle(&self, id: TallyId, count: impl FnOnce(Sample, Option<Box<Details>>)) {
        let taken = match self.slots.borrow_mut().get_mut(id.slot) {
            Some(slot) if slot.as_ref().is_some_and(|(serial, _)| *serial == id.serial) => slot.take(),
            _ => None,
        };
        if let Some((serial, tally)) = taken {
            let (sample, details, _transaction) = tally.fall(serial);
            count(sample, details);
        }
    }

    /// The task has ended: every open verdict falls, and `count` counts it.
    pub(super) fn settle_all(&self, mut count: impl FnMut(Sample, Option<Box<Details>>)) {
        let open: Vec<_> = self.slots.borrow_mut().iter_mut().filter_map(Option::take).collect();
        for (serial, tally) in open {
            let (sample, details, _transaction) = tally.fall(serial);
            count(sample, details);
        }
    }
}
