//! Headers as scripts see them: names in any case; several values of one name are joined by a comma.

use super::response::Response;
use ::http::HeaderMap;
use rhai::{Array, Dynamic, Engine, ImmutableString, Map};
use std::rc::Rc;

/// The headers, or trailers, of an answer. A copy is the same headers.
#[derive(Clone)]
pub(in crate::script) struct Headers(Source);

/// Whose they are. Those of a response are read out of its head when somebody looks into them, and not before.
#[derive(Clone)]
enum Source {
    Response(Response),
    Own(Rc<HeaderMap>),
}

impl Headers {
    /// Those of a response.
    pub(super) fn of_response(response: &Response) -> Self {
        Self(Source::Response(response.clone()))
    }

    /// These headers.
    pub(in crate::script) fn of(headers: HeaderMap) -> Self {
        Self(Source::Own(Rc::new(headers)))
    }

    fn map(&self) -> &HeaderMap {
        match &self.0 {
            Source::Response(response) => response.headers(),
            Source::Own(headers) => headers,
        }
    }

    fn get(&self, name: &str) -> Dynamic {
        let values: Vec<_> = self.map().get_all(name).iter().collect();
        if values.is_empty() {
            return Dynamic::UNIT;
        }
        let values: Vec<_> = values.iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        values.join(", ").into()
    }

    fn to_map(&self) -> Map {
        self.map().keys().map(|name| (name.as_str().into(), self.get(name.as_str()))).collect()
    }
}

/// Registers the type with its methods.
pub(in crate::script) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Headers>("Headers");
    engine.register_indexer_get(|headers: &mut Headers, name: ImmutableString| headers.get(&name));
    engine.register_fn("contains", |headers: &mut Headers, name: ImmutableString| {
        headers.map().contains_key(name.as_str())
    });
    engine.register_fn("keys", |headers: &mut Headers| -> Array {
        headers.map().keys().map(|name| name.as_str().into()).collect()
    });
    engine.register_fn("len", |headers: &mut Headers| i64::try_from(headers.map().len()).unwrap_or(i64::MAX));
    engine.register_fn("to_map", |headers: &mut Headers| headers.to_map());
    engine.register_fn("to_string", |headers: &mut Headers| format!("{:?}", headers.to_map()));
    engine.register_fn("to_debug", |headers: &mut Headers| format!("{:?}", headers.to_map()));
}
