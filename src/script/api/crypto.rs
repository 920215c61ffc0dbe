//! `crypto::`: digests and signatures that requests carry, in hexadecimal. Not for keeping secrets.

use super::namespace::Namespace;
use crate::script::value::args::{Answer, bytes};
use data_encoding::HEXLOWER;
use rhai::{Dynamic, Engine};
use ring::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA512, digest};
use ring::hmac;

/// Adds the namespace to `engine`.
pub(in crate::script) fn register(engine: &mut Engine) {
    Namespace::new("crypto")
        .function("md5", |data: Dynamic| md5_of(&data))
        .function("sha1", |data: Dynamic| hash(&SHA1_FOR_LEGACY_USE_ONLY, &data, "crypto::sha1(data)"))
        .function("sha256", |data: Dynamic| hash(&SHA256, &data, "crypto::sha256(data)"))
        .function("sha512", |data: Dynamic| hash(&SHA512, &data, "crypto::sha512(data)"))
        .function("hmac_sha256", hmac_sha256)
        .register(engine);
}

fn md5_of(data: &Dynamic) -> Answer<String> {
    Ok(format!("{:x}", md5::compute(bytes(data, "crypto::md5(data)", "data")?)))
}

/// `crypto::sha256(data)` and its like: the digest of a string or a blob.
fn hash(algorithm: &'static Algorithm, data: &Dynamic, call: &str) -> Answer<String> {
    Ok(HEXLOWER.encode(digest(algorithm, &bytes(data, call, "data")?).as_ref()))
}

/// `crypto::hmac_sha256(data, key)`: the code of a string or a blob under a key.
#[expect(clippy::needless_pass_by_value, reason = "the shape of native functions")]
fn hmac_sha256(data: Dynamic, key: Dynamic) -> Answer<String> {
    const CALL: &str = "crypto::hmac_sha256(data, key)";
    let key = hmac::Key::new(hmac::HMAC_SHA256, &bytes(&key, CALL, "key")?);
    Ok(HEXLOWER.encode(hmac::sign(&key, &bytes(&data, CALL, "data")?).as_ref()))
}

#[cfg(test)]
mod tests {
    use crate::script::test_support::{error, value};

    #[test]
    fn known_answers() {
        for (script, expected) in [
            (r#"crypto::md5("abc")"#, "900150983cd24fb0d6963f7d28e17f72"),
            (r#"crypto::sha1("abc")"#, "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (r#"crypto::sha256("abc")"#, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                r#"crypto::sha256("abc".to_blob())"#,
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
            // RFC 4231, test case 2.
            (
                r#"crypto::hmac_sha256("what do ya want for nothing?", "Jefe")"#,
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
        ] {
            assert_eq!(value(script).to_string(), expected, "{script}");
        }
        assert_eq!(value(r#"crypto::sha512("")"#).to_string().len(), 128);
        assert!(error("crypto::sha256(7)").contains("`data` must be a string or a blob, not 7"));
    }
}
