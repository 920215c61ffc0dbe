//! `data::`: files whose rows feed the users. Each file is read once per process, whichever shard asks first.
//!
//! Rows go out in three ways: `.random()`, `.next()` (one cursor per file and process, round and round) and `.unique()`
//! (each row once in the run, then `()`).

use super::namespace::Namespace;
use super::shared;
use crate::script::context::current::{actor, draw, world};
use crate::script::data::csv_table::CsvOptions;
use crate::script::data::files::{Loaded, Reading};
use crate::script::data::json;
use crate::script::data::rows::{Row, Rows, position};
use crate::script::value::args::{Answer, fail, options, text, truth, whole, wrong};
use rand::RngExt;
use rhai::{Array, Dynamic, Engine, Map};

/// Adds the namespace and the types of its rows to `engine`.
pub(in crate::script) fn register(engine: &mut Engine) {
    Namespace::new("data")
        .function("csv", |path: Dynamic| csv(&path, &Dynamic::UNIT))
        .function("csv", |path: Dynamic, options: Dynamic| csv(&path, &options))
        .function("json", |path: Dynamic| load("data::json(path)", &path, Reading::Json))
        .function("ndjson", |path: Dynamic| load("data::ndjson(path)", &path, Reading::JsonLines))
        .function("lines", |path: Dynamic| load("data::lines(path)", &path, Reading::Lines))
        .function("text", |path: Dynamic| load("data::text(path)", &path, Reading::Text))
        .function("store", |name: Dynamic| shared::store(&name))
        .function("queue", |name: Dynamic| shared::queue(&name))
        .function("counter", |name: Dynamic| shared::counter(&name, None))
        .function("counter", |name: Dynamic, start: Dynamic| shared::counter(&name, Some(&start)))
        .register(engine);
    register_rows(engine);
    register_row(engine);
}

/// `data::csv(path)`, `data::csv(path, #{ delimiter: ",", header: true, types: false })`: the rows of a CSV file. Values
/// are strings as written; with `types: true`, numbers, `true` and `false` are such, and empty is `()`.
fn csv(path: &Dynamic, given: &Dynamic) -> Answer<Dynamic> {
    const CALL: &str = "data::csv(path, #{ .. })";
    let mut wanted = CsvOptions::default();
    for (key, value) in options(given, CALL, &["delimiter", "header", "types"])? {
        match key.as_str() {
            "delimiter" => wanted.delimiter = delimiter(&value, CALL)?,
            "header" => wanted.header = truth(&value, CALL, "header")?,
            _ => wanted.types = truth(&value, CALL, "types")?,
        }
    }
    load(CALL, path, Reading::Csv(wanted))
}

fn delimiter(value: &Dynamic, call: &str) -> Answer<u8> {
    match text(value, call, "delimiter")?.as_bytes() {
        [byte] if byte.is_ascii() && !b"\"\r\n".contains(byte) => Ok(*byte),
        _ => wrong(value, call, "delimiter", "one ASCII character"),
    }
}

/// The file at `path` as scripts see it: rows, a text, or the one JSON document in it.
fn load(call: &str, path: &Dynamic, reading: Reading) -> Answer<Dynamic> {
    let path = text(path, call, "path")?;
    let world = world();
    match world.files.load(&world.folder, &path, reading) {
        Ok(Loaded::Table(table)) => Ok(Dynamic::from(Rows(table))),
        Ok(Loaded::Text(text)) if reading == Reading::Text => Ok(text.to_string().into()),
        Ok(Loaded::Text(text)) => {
            json::to_dynamic(text.as_bytes()).or_else(|error| fail(format!("{path}: {error}")))
        }
        Err(error) => fail(error),
    }
}

