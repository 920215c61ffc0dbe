//! The cookies of one user: nothing until a server sets the first one.

use super::url::Url;
use cookie_store::{Cookie, CookieStore, RawCookie, StoreAction};
use http::HeaderMap;
use http::header::{HeaderValue, SET_COOKIE};
use std::cell::RefCell;
use std::cmp::Reverse;

/// A user keeps no more cookies: browsers keep 180 of one site. A server that goes on inventing names fills no memory, and
/// no request.
const MAX_COOKIES: usize = 300;

/// A longer `Set-Cookie` is not kept, its attributes included: browsers stop at 4 KiB for name and value.
const MAX_COOKIE: usize = 8 * 1024;

/// A cookie jar (RFC 6265).
#[derive(Debug, Default)]
pub(super) struct Jar(RefCell<Option<Box<Content>>>);

#[derive(Debug, Default)]
struct Content {
    store: CookieStore,
    /// How many cookies the store holds, those that have expired included: it keeps these too.
    count: usize,
    /// The url that was asked last, as the store needs it: an answer is kept for the url that was just asked.
    last: Option<(Url, url::Url)>,
}

impl Content {
    /// The store and `url` as it needs it.
    fn at(&mut self, url: &Url) -> Option<(&mut CookieStore, &url::Url)> {
        if !self.last.as_ref().is_some_and(|(known, _)| known.is_same(url)) {
            self.last = Some((url.clone(), url::Url::parse(&url.as_the_server_writes_it()).ok()?));
        }
        let (_, parsed) = self.last.as_ref()?;
        Some((&mut self.store, parsed))
    }

    /// Keeps a cookie that `url` has set, if there is room for it. What is malformed, or not the server's to set, is left
    /// out, as by a browser.
    fn keep(&mut self, text: &str, url: &Url) {
        let Some((store, parsed)) = self.at(url) else { return };
        let Ok(cookie) = Cookie::parse(text, parsed).map(Cookie::into_owned) else { return };
        let name = (String::from(&cookie.domain), String::from(&cookie.path), cookie.name().to_owned());
        if let Ok(StoreAction::Inserted) = store.insert(cookie, parsed) {
            self.count += 1;
            if self.count > MAX_COOKIES {
                self.make_room(&name);
            }
        }
    }

    /// Forgets the cookies that have expired, and where that is not enough the one that came last.
    #[cold]
    fn make_room(&mut self, last: &(String, String, String)) {
        let key = |cookie: &Cookie<'_>| {
            (String::from(&cookie.domain), String::from(&cookie.path), cookie.name().to_owned())
        };
        let expired: Vec<_> = self.store.iter_any().filter(|cookie| cookie.is_expired()).map(key).collect();
        for (domain, path, name) in expired.iter().chain(expired.is_empty().then_some(last)) {
            self.store.remove(domain, path, name);
        }
        self.count = self.store.iter_any().count();
    }

    /// The cookies for `url`: those of longer paths first (RFC 6265, section 5.4), then by name.
    fn matches(&mut self, url: &Url) -> Vec<&Cookie<'static>> {
        let Some((store, url)) = self.at(url) else { return Vec::new() };
        let mut cookies = store.matches(url);
        cookies.sort_by(|one, other| {
            let key = |cookie: &Cookie<'_>| Reverse(cookie.path.as_ref().len());
            key(one).cmp(&key(other)).then_with(|| one.name().cmp(other.name()))
        });
        cookies
    }
}

impl Jar {
    /// Keeps what an answer from `url` sets.
    pub(super) fn keep(&self, url: &Url, headers: &HeaderMap) {
        let mut jar = self.0.borrow_mut();
        let jar = jar.get_or_insert_default();
        for text in headers.get_all(SET_COOKIE).iter().filter(|text| text.len() <= MAX_COOKIE) {
            jar.keep(&String::from_utf8_lossy(text.as_bytes()), url);
        }
    }

    /// The value of the `Cookie` header for `url`, after the request's `own`, whose names win; none if the jar has
    /// nothing to add.
    pub(super) fn header<'a, I>(&self, url: &Url, own: impl FnOnce() -> I) -> Option<Vec<u8>>
    where
        I: Iterator<Item = &'a HeaderValue>,
    {
        let mut jar = self.0.borrow_mut();
        let cookies = jar.as_mut()?.matches(url);
        if cookies.is_empty() {
            return None;
        }
        let own = own().map(HeaderValue::as_bytes).collect::<Vec<_>>().join(&b"; "[..]);
        let text = String::from_utf8_lossy(&own);
        let named = |name: &str| {
            let pairs = text.split(';').filter_map(|pair| pair.split_once('='));
            pairs.map(|(own, _)| own.trim()).any(|own| own == name)
        };
        let mut header = own.clone();
        for cookie in cookies.iter().filter(|cookie| !named(cookie.name())) {
            let pair = format!("{}={}", cookie.name(), cookie.value());
            // What a script set may hold what no header may.
            if HeaderValue::from_str(&pair).is_ok() {
                header.extend_from_slice(if header.is_empty() { b"" } else { b"; " });
                header.extend_from_slice(pair.as_bytes());
            }
        }
        (header.len() > own.len()).then_some(header)
    }

