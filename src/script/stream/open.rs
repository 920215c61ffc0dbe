//! `user.stream(..)`: from a script's words to the head of an answer.

use super::cutter::Cut;
use super::reading::{Asked, Stream, add_time};
use crate::http;
use crate::script::fiber;
use crate::script::options::STREAM_CUTS;
use crate::script::request::send::{Prepared, prepare};
use crate::script::user::User;
use crate::script::user::site::CallSite;
use crate::script::value::convert::{refuse, string};
use crate::util::nearest;
use ::http::Method;
use ::http::header::{ACCEPT, ACCEPT_ENCODING, HeaderName, HeaderValue};
use rhai::{Dynamic, EvalAltResult, ImmutableString, Map, NativeCallContext};
use tokio::time::Instant;

type Result<T> = std::result::Result<T, Box<EvalAltResult>>;

/// Sends a request and waits for the head of its answer, as `user`.
pub(super) fn stream(
    context: &NativeCallContext<'_>,
    user: &User,
    method: Method,
    url: &ImmutableString,
    options: Option<Map>,
) -> Result<Stream> {
    user.tell()?;
    let mut options = options.unwrap_or_default();
    let cut = options.remove("as").filter(|value| !value.is_unit()).map(|value| cut(&value)).transpose()?;
    if options.get("keep_body").is_some_and(|value| !value.is_unit()) {
        return Err(refuse("`keep_body` says nothing about a stream, which is never kept; leave it out"));
    }
    let Prepared { kind, name, mut request, remarks } = prepare(user, method, url, Some(options))?;
    // An encoder may hold events back, and what is compressed has no events to tell apart.
    set_default(&mut request, ACCEPT_ENCODING, "identity");
    if cut == Some(Cut::Events) {
        set_default(&mut request, ACCEPT, "text/event-stream");
    }
    let begun = Instant::now();
    let http::Streamed { response, body } = fiber::wait(user.0.host.stream(request))?;
    add_time(user, begun.elapsed());
    let site = CallSite::of(context);
    Ok(Stream::new(user, Asked { method: kind, name, site, remarks }, cut, response, body))
}

fn set_default(request: &mut http::Request, name: HeaderName, value: &'static str) {
    if !request.omit.contains(&name) && !request.headers.contains(&name) {
        request.headers.append(name, HeaderValue::from_static(value));
    }
}

/// What the option `as` means.
fn cut(value: &Dynamic) -> Result<Cut> {
    let text = string("`as`", value)?;
    match text.as_str() {
        "events" => Ok(Cut::Events),
        "lines" => Ok(Cut::Lines),
        "bytes" => Ok(Cut::Pieces),
        other => Err(refuse(match nearest(other, STREAM_CUTS.iter().copied()) {
            Some(near) => format!("`as` cannot be `{other}`; did you mean `{near}`?"),
            None => format!("`as` cannot be `{other}`; it is one of {}", STREAM_CUTS.join(", ")),
        })),
    }
}
