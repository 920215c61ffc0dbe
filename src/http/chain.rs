//! A request on its way through redirects, and what comes of it.

use super::error::TransportError;
use super::http1::body::Plan;
use super::http1::incoming::Answer;
use super::phases::Phases;
use super::request::Request;
use super::response::{Hop, Response, WireBytes};
use bytes::Bytes;
use std::cell::OnceCell;
use tokio::time::Instant;

/// A request on its way through redirects.
pub(super) struct Chain {
    begun: Instant,
    /// When the request that is on its way now began.
    pub(super) leg_begun: Instant,
    pub(super) request: Request,
    /// Whether a redirect led to another origin.
    pub(super) astray: bool,
    /// What becomes of the bodies of its answers.
    pub(super) plan: Plan,
    pub(super) history: Vec<Hop>,
    pub(super) phases: Phases,
}

/// One request of a chain.
#[derive(Clone, Copy)]
pub(super) struct Leg<'a> {
    pub(super) request: &'a Request,
    /// Whether a redirect led to another origin before.
    pub(super) astray: bool,
    /// What becomes of the body of its answer.
    pub(super) plan: Plan,
}

impl Chain {
    /// A request that begins now, and was not redirected yet.
    pub(super) fn new(begun: Instant, request: Request, plan: Plan) -> Self {
        let (history, phases) = (Vec::new(), Phases::default());
        Self { begun, leg_begun: begun, request, astray: false, plan, history, phases }
    }

    /// The request that is on its way now, and where its phases are noted.
    pub(super) fn leg(&mut self) -> (Leg<'_>, &mut Phases) {
        let Self { request, astray, plan, phases, .. } = self;
        (Leg { request, astray: *astray, plan: *plan }, phases)
    }

    /// What came of the request, which has moved these bytes.
    pub(super) fn conclude(self, result: Result<Answer, TransportError>, wire: WireBytes) -> Box<Response> {
        let ended = match &result {
            Ok(answer) => answer.ended,
            Err(_) => Instant::now(),
        };
        let elapsed = ended.saturating_duration_since(self.begun);
        // On the heap from the start: it is handed on often, and large.
        let mut response = Box::new(Response {
            status: 0,
            version: None,
            reason: None,
            head: Bytes::new(),
            headers: OnceCell::new(),
            encoded: false,
            body: Bytes::new(),
            size: 0,
            plan: self.plan,
            trailers: None,
            error: None,
            url: self.request.url,
            history: self.history,
            elapsed,
            timings: self.phases.timings(elapsed, ended),
            wire,
            ended,
        });
        match result {
            Err(error) => response.error = Some(error),
            Ok(answer) => {
                // An answer that is not whole is none, but what came of it is there to be looked at.
                if answer.error.is_none() {
                    response.status = answer.head.status;
                    response.reason = answer.head.reason;
                }
                response.version = Some(answer.head.version);
                response.head = answer.head_bytes;
                response.encoded = answer.head.encoded;
                response.body = answer.body;
                response.size = answer.size;
                response.trailers = answer.trailers;
                response.error = answer.error;
            }
        }
        response
    }
}
