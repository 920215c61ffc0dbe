//! Made-up people, places and texts in the languages that the `fake` crate knows.

use super::locale::{Locale, fill};
use crate::script::api::random;
use crate::util::Stream;
use fake::Fake;
use fake::faker::address::raw as places;
use fake::faker::company::raw as companies;
use fake::faker::currency::raw as currencies;
use fake::faker::filesystem::raw as files;
use fake::faker::job::raw as jobs;
use fake::faker::lorem::raw as texts;
use fake::faker::name::raw as names;
use fake::faker::phone_number::raw as phones;
use fake::locales::{
    AR_SA, CY_GB, DE_DE, EN, FA_IR, FR_FR, IT_IT, JA_JP, NL_NL, PT_BR, PT_PT, TR_TR, ZH_CN, ZH_TW,
};
use jiff::ToSpan;
use jiff::civil::Date;
use rand::RngExt;
use rand::seq::{IndexedRandom, SliceRandom};
use rhai::Dynamic;

/// One word of the language, or of Latin where the language has no list.
pub(super) fn word(locale: Locale, stream: &mut Stream) -> String {
    ask(locale, stream, Topic::Word)
}

/// What the `fake` crate has lists of.
#[derive(Clone, Copy)]
enum Topic {
    Name,
    FirstName,
    LastName,
    StreetName,
    City,
    State,
    StateCode,
    Country,
    CountryCode,
    TimeZone,
    Company,
    CatchPhrase,
    Industry,
    Job,
    Phone,
    CurrencyCode,
    FileName,
    MimeType,
    Word,
}

/// Something from the lists of `locale`.
fn ask(locale: Locale, stream: &mut Stream, topic: Topic) -> String {
    macro_rules! in_locale {
        ($($variant:ident => $locale:ident),+ $(,)?) => {
            match locale {
                $(Locale::$variant => match topic {
                    Topic::Name => names::Name($locale).fake_with_rng(stream),
                    Topic::FirstName => names::FirstName($locale).fake_with_rng(stream),
                    Topic::LastName => names::LastName($locale).fake_with_rng(stream),
                    Topic::StreetName => places::StreetName($locale).fake_with_rng(stream),
                    Topic::City => places::CityName($locale).fake_with_rng(stream),
                    Topic::State => places::StateName($locale).fake_with_rng(stream),
                    Topic::StateCode => places::StateAbbr($locale).fake_with_rng(stream),
                    Topic::Country => places::CountryName($locale).fake_with_rng(stream),
                    Topic::CountryCode => places::CountryCode($locale).fake_with_rng(stream),
                    Topic::TimeZone => places::TimeZone($locale).fake_with_rng(stream),
                    Topic::Company => companies::CompanyName($locale).fake_with_rng(stream),
                    Topic::CatchPhrase => companies::CatchPhrase($locale).fake_with_rng(stream),
                    Topic::Industry => companies::Industry($locale).fake_with_rng(stream),
                    Topic::Job => jobs::Title($locale).fake_with_rng(stream),
                    Topic::Phone => phones::PhoneNumber($locale).fake_with_rng(stream),
                    Topic::CurrencyCode => currencies::CurrencyCode($locale).fake_with_rng(stream),
                    Topic::FileName => files::FileName($locale).fake_with_rng(stream),
                    Topic::MimeType => files::MimeType($locale).fake_with_rng(stream),
                    Topic::Word => texts::Word($locale).fake_with_rng(stream),
                },)+
            }
        };
    }
    in_locale! {
        En => EN, ArSa => AR_SA, CyGb => CY_GB, DeDe => DE_DE, FaIr => FA_IR, FrFr => FR_FR, ItIt => IT_IT,
        JaJp => JA_JP, NlNl => NL_NL, PtBr => PT_BR, PtPt => PT_PT, TrTr => TR_TR, ZhCn => ZH_CN, ZhTw => ZH_TW,
    }
}

/// Makes one thing.
type Maker = fn(Locale, &mut Stream) -> Dynamic;

