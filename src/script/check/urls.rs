//! Which urls a script writes down: enough to see that it needs a host.

use crate::script::options::REQUEST_METHODS;
use crate::script::source::files::Files;
use crate::script::source::syntax::{self, Call};
use crate::util::Place;
use rhai::Expr;

/// Where a script first sends a request to a url that is written down and begins with a slash.
///
/// Other urls are not judged: a computed one may be absolute, and `map.get("key")` looks like a request.
pub(in crate::script) fn first_relative(files: &Files) -> Option<Place> {
    for file in files.all() {
        let mut found = None;
        syntax::walk(&file.ast, |path| {
            let call = path.last().and_then(syntax::call);
            let mut urls = call.iter().flat_map(urls_of);
            if found.is_none() {
                found = urls.find(|url| begins_with_slash(url)).map(Expr::position);
            }
        });
        if let Some(position) = found {
            return Some(file.at(position));
        }
    }
    None
}

/// What a call of a request method or of `batch` gives as urls.
fn urls_of<'a>(call: &Call<'a>) -> Vec<&'a Expr> {
    let (name, args) = (call.call.name.as_str(), &call.call.args[..]);
    match (name, args) {
        _ if !call.method => Vec::new(),
        ("batch", [Expr::Array(entries, _)]) => entries.iter().filter_map(url_of_entry).collect(),
        // The first is the url, or a method.
        ("stream", args) => args.iter().take(2).collect(),
        _ => {
            let method = REQUEST_METHODS.iter().find(|(method, _)| *method == name);
            method.and_then(|(_, options)| args.get(options - 1)).into_iter().collect()
        }
    }
}

fn url_of_entry(entry: &Expr) -> Option<&Expr> {
    match entry {
        Expr::Map(map, _) => map.0.iter().find(|(key, _)| key.as_str() == "url").map(|(_, url)| url),
        url => Some(url),
    }
}

fn begins_with_slash(url: &Expr) -> bool {
    match url {
        Expr::InterpolatedString(parts, _) => parts.first().is_some_and(begins_with_slash),
        url => syntax::string(url).is_some_and(|text| text.starts_with('/')),
    }
}
