use super::grouped;
use crate::stats::bounded::TEXT_KEPT;
use proptest::prelude::{Strategy, any, prop};
use proptest::{prop_assert, prop_assert_eq, proptest};

#[test]
fn what_differs_is_replaced_and_what_tells_is_kept() {
    for (text, expected) in [
        ("", ""),
        ("connection refused", "connection refused"),
        ("no item 17", "no item <number>"),
        ("17", "<number>"),
        ("order-1234, user_17, #5", "order-<number>, user_<number>, #<number>"),
        ("took 1,234.5ms, -3 %, 2GiB", "took <number>ms, -<number> %, <number>GiB"),
        ("lot 550e8400-e29b-41d4-a716-446655440000 is sold", "lot <uuid> is sold"),
        ("object at 0x7f3b06202ca0>", "object at <address>>"),
        ("10.0.0.1:8080 closed, 10.0.0.2 not", "<ip> closed, <ip> not"),
        ("[::1]:8080 and fe80::1: refused", "<ip> and <ip>: refused"),
        ("at 12:30:45", "at <number>:<number>:<number>"),
        ("until 2026-03-14T05:30:00.25Z or 2026-03-15", "until <time> or <time>"),
        ("since 2026-03-14 05:30:00+01:00.", "since <time>."),
        ("jane.doe+7@shop.example.com is taken", "<email> is taken"),
        ("commit 1a2b3c4d5e6f", "commit <hex>"),
        ("session 4fGh7kLmN2pQr8sT", "session <id>"),
        ("sha256 of E1001, oauth2, v1, größe42", "sha256 of E1001, oauth2, v1, größe42"),
        ("412 Precondition Failed", "412 Precondition Failed"),
        ("buy: 404 Not Found", "buy: 404 Not Found"),
        ("599", "599"),
        ("200 items", "<number> items"),
        ("500 Server Error: Internal Server Error", "500 Server Error: Internal Server Error"),
        ("status 503, status_code=404, code: 7", "status 503, status_code=404, code: 7"),
        ("HTTP/1.1 502 after 5 s", "HTTP/1.1 502 after <number> s"),
        ("[Errno 111] Connection refused", "[Errno 111] Connection refused"),
        ("code 123456", "code <number>"),
        (r#"{"id":17,"tags":[1,2]}"#, r#"{"id":<number>,"tags":[<number>]}"#),
    ] {
        assert_eq!(grouped(text, "/", None), expected, "{text}");
    }
}

#[test]
fn where_a_request_went_is_its_name() {
    let url = Some("http://shop:80/items/blue-shoes?size=42");
    for (text, expected) in [
        ("http://shop:80/items/blue-shoes?size=42 is gone", "view item is gone"),
        ("http://shop:80/items/blue-shoes is gone", "view item is gone"),
        ("/items/blue-shoes?size=42", "view item"),
        ("(/items/blue-shoes).", "(view item)."),
        ("/items/blue-shoes-7 is another", "/items/blue-shoes-<number> is another"),
        ("/items/blue-shoes/7 is another", "/items/blue-shoes/<number> is another"),
        ("/items/blue-shoes.json is another", "/items/blue-shoes.json is another"),
        ("view item 7", "view item <number>"),
    ] {
        assert_eq!(grouped(text, "view item", url), expected, "{text}");
    }
    assert_eq!(
        grouped("/v1/items/2 of /v1/items/3", "/v1/items/2", None),
        "/v1/items/2 of /v1/items/<number>"
    );
    assert_eq!(grouped("/ or /a", "/", Some("http://shop/")), "/ or /a");
}

fn text() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "17",
        "1.5",
        "ms",
        "-",
        ".",
        ":",
        "/",
        " ",
        "@",
        "[",
        "]",
        "x",
        "0x1f",
        "T10",
        "a.bc",
        "status",
        "http/1.1",
        "::1",
        "10.0.0.1",
        "é",
        "/items/7",
        "http://h/items/7?a=1",
        "view",
        "404 Not Found",
        "2026-03-14",
        "12:30",
        "1a2b3c4d5e",
        "550e8400-e29b-41d4-a716-446655440000",
        "_",
        "%",
        "+",
        ",",
        "<number>",
    ]);
    let pieces = prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat());
    proptest::prop_oneof![pieces, any::<String>(), "[0-9a-fx@:./ -]{0,40}"]
}

proptest! {
    #[test]
    fn a_grouped_text_stays_as_it_is(
        text in text(), name in prop::sample::select(vec!["", "/", "view", "/items/[id]", "/items/7"]),
    ) {
        let url = Some("http://h/items/7?a=1");
        let once = grouped(&text, name, url).into_owned();
        prop_assert_eq!(grouped(&once, name, url), once.as_str());
    }

    #[test]
    fn what_names_one_of_many_leaves_no_trace(
        a in any::<[u64; 2]>(), b in any::<[u64; 2]>(), octets in any::<[u8; 4]>(), port in 1..=u16::MAX,
    ) {
        let text = |[high, low]: [u64; 2], last: u8| {
            let uuid = format!("{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}", high >> 32, high as u16, low >> 52, low as u8, low >> 16);
            let [x, y, z, _] = octets;
            format!("item {high} of {uuid} at {x}.{y}.{z}.{last}:{port}, {low:#x}, u{low}@shop.org")
        };
        let expected = "item <number> of <uuid> at <ip>, <address>, <email>";
        for text in [text(a, octets[3]), text(b, 7)] {
            prop_assert_eq!(grouped(&text, "/", None), expected);
        }
    }

    #[test]
    fn the_result_is_bounded(text in "([0-9] ?){0,900}") {
        prop_assert!(grouped(&text, "/", None).len() <= TEXT_KEPT);
    }
}
