//! A request and its answer as people read them.

use super::redact;
use crate::http::{Exchange, Response, Timings};
use crate::util::bytes_text;
use bytes::Bytes;
use std::fmt::Write;
use std::time::Duration;

/// So much of a body is shown.
const BODY_SHOWN: usize = 2 * 1024;
/// So many lines of a head, and so much of each.
const HEAD_LINES: usize = 60;
const LINE_SHOWN: usize = 300;
/// Larger JSON is not laid out, and then nobody knows what is secret in it.
const MOST_JSON: usize = 1024 * 1024;

/// Colours, or none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paint {
    /// Whether there are any.
    pub(super) colours: bool,
}

impl Paint {
    /// The text in a colour, as the number of an ANSI escape.
    pub(super) fn paint(self, colour: u8, text: &str) -> String {
        if self.colours { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
    }

    pub(super) fn dim(self, text: &str) -> String {
        self.paint(2, text)
    }

    /// What went well.
    pub(super) fn good(self, text: &str) -> String {
        self.paint(32, text)
    }

    /// What did not.
    pub(super) fn bad(self, text: &str) -> String {
        self.paint(31, text)
    }
}

/// All exchanges of a request, what failed, and where its time went.
pub(super) fn request_text(exchanges: &[Exchange], response: &Response, paint: Paint) -> String {
    let mut text = String::new();
    for exchange in exchanges {
        head(&mut text, &exchange.request_head, '>', 36, paint);
        let size = exchange.request_body.len() as u64;
        body(&mut text, &exchange.request_body, size, content_type(&exchange.request_head), paint);
        if !exchange.answer_head.is_empty() {
            let colour = if starts_well(&exchange.answer_head) { 32 } else { 31 };
            head(&mut text, &exchange.answer_head, '<', colour, paint);
            let decoded = exchange.decoded_answer();
            body(&mut text, &decoded, exchange.answer_size, content_type(&exchange.answer_head), paint);
        }
    }
    if exchanges.is_empty() {
        unwritten(&mut text, response, paint);
    }
    if let Some(error) = response.error {
        push(&mut text, &format!("  {}", paint.bad(&error.to_string())));
    }
    let wire = format!("{} out, {} in", bytes_text(response.wire.sent), bytes_text(response.wire.received));
    push(&mut text, &paint.dim(&format!("  {}; {wire}", timings_text(&response.timings, response.elapsed))));
    text
}

/// A request that has no head of its own as bytes: HTTP/2 writes none, and who cannot connect neither.
fn unwritten(text: &mut String, response: &Response, paint: Paint) {
    if response.status == 0 {
        return push(text, &paint.dim(&format!("  no answer from {}", response.url.origin())));
    }
    let mut answer = format!("HTTP/2 {}\r\n", response.status).into_bytes();
    for (name, value) in response.headers() {
        answer.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    let asked = format!("{} HTTP/2\r\n", response.url.path_and_query());
    head(text, &Bytes::from(asked), '>', 36, paint);
    let colour = if response.status < 400 { 32 } else { 31 };
    let kind = content_type(&answer);
    head(text, &Bytes::from(answer), '<', colour, paint);
    body(text, &response.decoded().unwrap_or_default(), response.size, kind, paint);
}

fn push(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

fn head(text: &mut String, head: &Bytes, sign: char, colour: u8, paint: Paint) {
    let lines = redact::head_lines(head);
    for (index, line) in lines.iter().take(HEAD_LINES).enumerate() {
        let line = shortened(line);
        let shown = match line.split_once(": ") {
            _ if index == 0 => paint.paint(colour, &line),
            Some((name, value)) => format!("{} {value}", paint.dim(&format!("{name}:"))),
            None => line,
        };
        push(text, &format!("{} {shown}", paint.dim(&sign.to_string())));
    }
    if lines.len() > HEAD_LINES {
        push(text, &paint.dim(&format!("{sign} … {} lines more", lines.len() - HEAD_LINES)));
    }
}

fn shortened(line: &str) -> String {
    if line.chars().count() <= LINE_SHOWN {
        return line.to_owned();
    }
    line.chars().take(LINE_SHOWN).chain(['…']).collect()
}

/// The beginning of a body, indented; a summary where nobody can read it.
fn body(text: &mut String, body: &[u8], size: u64, kind: Option<String>, paint: Paint) {
    if size == 0 && body.is_empty() {
        return;
    }
    let kind = kind.unwrap_or_default();
    let of = if kind.is_empty() { String::new() } else { format!(" of {kind}") };
    let summary = paint.dim(&format!("  {} bytes{of}", grouped(size.max(body.len() as u64))));
    let Some(readable) = readable(body, &kind) else { return push(text, &summary) };
    let mut end = readable.len().min(BODY_SHOWN);
    while !readable.is_char_boundary(end) {
        end -= 1;
    }
    for line in readable[..end].lines() {
        push(text, format!("  {line}").trim_end());
    }
    if end < readable.len() {
        push(text, &paint.dim(&format!("  … {} bytes{of}", grouped(size.max(body.len() as u64)))));
    }
}

/// The body as text; none where it is none, where it was not kept, or where it is not known what is secret in it.
fn readable(body: &[u8], kind: &str) -> Option<String> {
    if body.is_empty() || body.contains(&0) {
        return None;
    }
    let text = std::str::from_utf8(body).ok()?;
    if kind.contains("json") || text.starts_with(['{', '[']) {
        let json = (text.len() <= MOST_JSON).then(|| redact::json(text)).flatten();
        return match json {
            Some(json) => Some(redact::printable(&json).into_owned()),
            None if kind.contains("json") => None,
            None => Some(redact::printable(text).into_owned()),
        };
    }
    let form = kind.contains("x-www-form-urlencoded");
    let text = if form { redact::pairs(text, '&') } else { text.to_owned() };
    Some(redact::printable(&text).into_owned())
}

/// The media type that a head names.
fn content_type(head: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(head);
    let value = text.lines().skip(1).find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-type").then(|| value.trim().to_owned())
    })?;
    let kind = value.split(';').next().unwrap_or_default().trim().to_owned();
    Some(redact::printable(&kind).chars().take(60).collect())
}

/// Whether the status is below 400.
fn starts_well(head: &[u8]) -> bool {
    let status = head.split(|byte| *byte == b' ').nth(1).and_then(|status| status.first());
    matches!(status, Some(b'1'..=b'3'))
}

/// `1.24 ms = connect 0.31 + send 0.02 + wait 0.80 + receive 0.11`: the phases that took place.
fn timings_text(timings: &Timings, elapsed: Duration) -> String {
    let phases = [
        ("dns", timings.dns),
        ("connect", timings.connect),
        ("tls", timings.tls),
        ("send", timings.send),
        ("wait", timings.wait),
        ("receive", timings.receive),
    ];
    let ms = |time: Duration| format!("{:.2}", time.as_secs_f64() * 1000.0);
    let parts: Vec<String> = phases
        .into_iter()
        .filter(|(_, time)| *time >= Duration::from_micros(5))
        .map(|(name, time)| format!("{name} {}", ms(time)))
        .collect();
    format!("{} ms = {}", ms(elapsed), parts.join(" + "))
}

/// `1,234,567`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        write!(text, "{digit}").expect("a String takes everything");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Paint, body, grouped};

    fn shown(bytes: &[u8], kind: &str) -> String {
        let mut text = String::new();
        body(&mut text, bytes, bytes.len() as u64, Some(kind.to_owned()), Paint { colours: false });
        text
    }

    #[test]
    fn bodies_are_cut_and_summed_up() {
        assert_eq!(shown(b"hello\nworld", "text/plain"), "  hello\n  world\n");
        assert_eq!(shown(&[0xff; 1234], "image/png"), "  1,234 bytes of image/png\n");
        assert_eq!(
            shown(b"user=ada&password=x", "application/x-www-form-urlencoded"),
            "  user=ada&password=***\n"
        );
        let long = shown("é".repeat(5000).as_bytes(), "text/html");
        assert!(long.len() < 2200 && long.ends_with("\n  … 10,000 bytes of text/html\n"), "{long}");
        assert_eq!(shown(b"{\"password\": \"x", "application/json"), "  15 bytes of application/json\n");
        assert_eq!(grouped(1_234_567), "1,234,567");
    }
}
