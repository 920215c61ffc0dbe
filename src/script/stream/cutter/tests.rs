use super::{Cut, Cutter, Event, Part, TooLong};
use bytes::Bytes;
use proptest::prelude::*;

/// Everything in a stream that comes in pieces of these lengths, the rest in one.
fn parts(cut: Cut, stream: &[u8], cuts: &[usize]) -> Vec<Part> {
    let mut cutter = Cutter::new(cut, u64::MAX);
    let (mut parts, mut rest) = (Vec::new(), stream);
    for cut in cuts.iter().copied().chain([stream.len()]) {
        let (piece, after) = rest.split_at(cut.min(rest.len()));
        rest = after;
        cutter.give(Bytes::copy_from_slice(piece));
        while let Some(part) = cutter.next().expect("no bound") {
            parts.push(part);
        }
    }
    parts.extend(cutter.finish());
    parts
}

fn events(stream: &str) -> Vec<(String, String, String)> {
    let parts = parts(Cut::Events, stream.as_bytes(), &[]).into_iter();
    parts
        .map(|part| match part {
            Part::Event(Event { kind, data, id }) => (kind, data, id),
            other => panic!("{other:?}"),
        })
        .collect()
}

fn data(stream: &str) -> Vec<String> {
    events(stream).into_iter().map(|(_, data, _)| data).collect()
}

/// The examples of the HTML Standard, and the edges of its rules.
#[test]
fn events_are_those_of_the_standard() {
    assert_eq!(data("data: YHOO\ndata: +2\ndata: 10\n\n"), ["YHOO\n+2\n10"]);
    assert_eq!(
        events(": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n"),
        [
            ("message".to_owned(), "first event".to_owned(), "1".to_owned()),
            ("message".to_owned(), "second event".to_owned(), String::new()),
        ]
    );
    assert_eq!(data("data\n\ndata\ndata\n\ndata:"), ["", "\n"]);
    assert_eq!(data("data:test\n\ndata: test\n\n"), ["test", "test"]);
    assert_eq!(
        events("event: add\ndata: 1\n\ndata: 2\n\nevent: lost\n\ndata: 3\n\n")
            .iter()
            .map(|event| &*event.0)
            .collect::<Vec<_>>(),
        ["add", "message", "message"]
    );
    // An id stays until another comes; one with NUL is none.
    let ids: Vec<_> = events("id: 7\ndata: a\n\ndata: b\n\nid: x\0y\ndata: c\n\n")
        .into_iter()
        .map(|event| event.2)
        .collect();
    assert_eq!(ids, ["7", "7", "7"]);
    assert_eq!(data("unknown: x\nDATA: no\n data: no\ndata : no\ndata: yes\n\n"), ["yes"]);
    assert_eq!(data("\u{feff}data: marked\n\n\u{feff}data: not a field\n\n"), ["marked"]);
    assert_eq!(data("data: a:b: c\n\n"), ["a:b: c"]);
}

#[test]
fn lines_end_in_three_ways() {
    assert_eq!(data("data: a\rdata: b\r\ndata: c\n\r\n"), ["a\nb\nc"]);
    assert_eq!(data("data: a\r\rdata: b\r\n\r\ndata: c\n\n"), ["a", "b", "c"]);
}

#[test]
fn a_time_to_come_back_is_a_number() {
    for (stream, retry) in [
        ("retry: 1500\n", Some(1500)),
        ("retry: 1s\n", None),
        ("retry\n", None),
        ("retry: 5\nretry: x\n", Some(5)),
    ] {
        let mut cutter = Cutter::new(Cut::Events, 100);
        cutter.give(Bytes::from(stream));
        assert_eq!((cutter.next(), cutter.retry), (Ok(None), retry), "{stream}");
    }
}

#[test]
fn lines_and_pieces() {
    let line = |text: &str| Part::Line(text.to_owned());
    assert_eq!(
        parts(Cut::Lines, b"\xEF\xBB\xBF{\"a\":1}\r\n\n{\"b\":\"\r\"}\nlast\xFF", &[]),
        [line("{\"a\":1}"), line(""), line("{\"b\":\"\r\"}"), line("last\u{fffd}")]
    );
    assert_eq!(parts(Cut::Lines, b"a\n", &[]), [line("a")]);
    let pieces = parts(Cut::Pieces, b"abc", &[2]);
    assert_eq!(pieces, [Part::Piece(Bytes::from("ab")), Part::Piece(Bytes::from("c"))]);
}

#[test]
fn what_never_ends_is_bounded() {
    for (cut, piece) in [(Cut::Lines, "xxxxx"), (Cut::Events, "xxxxx"), (Cut::Events, "data: x\n")] {
        let mut cutter = Cutter::new(cut, 100);
        let mut given = 0;
        let ended = loop {
            cutter.give(Bytes::from(piece));
            given += piece.len();
            match cutter.next() {
                Ok(None) if given < 1000 => {}
                other => break other,
            }
        };
        assert_eq!(ended, Err(TooLong), "{cut:?} {piece}");
        assert!(cutter.line.capacity() + cutter.data.capacity() < 1000);
    }
    let mut cutter = Cutter::new(Cut::Lines, 5);
    cutter.give(Bytes::from("12345\n123456\n"));
    assert_eq!(cutter.next(), Ok(Some(Part::Line("12345".to_owned()))));
    assert_eq!(cutter.next(), Err(TooLong));
}

#[test]
fn the_content_type_says_how_it_is_cut() {
    for (content_type, cut) in [
        ("text/event-stream", Cut::Events),
        ("Text/Event-Stream; charset=utf-8", Cut::Events),
        ("application/x-ndjson", Cut::Lines),
        ("text/plain", Cut::Lines),
        ("application/json", Cut::Pieces),
        ("", Cut::Pieces),
    ] {
        assert_eq!(Cut::of(content_type), cut, "{content_type}");
    }
}

proptest! {
    #[test]
    fn a_stream_is_the_same_however_it_is_cut(
        stream in "(data|event|id|retry|:|x| |\r|\n|\r\n|[ -~é]{0,4}){0,40}",
        cuts in prop::collection::vec(1_usize..6, 0..80),
    ) {
        for cut in [Cut::Events, Cut::Lines] {
            prop_assert_eq!(parts(cut, stream.as_bytes(), &[]), parts(cut, stream.as_bytes(), &cuts));
        }
    }

    #[test]
    fn no_stream_is_a_trap(stream: Vec<u8>, cuts in prop::collection::vec(1_usize..6, 0..40)) {
        for cut in [Cut::Events, Cut::Lines, Cut::Pieces] {
            parts(cut, &stream, &cuts);
        }
    }

    #[test]
    fn data_arrives_as_it_was_sent(lines in prop::collection::vec("[ -~é]{0,20}", 1..6)) {
        let stream: String = lines.iter().map(|line| format!("data: {line}\n")).collect();
        prop_assert_eq!(data(&format!("{stream}\n")), [lines.join("\n")]);
    }
}
