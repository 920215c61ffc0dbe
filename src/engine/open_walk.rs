//! The life of a user of an open class: it runs one task function for each arrival that it is given.

use super::desk::{Desk, Seat, Ticket};
use super::stop::Wish;
use super::walk::{Pick, Step, Walk, Witness};
use crate::plan::UserClass;
use crate::script::Actor;
use crate::util::{Purpose, seed_of, stream};
use std::rc::Rc;
use std::time::Duration;

/// What a user of an open class has besides its walk.
pub(super) struct OpenUser {
    pub(super) desk: Rc<Desk>,
    pub(super) seat: Rc<Seat>,
    /// Whose script stream is set for each iteration.
    pub(super) actor: Rc<Actor>,
    pub(super) seed: u64,
}

impl<W: Witness> Walk<W> {
    /// Walks until the user ends, from arrival to arrival; `ready` is called when its `on_start` has ended.
    pub(super) async fn run_open(mut self, class: &UserClass, open: OpenUser, ready: impl FnOnce()) {
        // A user that is stopped before its first turn has done nothing, and does nothing.
        if self.signal.wish() != Wish::Run {
            return ready();
        }
        let mut step = self.start(class).await;
        ready();
        let seed = seed_of(open.seed, &class.name);
        loop {
            match step {
                Step::Leave { .. } => self.leave_set().await,
                Step::End => break,
                Step::Wait | Step::Pick => {}
            }
            // With a line at the desk it might never wait for anything otherwise.
            if !self.pace.give_way().await {
                break;
            }
            let next = open.desk.next(&open.seat);
            let Some(ticket) = self.signal.clone().unless_stopping(next).await else { break };
            step = self.iterate(ticket, &open, seed).await;
        }
        self.leave_all().await;
    }

    /// One iteration: picks until a task function has been run. What leads there, such as entering a set, is part of its
    /// lateness.
    async fn iterate(&mut self, mut ticket: Ticket, open: &OpenUser, seed: u64) -> Step {
        self.pace.schedule.replace(stream(seed, ticket.number, Purpose::Schedule));
        open.actor.stream.replace(stream(seed, ticket.number, Purpose::Script));
        loop {
            match self.pick().await {
                Pick::Task(place, function) => {
                    if !self.take_run().await {
                        // Not stopped, so the runs of `-i` are used up, for everybody.
                        if self.signal.wish() == Wish::Run {
                            ticket.void();
                            open.desk.close_for_want_of_runs();
                        }
                        return Step::End;
                    }
                    self.note_arrival(ticket.number);
                    self.user.set_lateness(ticket.begin());
                    let step = self.run_task(place, function).await;
                    self.user.set_lateness(Duration::ZERO);
                    return step;
                }
                Pick::Went(Step::Leave { .. }) => self.leave_set().await,
                Pick::Went(Step::End) => return Step::End,
                Pick::Went(Step::Wait | Step::Pick) => {}
            }
            if !self.pace.give_way().await {
                return Step::End;
            }
        }
    }
}

#[cfg(test)]
#[path = "open_tests.rs"]
mod tests;
