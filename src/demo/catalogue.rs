//! The items of the shop.

use super::reply;
use bytes::Bytes;
use serde::Serialize;
use std::collections::BTreeMap;

/// So many items exist at the start, numbered from 1.
pub(super) const FIRST_ITEMS: u64 = 1_000;

/// More are never kept: the oldest created one goes when another comes. The first thousand stay, so that scripts which
/// draw their ids from them are not spoiled by scripts that create.
const MOST_ITEMS: usize = 10_000;

/// What an item is, apart from its number.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Item {
    pub(super) name: String,
    /// In whole and fractional units of no particular currency.
    pub(super) price: f64,
    pub(super) stock: u64,
}

struct Entry {
    item: Item,
    /// The item as JSON, made when it last changed.
    json: Bytes,
}

/// A wish for a part of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Page {
    /// At most so many, at least one.
    pub(super) limit: usize,
    /// Only items with a greater number.
    pub(super) after: u64,
    /// Skip so many of those.
    pub(super) offset: usize,
}

/// All items by number.
pub(super) struct Catalogue {
    entries: BTreeMap<u64, Entry>,
    next: u64,
}

impl Catalogue {
    /// The first thousand, the same in every run.
    pub(super) fn new() -> Self {
        let entries = (1..=FIRST_ITEMS).map(|id| (id, Entry::new(id, first_item(id)))).collect();
        Self { entries, next: FIRST_ITEMS + 1 }
    }

    /// The item as JSON.
    pub(super) fn json(&self, id: u64) -> Option<Bytes> {
        self.entries.get(&id).map(|entry| entry.json.clone())
    }

    /// The item itself.
    pub(super) fn item(&self, id: u64) -> Option<&Item> {
        self.entries.get(&id).map(|entry| &entry.item)
    }

    /// Adds an item and returns its number.
    pub(super) fn create(&mut self, item: Item) -> u64 {
        let id = self.next;
        self.next += 1;
        self.entries.insert(id, Entry::new(id, item));
        if self.entries.len() > MOST_ITEMS {
            let oldest = self.entries.range(FIRST_ITEMS + 1..).next().map(|(id, _)| *id);
            oldest.and_then(|id| self.entries.remove(&id));
        }
        id
    }

    /// Puts `item` in the place of an existing one.
    pub(super) fn replace(&mut self, id: u64, item: Item) {
        if let Some(entry) = self.entries.get_mut(&id) {
            *entry = Entry::new(id, item);
        }
    }

    /// Takes an item away; `false` when there was none.
    pub(super) fn remove(&mut self, id: u64) -> bool {
        self.entries.remove(&id).is_some()
    }

    /// A part of the list as JSON, with the cursor of the next part.
    pub(super) fn page(&self, page: Page) -> Bytes {
        let mut rest = self.entries.range(page.after.saturating_add(1)..).skip(page.offset);
        let shown: Vec<_> = rest.by_ref().take(page.limit).collect();
        let last = shown.last().map(|(id, _)| **id);
        let after = rest.next().and(last);
        let things: Vec<_> = shown.into_iter().map(|(_, entry)| &entry.json).collect();
        reply::page(&things, self.entries.len(), after)
    }
}

impl Entry {
    fn new(id: u64, item: Item) -> Self {
        #[derive(Serialize)]
        struct Shown<'a> {
            id: u64,
            name: &'a str,
            price: f64,
            stock: u64,
        }
        let json = reply::to_json(&Shown { id, name: &item.name, price: item.price, stock: item.stock });
        Self { item, json }
    }
}

fn first_item(id: u64) -> Item {
    const LOOKS: [&str; 8] = ["Red", "Plain", "Folding", "Copper", "Quiet", "Tall", "Woollen", "Spare"];
    const THINGS: [&str; 9] =
        ["Kettle", "Lamp", "Chair", "Clock", "Basket", "Ladder", "Teapot", "Broom", "Stool"];
    let number = usize::try_from(id).unwrap_or(0);
    let name = format!("{} {} {id}", LOOKS[number % LOOKS.len()], THINGS[number % THINGS.len()]);
    let cents = u32::try_from(100 + id * 37 % 9_900).unwrap_or(100);
    Item { name, price: f64::from(cents) / 100.0, stock: 10 + id % 90 }
}

#[cfg(test)]
mod tests {
    use super::{Catalogue, Item, MOST_ITEMS, Page};

    fn spoon() -> Item {
        Item { name: "Spoon".to_owned(), price: 1.5, stock: 3 }
    }

    #[test]
    fn an_item_reads_as_json() {
        let shown = Catalogue::new().json(7).expect("item 7 exists at the start");
        insta::assert_snapshot!(String::from_utf8_lossy(&shown), @r#"{"id":7,"name":"Spare Broom 7","price":3.59,"stock":17}"#);
    }

    #[test]
    fn the_last_page_has_no_cursor() {
        let catalogue = Catalogue::new();
        let page = |limit, after, offset| {
            let text = catalogue.page(Page { limit, after, offset });
            let page: serde_json::Value = serde_json::from_slice(&text).expect("a page is JSON");
            let count = page["data"].as_array().map_or(0, Vec::len);
            (count, page["paging"]["after"].as_str().map(str::to_owned))
        };
        assert_eq!(page(100, 0, 0), (100, Some("100".to_owned())));
        assert_eq!(page(100, 0, 850), (100, Some("950".to_owned())));
        assert_eq!(page(100, 900, 0), (100, None));
        assert_eq!(page(100, 950, 0), (50, None));
        assert_eq!(page(100, 0, 5_000), (0, None));
        assert_eq!(page(100, u64::MAX, 0), (0, None));
    }

    #[test]
    fn the_oldest_created_item_makes_room_and_the_first_ones_stay() {
        let mut catalogue = Catalogue::new();
        for _ in 0..MOST_ITEMS {
            catalogue.create(spoon());
        }
        assert_eq!(catalogue.entries.len(), MOST_ITEMS);
        assert!(catalogue.json(1).is_some() && catalogue.json(1_000).is_some());
        assert!(catalogue.json(1_001).is_none());
        assert!(catalogue.json(11_000).is_some());
    }
}
