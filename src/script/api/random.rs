//! `random::`: everything comes from the current actor's stream, so the same seed gives the same run.

use super::namespace::Namespace;
use crate::script::context::current::draw;
use crate::script::value::args::{Answer, count, fail, number, text, whole, with_list, wrong};
use crate::util::Stream;
use rand::RngExt;
use rand::seq::SliceRandom;
use rhai::{Array, Dynamic, Engine};

/// The longest `random::string`: a megabyte.
const LONGEST_TEXT: usize = 1_000_000;

const LETTERS_AND_DIGITS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Adds the namespace to `engine`.
pub(in crate::script) fn register(engine: &mut Engine) {
    Namespace::new("random")
        .function("int", int)
        .function("float", float)
        .function("bool", || draw(RngExt::random::<bool>))
        .function("bool", chance)
        .function("choice", choice)
        .function("weighted", weighted)
        .function("shuffle", shuffle)
        .function("sample", sample)
        .function("string", string)
        .function("string", string_of)
        .function("uuid", || draw(uuid))
        .register(engine);
}

/// `random::int(a, b)`: a whole number from `a` to `b`, both included.
#[expect(clippy::needless_pass_by_value, reason = "the shape of native functions")]
fn int(low: Dynamic, high: Dynamic) -> Answer<i64> {
    const CALL: &str = "random::int(a, b)";
    let (low, high) = (whole(&low, CALL, "a")?, whole(&high, CALL, "b")?);
    if low > high {
        return fail(format!("{CALL}: {low} is above {high}; the lower bound comes first"));
    }
    Ok(draw(|stream| stream.random_range(low..=high)))
}

/// `random::float(a, b)`: a number from `a` to `b`.
#[expect(clippy::needless_pass_by_value, reason = "the shape of native functions")]
fn float(low: Dynamic, high: Dynamic) -> Answer<f64> {
    const CALL: &str = "random::float(a, b)";
    let (low, high) = (number(&low, CALL, "a")?, number(&high, CALL, "b")?);
    if low > high {
        return fail(format!("{CALL}: {low} is above {high}; the lower bound comes first"));
    }
    // Weighing the bounds cannot overflow, as `high - low` could.
    let share: f64 = draw(RngExt::random);
    Ok((low * (1.0 - share) + high * share).clamp(low, high))
}

/// `random::bool(p)`: true with probability `p`; without `p`, a fair coin.
#[expect(clippy::needless_pass_by_value, reason = "the shape of native functions")]
fn chance(probability: Dynamic) -> Answer<bool> {
    const CALL: &str = "random::bool(p)";
    let share = number(&probability, CALL, "p")?;
    if !(0.0..=1.0).contains(&share) {
        return wrong(&probability, CALL, "p", "a probability from 0 to 1");
    }
    Ok(draw(|stream| stream.random_bool(share)))
}

/// `random::choice(array)`: one of its elements, each as likely.
fn choice(list: &mut Dynamic) -> Answer<Dynamic> {
    const CALL: &str = "random::choice(array)";
    with_list(list, CALL, "array", |list| {
        if list.is_empty() {
            return fail(format!("{CALL}: the array is empty; there is nothing to choose"));
        }
        Ok(list[draw(|stream| stream.random_range(0..list.len()))].flatten_clone())
    })
}

/// `random::weighted([[value, weight], ..])`: one of the values, as likely as its weight is of their sum.
fn weighted(list: &mut Dynamic) -> Answer<Dynamic> {
    const CALL: &str = "random::weighted([[value, weight], ..])";
    with_list(list, CALL, "array", |list| {
        let weights: Vec<f64> = list.iter().map(|pair| weight(pair, CALL)).collect::<Answer<_>>()?;
        let total: f64 = weights.iter().sum();
        if total <= 0.0 || !total.is_finite() {
            return fail(format!("{CALL}: the weights must add up to more than 0 and less than infinity"));
        }
        let mut rest = draw(RngExt::random::<f64>) * total;
        // Rounding may leave a rest after the last: then it is the last that has a weight.
        let mut chosen = 0;
        for (index, weight) in weights.iter().enumerate().filter(|(_, weight)| **weight > 0.0) {
            chosen = index;
            rest -= weight;
            if rest < 0.0 {
                break;
            }
        }
        with_list(&list[chosen], CALL, "array", |pair| Ok(pair[0].flatten_clone()))
    })
}

/// The weight in one `[value, weight]`.
fn weight(pair: &Dynamic, call: &str) -> Answer<f64> {
    with_list(pair, call, "pair", |pair| match pair.as_slice() {
        [_, weight] => {
            let share = number(weight, call, "weight")?;
            if share < 0.0 { wrong(weight, call, "weight", "0 or more") } else { Ok(share) }
        }
        _ => fail(format!("{call}: each element must be a pair [value, weight]; one has {}", pair.len())),
    })
}

