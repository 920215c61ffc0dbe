//! What a script may ask of the world.
//!
//! The engine's user implements it over the client and the recorder; while a script declares, a host that refuses; in
//! tests, a fake. So scripts are testable without a server and no arrow runs upward.

use super::ending::Exception;
use super::site::{CallSite, Charge};
use crate::http::{self, Origin};
use crate::plan::Event;
use crate::script::fiber::Cut;
use crate::util::Diagnostic;
use rhai::ImmutableString;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;
use tokio::time::Instant;

/// A request whose verdict has fallen.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Its type: the HTTP method, or what another protocol calls itself.
    pub method: ImmutableString,
    /// The name that statistics are grouped by.
    pub name: ImmutableString,
    /// From when it should have begun to the last byte of the answer; none = counted, not timed.
    pub response_time: Option<Duration>,
    /// How much of that passed before the first byte of work: what the first request of a late iteration of the open
    /// model answers for.
    pub lateness: Duration,
    /// Body bytes as transferred.
    pub size: u64,
    /// Why it failed, in words that group; none if it passed.
    pub failure: Option<String>,
    /// Where its time went and what it put on the wire, where the host counts that.
    pub phases: Option<Box<Phased>>,
    /// When the answer ended: the sample belongs to that second, whenever its verdict fell.
    pub ended: Instant,
    /// The call that asked for it.
    pub site: CallSite,
    /// Where the script said that it failed, if it did.
    pub charge: Option<Box<Charge>>,
}

/// The phases of a request, and its bytes on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Phased {
    /// Their sum is the service time.
    pub timings: http::Timings,
    /// Heads included.
    pub wire: http::WireBytes,
}

impl Sample {
    /// From the first byte of work to the last byte of the answer, where that differs from the response time.
    #[must_use]
    pub fn service_time(&self) -> Option<Duration> {
        self.response_time.filter(|_| !self.lateness.is_zero()).map(|time| time.saturating_sub(self.lateness))
    }
}

/// How a fiber waits for the answer to one request.
pub type WaitForResponse =
    fn(Pin<&mut dyn Future<Output = Box<http::Response>>>) -> Result<Box<http::Response>, Cut>;

/// What a script may ask of the world.
pub trait Host {
    /// Sends a request and waits for the answer, measured. A failing server is an answer.
    fn send(&self, request: http::Request) -> Pin<Box<dyn Future<Output = Box<http::Response>> + '_>>;

    /// Sends a request and waits for the answer by `wait`, which is given the future where it lies: on the stack of the
    /// fiber, as most requests are the only one of their user, and need not be allocated.
    fn send_by(&self, request: http::Request, wait: WaitForResponse) -> Result<Box<http::Response>, Cut> {
        wait(self.send(request).as_mut())
    }

    /// Sends a request and waits for the head of its answer, measured. Its body is read from what comes with it.
    fn stream(&self, request: http::Request) -> Pin<Box<dyn Future<Output = http::Streamed> + '_>>;

    /// Takes back a body that was read to its end.
    fn put_back(&self, body: http::BodyStream);

    /// A request whose answer was being read is over, and is counted as cut off.
    fn cut_off(&self);

    /// Why a request to `url` must not be sent; none where it may be.
    fn refusal(&self, _url: &http::Url) -> Option<String> {
        None
    }

    /// Counts a request whose verdict has fallen.
    fn record(&self, sample: Sample);

    /// Whether samples are to have their phases.
    fn counts_phases(&self) -> bool {
        false
    }

    /// A hook of `event` that ran on the user's own fiber threw.
    fn hook_failed(&self, event: Event, exception: &Exception);

    /// A hook that ran on the user's own fiber ended the run.
    fn stop_test(&self, reason: &str);

    /// How TLS is spoken by requests that say so much about it.
    ///
    /// # Errors
    ///
    /// When a file cannot be used, or nothing is sent here.
    fn tls(&self, _choice: &http::TlsChoice) -> Result<http::Tls, Diagnostic> {
        Err(Diagnostic::error("nothing is sent here"))
    }

    /// Whether requests to `origin` share a connection at this moment: then any number of them may overlap.
    fn shares_connection(&self, _origin: &Rc<Origin>) -> bool {
        false
    }

    /// How many requests of a batch are on their way to one host at a time.
    fn max_connections(&self) -> usize {
        http::MAX_CONNECTIONS
    }

    /// The cookies that a request to `url` would carry.
    fn cookies(&self, url: &http::Url) -> Vec<(String, String)>;

    /// Sets a cookie for the host of `url`.
    fn set_cookie(&self, url: &http::Url, name: &str, value: &str);

    /// Forgets all cookies.
    fn clear_cookies(&self);
}
