//! `fake::`: plausible data that is nobody's, from the current actor's stream. `fake::locale("de")` gives a generator with
//! the same functions as methods.
//!
//! Nothing leads to a real person: e-mail addresses and urls are of example.com, .net and .org, American and
//! German telephone numbers are those kept for fiction, card numbers begin as test cards do.

mod locale;
mod persona;

use super::namespace::Namespace;
use crate::script::context::current::draw;
use crate::script::value::args::{Answer, count, fail, text, wrong};
use jiff::civil::Date;
use locale::Locale;
use persona::{MAKERS, any_date, passphrase, sentence_of, word};
use rhai::{Array, Dynamic, Engine};

/// More words, sentences or characters than this are a mistake.
const MOST: usize = 10_000;

/// What `fake::locale("de")` returns.
#[derive(Clone, Copy, Debug)]
struct Generator(Locale);

/// Adds the namespace and the generator of a locale to `engine`.
pub(in crate::script) fn register(engine: &mut Engine) {
    let mut namespace = Namespace::new("fake").function("locale", locale);
    engine.register_type_with_name::<Generator>("FakeGenerator");
    for (name, make) in MAKERS {
        namespace = namespace.function(name, move || draw(|stream| make(Locale::default(), stream)));
        engine.register_fn(*name, move |generator: Generator| draw(|stream| make(generator.0, stream)));
    }
    namespace
        .function("words", |n: Dynamic| words(Locale::default(), &n))
        .function("sentence", |n: Dynamic| sentence(Locale::default(), &n))
        .function("paragraph", |n: Dynamic| paragraph(Locale::default(), &n))
        .function("password", |n: Dynamic| password(&n))
        .function("date", |from: Dynamic, to: Dynamic| date(&from, &to))
        .register(engine);
    engine
        .register_fn("words", |generator: Generator, n: Dynamic| words(generator.0, &n))
        .register_fn("sentence", |generator: Generator, n: Dynamic| sentence(generator.0, &n))
        .register_fn("paragraph", |generator: Generator, n: Dynamic| paragraph(generator.0, &n))
        .register_fn("password", |_: Generator, n: Dynamic| password(&n))
        .register_fn("date", |_: Generator, from: Dynamic, to: Dynamic| date(&from, &to));
}

/// `fake::locale("de")`, `fake::locale("pt-BR")`: a generator of that language or region.
#[expect(clippy::needless_pass_by_value, reason = "the shape of native functions")]
fn locale(name: Dynamic) -> Answer<Generator> {
    let name = text(&name, "fake::locale(name)", "name")?;
    match Locale::named(&name) {
        Some(locale) => Ok(Generator(locale)),
        None => {
            fail(format!("fake::locale(name): there is no locale `{name}`; there is {}", Locale::names()))
        }
    }
}

/// `fake::words(n)`: an array of `n` words.
fn words(locale: Locale, n: &Dynamic) -> Answer<Array> {
    let n = count(n, MOST, "fake::words(n)", "n")?;
    Ok(draw(|stream| (0..n).map(|_| word(locale, stream).into()).collect()))
}

/// `fake::sentence(n)`: a sentence of `n` words.
fn sentence(locale: Locale, n: &Dynamic) -> Answer<String> {
    let n = count(n, MOST, "fake::sentence(n)", "n")?;
    Ok(draw(|stream| sentence_of(locale, n, stream)))
}

/// `fake::paragraph(n)`: `n` sentences.
fn paragraph(locale: Locale, n: &Dynamic) -> Answer<String> {
    let n = count(n, MOST, "fake::paragraph(n)", "n")?;
    let sentences: Vec<String> =
        draw(|stream| (0..n).map(|index| sentence_of(locale, 5 + index % 4, stream)).collect());
    Ok(sentences.join(" "))
}

/// `fake::password(n)`: `n` characters, at least 4, with a small and a capital letter, a digit and a sign among them.
fn password(n: &Dynamic) -> Answer<String> {
    const CALL: &str = "fake::password(n)";
    match count(n, MOST, CALL, "n")? {
        0..4 => wrong(n, CALL, "n", "4 or more"),
        n => Ok(draw(|stream| passphrase(n, stream))),
    }
}

/// `fake::date(from, to)`: a day from `"2020-01-01"` to `"2020-12-31"`, both included; without bounds, since 1970.
fn date(from: &Dynamic, to: &Dynamic) -> Answer<String> {
    const CALL: &str = "fake::date(from, to)";
    let day = |value: &Dynamic, name: &str| {
        text(value, CALL, name)?
            .parse::<Date>()
            .or_else(|_| wrong(value, CALL, name, "a day as in \"2026-03-14\""))
    };
    let (from, to) = (day(from, "from")?, day(to, "to")?);
    if from > to {
        return fail(format!("{CALL}: {from} is after {to}; the earlier day comes first"));
    }
    Ok(draw(|stream| any_date(from, to, stream)))
}

#[cfg(test)]
mod tests {
    use crate::script::api::fake::persona::MAKERS;
    use crate::script::test_support::{Bench, error, value};