fn register_rows(engine: &mut Engine) {
    engine
        .register_type_with_name::<Rows>("Rows")
        .register_iterator_result::<Rows, Dynamic>()
        .register_get("len", |rows: &mut Rows| length(rows))
        .register_fn("len", |rows: &mut Rows| length(rows))
        .register_fn("random", random)
        .register_fn("next", next)
        .register_fn("unique", unique)
        .register_fn("get", get)
        .register_indexer_get(at)
        .register_fn("to_string", |rows: &mut Rows| rows_text(rows))
        .register_fn("to_debug", |rows: &mut Rows| rows_text(rows));
}

fn length(rows: &Rows) -> i64 {
    i64::try_from(rows.len()).unwrap_or(i64::MAX)
}

fn rows_text(rows: &Rows) -> String {
    format!("{} ({} rows)", rows.0.name, rows.len())
}

/// `rows.random()`: any row, each as likely, from the user's random stream.
fn random(rows: &mut Rows) -> Answer<Dynamic> {
    if_any(rows, |len| draw(|stream| stream.random_range(0..len)))
}

/// `rows.next()`: the next row of the process; after the last comes the first.
fn next(rows: &mut Rows) -> Answer<Dynamic> {
    if_any(rows, |len| {
        let turn = rows.0.cursors.next.advance(&actor()) % len as u64;
        usize::try_from(turn).expect("below a usize")
    })
}

/// `rows.unique()`: a row that was not given out before in this run; `()` when there are no more.
fn unique(rows: &mut Rows) -> Answer<Dynamic> {
    let turn = rows.0.cursors.unique.advance(&actor());
    match usize::try_from(turn) {
        Ok(index) if index < rows.len() => drawn(rows, index),
        _ => Ok(Dynamic::UNIT),
    }
}

/// The row that `choose` picks of so many; an exception if there are none.
fn if_any(rows: &Rows, choose: impl FnOnce(usize) -> usize) -> Answer<Dynamic> {
    match rows.len() {
        0 => fail(format!("{}: the file has no rows", rows.0.name)),
        len => drawn(rows, choose(len)),
    }
}

/// The row number `index`, which the current actor drew.
fn drawn(rows: &Rows, index: usize) -> Answer<Dynamic> {
    actor().note_row(&rows.0.name, index);
    rows.row(index)
}

/// `rows.get(i)`: the row number `i` from 0, negative from the end; `()` if there is none.
#[expect(clippy::needless_pass_by_value, reason = "the shape of native functions")]
fn get(rows: &mut Rows, index: Dynamic) -> Answer<Dynamic> {
    let index = whole(&index, "rows.get(i)", "i")?;
    position(index, rows.len()).map_or(Ok(Dynamic::UNIT), |index| rows.row(index))
}

/// `rows[i]`: like `get`, but a row that does not exist is an exception.
#[expect(clippy::needless_pass_by_value, reason = "the shape of native functions")]
fn at(rows: &mut Rows, index: Dynamic) -> Answer<Dynamic> {
    if index.is_string() {
        return fail(format!(
            "{}: these are all rows; take one first, with .next(), .random(), .unique() or [0]",
            rows.0.name
        ));
    }
    let index = whole(&index, "rows[i]", "i")?;
    match position(index, rows.len()) {
        Some(index) => rows.row(index),
        None => fail(format!("{}: there is no row {index}; the file has {} rows", rows.0.name, rows.len())),
    }
}

fn register_row(engine: &mut Engine) {
    engine
        .register_type_with_name::<Row>("Row")
        .register_indexer_get(field)
        .register_indexer_set(refuse_change)
        .register_fn("contains", |row: &mut Row, column: &str| {
            row.columns().iter().any(|name| name == column)
        })
        .register_fn("keys", |row: &mut Row| {
            row.columns().iter().map(|name| name.as_str().into()).collect::<Array>()
        })
        .register_fn("values", |row: &mut Row| row.values().collect::<Array>())
        .register_fn("to_map", |row: &mut Row| to_map(row))
        .register_fn("to_string", |row: &mut Row| row_text(row))
        .register_fn("to_debug", |row: &mut Row| row_text(row))
        .register_fn("==", |one: &mut Row, other: Row| row_text(one) == row_text(&other))
        .register_fn("!=", |one: &mut Row, other: Row| row_text(one) != row_text(&other));
}

