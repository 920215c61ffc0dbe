//! `user.get(..)` and its kin: from a script's words to a measured request and its response.

use super::draft::Draft;
use super::response::Response;
use super::urls::has_scheme;
use crate::http::{self, Tls, TlsChoice};
use crate::script::fiber;
use crate::script::user::User;
use crate::script::user::listeners::Remarks;
use crate::script::user::site::CallSite;
use crate::script::value::convert::refuse;
use ::http::Method;
use rhai::{Engine, EvalAltResult, ImmutableString, Map, NativeCallContext};

type Result<T> = std::result::Result<T, Box<EvalAltResult>>;

/// Sends one request and waits, as `user`.
fn request(
    context: &NativeCallContext<'_>,
    user: &User,
    method: Method,
    url: &ImmutableString,
    options: Option<Map>,
) -> Result<Response> {
    user.tell()?;
    let Prepared { kind, name, request, remarks } = prepare(user, method, url, options)?;
    let answer = user.0.host.send_by(request, |answer| fiber::wait(answer))?;
    if let Some(transaction) = user.0.verdicts.transaction.get() {
        transaction.add_time(answer.elapsed);
    }
    Ok(Response::new(user.clone(), kind, name, answer, remarks, CallSite::of(context)))
}

/// A request that can be sent.
pub(in crate::script) struct Prepared {
    /// Its method, for the type column.
    pub(in crate::script) kind: ImmutableString,
    pub(in crate::script) name: ImmutableString,
    pub(in crate::script) request: http::Request,
    /// For the hooks of requests.
    pub(in crate::script) remarks: Option<Box<Remarks>>,
}

/// Reads the options and the url of a request of `user`.
pub(in crate::script) fn prepare(
    user: &User,
    method: Method,
    url: &ImmutableString,
    options: Option<Map>,
) -> Result<Prepared> {
    let session = user.0.headers.borrow().clone();
    let mut draft = Draft::read(options, session.as_ref())?;
    let text = draft.complete_url(url)?;
    let target = locate(user, &text)?;
    if let Some(refusal) = user.0.host.refusal(&target) {
        return Err(refuse(refusal));
    }
    let name = match draft.name.take() {
        Some(name) => name,
        None if target.path_and_query() == text.as_str() => text,
        None => target.path_and_query().into(),
    };
    if let Some(choice) = draft.tls.take() {
        draft.spoken = Some(tls(user, *choice)?);
    }
    let remarks = draft.remarks.take();
    Ok(Prepared { kind: method_name(&method), name, request: draft.finish(method, target), remarks })
}

/// How TLS is spoken by a request that says so much about it. File names are relative to the main script's folder.
#[cold]
fn tls(user: &User, mut choice: TlsChoice) -> Result<Tls> {
    let folder = &user.0.actor.world.folder;
    for file in [&mut choice.cert, &mut choice.key].into_iter().flatten() {
        *file = folder.join(&*file);
    }
    user.0.host.tls(&choice).map_err(|error| {
        let place = error.place.map(|place| format!(": {place}")).unwrap_or_default();
        let help = error.help.map(|help| format!("; {help}")).unwrap_or_default();
        refuse(format!("{}{place}{help}", error.message))
    })
}

/// An absolute url as it is; a relative one is appended to the host as text.
fn locate(user: &User, url: &str) -> Result<http::Url> {
    if has_scheme(url) {
        return http::Url::parse_absolute(url)
            .map_err(|error| refuse(format!("`{}` is not a url: {error}", http::without_password(url))));
    }
    let base = user.0.base.borrow();
    let base = base.as_ref().ok_or_else(|| {
        refuse(format!(
            "`{url}` is relative and no host is known; give --host, `.host(..)` on the class, or a full url"
        ))
    })?;
    if base.path.is_empty() {
        return Ok(http::Url::with_path(base.origin.clone(), url));
    }
    Ok(http::Url::with_path(base.origin.clone(), &format!("{}{url}", base.path)))
}

/// The method as a string that costs nothing to share: one per thread and method.
fn method_name(method: &Method) -> ImmutableString {
    thread_local! {
        static COMMON: [ImmutableString; 7] =
            ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"].map(ImmutableString::from);
    }
    let text = method.as_str();
    COMMON
        .with(|common| common.iter().find(|name| name.as_str() == text).cloned())
        .unwrap_or_else(|| text.into())
}

/// Registers the request methods of `user`.
pub(in crate::script) fn register(engine: &mut Engine) {
    let methods = [
        ("get", Method::GET),
        ("post", Method::POST),
        ("put", Method::PUT),
        ("patch", Method::PATCH),
        ("delete", Method::DELETE),
        ("head", Method::HEAD),
        ("options", Method::OPTIONS),
    ];
    for (name, method) in methods {
        let with_options = method.clone();
        engine.register_fn(
            name,
            move |context: NativeCallContext<'_>, user: &mut User, url: ImmutableString| {
                request(&context, user, method.clone(), &url, None)
            },
        );
        engine.register_fn(
            name,
            move |context: NativeCallContext<'_>, user: &mut User, url: ImmutableString, options: Map| {
                request(&context, user, with_options.clone(), &url, Some(options))
            },
        );
    }
    engine.register_fn(
        "request",
        |context: NativeCallContext<'_>, user: &mut User, method: ImmutableString, url: ImmutableString| {
            request(&context, user, parse_method(&method)?, &url, None)
        },
    );
    engine.register_fn(
        "request",
        |context: NativeCallContext<'_>,
         user: &mut User,
         method: ImmutableString,
         url: ImmutableString,
         options: Map| { request(&context, user, parse_method(&method)?, &url, Some(options)) },
    );
}

/// A method by its name, in any case.
pub(in crate::script) fn parse_method(text: &str) -> Result<Method> {
    Method::from_bytes(text.to_uppercase().as_bytes())
        .map_err(|_| refuse(format!("`{text}` is not an HTTP method")))
}
