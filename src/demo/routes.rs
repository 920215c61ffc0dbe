//! Which paths and methods the server knows: one table for the router, `Allow`, the ledger and the index page.

use http::Method;

/// A request method, as small as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
    Options,
    /// Any other method that a client may make up.
    Other,
}

impl Verb {
    pub(super) const ALL: [Self; 8] =
        [Self::Get, Self::Head, Self::Post, Self::Put, Self::Patch, Self::Delete, Self::Options, Self::Other];

    pub(super) fn of(method: &Method) -> Self {
        match *method {
            Method::GET => Self::Get,
            Method::HEAD => Self::Head,
            Method::POST => Self::Post,
            Method::PUT => Self::Put,
            Method::PATCH => Self::Patch,
            Method::DELETE => Self::Delete,
            Method::OPTIONS => Self::Options,
            _ => Self::Other,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
            Self::Other => "OTHER",
        }
    }
}

/// A thing that the server can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    Items,
    Item,
    Login,
    Private,
    Me,
    Cart,
    Orders,
    Order,
    Index,
    Html,
    Status,
    Delay,
    Bytes,
    Events,
    Close,
    Redirect,
    Cookies,
    CookiesSet,
    Gzip,
    Deflate,
    Echo,
    Ledger,
    LedgerReset,
    /// No such path; not in the table.
    Unknown,
}

/// One row of the table.
pub(super) struct Row {
    pub(super) route: Route,
    pub(super) pattern: &'static str,
    /// `HEAD` goes with `GET`, `OPTIONS` with everything.
    pub(super) verbs: &'static [Verb],
    pub(super) about: &'static str,
}

const GET: &[Verb] = &[Verb::Get];
const POST: &[Verb] = &[Verb::Post];
const ANY: &[Verb] = &[Verb::Get, Verb::Post, Verb::Put, Verb::Patch, Verb::Delete];
const EVERY: &[Verb] = &[Verb::Get, Verb::Post, Verb::Put, Verb::Patch, Verb::Delete, Verb::Other];

/// Every route, in the order of [`Route`]; those of the shop come first.
#[rustfmt::skip]
pub(super) const ROWS: [Row; Route::Unknown as usize] = [
    Row { route: Route::Items, pattern: "/items", verbs: &[Verb::Get, Verb::Post], about: "list (limit, offset, page, after) or create" },
    Row { route: Route::Item, pattern: "/items/{id}", verbs: &[Verb::Get, Verb::Put, Verb::Patch, Verb::Delete], about: "1 to 1000 exist at the start" },
    Row { route: Route::Login, pattern: "/login", verbs: POST, about: "JSON: user, password (`secret`); gives accessToken" },
    Row { route: Route::Private, pattern: "/private", verbs: GET, about: "needs Authorization: Bearer" },
    Row { route: Route::Me, pattern: "/me", verbs: GET, about: "needs Authorization: Bearer" },
    Row { route: Route::Cart, pattern: "/cart", verbs: &[Verb::Get, Verb::Post, Verb::Delete], about: "one per token; add JSON: item, quantity" },
    Row { route: Route::Orders, pattern: "/orders", verbs: &[Verb::Get, Verb::Post], about: "your own; order JSON: item, quantity" },
    Row { route: Route::Order, pattern: "/orders/{id}", verbs: GET, about: "one of your own" },
    Row { route: Route::Index, pattern: "/", verbs: GET, about: "this page" },
    Row { route: Route::Html, pattern: "/html", verbs: GET, about: "a small page" },
    Row { route: Route::Status, pattern: "/status/{code}", verbs: ANY, about: "answers with that status, 200 to 999" },
    Row { route: Route::Delay, pattern: "/delay/{ms}", verbs: ANY, about: "answers after so many milliseconds" },
    Row { route: Route::Bytes, pattern: "/bytes/{n}", verbs: GET, about: "a body of that size" },
    Row { route: Route::Events, pattern: "/events/{n}", verbs: GET, about: "so many server-sent events" },
    Row { route: Route::Close, pattern: "/close", verbs: ANY, about: "closes the connection without an answer" },
    Row { route: Route::Redirect, pattern: "/redirect/{n}", verbs: ANY, about: "n redirects (status=301 302 303 307 308)" },
    Row { route: Route::Cookies, pattern: "/cookies", verbs: GET, about: "the cookies that came" },
    Row { route: Route::CookiesSet, pattern: "/cookies/set", verbs: GET, about: "sets name=value" },
    Row { route: Route::Gzip, pattern: "/gzip", verbs: GET, about: "a gzip body" },
    Row { route: Route::Deflate, pattern: "/deflate", verbs: GET, about: "a deflate body" },
    Row { route: Route::Echo, pattern: "/echo", verbs: EVERY, about: "the request as JSON" },
    Row { route: Route::Ledger, pattern: "/_ledger", verbs: GET, about: "requests received, total and per route" },
    Row { route: Route::LedgerReset, pattern: "/_ledger/reset", verbs: POST, about: "counts from zero again" },
];