/// Everything that takes no arguments, under the names that scripts call it by.
pub(super) const MAKERS: &[(&str, Maker)] = &[
    ("name", |locale, stream| ask(locale, stream, Topic::Name).into()),
    ("first_name", |locale, stream| ask(locale, stream, Topic::FirstName).into()),
    ("last_name", |locale, stream| ask(locale, stream, Topic::LastName).into()),
    ("user_name", |locale, stream| login(locale, '_', stream).into()),
    ("email", |locale, stream| email(locale, stream).into()),
    ("phone", |locale, stream| phone(locale, stream).into()),
    ("password", |_, stream| passphrase(12, stream).into()),
    ("street_address", |locale, stream| street_address(locale, stream).into()),
    ("street_name", |locale, stream| ask(locale, stream, Topic::StreetName).into()),
    ("city", |locale, stream| ask(locale, stream, Topic::City).into()),
    ("state", |locale, stream| ask(locale, stream, Topic::State).into()),
    ("state_code", |locale, stream| ask(locale, stream, Topic::StateCode).into()),
    ("postal_code", |locale, stream| fill(locale.postal_form(), stream).into()),
    ("country", |locale, stream| ask(locale, stream, Topic::Country).into()),
    ("country_code", |locale, stream| ask(locale, stream, Topic::CountryCode).into()),
    ("time_zone", |locale, stream| ask(locale, stream, Topic::TimeZone).into()),
    ("latitude", |_, stream| angle(90.0, stream).into()),
    ("longitude", |_, stream| angle(180.0, stream).into()),
    ("company", |locale, stream| ask(locale, stream, Topic::Company).into()),
    ("catch_phrase", |locale, stream| ask(locale, stream, Topic::CatchPhrase).into()),
    ("industry", |locale, stream| ask(locale, stream, Topic::Industry).into()),
    ("job", |locale, stream| ask(locale, stream, Topic::Job).into()),
    ("credit_card", |_, stream| credit_card(stream).into()),
    ("currency_code", |locale, stream| ask(locale, stream, Topic::CurrencyCode).into()),
    ("word", |locale, stream| word(locale, stream).into()),
    ("sentence", |locale, stream| sentence_of(locale, stream.random_range(4..10), stream).into()),
    ("paragraph", |locale, stream| paragraph(locale, stream).into()),
    ("date", |_, stream| any_date(FIRST_DAY, LAST_DAY, stream).into()),
    ("uuid", |_, stream| random::uuid(stream).into()),
    ("url", |_, stream| url(stream).into()),
    ("ipv4", |_, stream| ipv4(stream).into()),
    ("ipv6", |_, stream| ipv6(stream).into()),
    ("mac_address", |_, stream| mac_address(stream).into()),
    ("user_agent", |_, stream| choose(USER_AGENTS, stream).into()),
    ("file_name", |locale, stream| ask(locale, stream, Topic::FileName).into()),
    ("mime_type", |locale, stream| ask(locale, stream, Topic::MimeType).into()),
    ("bool", |_, stream| stream.random::<bool>().into()),
];

/// What `fake::date()` gives lies between these, in every year the same.
const FIRST_DAY: Date = Date::constant(1970, 1, 1);
const LAST_DAY: Date = Date::constant(2024, 12, 31);

/// The domains that RFC 2606 keeps for examples.
const DOMAINS: &[&str] = &["example.com", "example.net", "example.org"];

/// What browsers of 2025 say.
const USER_AGENTS: &[&str] = &[
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36 Edg/138.0.0.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
];

fn choose(list: &[&'static str], stream: &mut Stream) -> &'static str {
    list.choose(stream).expect("no list is empty")
}

/// The letters and digits of `text` in lower-case ASCII.
fn ascii(text: &str) -> String {
    let plain = deunicode::deunicode(text).to_lowercase();
    let plain: String = plain.chars().filter(char::is_ascii_alphanumeric).collect();
    if plain.is_empty() { "user".to_owned() } else { plain }
}

/// First and last name and a number: among a thousand of them two are hardly ever the same.
fn login(locale: Locale, between: char, stream: &mut Stream) -> String {
    let first = ascii(&ask(locale, stream, Topic::FirstName));
    let last = ascii(&ask(locale, stream, Topic::LastName));
    let number: u32 = stream.random_range(1..10_000);
    format!("{first}{between}{last}{number}")
}

fn email(locale: Locale, stream: &mut Stream) -> String {
    format!("{}@{}", login(locale, '.', stream), choose(DOMAINS, stream))
}

fn phone(locale: Locale, stream: &mut Stream) -> String {
    match locale.phone_forms() {
        Some(forms) => fill(choose(forms, stream), stream),
        None => ask(locale, stream, Topic::Phone),
    }
}

fn street_address(locale: Locale, stream: &mut Stream) -> String {
    let street = ask(locale, stream, Topic::StreetName);
    let number: u32 = stream.random_range(1..1000);
    if locale.number_first() { format!("{number} {street}") } else { format!("{street} {number}") }
}

/// Degrees between `-limit` and `limit`, to about ten centimetres.
fn angle(limit: f64, stream: &mut Stream) -> f64 {
    (stream.random_range(-limit..=limit) * 1e6).round() / 1e6
}

/// Sixteen digits that begin as the test cards of payment providers do and end with the right check digit (Luhn).
fn credit_card(stream: &mut Stream) -> String {
    let digits = fill("400000#########", stream);
    let sum: u32 = digits
        .bytes()
        .enumerate()
        .map(|(index, digit)| {
            let digit = u32::from(digit - b'0');
            match (index % 2 == 0, digit * 2) {
                (true, double @ 10..) => double - 9,
                (true, double) => double,
                (false, _) => digit,
            }
        })
        .sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
}

/// `n` words as a sentence.
pub(super) fn sentence_of(locale: Locale, n: usize, stream: &mut Stream) -> String {
    let words: Vec<String> = (0..n).map(|_| word(locale, stream)).collect();
    let text = words.join(" ");
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), characters.as_str()),
        None => String::new(),
    }
}

fn paragraph(locale: Locale, stream: &mut Stream) -> String {
    let sentences: Vec<String> = (0..stream.random_range(3..6))
        .map(|_| {
            let length = stream.random_range(4..10);
            sentence_of(locale, length, stream)
        })
        .collect();
    sentences.join(" ")
}

