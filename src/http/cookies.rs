//! The cookies of one user: nothing until a server sets the first one.

use super::url::Url;
use cookie_store::{CookieStore, RawCookie};
use http::HeaderMap;
use http::header::{HeaderValue, SET_COOKIE};
use std::cell::RefCell;

/// A cookie jar (RFC 6265).
#[derive(Debug, Default)]
pub(super) struct Jar(RefCell<Option<Box<CookieStore>>>);

fn plain(url: &Url) -> Option<url::Url> {
    url::Url::parse(&url.to_string()).ok()
}

impl Jar {
    /// Keeps what an answer from `url` sets.
    pub(super) fn keep(&self, url: &Url, headers: &HeaderMap) {
        let Some(url) = plain(url) else { return };
        let texts = headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
        let cookies = texts.filter_map(|text| RawCookie::parse(text.to_owned()).ok());
        self.0.borrow_mut().get_or_insert_default().store_response_cookies(cookies, &url);
    }

    /// The value of the `Cookie` header for `url`; none without cookies.
    pub(super) fn header(&self, url: &Url) -> Option<String> {
        if self.0.borrow().is_none() {
            return None;
        }
        let cookies: Vec<_> =
            self.list(url).into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        let text = cookies.join("; ");
        // What a script set may hold what no header may.
        (!text.is_empty() && HeaderValue::from_str(&text).is_ok()).then_some(text)
    }

    /// Names and values of the cookies for `url`.
    pub(super) fn list(&self, url: &Url) -> Vec<(String, String)> {
        let jar = self.0.borrow();
        let (Some(jar), Some(url)) = (jar.as_ref(), plain(url)) else { return Vec::new() };
        jar.get_request_values(&url).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// Sets a cookie for the host of `url` and all its paths.
    pub(super) fn set(&self, url: &Url, name: &str, value: &str) {
        let Some(url) = plain(url) else { return };
        let mut cookie = RawCookie::new(name.to_owned(), value.to_owned());
        cookie.set_path("/");
        let mut jar = self.0.borrow_mut();
        // A name that no cookie may have is not kept, as a browser would not.
        let _ = jar.get_or_insert_default().insert_raw(&cookie, &url);
    }

    /// Forgets all.
    pub(super) fn clear(&self) {
        self.0.replace(None);
    }
}
