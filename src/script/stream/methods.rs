//! What scripts call: `user.stream(..)`, and the methods and properties of a stream.

use super::open::stream;
use super::reading::Stream;
use crate::script::request::headers::Headers;
use crate::script::request::response::{is_ok, milliseconds};
use crate::script::request::send::parse_method;
use crate::script::user::User;
use crate::script::user::site::{CallSite, Charge};
use crate::script::user::verdict::Word;
use crate::script::value::convert::duration;
use ::http::Method;
use rhai::{Dynamic, Engine, EvalAltResult, ImmutableString, Map, NativeCallContext};
use tokio::time::Instant;

type Result<T> = std::result::Result<T, Box<EvalAltResult>>;

/// Registers the method of `user`, and the type with its properties and methods.
pub(in crate::script) fn register(engine: &mut Engine) {
    engine.register_fn("stream", |context: NativeCallContext<'_>, user: &mut User, url: ImmutableString| {
        stream(&context, user, Method::GET, &url, None)
    });
    engine.register_fn(
        "stream",
        |context: NativeCallContext<'_>, user: &mut User, url: ImmutableString, options: Map| {
            stream(&context, user, Method::GET, &url, Some(options))
        },
    );
    engine.register_fn(
        "stream",
        |context: NativeCallContext<'_>, user: &mut User, method: ImmutableString, url: ImmutableString| {
            stream(&context, user, parse_method(&method)?, &url, None)
        },
    );
    engine.register_fn(
        "stream",
        |context: NativeCallContext<'_>,
         user: &mut User,
         method: ImmutableString,
         url: ImmutableString,
         options: Map| { stream(&context, user, parse_method(&method)?, &url, Some(options)) },
    );
    engine.register_type_with_name::<Stream>("Stream");
    engine.register_iterator_result::<Stream, Dynamic>();
    engine.register_fn("next", |stream: &mut Stream| {
        Ok::<_, Box<EvalAltResult>>(stream.next(None)?.unwrap_or_default())
    });
    engine.register_fn("next", |stream: &mut Stream, seconds: Dynamic| -> Result<Dynamic> {
        let patience = duration("how long to wait", &seconds)?;
        Ok(stream.next(Some(patience))?.unwrap_or_default())
    });
    engine.register_fn("close", |stream: &mut Stream| stream.0.end(None, Instant::now()));
    engine.register_fn("success", |stream: &mut Stream| stream.say(Word::Success));
    engine.register_fn("failure", |context: NativeCallContext<'_>, stream: &mut Stream, message: Dynamic| {
        let url = stream.0.answer.url.to_string();
        let charge = Charge { site: CallSite::of(&context), url };
        stream.say(Word::Failure(message.to_string().into(), Box::new(charge)));
    });
    register_properties(engine);
}

fn register_properties(engine: &mut Engine) {
    let show = |stream: &mut Stream| {
        let bytes = stream.0.state.borrow().size;
        format!("{} {} ({bytes} bytes)", stream.0.answer.status, stream.0.name)
    };
    engine.register_fn("to_string", show);
    engine.register_fn("to_debug", show);
    engine.register_get("status", |stream: &mut Stream| i64::from(stream.0.answer.status));
    engine.register_get("reason", |stream: &mut Stream| ImmutableString::from(stream.0.answer.reason()));
    engine.register_get("ok", |stream: &mut Stream| {
        is_ok(stream.0.answer.status, stream.0.state.borrow().error)
    });
    engine.register_get("headers", |stream: &mut Stream| Headers::of(stream.0.answer.headers().clone()));
    engine.register_get("url", |stream: &mut Stream| stream.0.answer.url.to_string());
    engine.register_get("name", |stream: &mut Stream| stream.0.name.clone());
    engine.register_get("error", |stream: &mut Stream| -> Dynamic {
        stream.0.state.borrow().error.map_or(Dynamic::UNIT, |error| error.to_string().into())
    });
    engine.register_get("open", |stream: &mut Stream| stream.0.state.borrow().open);
    engine.register_get("ttfb_ms", |stream: &mut Stream| milliseconds(stream.0.answer.elapsed));
    engine.register_get("elapsed_ms", |stream: &mut Stream| {
        let state = stream.0.state.borrow();
        milliseconds(if state.open { stream.0.begun.elapsed() } else { state.elapsed })
    });
    engine.register_get("size", |stream: &mut Stream| {
        i64::try_from(stream.0.state.borrow().size).unwrap_or(i64::MAX)
    });
    engine.register_get("retry_ms", |stream: &mut Stream| -> Dynamic {
        let retry = stream.0.state.borrow().cutter.retry;
        retry.map_or(Dynamic::UNIT, |retry| i64::try_from(retry).unwrap_or(i64::MAX).into())
    });
}
