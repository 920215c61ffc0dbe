//! The count of what arrived.

use super::routes::{Found, ROWS, Route, Verb};
use serde::Serialize;
use std::array;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

/// The requests that the server received: each counted once, when its head had been read and before anything was done
/// about it. Requests to the ledger itself are not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Ledger {
    /// All of them, those to unknown paths and with wrong methods included.
    pub total: u64,
    /// By method and route pattern, `GET /items/{id}`; only what was asked for at least once.
    pub routes: BTreeMap<String, u64>,
}

/// One counter per method, route and prefix. The server's thread counts, any thread may read.
#[derive(Debug)]
pub(super) struct Counters([[[AtomicU64; 2]; Verb::ALL.len()]; ROWS.len() + 1]);

impl Counters {
    pub(super) fn new() -> Self {
        Self(array::from_fn(|_| array::from_fn(|_| array::from_fn(|_| AtomicU64::new(0)))))
    }

    /// Counts one request.
    pub(super) fn count(&self, found: Found<'_>, verb: Verb) {
        if !matches!(found.route, Route::Ledger | Route::LedgerReset) {
            self.0[found.route as usize][verb as usize][usize::from(found.api)]
                .fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts from zero again.
    pub(super) fn reset(&self) {
        self.0.as_flattened().as_flattened().iter().for_each(|counter| counter.store(0, Ordering::Relaxed));
    }

    /// What has been counted so far.
    pub(super) fn snapshot(&self) -> Ledger {
        let mut ledger = Ledger::default();
        for (route, by_verb) in self.0.iter().enumerate() {
            let pattern = ROWS.get(route).map_or("(no route)", |row| row.pattern);
            for (verb, by_prefix) in Verb::ALL.into_iter().zip(by_verb) {
                for (prefix, counter) in ["", "/api"].into_iter().zip(by_prefix) {
                    ledger.add(format_args!("{} {prefix}{pattern}", verb.name()), counter);
                }
            }
        }
        ledger
    }
}

impl Ledger {
    fn add(&mut self, name: std::fmt::Arguments<'_>, counter: &AtomicU64) {
        let count = counter.load(Ordering::Relaxed);
        if count > 0 {
            self.total += count;
            self.routes.insert(name.to_string(), count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Counters;
    use crate::demo::routes::{Verb, find};

    #[test]
    fn counts_by_method_pattern_and_prefix_but_never_itself() {
        let counters = Counters::new();
        for path in ["/items/7", "/items/8", "/api/items/7", "/nowhere", "/_ledger", "/_ledger/reset"] {
            counters.count(find(path), Verb::Get);
        }
        counters.count(find("/items/7"), Verb::Head);
        let text = serde_json::to_string_pretty(&counters.snapshot()).expect("plain data");
        insta::assert_snapshot!(text, @r#"
        {
          "total": 5,
          "routes": {
            "GET (no route)": 1,
            "GET /api/items/{id}": 1,
            "GET /items/{id}": 2,
            "HEAD /items/{id}": 1
          }
        }
        "#);
        counters.reset();
        assert_eq!(counters.snapshot().total, 0);
    }
}
