//! The standard library: modules written in Rhai, embedded in the program, imported as `std/..`.

/// Names and sources, in the order of their names.
const MODULES: [(&str, &str); 1] = [("std/auth", include_str!("../../../stdlib/auth.rhai"))];

/// The source of the module called `name`, such as `std/auth`.
pub(in crate::script) fn source(name: &str) -> Option<&'static str> {
    MODULES.iter().find(|(known, _)| *known == name).map(|(_, source)| *source)
}

/// The names of all modules.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    MODULES.iter().map(|(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::{names, source};
    use crate::script::data::json;
    use crate::script::test_support::Bench;
    use rhai::module_resolvers::StaticModuleResolver;
    use rhai::{Map, Module, Scope};

    /// A user whose server answers every request with this status and body, and says what it was sent.
    #[derive(Clone)]
    struct User {
        status: i64,
        body: &'static str,
    }

    #[derive(Clone)]
    struct Response {
        user: User,
    }

    /// A script's view of the module `std/auth` and of a server that answers with `status` and `body`.
    fn bench(status: i64, body: &'static str) -> Bench {
        let mut bench = Bench::new();
        let engine = &mut bench.engine;
        engine
            .register_type_with_name::<User>("User")
            .register_type_with_name::<Response>("Response")
            .register_fn("server", move || User { status, body })
            .register_fn("post", |user: &mut User, url: &str, options: Map| {
                assert_eq!(url, "/login");
                assert_eq!(json::to_text(&options["json"]).unwrap(), r#"{"name":"ada"}"#);
                Response { user: user.clone() }
            })
            .register_get("status", |response: &mut Response| response.user.status)
            .register_get("error", |_: &mut Response| "connection refused")
            .register_fn("json", |response: &mut Response| {
                json::to_dynamic(response.user.body.as_bytes()).unwrap()
            });
        let mut resolver = StaticModuleResolver::new();
        for name in names() {
            let ast = engine.compile(source(name).unwrap()).unwrap();
            resolver.insert(name, Module::eval_ast_as_new(Scope::new(), &ast, engine).unwrap());
        }
        engine.set_module_resolver(resolver);
        bench
    }

    const LOGIN: &str = r#"import "std/auth" as auth; auth::login(server(), "/login", #{ name: "ada" })"#;
    const LOGIN_AT: &str = r#"import "std/auth" as auth; auth::login(server(), "/login", #{ name: "ada" }, #{ token: "/data/t" })"#;

    #[test]
    fn finds_the_token_under_its_usual_names() {
        for (body, token) in [
            (r#"{"jwt": "d", "token": "c", "access_token": "b", "accessToken": "a"}"#, "a"),
            (r#"{"jwt": "d", "token": "c", "access_token": "b"}"#, "b"),
            (r#"{"jwt": "d", "token": "c", "accessToken": null}"#, "c"),
            (r#"{"jwt": "d"}"#, "d"),
        ] {
            assert_eq!(bench(200, body).value(LOGIN).to_string(), token, "{body}");
        }
        assert_eq!(bench(201, r#"{"data": {"t": "x"}, "token": "y"}"#).value(LOGIN_AT).to_string(), "x");
    }

    #[test]
    fn throws_where_there_is_none() {
        let unknown = LOGIN_AT.replace("token:", "tokn:");
        let errors = [
            bench(401, "{}").error(LOGIN),
            bench(0, "{}").error(LOGIN),
            bench(200, "{}").error(LOGIN),
            bench(200, r#"{"token": "y"}"#).error(LOGIN_AT),
            bench(200, "{}").error(&unknown),
        ];
        insta::assert_snapshot!(errors.join("\n"), @"
        Runtime error: login at /login failed with status 401 (line 23, position 9)
        in call to function 'login' @ 'std/auth' (line 8, position 5)
        in call to function 'login' (from 'std/auth') (line 1, position 34)
        Runtime error: login at /login failed: connection refused (line 20, position 9)
        in call to function 'login' @ 'std/auth' (line 8, position 5)
        in call to function 'login' (from 'std/auth') (line 1, position 34)
        Runtime error: login at /login sent no token; looked for /accessToken, /access_token, /token, /jwt (line 45, position 5)
        in call to function 'token_in' (line 25, position 5)
        in call to function 'login' @ 'std/auth' (line 8, position 5)
        in call to function 'login' (from 'std/auth') (line 1, position 34)
        Runtime error: login at /login sent no token; looked for /data/t (line 45, position 5)
        in call to function 'token_in' @ 'std/auth' (line 25, position 5)
        in call to function 'login' (from 'std/auth') (line 1, position 34)
        Runtime error: auth::login: unknown option `tokn`; there is `token` @ 'std/auth' (line 15, position 13)
        in call to function 'login' (from 'std/auth') (line 1, position 34)
        ");
    }

    #[test]
    fn every_module_compiles_and_every_public_function_has_a_comment() {
        let bench = bench(200, "{}");
        for name in names() {
            let text = source(name).unwrap();
            assert!(bench.engine.compile(text).is_ok(), "{name}");
            let lines: Vec<&str> = text.lines().collect();
            for (number, line) in lines.iter().enumerate().filter(|(_, line)| line.starts_with("fn ")) {
                assert!(number > 0 && lines[number - 1].starts_with("///"), "{name}: {line}");
            }
            assert!(!text.contains("global::"), "{name}: constants are not seen in functions called later");
        }
        assert_eq!(source("std/nothing"), None);
    }
}
