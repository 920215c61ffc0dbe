//! Passwords in urls, in text that is shown.

/// The text with a star for each character of a password in a url, `http://me:******@host`: as long as it was, so that
/// what points at a column still does.
#[must_use]
pub(super) fn hide_passwords(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("://") {
        let (before, after) = rest.split_at(start + 3);
        shown.push_str(before);
        let ends = |c: char| c.is_whitespace() || "/?#\"'`<>".contains(c);
        let (authority, behind) = after.split_at(after.find(ends).unwrap_or(after.len()));
        match authority.rsplit_once('@').and_then(|(user, host)| Some((user.split_once(':')?, host))) {
            Some(((user, password), host)) => {
                let stars = "*".repeat(password.chars().count());
                shown.extend([user, ":", &stars, "@", host]);
            }
            None => shown.push_str(authority),
        }
        rest = behind;
    }
    shown.push_str(rest);
    shown
}

#[cfg(test)]
mod tests {
    use super::hide_passwords;
    use proptest::prelude::*;

    #[test]
    fn only_the_password_goes() {
        for (text, shown) in [
            (
                "proxy = \"http://me:s3cr@t@proxy:3128\" # here",
                "proxy = \"http://me:******@proxy:3128\" # here",
            ),
            ("f('http://a:b@c', `socks5://:pw@h/x:y@z`)", "f('http://a:*@c', `socks5://:**@h/x:y@z`)"),
            ("http://me@h:80/a:b@c", "http://me@h:80/a:b@c"),
            ("a: b@c; http://", "a: b@c; http://"),
        ] {
            assert_eq!(hide_passwords(text), shown);
        }
    }

    proptest! {
        #[test]
        fn columns_stay(text in "([a-z\"/@:é ]{0,6}://[a-zé:@/]{0,12}){0,3}.{0,10}") {
            let shown = hide_passwords(&text);
            prop_assert_eq!(shown.chars().count(), text.chars().count());
            prop_assert_eq!(hide_passwords(&shown), shown);
        }
    }
}
