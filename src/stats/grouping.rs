//! Failure texts in a form that groups: what differs from one request to the next is replaced by what it is.

#[cfg(test)]
mod tests;

use super::bounded::clip;
use http::StatusCode;
use std::borrow::Cow;
use std::net::Ipv6Addr;

/// The text with stand-ins for what names one request among many: `no item 17` is `no item <number>`.
///
/// `name` is what the request is counted under, and `url` where it went: the url, and its path, become the name. Further
/// stand-ins are `<uuid>`, `<time>`, `<ip>` (with its port), `<email>`, `<address>` (`0x..`), `<hex>`, `<id>` (16 or more
/// letters and digits) and `<number>`. Kept are digits within words (`sha256`), and numbers that say what went wrong: a
/// status before its reason, and what follows `status`, `code`, `errno` or `http/`.
///
/// Applied to its own result it changes nothing. The result is no longer than a text that is kept may be.
pub(super) fn grouped<'t>(text: &'t str, name: &str, url: Option<&str>) -> Cow<'t, str> {
    let Cow::Owned(mut form) = pass(text, name, url) else { return Cow::Borrowed(text) };
    // What a stand-in was put beside may be known for what it is only now; hardly ever.
    for _ in 0..PASSES {
        match pass(&form, name, url) {
            Cow::Owned(next) if next != form => form = next,
            _ => break,
        }
    }
    Cow::Owned(form)
}

/// After so many passes over its own result a text is left as it is.
const PASSES: usize = 8;

/// One pass over the bytes.
fn pass<'t>(text: &'t str, name: &str, url: Option<&str>) -> Cow<'t, str> {
    let mut scan = Scan { text, bytes: text.as_bytes(), name, targets: targets(url), no_email_before: 0 };
    let mut built = String::new();
    let mut copied = 0;
    let mut at = 0;
    while at < text.len() {
        // What follows a stand-in is looked at as if that stood there already.
        if at > copied && is_word(scan.bytes[at - 1]) {
            at += 1;
            continue;
        }
        let Some(token) = scan.token(at) else {
            at += scan.run(at, is_word).max(1);
            continue;
        };
        if let Some(stand_in) = token.stand_in {
            built.push_str(&text[copied..at]);
            built.push_str(stand_in);
            copied = at + token.length;
        }
        at += token.length;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    built.push_str(&text[copied..]);
    Cow::Owned(clip(&built).into_owned())
}

/// The url, without its query, and the same without scheme and host: the longest first. A path of `/` says nothing.
fn targets(url: Option<&str>) -> [&str; 4] {
    let Some(url) = url else { return [""; 4] };
    let after_scheme = url.find("://").map_or(0, |scheme| scheme + 3);
    let path = url[after_scheme..].find('/').map_or("", |slash| &url[after_scheme + slash..]);
    let without_query = |text: &'_ str| text.find(['?', '#']).unwrap_or(text.len());
    let path_only = &path[..without_query(path)];
    let [path, path_only] = [path, path_only].map(|path| if path.len() > 1 { path } else { "" });
    [url, &url[..without_query(url)], path, path_only]
}

/// A part of a text that is known for what it is.
struct Token<'a> {
    /// Bytes.
    length: usize,
    /// What is written in its place; none = it stays.
    stand_in: Option<&'a str>,
}

struct Scan<'t, 'n> {
    text: &'t str,
    bytes: &'t [u8],
    name: &'n str,
    targets: [&'n str; 4],
    /// Up to here no e-mail address begins: the characters that it could begin with end without an `@`.
    no_email_before: usize,
}

/// Letters, digits and everything that is not ASCII: within a run of them nothing begins.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii()
}

/// Words after which a number is no id but says what went wrong.
const TELLING: [&str; 9] =
    ["status", "statuscode", "status_code", "code", "errno", "http", "http/1.0", "http/1.1", "http/2"];

