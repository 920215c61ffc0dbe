//! `user.batch([..])`: requests at the same time, like a browser that loads a page.

use super::response::Response;
use super::send::{Prepared, parse_method, prepare};
use crate::http::{self, Origin};
use crate::script::fiber;
use crate::script::options::{BATCH_KEYS, REQUEST_OPTIONS};
use crate::script::user::User;
use crate::script::user::listeners::Remarks;
use crate::script::user::site::CallSite;
use crate::script::value::convert::{refuse, string, type_text};
use crate::util::nearest;
use ::http::Method;
use rhai::{Array, Dynamic, Engine, EvalAltResult, ImmutableString, Map, NativeCallContext};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;
use tokio::time::Instant;

type Result<T> = std::result::Result<T, Box<EvalAltResult>>;

/// Sends all requests and waits for the last answer; the responses come in the order of the requests.
fn batch(user: &User, entries: Array, site: &CallSite) -> Result<Array> {
    // All are read before one is sent: a mistake in the last shall not leave the others sent.
    let prepared = entries
        .into_iter()
        .enumerate()
        .map(|(index, entry)| {
            read(user, entry.flatten())
                .map_err(|error| refuse(format!("request {} of the batch: {}", index + 1, text(&error))))
        })
        .collect::<Result<Vec<_>>>()?;
    if prepared.is_empty() {
        return Ok(Array::new());
    }
    user.tell()?;
    let begun = Instant::now();
    let (responses, ended) = fiber::wait(together(user, prepared, site))?;
    if let Some(transaction) = user.0.verdicts.transaction.get() {
        transaction.add_time(ended.saturating_duration_since(begun));
    }
    Ok(responses.into_iter().map(Dynamic::from).collect())
}

/// What a refusal says, without Rhai's frame around it.
fn text(error: &EvalAltResult) -> String {
    match error {
        EvalAltResult::ErrorRuntime(message, _) => message.to_string(),
        other => other.to_string(),
    }
}

/// One entry: a url, or a map of its method, its url and the options of a request.
fn read(user: &User, entry: Dynamic) -> Result<Prepared> {
    if entry.is_string() {
        return prepare(user, Method::GET, &string("a url", &entry)?, None);
    }
    let kind = type_text(&entry);
    let Some(mut options) = entry.try_cast::<Map>() else {
        return Err(refuse(format!("it must be a url or a map, not {kind}")));
    };
    let known = || REQUEST_OPTIONS.iter().chain(BATCH_KEYS).copied();
    if let Some(key) = options.keys().find(|key| !known().any(|known| known == key.as_str())) {
        let hint = match nearest(key, known()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known are {}", known().collect::<Vec<_>>().join(", ")),
        };
        return Err(refuse(format!("unknown option `{key}`; {hint}")));
    }
    let mut take = |key| options.remove(key).filter(|value| !value.is_unit());
    let method = match take("method") {
        Some(method) => parse_method(&string("`method`", &method)?)?,
        None => Method::GET,
    };
    let url = take("url").ok_or_else(|| refuse("it has no `url`"))?;
    prepare(user, method, &string("`url`", &url)?, Some(options))
}

/// A request of a batch. As soon as it is answered it has a response, so that it is counted whatever comes of the others.
enum Member<'a> {
    Queued(Box<http::Request>),
    Running(Pin<Box<dyn Future<Output = Box<http::Response>> + 'a>>),
    Answered(Response),
    /// For the moment in which it changes.
    Moving,
}

struct Slot<'a> {
    kind: ImmutableString,
    name: ImmutableString,
    /// For the hooks of requests.
    remarks: Option<Box<Remarks>>,
    /// Which of the batch's hosts it goes to.
    lane: usize,
    member: Member<'a>,
}

/// Sends the requests, the first ones first, so many at a time to each host; and when the last answer ended.
async fn together(user: &User, prepared: Vec<Prepared>, site: &CallSite) -> (Vec<Response>, Instant) {
    let mut origins: Vec<Rc<Origin>> = Vec::new();
    let mut slots: Vec<Slot<'_>> = prepared
        .into_iter()
        .map(|Prepared { kind, name, request, remarks }| {
            let lane = lane_of(&mut origins, request.url.origin());
            Slot { kind, name, remarks, lane, member: Member::Queued(Box::new(request)) }
        })
        .collect();
    let mut busy = vec![0; origins.len()];
    let at_once = user.0.host.max_connections();
    let mut last = None;
    poll_fn(|context| {
        busy.fill(0);
        let mut waits = false;
        // In the order of the batch: whoever is queued for a host comes after all who are on their way to it.
        for slot in &mut slots {
            let lane = &mut busy[slot.lane];
            // Over HTTP/2 there is one connection for all, as soon as that is known.
            let may_start = || *lane < at_once || user.0.host.shares_connection(&origins[slot.lane]);
            if matches!(slot.member, Member::Queued(_)) && may_start() {
                slot.start(user);
            }
            match &mut slot.member {
                Member::Running(answer) => match answer.as_mut().poll(context) {
                    Poll::Ready(answer) => {
                        last = last.max(Some(answer.ended));
                        slot.member = Member::Answered(Response::new(
                            user.clone(),
                            slot.kind.clone(),
                            slot.name.clone(),
                            answer,
                            slot.remarks.take(),
                            site.clone(),
                        ));
                    }
                    Poll::Pending => {
                        *lane += 1;
                        waits = true;
                    }
                },
                Member::Queued(_) => waits = true,
                Member::Answered(_) | Member::Moving => {}
            }
        }
        if waits { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    let responses = slots.into_iter().filter_map(|slot| match slot.member {
        Member::Answered(response) => Some(response),
        _ => None,
    });
    (responses.collect(), last.unwrap_or_else(Instant::now))
}

impl<'a> Slot<'a> {
    fn start(&mut self, user: &'a User) {
        if let Member::Queued(request) = std::mem::replace(&mut self.member, Member::Moving) {
            self.member = Member::Running(user.0.host.send(*request));
        }
    }
}

fn lane_of(origins: &mut Vec<Rc<Origin>>, origin: &Rc<Origin>) -> usize {
    origins.iter().position(|known| known == origin).unwrap_or_else(|| {
        origins.push(origin.clone());
        origins.len() - 1
    })
}

/// Registers the method.
pub(in crate::script) fn register(engine: &mut Engine) {
    engine.register_fn("batch", |context: NativeCallContext<'_>, user: &mut User, requests: Array| {
        batch(user, requests, &CallSite::of(&context))
    });
}
