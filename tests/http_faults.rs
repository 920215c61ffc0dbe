//! Whatever servers do, in any order: the books of the client agree with theirs, and every answer is the one that its
//! request asked for.

mod http_support;

use bytes::Bytes;
use http_support::{Peer, Received, Server, User, cut_after, ok, request};
use proptest::collection::vec;
use proptest::prelude::{Just, ProptestConfig, Strategy, prop_oneof};
use proptest::{prop_assert, prop_assert_eq, proptest};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What a server does with one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    Answer,
    AnswerInPieces,
    AnswerInChunks,
    AnswerAndClose,
    AnswerUntilClose,
    /// And behind it the answer to a request that nobody has sent.
    AnswerTwice,
    AnswerAfterInterim,
    Refuse,
    Redirect,
    Close,
    CloseInHead,
    CloseInBody,
    Garbage,
    TwoLengths,
    BadChunk,
    HugeBody,
}

impl Deed {
    /// Whether the request gets its answer.
    fn answers(self) -> bool {
        use Deed as D;
        match self {
            D::Answer
            | D::AnswerInPieces
            | D::AnswerInChunks
            | D::AnswerAndClose
            | D::AnswerUntilClose
            | D::AnswerTwice
            | D::AnswerAfterInterim
            | D::Refuse
            | D::Redirect => true,
            D::Close
            | D::CloseInHead
            | D::CloseInBody
            | D::Garbage
            | D::TwoLengths
            | D::BadChunk
            | D::HugeBody => false,
        }
    }

    /// Does it; whether the connection goes on.
    async fn done(self, peer: &mut Peer, request: &Received) -> bool {
        let target = request.target();
        let whole = ok(target);
        match self {
            Self::Answer => peer.send(whole).await,
            Self::AnswerInPieces => {
                for piece in whole.as_bytes().chunks(9) {
                    peer.send(piece).await;
                    tokio::task::yield_now().await;
                }
            }
            Self::AnswerInChunks => {
                let length = target.len();
                peer.send(format!(
                    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{length:x};a=b\r\n{target}\r\n0\r\nx: y\r\n\r\n"
                ))
                .await;
            }
            Self::AnswerAndClose => peer.send(whole).await,
            Self::AnswerUntilClose => peer.send(format!("HTTP/1.1 200 OK\r\n\r\n{target}")).await,
            Self::AnswerTwice => peer.send(format!("{whole}{}", ok("stray"))).await,
            Self::AnswerAfterInterim => {
                peer.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n").await;
                peer.send(whole).await;
            }
            Self::Refuse => {
                peer.send(format!("HTTP/1.1 503 Busy\r\ncontent-length: {}\r\n\r\n{target}", target.len()))
                    .await;
            }
            Self::Redirect => {
                let there = format!("HTTP/1.1 307 Go\r\nlocation: {target}\r\ncontent-length: 0\r\n\r\n");
                peer.send(there).await;
            }
            Self::Close => {}
            Self::CloseInHead => peer.send("HTTP/1.1 200 OK\r\ncontent-le").await,
            Self::CloseInBody => peer.send(&whole[..whole.len() - 1]).await,
            Self::Garbage => peer.send("garbage\r\n\r\n").await,
            Self::TwoLengths => {
                peer.send("HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab").await;
            }
            Self::BadChunk => peer.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nx\r\n").await,
            Self::HugeBody => {
                peer.send(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", u64::MAX)).await;
            }
        }
        self.answers() && !matches!(self, Self::AnswerAndClose | Self::AnswerUntilClose)
    }
}

fn deeds() -> impl Strategy<Value = Deed> {
    use Deed as D;
    prop_oneof![
        4 => Just(D::Answer), 1 => Just(D::AnswerInPieces), 1 => Just(D::AnswerInChunks),
        1 => Just(D::AnswerAndClose), 1 => Just(D::AnswerUntilClose), 1 => Just(D::AnswerTwice),
        1 => Just(D::AnswerAfterInterim), 1 => Just(D::Refuse), 2 => Just(D::Redirect), 1 => Just(D::Close),
        1 => Just(D::CloseInHead), 1 => Just(D::CloseInBody), 1 => Just(D::Garbage), 1 => Just(D::TwoLengths),
        1 => Just(D::BadChunk), 1 => Just(D::HugeBody),
    ]
}

/// One request: the size of its body, and after how many polls its user is cut off.
fn asked() -> impl Strategy<Value = (usize, Option<usize>)> {
    (
        prop_oneof![5 => Just(0), 3 => Just(10), 1 => Just(300_000)],
        proptest::option::weighted(0.1, 0..6_usize),
    )
}

/// Sends the requests one after the other to a server that does these deeds round and round.
async fn play(
    deeds: Vec<Deed>,
    asked: Vec<(usize, Option<usize>)>,
) -> Result<(), proptest::test_runner::TestCaseError> {
    let (turn, failed) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
    let broken = failed.clone();
    let server = Server::start(move |mut peer| {
        let (deeds, turn, failed) = (deeds.clone(), turn.clone(), failed.clone());
        async move {
            while let Some(request) = peer.request().await {
                let deed = deeds[turn.fetch_add(1, Ordering::SeqCst) % deeds.len()];
                failed.fetch_add(usize::from(!deed.answers()), Ordering::SeqCst);
                if !deed.done(&mut peer, &request).await {
                    return;
                }
            }
        }
    })
    .await;
    let user = User::new();
    let (mut failures, mut cut) = (0, 0);
    for (number, (size, polls)) in asked.into_iter().enumerate() {
        let target = format!("/{number}");
        let mut sent = request("POST", &server.url(&target));
        sent.body = Bytes::from(vec![0; size]);
        let Some(response) = cut_after(user.client.send(sent), polls.unwrap_or(usize::MAX)).await else {
            cut += 1;
            continue;
        };
        prop_assert_eq!(response.error.is_some(), response.status == 0);
        failures += usize::from(response.error.is_some());
        if response.error.is_none() {
            prop_assert_eq!(&response.body, target.as_bytes());
            prop_assert!(matches!(response.status, 200 | 503));
        }
    }
    let User { shared, client } = user;
    drop(client);
    server.settled(usize::try_from(shared.counters.connections.get()).expect("a count")).await;
    let heads = server.heads() as u64;
    prop_assert_eq!(shared.counters.wire_requests.get(), heads);
    // Nobody knows what would have come of a request that was cut off. Too many redirects in a row are a failure, too.
    let broken = broken.load(Ordering::SeqCst);
    prop_assert!(failures + cut >= broken && (failures <= broken || heads > 30), "{failures} {cut} {broken}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_books_agree_whatever_servers_do(deeds in vec(deeds(), 1..20), asked in vec(asked(), 1..30)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(play(deeds, asked))?;
    }
}