impl Route {
    /// Whether it exists under `/api` as well.
    pub(super) fn is_shop(self) -> bool {
        self as usize <= Self::Order as usize
    }

    /// The path with its parameters by name.
    pub(super) fn pattern(self) -> &'static str {
        ROWS.get(self as usize).map_or("(no route)", |row| row.pattern)
    }

    /// Whether a request with that method is answered.
    pub(super) fn allows(self, verb: Verb) -> bool {
        let Some(row) = ROWS.get(self as usize) else { return true };
        let asked = if verb == Verb::Head { Verb::Get } else { verb };
        verb == Verb::Options || row.verbs.contains(&asked)
    }

    /// The value of the `Allow` header.
    pub(super) fn allow(self) -> String {
        let allowed = |verb: &Verb| *verb != Verb::Other && self.allows(*verb);
        let names: Vec<_> = Verb::ALL.into_iter().filter(allowed).map(Verb::name).collect();
        names.join(", ")
    }
}

/// Where a path leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found<'a> {
    pub(super) route: Route,
    /// What stands for the parameter in the pattern; empty without one.
    pub(super) argument: &'a str,
    /// Came under `/api`.
    pub(super) api: bool,
}

/// The route of a path (without query).
pub(super) fn find(path: &str) -> Found<'_> {
    let (api, rest) = match path.strip_prefix("/api/") {
        Some(rest) => (true, rest),
        None => (false, path.strip_prefix('/').unwrap_or("?")),
    };
    let (first, argument) = rest.split_once('/').map_or((rest, None), |(first, rest)| (first, Some(rest)));
    let route = route(first, argument);
    let argument = argument.unwrap_or("");
    if argument.contains('/') && route != Route::Unknown || api && !route.is_shop() {
        return Found { route: Route::Unknown, argument: "", api: false };
    }
    Found { route, argument, api: api && route != Route::Unknown }
}

fn route(first: &str, argument: Option<&str>) -> Route {
    match (first, argument) {
        ("items", None) => Route::Items,
        ("items", Some(_)) => Route::Item,
        ("login", None) => Route::Login,
        ("private", None) => Route::Private,
        ("me", None) => Route::Me,
        ("cart", None) => Route::Cart,
        ("orders", None) => Route::Orders,
        ("orders", Some(_)) => Route::Order,
        ("", None) => Route::Index,
        ("html", None) => Route::Html,
        ("status", Some(_)) => Route::Status,
        ("delay", Some(_)) => Route::Delay,
        ("bytes", Some(_)) => Route::Bytes,
        ("events", Some(_)) => Route::Events,
        ("close", None) => Route::Close,
        ("redirect", Some(_)) => Route::Redirect,
        ("cookies", None) => Route::Cookies,
        ("cookies", Some("set")) => Route::CookiesSet,
        ("gzip", None) => Route::Gzip,
        ("deflate", None) => Route::Deflate,
        ("echo", None) => Route::Echo,
        ("_ledger", None) => Route::Ledger,
        ("_ledger", Some("reset")) => Route::LedgerReset,
        _ => Route::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::{Found, ROWS, Route, Verb, find};

    #[test]
    fn every_row_is_found_by_its_own_pattern_and_stands_at_its_own_place() {
        for (index, row) in ROWS.iter().enumerate() {
            assert_eq!(row.route as usize, index);
            assert_eq!(find(row.pattern).route, row.route, "{}", row.pattern);
            let under_api = find(&format!("/api{}", row.pattern)).route;
            assert_eq!(under_api == row.route, row.route.is_shop(), "/api{}", row.pattern);
        }
    }

    #[test]
    fn parameters_are_one_segment() {
        assert_eq!(find("/api/items/7"), Found { route: Route::Item, argument: "7", api: true });
        for path in ["/items/7/", "/items/7/8", "items", "", "*", "/api", "/api/", "/api/echo", "/nothing"] {
            assert_eq!(find(path), Found { route: Route::Unknown, argument: "", api: false }, "{path}");
        }
    }

    #[test]
    fn allow_names_head_and_options_too() {
        assert_eq!(Route::Items.allow(), "GET, HEAD, POST, OPTIONS");
        assert_eq!(Route::Login.allow(), "POST, OPTIONS");
        assert!(!Route::Login.allows(Verb::Head));
        assert!(Route::Echo.allows(Verb::Other));
    }
}