/// `random::shuffle(array)`: a new array with the same elements in random order.
fn shuffle(list: &mut Dynamic) -> Answer<Array> {
    with_list(list, "random::shuffle(array)", "array", |list| {
        let mut shuffled: Array = list.iter().map(Dynamic::flatten_clone).collect();
        draw(|stream| shuffled.shuffle(stream));
        Ok(shuffled)
    })
}

/// `random::sample(array, n)`: `n` of its elements, none twice, in random order.
#[expect(clippy::needless_pass_by_value, reason = "the shape of native functions")]
fn sample(list: &mut Dynamic, amount: Dynamic) -> Answer<Array> {
    const CALL: &str = "random::sample(array, n)";
    with_list(list, CALL, "array", |list| {
        let amount = count(&amount, list.len(), CALL, "n")?;
        let chosen = draw(|stream| rand::seq::index::sample(stream, list.len(), amount));
        Ok(chosen.iter().map(|index| list[index].flatten_clone()).collect())
    })
}

/// `random::string(n)`: `n` letters (a to z, A to Z) and digits.
#[expect(clippy::needless_pass_by_value, reason = "the shape of native functions")]
fn string(length: Dynamic) -> Answer<String> {
    let length = count(&length, LONGEST_TEXT, "random::string(n)", "n")?;
    Ok(draw(|stream| {
        (0..length).map(|_| char::from(LETTERS_AND_DIGITS[stream.random_range(0..62)])).collect()
    }))
}

/// `random::string(n, alphabet)`: `n` characters of `alphabet`.
#[expect(clippy::needless_pass_by_value, reason = "the shape of native functions")]
fn string_of(length: Dynamic, alphabet: Dynamic) -> Answer<String> {
    const CALL: &str = "random::string(n, alphabet)";
    let length = count(&length, LONGEST_TEXT, CALL, "n")?;
    let alphabet: Vec<char> = text(&alphabet, CALL, "alphabet")?.chars().collect();
    if alphabet.is_empty() {
        return fail(format!("{CALL}: the alphabet is empty"));
    }
    Ok(draw(|stream| (0..length).map(|_| alphabet[stream.random_range(0..alphabet.len())]).collect()))
}

