//! The orders that were placed.

use bytes::Bytes;
use std::collections::BTreeMap;

/// More are never kept; the oldest goes when another comes.
const MOST_ORDERS: usize = 100_000;

struct Order {
    session: u64,
    json: Bytes,
}

/// All orders by number.
pub(super) struct Orders {
    placed: BTreeMap<u64, Order>,
    next: u64,
}

impl Orders {
    pub(super) fn new() -> Self {
        Self { placed: BTreeMap::new(), next: 1 }
    }

    /// Keeps an order of that session; `write` gives its JSON, knowing its number.
    pub(super) fn place(&mut self, session: u64, write: impl FnOnce(u64) -> Bytes) -> (u64, Bytes) {
        let number = self.next;
        self.next += 1;
        if self.placed.len() == MOST_ORDERS {
            self.placed.pop_first();
        }
        let json = write(number);
        self.placed.insert(number, Order { session, json: json.clone() });
        (number, json)
    }

    /// The order as JSON, if that session placed it and it is still kept.
    pub(super) fn json(&self, session: u64, number: u64) -> Option<Bytes> {
        let order = self.placed.get(&number)?;
        (order.session == session).then(|| order.json.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST_ORDERS, Orders};
    use bytes::Bytes;

    #[test]
    fn an_order_is_its_sessions_alone_and_the_oldest_goes() {
        let mut orders = Orders::new();
        let (number, _) = orders.place(5, |number| Bytes::from(format!("{{\"id\":{number}}}")));
        assert_eq!(orders.json(5, number), Some(Bytes::from_static(b"{\"id\":1}")));
        assert_eq!(orders.json(6, number), None);
        for _ in 0..MOST_ORDERS {
            orders.place(6, |_| Bytes::new());
        }
        assert_eq!(orders.json(5, number), None);
        assert_eq!(orders.placed.len(), MOST_ORDERS);
    }
}
