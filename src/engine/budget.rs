//! The budget of `-i`: runs of task functions, granted to each shard in portions.

use std::cell::Cell;
use tokio::sync::Notify;

/// What one shard may still run.
#[derive(Debug)]
pub(super) struct Budget {
    /// None = no bound.
    left: Option<Cell<u64>>,
    exhausted: Cell<bool>,
    asked: Cell<bool>,
    granted: Notify,
}

impl Budget {
    /// Empty if runs are counted, without bound otherwise.
    pub(super) fn new(counted: bool) -> Self {
        Self {
            left: counted.then(|| Cell::new(0)),
            exhausted: Cell::new(false),
            asked: Cell::new(false),
            granted: Notify::new(),
        }
    }

    /// Takes one run; waits for the controller's grant if there is none left. False when there will be no more.
    /// `ask` is called when a new grant is needed.
    pub(super) async fn take(&self, ask: impl Fn()) -> bool {
        let Some(left) = &self.left else { return true };
        loop {
            if left.get() > 0 {
                left.set(left.get() - 1);
                return true;
            }
            if self.exhausted.get() {
                return false;
            }
            // Listen first: the grant may come while it is asked for.
            let granted = self.granted.notified();
            if !self.asked.replace(true) {
                ask();
            }
            granted.await;
        }
    }

    /// Adds a grant; 0 = there will be no more.
    pub(super) fn grant(&self, runs: u64) {
        if let Some(left) = &self.left {
            left.set(left.get() + runs);
        }
        self.exhausted.set(runs == 0);
        self.asked.set(false);
        self.granted.notify_waiters();
    }
}

/// The controller's side: what is left of the whole.
#[derive(Debug)]
pub(super) struct Purse {
    left: u64,
    shards: u64,
}

impl Purse {
    /// `runs` to be granted to `shards`.
    pub(super) fn new(runs: u64, shards: usize) -> Self {
        Self { left: runs, shards: shards.max(1) as u64 }
    }

    /// Whether everything has been granted.
    pub(super) fn is_spent(&self) -> bool {
        self.left == 0
    }

    /// The next portion: an eighth of a fair share, so that no shard sits on what another could run.
    pub(super) fn portion(&mut self) -> u64 {
        let portion = (self.left / (self.shards * 8)).max(1).min(self.left);
        self.left -= portion;
        portion
    }
}

#[cfg(test)]
mod tests {
    use super::{Budget, Purse};
    use std::cell::Cell;
    use std::rc::Rc;

    #[test]
    fn portions_add_up_to_the_whole() {
        for (runs, shards) in [(0, 1), (1, 4), (7, 2), (1000, 3), (u64::MAX, 64)] {
            let mut purse = Purse::new(runs, shards);
            let mut total = 0_u64;
            loop {
                match purse.portion() {
                    0 => break,
                    portion => total += portion,
                }
            }
            assert_eq!(total, runs);
        }
    }

    #[tokio::test(flavor = "current_thread")]
    async fn every_granted_run_is_taken_once() {
        let local = tokio::task::LocalSet::new();
        local
            .run_until(async {
                let (budget, taken, asked) =
                    (Rc::new(Budget::new(true)), Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
                let takers: Vec<_> = (0..20)
                    .map(|_| {
                        let (budget, taken, asked) = (budget.clone(), taken.clone(), asked.clone());
                        tokio::task::spawn_local(async move {
                            while budget.take(|| asked.set(asked.get() + 1)).await {
                                taken.set(taken.get() + 1);
                            }
                        })
                    })
                    .collect();
                for grant in [3, 50, 1, 0] {
                    tokio::task::yield_now().await;
                    budget.grant(grant);
                }
                for taker in takers {
                    taker.await.expect("not aborted");
                }
                assert_eq!((taken.get(), asked.get()), (54, 4));
            })
            .await;
    }
}
