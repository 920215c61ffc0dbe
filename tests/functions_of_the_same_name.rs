//! Files may have functions of the same name: each calls its own.

mod support;

use support::{Finished, Katydid, mistake};

/// What the tasks of `main.rhai` print, in order.
fn printed(files: &[(&str, &str)]) -> Vec<String> {
    let command = Katydid::new(["run", "main.rhai", "--host", "demo", "-i", "1", "--only-summary"]);
    let command = files.iter().fold(command, |command, (name, text)| command.file(name, text));
    lines(&command.run().exits(0))
}

fn lines(finished: &Finished) -> Vec<String> {
    let said = finished.stderr.lines().filter_map(|line| line.split_once("INFO/script: "));
    said.map(|(_, text)| text.to_owned()).collect()
}

const LIBRARY: &str = r#"
    fn id(x) { `library ${x}` }
    fn twice(x) { id(x) + "; " + id(x) }
    fn apply(f) { f.call(id(0)) }
    fn count(n) { if n == 0 { "end" } else { `${n} ` + count(n - 1) } }
"#;

#[test]
fn a_script_and_its_library_call_their_own() {
    let main = r#"
        import "lib" as lib;
        fn id(x) { `script ${x}` }
        fn count(n) { `no ${n}` }
        user_class("U").task("t", |user| {
            for round in 0..3 {
                print(id(1));
                print(lib::twice(2));
                print(lib::id(3));
                print(lib::apply(|inner| id(inner)));
                print(`${lib::count(2)}, ${count(2)}`);
                print([4, 5].map(id)[1] + " " + id(6));
            }
        });
    "#;
    let round = [
        "script 1",
        "library 2; library 2",
        "library 3",
        "script library 0",
        "2 1 end, no 2",
        "script 5 script 6",
    ];
    assert_eq!(printed(&[("main.rhai", main), ("lib.rhai", LIBRARY)]), round.repeat(3));
}

#[test]
fn a_library_whose_path_is_computed_confuses_no_later_call() {
    let main = r#"
        let name = "lib";
        import name as lib;
        fn id(x) { `script ${x}` }
        user_class("U").on_start(|user| user.round = 0).task("t", |user| {
            user.round += 1;
            print(if user.round % 2 == 1 { lib::twice(1) } else { id(1) });
        });
    "#;
    let command = Katydid::new(["run", "main.rhai", "--host", "demo", "-i", "6", "--only-summary"]);
    let finished = command.file("main.rhai", main).file("lib.rhai", LIBRARY).run().exits(0);
    assert_eq!(lines(&finished), ["library 1; library 1", "script 1"].repeat(3));
}

#[test]
fn two_libraries_call_their_own() {
    let other = "fn id(x) { `other ${x}` }\nprivate fn twice(x) { id(x) }\nfn show(x) { twice(x) }";
    let main = r#"
        import "lib" as lib;
        import "other" as other;
        user_class("U").task("t", |user| {
            for round in 0..3 { print(lib::twice(1) + " " + other::show(2) + " " + other::id(3)); }
        });
    "#;
    let files = [("main.rhai", main), ("lib.rhai", LIBRARY), ("other.rhai", other)];
    assert_eq!(printed(&files), ["library 1; library 1 other 2 other 3"; 3]);
}

#[test]
fn a_built_in_function_is_itself_where_no_file_replaces_it() {
    let lib = "fn max(a, b) { `mine of ${a} and ${b}` }\nfn larger(a, b) { max(a, b) }\nfn f(x) { `f ${x}` }\nfn g(x) { f(x) }";
    let main = r#"
        import "lib" as lib;
        fn f(x) { max(x, 1) }
        user_class("U").task("t", |user| {
            for round in 0..3 { print(`${max(1, 2)} ${lib::larger(1, 2)} ${f(3)} ${lib::g(4)}`); }
        });
    "#;
    assert_eq!(printed(&[("main.rhai", main), ("lib.rhai", lib)]), ["2 mine of 1 and 2 3 f 4"; 3]);
}

#[test]
fn errors_name_them_as_they_are_written() {
    let lib = "fn deep(x) {\n    throw `no ${x}`;\n}\nfn id(x) { `é ${deep(x)}` }\nfn outer(x) { 1 + id(x) }";
    let main = |start: &str| {
        format!(
            "import \"lib\" as lib;\nfn deep(x) {{ throw x }}\nfn id(x) {{ `é`; lib::outer(deep(x)) }}\n{start}\n\
             user_class(\"U\").task(\"t\", |user| ());"
        )
    };
    let said = |start: &str| mistake(&[("main.rhai", &main(start)), ("lib.rhai", lib)]);
    insta::assert_snapshot!(said("id(1);"), @r"
    error: 1
     --> main.rhai:2:14
      |
    2 | fn deep(x) { throw x }
      |              ^^^^^
      = note: in `deep`, called at main.rhai:3:28
      = note: in `id`, called at main.rhai:4:1
    ");
    insta::assert_snapshot!(said("lib::outer(2);"), @r"
    error: no 2
     --> lib.rhai:2:5
      |
    2 |     throw `no ${x}`;
      |     ^^^^^
      = note: in `deep`, called at lib.rhai:4:17
      = note: in `id`, called at lib.rhai:5:19
      = note: in `outer`, called at main.rhai:4:6
    ");
}

#[test]
fn tasks_keep_their_names() {
    let main = r#"
        import "lib" as lib;
        fn id(user) { print(twice(user)); }
        fn twice(user) { "mine" }
        user_class("U").task(id).task(lib::id);
    "#;
    let list = Katydid::new(["list", "main.rhai"]).file("main.rhai", main).file("lib.rhai", LIBRARY);
    let shown = list.run().exits(0).stdout;
    assert_eq!(shown.matches("task id  (weight 1)").count(), 2, "{shown}");
}