    #[test]
    fn the_same_seed_gives_the_same_people() {
        let people = |seed, user| {
            let script = "[fake::name(), fake::email(), fake::locale(\"fr\").city(), fake::paragraph()]";
            Bench::new().seed(seed).user(user).value(script).to_string()
        };
        assert_eq!(people(7, 1), people(7, 1));
        assert_ne!(people(7, 1), people(7, 2));
        assert_ne!(people(7, 1), people(8, 1));
    }

    #[test]
    fn what_it_looks_like() {
        let bench = Bench::new();
        let mut lines = Vec::new();
        for (name, _) in MAKERS {
            let english = bench.value(&format!("fake::{name}()"));
            let german = bench.value(&format!("fake::locale(\"de\").{name}()"));
            lines.push(format!("{name}: {english} | {german}"));
        }
        insta::assert_snapshot!(lines.join("\n"), @"
        name: General Rowe | Jutta Meikäläinen
        first_name: Cameron | Paddy
        last_name: Dickens | Meyer
        user_name: hyman_padberg7457 | hermann_pfeiffer7644
        email: chloe.mayer2868@example.net | lisbeth.kuhn1805@example.net
        phone: 828-555-0117 | 030 23125749
        password: $e?@_Q*3?tjm | 7%S46jr5uiYF
        street_address: 232 Terrance Square | Möller pfad 528
        street_name: Domenico Vista | Georg steg
        city: Westleyport | Lisbeth Schreiberkirchen
        state: Arizona | Nordrhein-Westfalen
        state_code: AR | TH
        postal_code: 71247 | 68812
        country: Suriname | Germany
        country_code: MM | JE
        time_zone: Pacific/Honolulu | Europe/Zagreb
        latitude: -20.064045 | 68.937351
        longitude: 53.560319 | -59.578213
        company: Jones and Dare Inc | Schmid Stiftung
        catch_phrase: Switchable high-level intranet | Function-based didactic Graphic Interface
        industry: Leisure, Travel & Tourism | Investment Management
        job: District Education Consultant | Principal Government Specialist
        credit_card: 4000005347324171 | 4000002006662330
        currency_code: UZS | VND
        word: natus | commodi
        sentence: Eos aut animi tempora sit repellat. | Excepturi sed eum doloremque aut.
        paragraph: Iste neque perferendis a voluptate nisi eius asperiores culpa. Et et doloribus veniam et eos impedit. Et eius cumque qui soluta in libero sunt in. Et beatae impedit et ipsum autem ipsum sequi. | Officia repellat et veritatis. Fuga magni ipsum enim quo aspernatur et qui. Necessitatibus reiciendis laboriosam eum dicta cumque et. Ipsum inventore incidunt debitis.
        date: 2006-04-24 | 1978-10-23
        uuid: 0d38bf6f-ba48-45c6-ae10-77002487f09b | 319d9a0f-f307-41b0-9a7e-98f34e17824a
        url: https://example.com/quia/ipsa | https://example.com/aut/autem
        ipv4: 11.2.47.116 | 20.100.9.73
        ipv6: 2001:db8:bce1:9f8e:5c28:3977:8a6e:be08 | 2001:db8:7b9e:c636:ef5:ad8a:ea79:84e7
        mac_address: 1a:36:f2:7c:4b:8c | 4e:2a:9c:37:dc:2f
        user_agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0 | Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0
        file_name: bad.7z | life.7z
        mime_type: audio/cn | application/cbor
        bool: false | true
        ");
    }

    #[test]
    fn amounts_and_bounds() {
        let script = "[fake::words(3).len, fake::words(0).len, fake::sentence(5).split(\" \").len, \
            fake::paragraph(2).split(\".\").len, fake::password(20).len, fake::locale(\"ja\").words(2).len]";
        assert_eq!(value(script).to_string(), "[3, 0, 5, 3, 20, 2]");
        let days = "for i in 0..100 { let day = fake::date(\"2024-02-28\", \"2024-03-01\"); \
            if day < \"2024-02-28\" || day > \"2024-03-01\" { throw day } } fake::date(\"2020-05-05\", \"2020-05-05\")";
        assert_eq!(value(days).to_string(), "2020-05-05");
    }

    #[test]
    fn mistakes_are_exceptions_that_say_so() {
        let scripts = [
            "fake::locale(\"xx\")",
            "fake::locale(7)",
            "fake::words(-1)",
            "fake::password(3)",
            "fake::date(\"2020-01-02\", \"2020-01-01\")",
            "fake::date(\"soon\", \"2020-01-01\")",
        ];
        insta::assert_snapshot!(scripts.map(error).join("\n"), @r#"
        Runtime error: fake::locale(name): there is no locale `xx`; there is en, ar_SA, cy_GB, de_DE, fa_IR, fr_FR, it_IT, ja_JP, nl_NL, pt_BR, pt_PT, tr_TR, zh_CN, zh_TW (line 1, position 7)
        Runtime error: fake::locale(name): `name` must be a string, not 7 (line 1, position 7)
        Runtime error: fake::words(n): `n` must be from 0 to 10000, not -1 (line 1, position 7)
        Runtime error: fake::password(n): `n` must be 4 or more, not 3 (line 1, position 7)
        Runtime error: fake::date(from, to): 2020-01-02 is after 2020-01-01; the earlier day comes first (line 1, position 7)
        Runtime error: fake::date(from, to): `from` must be a day as in "2026-03-14", not the string "soon" (line 1, position 7)
        "#);
    }
}
