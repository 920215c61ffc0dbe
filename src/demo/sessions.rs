//! Who is logged in: bearer tokens, and what belongs to their holders.

use std::collections::{BTreeMap, VecDeque};
use std::hash::{BuildHasher, RandomState};

/// Room for twice the users of the largest run; the oldest session ends when another begins.
const MOST_SESSIONS: usize = 200_000;
/// Distinct items in a cart; the oldest makes room.
const MOST_LINES: usize = 50;
/// Orders that a session remembers; the oldest is forgotten.
const MOST_ORDERS: usize = 100;

/// What belongs to the holder of one token.
#[derive(Debug)]
pub(super) struct Session {
    /// The name given at login.
    pub(super) user: Box<str>,
    /// Item and quantity, in the order in which items came.
    pub(super) cart: VecDeque<(u64, u64)>,
    /// Numbers of the orders, oldest first.
    pub(super) orders: VecDeque<u64>,
}

impl Session {
    /// Adds to the cart.
    pub(super) fn put_in_cart(&mut self, item: u64, quantity: u64) {
        if let Some((_, held)) = self.cart.iter_mut().find(|(held, _)| *held == item) {
            *held = held.saturating_add(quantity);
            return;
        }
        if self.cart.len() == MOST_LINES {
            self.cart.pop_front();
        }
        self.cart.push_back((item, quantity));
    }

    /// Remembers an order.
    pub(super) fn remember_order(&mut self, order: u64) {
        if self.orders.len() == MOST_ORDERS {
            self.orders.pop_front();
        }
        self.orders.push_back(order);
    }
}

/// All sessions by number.
pub(super) struct Sessions {
    open: BTreeMap<u64, Session>,
    next: u64,
    /// Makes tokens that a later server does not take for its own.
    key: RandomState,
}

impl Sessions {
    pub(super) fn new() -> Self {
        Self { open: BTreeMap::new(), next: 1, key: RandomState::new() }
    }

    /// Begins a session and returns its token: the session's number and a keyed hash of it.
    pub(super) fn begin(&mut self, user: &str) -> String {
        let number = self.next;
        self.next += 1;
        if self.open.len() == MOST_SESSIONS {
            self.open.pop_first();
        }
        let session = Session { user: user.into(), cart: VecDeque::new(), orders: VecDeque::new() };
        self.open.insert(number, session);
        format!("{number:016x}{:016x}", self.key.hash_one(number))
    }

    /// The session of a token, and its number.
    pub(super) fn find(&mut self, token: &str) -> Option<(u64, &mut Session)> {
        let (number, hash) = token.split_at_checked(16)?;
        let number = u64::from_str_radix(number, 16).ok()?;
        let hash = u64::from_str_radix(hash, 16).ok()?;
        if hash != self.key.hash_one(number) {
            return None;
        }
        self.open.get_mut(&number).map(|session| (number, session))
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST_LINES, MOST_ORDERS, MOST_SESSIONS, Sessions};

    #[test]
    fn a_token_opens_its_own_session_and_nothing_else_does() {
        let mut sessions = Sessions::new();
        let ann = sessions.begin("ann");
        let bob = sessions.begin("bob");
        assert_eq!(sessions.find(&ann).map(|(_, session)| session.user.to_string()).as_deref(), Some("ann"));
        assert_eq!(sessions.find(&bob).map(|(_, session)| session.user.to_string()).as_deref(), Some("bob"));
        let foreign = Sessions::new().begin("ann");
        for token in ["", "x", "ééééééééééééééééé", &ann[1..], &foreign] {
            assert!(sessions.find(token).is_none(), "{token}");
        }
    }

    #[test]
    fn memory_is_bounded() {
        let mut sessions = Sessions::new();
        let first = sessions.begin("first");
        let second = sessions.begin("second");
        for _ in 0..MOST_SESSIONS - 1 {
            sessions.begin("another");
        }
        assert!(sessions.find(&first).is_none());
        let (_, session) = sessions.find(&second).expect("only the oldest has gone");
        for number in 0..1_000 {
            session.put_in_cart(number, 1);
            session.remember_order(number);
        }
        session.put_in_cart(999, u64::MAX);
        assert_eq!((session.cart.len(), session.orders.len()), (MOST_LINES, MOST_ORDERS));
        assert_eq!(session.cart.back(), Some(&(999, u64::MAX)));
    }
}