impl<'n> Scan<'_, 'n> {
    /// What begins at `at`, where no word goes on.
    fn token(&mut self, at: usize) -> Option<Token<'n>> {
        if let Some(token) = self.own(at) {
            return Some(token);
        }
        let known = [
            (self.uuid(at), "<uuid>"),
            (self.time(at), "<time>"),
            (self.ip(at), "<ip>"),
            (self.email(at), "<email>"),
            (self.address(at), "<address>"),
        ];
        let known = known.into_iter().find_map(|(length, stand_in)| Some((length?, Some(stand_in))));
        let found = known.or_else(|| self.number(at)).or_else(|| self.mixed(at));
        found.map(|(length, stand_in)| Token { length, stand_in })
    }

    fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(b' ')
    }

    /// How many bytes from `at` on are of a kind.
    fn run(&self, at: usize, kind: impl Fn(u8) -> bool) -> usize {
        self.bytes[at.min(self.bytes.len())..].iter().take_while(|byte| kind(**byte)).count()
    }

    fn digits(&self, at: usize) -> usize {
        self.run(at, |byte| byte.is_ascii_digit())
    }

    /// The length up to `end`, if no word goes on there.
    fn up_to(&self, at: usize, end: usize) -> Option<usize> {
        (!is_word(self.byte(end))).then_some(end - at)
    }

    /// The name of the request, which stays, or where it went, which becomes the name.
    fn own(&self, at: usize) -> Option<Token<'n>> {
        let here = &self.bytes[at..];
        let ends = |length: usize| {
            let (next, then) = (self.byte(at + length), self.byte(at + length + 1));
            let goes_on = is_word(next) || matches!(next, b'/' | b'-' | b'_' | b'%' | b'@');
            !goes_on && (next != b'.' || !is_word(then))
        };
        let is_here = |what: &str| !what.is_empty() && here.starts_with(what.as_bytes()) && ends(what.len());
        if is_here(self.name) {
            return Some(Token { length: self.name.len(), stand_in: None });
        }
        let target = self.targets.into_iter().find(|target| is_here(target))?;
        Some(Token { length: target.len(), stand_in: Some(self.name) }).filter(|_| !self.name.is_empty())
    }

    /// 8-4-4-4-12 hexadecimal digits (RFC 9562, section 4).
    fn uuid(&self, at: usize) -> Option<usize> {
        let shape = self.bytes.get(at..at + 36)?;
        let fits = shape.iter().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
        if fits { self.up_to(at, at + 36) } else { None }
    }

    /// A date, or a date and a time of day (RFC 3339, section 5.6).
    fn time(&self, at: usize) -> Option<usize> {
        let part = |at: usize, before: u8, digits: usize| {
            (self.byte(at) == before && self.digits(at + 1) == digits).then_some(at + 1 + digits)
        };
        if self.digits(at) != 4 {
            return None;
        }
        let date = part(part(at + 4, b'-', 2)?, b'-', 2)?;
        let Some(mut end) = part(date, b'T', 2).or_else(|| part(date, b' ', 2)) else {
            return self.up_to(at, date);
        };
        let Some(minutes) = part(end, b':', 2) else { return self.up_to(at, date) };
        end = part(minutes, b':', 2).unwrap_or(minutes);
        if matches!(self.byte(end), b'.' | b',') {
            end += 1 + self.digits(end + 1);
        }
        end = match self.byte(end) {
            b'Z' | b'z' => end + 1,
            sign @ (b'+' | b'-') => match part(end, sign, 2) {
                Some(hours) => part(hours, b':', 2).unwrap_or(hours),
                None => part(end, sign, 4).unwrap_or(end),
            },
            _ => end,
        };
        self.up_to(at, end)
    }

    /// An address of either version, with its port if it has one.
    fn ip(&self, at: usize) -> Option<usize> {
        let address = self.ipv4(at).or_else(|| self.ipv6(at))?;
        let port = at + address;
        let digits = self.digits(port + 1);
        // Without brackets the colon of IPv6 belongs to the address.
        if self.byte(port) == b':' && (1..=5).contains(&digits) {
            return self.up_to(at, port + 1 + digits).or(Some(address));
        }
        Some(address)
    }

    fn ipv4(&self, at: usize) -> Option<usize> {
        let mut end = at;
        for octet in 0..4 {
            if octet > 0 {
                end += usize::from(self.byte(end) == b'.');
            }
            let digits = self.digits(end);
            if !(1..=3).contains(&digits) || (octet > 0 && self.byte(end - 1) != b'.') {
                return None;
            }
            self.text[end..end + digits].parse::<u8>().ok()?;
            end += digits;
        }
        let goes_on = self.byte(end) == b'.' && self.byte(end + 1).is_ascii_digit();
        if goes_on { None } else { self.up_to(at, end) }
    }

    fn ipv6(&self, at: usize) -> Option<usize> {
        const LONGEST: usize = 45;
        let bracket = usize::from(self.byte(at) == b'[');
        let begin = at + bracket;
        let in_address = |byte: u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.');
        let end =
            begin + self.bytes[begin..].iter().take(LONGEST + 1).take_while(|b| in_address(**b)).count();
        let run = &self.text[begin..end];
        let is_address =
            |text: &str| text.bytes().any(|byte| byte.is_ascii_digit()) && text.parse::<Ipv6Addr>().is_ok();
        if bracket > 0 {
            return (is_address(run) && self.byte(end) == b']').then_some(end + 1 - at);
        }
        // Before a stand-in it is no whole address.
        if self.byte(end) == b'<' {
            return None;
        }
        let trimmed = run.trim_end_matches(['.', ':']);
        let address = [run, trimmed].into_iter().find(|text| is_address(text))?;
        self.up_to(at, at + address.len())
    }

    fn email(&mut self, at: usize) -> Option<usize> {
        if at < self.no_email_before {
            return None;
        }
        let local = |byte: u8| byte.is_ascii_alphanumeric() || b"._%+-".contains(&byte);
        let sign = at + self.run(at, local);
        if self.byte(sign) != b'@' || sign == at {
            self.no_email_before = sign;
            return None;
        }
        let end = sign + 1 + self.run(sign + 1, |byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
        // The end of a sentence, unless a stand-in goes on there.
        let dot = usize::from(self.byte(end - 1) == b'.' && self.byte(end) != b'<');
        let domain = &self.text[sign + 1..end - dot];
        let (_, last) = domain.rsplit_once('.')?;
        if last.len() < 2 || !last.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            return None;
        }
        self.up_to(at, sign + 1 + domain.len())
    }

    /// An address in memory.
    fn address(&self, at: usize) -> Option<usize> {
        let digits = self.run(at + 2, |byte| byte.is_ascii_hexdigit());
        let prefixed = self.byte(at) == b'0' && matches!(self.byte(at + 1), b'x' | b'X') && digits > 0;
        if prefixed { self.up_to(at, at + 2 + digits) } else { None }
    }

    /// Digits, with separators between them; a unit of up to three letters after them stays.
    fn number(&self, at: usize) -> Option<(usize, Option<&'static str>)> {
        let (mut end, mut found) = (at, None);
        loop {
            let digits = self.digits(end);
            if digits == 0 {
                break;
            }
            end += digits;
            let unit = self.run(end, |byte| byte.is_ascii_alphabetic());
            if unit <= 3 && !is_word(self.byte(end + unit)) {
                found = Some((end, unit));
            }
            if !matches!(self.byte(end), b'.' | b',') {
                break;
            }
            end += 1;
        }
        let (end, unit) = found?;
        let stays = unit == 0 && self.says_what(at, end);
        Some((end - at, (!stays).then_some("<number>")))
    }

    /// Whether a number says what went wrong.
    fn says_what(&self, at: usize, end: usize) -> bool {
        let (before, number, after) = (&self.text[..at], &self.text[at..end], &self.text[end..]);
        if number.len() > 5 {
            return false;
        }
        let before = before.trim_end_matches([' ', ':', '=', '(', '[', '\'', '"', '/', '#']);
        let in_word = |byte: &u8| is_word(*byte) || b"_/.".contains(byte);
        let word = before.len() - before.bytes().rev().take_while(in_word).count();
        if before.get(word..).is_some_and(|word| TELLING.iter().any(|known| known.eq_ignore_ascii_case(word)))
        {
            return true;
        }
        let status = StatusCode::from_bytes(number.as_bytes()).ok().filter(|status| status.as_u16() < 600);
        let Some(status) = status else { return false };
        if self.text.len() == number.len() {
            return true;
        }
        let reasons = [status.canonical_reason(), Some("Client Error"), Some("Server Error")];
        let is_next = |reason: &str| {
            let after = after.strip_prefix(' ').and_then(|after| after.strip_prefix(reason));
            // Its last word must be a word by itself, and not the beginning of something else.
            let after = after.map(|after| after.trim_start_matches('.'));
            after.is_some_and(|after| {
                after.is_empty() || after.starts_with([' ', ':', ',', ';', ')', '"', '\''])
            })
        };
        reasons.into_iter().flatten().any(is_next)
    }

    /// Hexadecimal digits, or letters and digits, that are an id by their length.
    fn mixed(&self, at: usize) -> Option<(usize, Option<&'static str>)> {
        const HEX: usize = 8;
        const ID: usize = 16;
        let length = self.run(at, |byte| byte.is_ascii_alphanumeric());
        let token = &self.bytes[at..at + length];
        let digits = token.iter().filter(|byte| byte.is_ascii_digit()).count();
        if is_word(self.byte(at + length)) || digits == 0 || digits == length {
            return None;
        }
        if length >= HEX && token.iter().all(u8::is_ascii_hexdigit) {
            return Some((length, Some("<hex>")));
        }
        (length >= ID && digits >= 3).then_some((length, Some("<id>")))
    }
}