/// `row.id`, `row["e-mail"]`, `row[0]`.
#[expect(clippy::needless_pass_by_value, reason = "the shape of native functions")]
fn field(row: &mut Row, column: Dynamic) -> Answer<Dynamic> {
    if column.is_string() {
        return row.by_name(&text(&column, "row[column]", "column")?);
    }
    row.by_number(whole(&column, "row[i]", "i")?)
}

#[expect(clippy::needless_pass_by_value, reason = "the shape of native functions")]
fn refuse_change(_: &mut Row, column: Dynamic, _: Dynamic) -> Answer<()> {
    fail(format!("rows of files are read-only, so `{column}` cannot be set; change a copy: row.to_map()"))
}

fn to_map(row: &Row) -> Map {
    row.columns().iter().map(|name| name.as_str().into()).zip(row.values()).collect()
}

fn row_text(row: &Row) -> String {
    json::to_text(&Dynamic::from(row.clone())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use crate::script::test_support::Bench;
    use std::fs;
    use std::sync::Arc;

    const USERS: &str = "id,e-mail,Größe\n1,a@x,1.5\n2,b@x,\n3,c@x,007\n";

    /// A user in a folder with `users.csv` and the other files.
    fn bench(files: &[(&str, &str)]) -> (tempfile::TempDir, Bench) {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("users.csv"), USERS).unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let bench = Bench::within(folder.path(), &[]);
        (folder, bench)
    }

    fn text(bench: &Bench, script: &str) -> String {
        bench.value(script).to_string()
    }

    #[test]
    fn columns_are_properties_and_values_are_strings() {
        let (_folder, bench) = bench(&[]);
        let script = r#"let rows = data::csv("users.csv"); let row = rows[0];
            [row.id, row["e-mail"], row[2], row[-3], rows.len, rows.len(), rows[-1].id, "id" in row, "x" in row, row.keys()]"#;
        assert_eq!(
            text(&bench, script),
            r#"["1", "a@x", "1.5", "1", 3, 3, "3", true, false, ["id", "e-mail", "Größe"]]"#
        );
    }

    #[test]
    fn next_goes_round_over_all_users_and_ways_to_load() {
        let (_folder, first) = bench(&[]);
        let second = Bench::in_world(first.actor.world.clone()).user(2);
        let next = r#"data::csv("users.csv").next().id"#;
        let mut ids: Vec<String> = Vec::new();
        for user in [&first, &second, &first] {
            ids.push(text(user, next));
        }
        ids.push(text(&second, r#"data::csv("./users.csv", #{ types: true }).next().id"#));
        assert_eq!(ids, ["1", "2", "3", "1"]);
    }

    #[test]
    fn unique_ends_and_does_not_move_next() {
        let (_folder, bench) = bench(&[]);
        let script = r#"let rows = data::csv("users.csv"); let ids = [];
            loop { let row = rows.unique(); if row == () { break; } ids.push(row.id); }
            ids.push(rows.next().id); ids.push(rows.unique()); ids"#;
        assert_eq!(text(&bench, script), r#"["1", "2", "3", "1", ()]"#);
    }

    #[test]
    fn the_top_level_of_every_shard_sees_the_same_rows() {
        let (_folder, user) = bench(&[]);
        let world = user.actor.world.clone();
        for _shard in 0..3 {
            let top_level = Bench::in_world(world.clone());
            assert_eq!(text(&top_level, r#"data::csv("users.csv").unique().id"#), "1");
            assert_eq!(text(&top_level, r#"data::csv("users.csv").unique().id"#), "2");
        }
        assert_eq!(text(&user, r#"data::csv("users.csv").unique().id"#), "3");
    }

    #[test]
    fn random_rows_come_from_the_stream() {
        let (_folder, bench) = bench(&[]);
        let script =
            r#"let seen = #{}; for i in 0..60 { seen[data::csv("users.csv").random().id] = 1; } seen.keys()"#;
        assert_eq!(text(&bench, script), r#"["1", "2", "3"]"#);
        let again = r#"let ids = ""; for i in 0..20 { ids += data::csv("users.csv").random().id; } ids"#;
        let other = Bench::in_world(bench.actor.world.clone()).user(9);
        let same = Bench::in_world(bench.actor.world.clone()).user(9);
        assert_eq!(text(&other, again), text(&same, again));
    }

    #[test]
    fn rows_loop_print_and_become_json() {
        let (_folder, bench) = bench(&[]);
        let script = r#"let ids = ""; for row in data::csv("users.csv") { ids += row.id; } ids"#;
        assert_eq!(text(&bench, script), "123");
        let script = r#"let r = data::csv("users.csv"); json::stringify([r[1], r]) "#;
        insta::assert_snapshot!(text(&bench, script), @r#"[{"id":"2","e-mail":"b@x","Größe":""},[{"id":"1","e-mail":"a@x","Größe":"1.5"},{"id":"2","e-mail":"b@x","Größe":""},{"id":"3","e-mail":"c@x","Größe":"007"}]]"#);
        let script = r#"let r = data::csv("users.csv"); `${r} ${r[0]} ${r[0] == r.get(0)} ${r[0] == r[1]} ${r.get(9)}`"#;
        insta::assert_snapshot!(text(&bench, script), @r#"users.csv (3 rows) {"id":"1","e-mail":"a@x","Größe":"1.5"} true false"#);
        let script = r#"let m = data::csv("users.csv")[0].to_map(); m.id = 5; m.id"#;
        assert_eq!(text(&bench, script), "5");
    }

    #[test]
    fn options_of_csv() {
        let (_folder, bench) = bench(&[("semi.csv", "1;x\n02;\n")]);
        let script = r#"let rows = data::csv("semi.csv", #{ delimiter: ";", header: false, types: true });
            [rows.len, rows[0][0], rows[0].values(), rows[1].values(), json::stringify(rows[1])]"#;
        assert_eq!(text(&bench, script), r#"[2, 1, [1, "x"], ["02", ()], "[\"02\",null]"]"#);
        let script = r#"data::csv("semi.csv", #{ delimiter: ';', header: () })[0]["x"]"#;
        assert_eq!(text(&bench, script), "");
    }

    #[test]
    fn json_files_lines_and_texts() {
        let (_folder, bench) = bench(&[
            ("list.json", "\u{feff}[{\"id\": 7, \"tags\": [\"x\"]}, {\"id\": 8}]"),
            ("one.json", "{\"host\": \"h\"}"),
            ("all.ndjson", "{\"id\": 1}\n\n{\"id\": 2}\n"),
            ("words.txt", "alpha\r\nbeta\n"),
        ]);
        let script = r#"let list = data::json("list.json");
            [list.len, list[0].tags[0], list.next().id, list.next().id, data::json("one.json").host,
             data::ndjson("all.ndjson").get(-1).id, data::lines("words.txt")[1], data::text("words.txt").len]"#;
        assert_eq!(text(&bench, script), r#"[2, "x", 7, 8, "h", 2, "beta", 12]"#);
    }

    #[test]
    fn mistakes_name_the_file_and_the_line() {
        let (folder, bench) = bench(&[
            ("ragged.csv", "a,b\n1\n"),
            ("empty.csv", "a,b\n"),
            ("bad.json", "{\"a\": }"),
            ("bad.ndjson", "1\n2\n{\n"),
            ("bare.csv", "1,2\n"),
        ]);
        fs::write(folder.path().join("latin1.txt"), b"ok\n\xE9\n").unwrap();
        let scripts = [
            r#"data::csv("ragged.csv")"#,
            r#"data::csv("missing.csv")"#,
            r#"data::csv("empty.csv").next()"#,
            r#"data::csv("empty.csv").random()"#,
            r#"data::csv("users.csv")[0].idd"#,
            r#"data::csv("users.csv")[0].password"#,
            r#"data::csv("users.csv").id"#,
            r#"data::csv("users.csv")[3]"#,
            r#"data::csv("users.csv")[0][9]"#,
            r#"data::csv("users.csv")[1.5]"#,
            r#"let row = data::csv("users.csv")[0]; row.id = 5"#,
            r#"data::csv("users.csv", #{ separator: ";" })"#,
            r#"data::csv("users.csv", #{ heder: true })"#,
            r#"data::csv("users.csv", #{ delimiter: "--" })"#,
            r#"data::csv("users.csv", #{ header: 1 })"#,
            r#"data::csv("bare.csv", #{ header: false })[0].id"#,
            r#"data::json("bad.json")"#,
            r#"data::ndjson("bad.ndjson")"#,
            r#"data::text("latin1.txt")"#,
            r#"data::text(7)"#,
        ];
        let errors = scripts.map(|script| bench.error(script)).join("\n");
        let errors = errors.replace(folder.path().to_str().unwrap(), "FOLDER");
        insta::assert_snapshot!(errors, @r#"
        Runtime error: ragged.csv: line 2: the row has 1 fields where 2 are expected (line 1, position 7)
        Runtime error: cannot read missing.csv: No such file or directory (os error 2); paths are relative to the script's folder, FOLDER (line 1, position 7)
        Runtime error: empty.csv: the file has no rows (line 1, position 24)
        Runtime error: empty.csv: the file has no rows (line 1, position 24)
        Runtime error: users.csv: unknown column `idd`; did you mean `id`? (line 1, position 26)
        Runtime error: users.csv: unknown column `password`; there is `id`, `e-mail`, `Größe` (line 1, position 26)
        Runtime error: users.csv: these are all rows; take one first, with .next(), .random(), .unique() or [0] (line 1, position 23)
        Runtime error: users.csv: there is no row 3; the file has 3 rows (line 1, position 23)
        Runtime error: users.csv: there is no column number 9; rows have 3 columns (line 1, position 26)
        Runtime error: rows[i]: `i` must be a whole number, not 1.5 (line 1, position 23)
        Runtime error: rows of files are read-only, so `id` cannot be set; change a copy: row.to_map() (line 1, position 41)
        Runtime error: data::csv(path, #{ .. }): unknown option `separator`; there is `delimiter`, `header`, `types` (line 1, position 7)
        Runtime error: data::csv(path, #{ .. }): unknown option `heder`; did you mean `header`? (line 1, position 7)
        Runtime error: data::csv(path, #{ .. }): `delimiter` must be one ASCII character, not the string "--" (line 1, position 7)
        Runtime error: data::csv(path, #{ .. }): `header` must be `true` or `false`, not 1 (line 1, position 7)
        Runtime error: bare.csv: the file was read without a header, so there is no column `id`; columns have numbers: row[0] (line 1, position 45)
        Runtime error: bad.json: expected value at line 1 column 7 (line 1, position 7)
        Runtime error: bad.ndjson: line 3: EOF while parsing an object at line 1 column 1 (line 1, position 7)
        Runtime error: latin1.txt: line 2: the text is not UTF-8; save the file as UTF-8 (line 1, position 7)
        Runtime error: data::text(path): `path` must be a string, not 7 (line 1, position 7)
        "#);
    }

    #[test]
    fn a_file_is_read_once_per_process() {
        let (folder, first) = bench(&[]);
        assert_eq!(first.value(r#"data::csv("users.csv").len"#).as_int(), Ok(3));
        fs::remove_file(folder.path().join("users.csv")).unwrap();
        let world = Arc::clone(&first.actor.world);
        let other_shard = std::thread::spawn(move || {
            Bench::in_world(world).user(2).value(r#"data::csv("users.csv").len"#).as_int()
        });
        assert_eq!(other_shard.join().unwrap(), Ok(3));
    }
}