/// A version 4 UUID (RFC 9562) from `stream`.
pub(in crate::script) fn uuid(stream: &mut Stream) -> String {
    let mut bytes: [u8; 16] = stream.random();
    bytes[6] = bytes[6] & 0x0F | 0x40;
    bytes[8] = bytes[8] & 0x3F | 0x80;
    let hex = data_encoding::HEXLOWER.encode(&bytes);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[cfg(test)]
mod tests {
    use crate::script::test_support::{Bench, error, value};
    use rhai::Array;

    #[test]
    fn the_same_seed_gives_the_same_values_and_another_user_others() {
        let script = "[random::int(1, 1000000), random::float(0, 1), random::string(12), random::uuid(), \
            random::shuffle([1, 2, 3, 4, 5, 6, 7, 8]), random::sample([1, 2, 3, 4, 5, 6, 7, 8], 3), random::bool(0.5)]";
        let draw = |seed, user| Bench::new().seed(seed).user(user).run(script).unwrap().to_string();
        assert_eq!(draw(7, 1), draw(7, 1));
        assert_ne!(draw(7, 1), draw(7, 2));
        assert_ne!(draw(7, 1), draw(8, 1));
    }

    #[test]
    fn the_values_of_a_seed_stay_the_same_over_versions() {
        let script = "[random::int(1, 1000), random::string(8), random::uuid(), random::choice([1, 2, 3])]";
        insta::assert_snapshot!(value(script), @r#"[874, "veFJJLKb", "0ea3fd05-5c84-4fbf-9f41-61dd1014c619", 3]"#);
    }

    #[test]
    fn numbers_keep_their_bounds() {
        let bench = Bench::new();
        for _ in 0..500 {
            assert!((1..=3).contains(&bench.run("random::int(1, 3.0)").unwrap().as_int().unwrap()));
            let float = bench.run("random::float(-1, 2.5)").unwrap().as_float().unwrap();
            assert!((-1.0..=2.5).contains(&float));
        }
        assert_eq!(value("random::int(5, 5)").as_int(), Ok(5));
        assert!(value("random::int(-9223372036854775807 - 1, 9223372036854775807)").is_int());
        assert!(value("random::float(-1.7e308, 1.7e308)").as_float().unwrap().is_finite());
    }

    #[test]
    fn weights_decide() {
        let bench = Bench::new();
        let script = r#"let hits = 0;
            for i in 0..10000 { if random::weighted([["a", 3], ["b", 1.0], ["never", 0]]) == "a" { hits += 1; } }
            hits"#;
        let hits = bench.run(script).unwrap().as_int().unwrap();
        assert!((7300..=7700).contains(&hits), "{hits}");
        let script =
            r#"for i in 0..1000 { if random::weighted([["never", 0], ["b", 1]]) != "b" { throw i } }"#;
        assert!(bench.run(script).unwrap().is_unit());
        let coin = "let n = 0; for i in 0..10000 { if random::bool() { n += 1; } } n";
        assert!((4800..=5200).contains(&bench.run(coin).unwrap().as_int().unwrap()));
    }

    #[test]
    fn shuffling_keeps_the_elements_and_the_original() {
        let shuffled = value("let a = [1, 2, 3, 4, 5]; let b = random::shuffle(a); [a, b]");
        let both: Array = shuffled.cast();
        let sorted = |index: usize| {
            let list: Array = both[index].clone().cast();
            let mut list: Vec<i64> = list.into_iter().map(|value| value.as_int().unwrap()).collect();
            if index == 1 {
                list.sort_unstable();
            }
            list
        };
        assert_eq!(sorted(0), [1, 2, 3, 4, 5]);
        assert_eq!(sorted(1), [1, 2, 3, 4, 5]);
    }

    #[test]
    fn strings_and_identifiers_have_their_form() {
        let text = value("random::string(300)").into_string().unwrap();
        assert_eq!(text.len(), 300);
        assert!(text.chars().all(|c| c.is_ascii_alphanumeric()));
        let text = value(r#"random::string(50, "é1")"#).into_string().unwrap();
        assert!(text.chars().count() == 50 && text.chars().all(|c| "é1".contains(c)), "{text}");
        let uuid = value("random::uuid()").into_string().unwrap();
        let form =
            regex_lite::Regex::new("^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$");
        assert!(form.unwrap().is_match(&uuid), "{uuid}");
    }

    #[test]
    fn wrong_arguments_are_exceptions_that_say_so() {
        let scripts = [
            "random::int(6, 1)",
            "random::int(1.5, 2)",
            r#"random::int("1", 2)"#,
            "random::float(2, 1)",
            "random::bool(1.5)",
            "random::choice([])",
            "random::choice(7)",
            "random::weighted([])",
            "random::weighted([1])",
            "random::weighted([[1, -1]])",
            "random::weighted([[1]])",
            "random::sample([1], 2)",
            "random::string(-1)",
            "random::string(1e9)",
            r#"random::string(3, "")"#,
            r#"random::shuffle("abc")"#,
        ];
        let errors: Vec<String> = scripts.iter().map(|script| error(script)).collect();
        insta::assert_snapshot!(errors.join("\n"), @r#"
        Runtime error: random::int(a, b): 6 is above 1; the lower bound comes first (line 1, position 9)
        Runtime error: random::int(a, b): `a` must be a whole number, not 1.5 (line 1, position 9)
        Runtime error: random::int(a, b): `a` must be a whole number, not the string "1" (line 1, position 9)
        Runtime error: random::float(a, b): 2 is above 1; the lower bound comes first (line 1, position 9)
        Runtime error: random::bool(p): `p` must be a probability from 0 to 1, not 1.5 (line 1, position 9)
        Runtime error: random::choice(array): the array is empty; there is nothing to choose (line 1, position 9)
        Runtime error: random::choice(array): `array` must be an array, not 7 (line 1, position 9)
        Runtime error: random::weighted([[value, weight], ..]): the weights must add up to more than 0 and less than infinity (line 1, position 9)
        Runtime error: random::weighted([[value, weight], ..]): `pair` must be an array, not 1 (line 1, position 9)
        Runtime error: random::weighted([[value, weight], ..]): `weight` must be 0 or more, not -1 (line 1, position 9)
        Runtime error: random::weighted([[value, weight], ..]): each element must be a pair [value, weight]; one has 1 (line 1, position 9)
        Runtime error: random::sample(array, n): `n` must be from 0 to 1, not 2 (line 1, position 9)
        Runtime error: random::string(n): `n` must be from 0 to 1000000, not -1 (line 1, position 9)
        Runtime error: random::string(n): `n` must be from 0 to 1000000, not 1000000000.0 (line 1, position 9)
        Runtime error: random::string(n, alphabet): the alphabet is empty (line 1, position 9)
        Runtime error: random::shuffle(array): `array` must be an array, not the string "abc" (line 1, position 9)
        "#);
    }

    #[test]
    fn a_large_constant_list_is_not_copied_to_choose_from_it() {
        let script = "const LIST = pad_list(200000); for i in 0..2000 { random::choice(LIST); } 1";
        let mut bench = Bench::new();
        bench.engine.register_fn("pad_list", |n: i64| (0..n).map(rhai::Dynamic::from).collect::<Array>());
        let started = std::time::Instant::now();
        assert_eq!(bench.value(script).as_int(), Ok(1));
        // Copying would be 400 million clones: many seconds.
        assert!(started.elapsed().as_secs() < 3, "{:?}", started.elapsed());
    }
}
