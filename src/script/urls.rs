//! Which urls a script writes down: enough to see that it needs a host.

use super::options::REQUEST_METHODS;
use super::source::Files;
use super::syntax::{self, Call};
use crate::util::Place;
use rhai::Expr;

/// Where a script first sends a request to a url that is written down and begins with a slash.
///
/// Other urls are not judged: a computed one may be absolute, and `map.get("key")` looks like a request.
pub(super) fn first_relative(files: &Files) -> Option<Place> {
    for file in files.all() {
        let mut found = None;
        syntax::walk(&file.ast, |path| {
            let call = path.last().and_then(syntax::call);
            if let Some(url) = call.as_ref().and_then(url_of)
                && found.is_none()
                && begins_with_slash(url)
            {
                found = Some(url.position());
            }
        });
        if let Some(position) = found {
            return Some(file.at(position));
        }
    }
    None
}

/// The argument of a request method that is its url.
fn url_of<'a>(call: &Call<'a>) -> Option<&'a Expr> {
    let (_, options) = REQUEST_METHODS.iter().find(|(name, _)| call.method && call.call.name == *name)?;
    call.call.args.get(options - 1)
}

fn begins_with_slash(url: &Expr) -> bool {
    match url {
        Expr::InterpolatedString(parts, _) => parts.first().is_some_and(begins_with_slash),
        url => syntax::string(url).is_some_and(|text| text.starts_with('/')),
    }
}
