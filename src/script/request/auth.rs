//! `bearer(token)` and `basic(user, password)`.

use crate::script::value::convert::{refuse, type_text};
use rhai::{Dynamic, Engine, EvalAltResult, ImmutableString};

/// What the option `auth` takes.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::script) struct Auth {
    header: ImmutableString,
}

impl Auth {
    /// RFC 6750.
    pub(super) fn bearer(token: &str) -> Self {
        Self { header: format!("Bearer {token}").into() }
    }

    /// RFC 7617, in UTF-8.
    pub(super) fn basic(user: &str, password: &str) -> Self {
        Self { header: format!("Basic {}", base64(format!("{user}:{password}").as_bytes())).into() }
    }

    /// An `Auth`, or a string, which is a bearer token.
    pub(in crate::script) fn read(value: &Dynamic) -> Result<Self, Box<EvalAltResult>> {
        if let Some(auth) = value.read_lock::<Self>() {
            return Ok(auth.clone());
        }
        match value.clone().into_immutable_string() {
            Ok(token) => Ok(Self::bearer(&token)),
            Err(_) => Err(refuse(format!(
                "`auth` must be bearer(..), basic(..) or a token, not {}",
                type_text(value)
            ))),
        }
    }

    /// The value of the `Authorization` header.
    pub(in crate::script) fn header(&self) -> ImmutableString {
        self.header.clone()
    }
}

/// RFC 4648, standard alphabet with padding.
fn base64(bytes: &[u8]) -> String {
    data_encoding::BASE64.encode(bytes)
}

/// Registers the type and its constructors. Printing one does not show the secret.
pub(in crate::script) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Auth>("Auth");
    engine.register_fn("to_string", |_: &mut Auth| "auth(***)".to_owned());
    engine.register_fn("to_debug", |_: &mut Auth| "auth(***)".to_owned());
    engine.register_fn("bearer", |token: ImmutableString| Auth::bearer(&token));
    engine.register_fn("basic", |user: ImmutableString, password: ImmutableString| {
        Auth::basic(&user, &password)
    });
}