    /// Names and values of the cookies for `url`.
    pub(super) fn list(&self, url: &Url) -> Vec<(String, String)> {
        let mut jar = self.0.borrow_mut();
        let Some(jar) = jar.as_mut() else { return Vec::new() };
        jar.matches(url).iter().map(|cookie| (cookie.name().to_owned(), cookie.value().to_owned())).collect()
    }

    /// Sets a cookie for the host of `url` and all its paths.
    pub(super) fn set(&self, url: &Url, name: &str, value: &str) {
        let mut cookie = RawCookie::new(name.to_owned(), value.to_owned());
        cookie.set_path("/");
        let mut jar = self.0.borrow_mut();
        if let Some((store, url)) = jar.get_or_insert_default().at(url) {
            // A name that no cookie may have is not kept, as a browser would not.
            let _ = store.insert_raw(&cookie, url);
        }
    }

    /// Forgets all.
    pub(super) fn clear(&self) {
        self.0.replace(None);
    }
}

#[cfg(test)]
mod tests {
    use super::Jar;
    use crate::http::Url;
    use http::header::{HeaderMap, HeaderValue, SET_COOKIE};

    fn jar(cookies: &[&'static str]) -> (Jar, Url) {
        let (jar, url) = (Jar::default(), Url::parse_absolute("http://h/a/b").expect("a url"));
        let set = cookies.iter().map(|cookie| (SET_COOKIE, HeaderValue::from_static(cookie)));
        jar.keep(&url, &HeaderMap::from_iter(set));
        (jar, url)
    }

    fn header(jar: &Jar, url: &Url, own: &[&'static str]) -> Option<String> {
        let own: Vec<_> = own.iter().map(|value| HeaderValue::from_static(value)).collect();
        jar.header(url, || own.iter()).map(|header| String::from_utf8(header).expect("text"))
    }

    #[test]
    fn longer_paths_come_first_and_own_names_win() {
        let (jar, url) = jar(&["b=1; Path=/", "a=2; Path=/", "c=3; Path=/a", "d=4; Domain=other.test", "=;"]);
        assert_eq!(header(&jar, &url, &[]).as_deref(), Some("c=3; a=2; b=1"));
        assert_eq!(header(&jar, &url, &["x=1", "a=9"]).as_deref(), Some("x=1; a=9; c=3; b=1"));
        assert_eq!(header(&jar, &url, &["a=1; b=2; c=3"]), None);
        let elsewhere = Url::parse_absolute("http://elsewhere/").expect("a url");
        assert_eq!(header(&jar, &elsewhere, &[]), None);
        jar.clear();
        assert_eq!(header(&jar, &url, &[]), None);
    }

    #[test]
    fn a_server_cannot_fill_the_memory() {
        let url = Url::parse_absolute("http://h/a/b").expect("a url");
        let jar = Jar::default();
        let set = |text: String| {
            let value = HeaderValue::from_str(&text).expect("a value");
            jar.keep(&url, &HeaderMap::from_iter([(SET_COOKIE, value)]));
        };
        let names = |prefix: &str| {
            jar.list(&url).iter().filter(|(name, value)| name.starts_with(prefix) && value == "1").count()
        };
        (0..2000).for_each(|number| set(format!("a{number}=1")));
        set(format!("large={}", "x".repeat(10_000)));
        assert_eq!((names("a"), jar.list(&url).len()), (300, 300));
        // What is known may still change, and what is taken back makes room.
        set("a7=2".to_owned());
        assert_eq!((names("a"), jar.list(&url).len()), (299, 300));
        (0..100).for_each(|number| set(format!("a{number}=; Max-Age=0")));
        (0..2000).for_each(|number| set(format!("b{number}=1; Path=/")));
        assert_eq!((names("a"), names("b")), (200, 100));
        // Names that come and go leave nothing behind.
        (0..5000).for_each(|number| set(format!("c{number}=1")));
        for number in 0..2000 {
            set(format!("b{}=; Path=/; Max-Age=0", number % 100));
            set(format!("b{}=1; Path=/", number % 100));
        }
        assert_eq!((names("a"), names("b"), names("c")), (200, 100, 0));
    }

    #[test]
    fn what_no_header_may_hold_is_left_out_alone() {
        let (jar, url) = jar(&["a=1"]);
        jar.set(&url, "b", "line\nbreak");
        assert_eq!(header(&jar, &url, &[]).as_deref(), Some("a=1"));
    }
}