/// `n` characters, with one at least of each kind that password rules ask for; `n` is 4 or more.
pub(super) fn passphrase(n: usize, stream: &mut Stream) -> String {
    const KINDS: [&[u8]; 4] =
        [b"abcdefghijkmnopqrstuvwxyz", b"ABCDEFGHJKLMNPQRSTUVWXYZ", b"23456789", b"!#$%*+-=?@_"];
    let all = KINDS.concat();
    let mut signs: Vec<u8> = (0..n)
        .map(|index| *KINDS.get(index).copied().unwrap_or(&all).choose(stream).expect("no kind is empty"))
        .collect();
    signs.shuffle(stream);
    signs.into_iter().map(char::from).collect()
}

/// A day from `from` to `to`, which is not before it.
pub(super) fn any_date(from: Date, to: Date, stream: &mut Stream) -> String {
    let days = from.until(to).map_or(0, |span| span.get_days());
    let day = from.checked_add(stream.random_range(0..=days.max(0)).days());
    day.unwrap_or(from).to_string()
}

fn url(stream: &mut Stream) -> String {
    let domain = choose(DOMAINS, stream);
    let [one, two] = [(); 2].map(|()| ascii(&word(Locale::En, stream)));
    format!("https://{domain}/{one}/{two}")
}

fn ipv4(stream: &mut Stream) -> String {
    let [a, b, c]: [u8; 3] = stream.random();
    format!("{}.{a}.{b}.{c}", stream.random_range(11..=126))
}

/// An address of the prefix that RFC 3849 keeps for documentation.
fn ipv6(stream: &mut Stream) -> String {
    let parts: [u16; 6] = stream.random();
    std::net::Ipv6Addr::new(0x2001, 0xdb8, parts[0], parts[1], parts[2], parts[3], parts[4], parts[5])
        .to_string()
}

/// An address that was given out locally and means one station.
fn mac_address(stream: &mut Stream) -> String {
    let mut bytes: [u8; 6] = stream.random();
    bytes[0] = bytes[0] & 0xFC | 0x02;
    bytes.map(|byte| format!("{byte:02x}")).join(":")
}

#[cfg(test)]
mod tests {
    use super::{MAKERS, ascii};
    use crate::script::api::fake::locale::{LOCALES, Locale};
    use crate::util::{Purpose, stream};
    use std::collections::HashSet;

    #[test]
    fn every_locale_makes_everything() {
        for (code, locale) in LOCALES {
            let mut stream = stream(3, 1, Purpose::Script);
            for (name, make) in MAKERS {
                for _ in 0..50 {
                    assert!(!make(locale, &mut stream).to_string().trim().is_empty(), "{code} {name}");
                }
            }
        }
    }

    #[test]
    fn nothing_is_anybodys() {
        let mut stream = stream(4, 1, Purpose::Script);
        let email = regex_lite::Regex::new(r"^[a-z0-9]+\.[a-z0-9]+@example\.(com|net|org)$").unwrap();
        let phone = regex_lite::Regex::new(r"^[2-9][0-8][0-9]-555-01[0-9]{2}$").unwrap();
        for (code, locale) in LOCALES.into_iter().cycle().take(1400) {
            let address = super::email(locale, &mut stream);
            assert!(email.is_match(&address), "{code} {address}");
            let number = super::phone(Locale::En, &mut stream);
            assert!(phone.is_match(&number), "{number}");
        }
    }

    #[test]
    fn cards_pass_the_checksum() {
        let mut stream = stream(5, 1, Purpose::Script);
        for _ in 0..200 {
            let card = super::credit_card(&mut stream);
            let sum: u32 = card
                .bytes()
                .rev()
                .enumerate()
                .map(|(index, digit)| {
                    let digit = u32::from(digit - b'0') * if index % 2 == 1 { 2 } else { 1 };
                    digit / 10 + digit % 10
                })
                .sum();
            assert_eq!((card.len(), sum % 10), (16, 0), "{card}");
        }
    }

    #[test]
    fn a_thousand_addresses_are_a_thousand() {
        let mut stream = stream(6, 1, Purpose::Script);
        let all: HashSet<String> = (0..1000).map(|_| super::email(Locale::En, &mut stream)).collect();
        assert!(all.len() >= 999, "{}", all.len());
    }

    #[test]
    fn passwords_have_every_kind_of_sign() {
        let mut stream = stream(7, 1, Purpose::Script);
        for length in [4, 5, 12, 40] {
            let text = super::passphrase(length, &mut stream);
            assert_eq!(text.len(), length);
            for kind in [char::is_lowercase, char::is_uppercase, char::is_numeric] {
                assert!(text.contains(kind), "{text}");
            }
            assert!(text.contains(|c: char| c.is_ascii_punctuation()), "{text}");
        }
    }

    #[test]
    fn names_of_any_script_have_an_ascii_form() {
        assert_eq!(ascii("Jürgen O'Neill"), "jurgenoneill");
        assert!(ascii("北京").is_ascii());
        assert_eq!(ascii("!?"), "user");
    }
}
