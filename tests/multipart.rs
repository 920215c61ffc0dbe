//! Multipart bodies and files as bodies, from the script to the bytes on the wire.

mod support;

use support::Katydid;
use support::verbatim::{Seen, Verbatim};

const PNG: &str = "PNG, not really";

fn task(statements: &str) -> String {
    format!("user_class(\"U\").task(\"t\", |user| {{ {statements} }});")
}

/// What the server saw of one run of the statements, with some files beside the script.
fn sent(statements: &str) -> Vec<Seen> {
    let server = Verbatim::start();
    Katydid::run_script(&task(statements))
        .file("pictures/kettle.png", PNG)
        .file("notes", "plain notes")
        .file("rows.csv", "a,b\n1,2\n")
        .args(["--host", &server.url(), "-i", "1"])
        .run()
        .exits(0);
    server.seen()
}

/// The body with `BOUNDARY` for its boundary; asserts that type and length are as they must be.
#[track_caller]
fn parts(seen: &Seen) -> String {
    let content_type = seen.values("content-type");
    assert_eq!(content_type.len(), 1, "{}", seen.head);
    let boundary = content_type[0].split_once("; boundary=").expect("a boundary").1;
    assert_eq!(seen.values("content-length"), [seen.length.to_string()]);
    assert_eq!(seen.values("transfer-encoding"), Vec::<&str>::new());
    seen.text().replace(boundary, "BOUNDARY").replace('\r', "")
}

#[test]
fn every_kind_of_value() {
    let seen = sent(
        r#"
        let bytes = blob(3, 65);
        user.post("/", #{ multipart: [
            ["text", "kettlé"], ["number", 7], ["price", 12.5], ["yes", true], ["letter", 'x'], ["none", ()],
            ["many", ["one", (), 2]], ["blob", bytes],
            ["named \"q\"\r\n", #{ data: bytes, name: "b \"1\".json", type: () }],
            ["typed", #{ data: "<a/>", type: "text/xml; charset=utf-8" }], ["bare", #{ data: "raw" }],
            ["picture", #{ path: "pictures/kettle.png" }],
            ["shown", #{ path: "pictures/kettle.png", name: "ünder.jpg" }],
            ["own", #{ path: "notes", type: "text/markdown" }], ["unknown", #{ path: "notes" }],
        ] });
        "#,
    );
    assert!(seen[0].values("content-type")[0].starts_with("multipart/form-data; boundary=katydid-"));
    insta::assert_snapshot!(parts(&seen[0]), @r#"
    --BOUNDARY
    Content-Disposition: form-data; name="text"

    kettlé
    --BOUNDARY
    Content-Disposition: form-data; name="number"

    7
    --BOUNDARY
    Content-Disposition: form-data; name="price"

    12.5
    --BOUNDARY
    Content-Disposition: form-data; name="yes"

    true
    --BOUNDARY
    Content-Disposition: form-data; name="letter"

    x
    --BOUNDARY
    Content-Disposition: form-data; name="many"

    one
    --BOUNDARY
    Content-Disposition: form-data; name="many"

    2
    --BOUNDARY
    Content-Disposition: form-data; name="blob"
    Content-Type: application/octet-stream

    AAA
    --BOUNDARY
    Content-Disposition: form-data; name="named %22q%22%0D%0A"; filename="b %221%22.json"
    Content-Type: application/json

    AAA
    --BOUNDARY
    Content-Disposition: form-data; name="typed"
    Content-Type: text/xml; charset=utf-8

    <a/>
    --BOUNDARY
    Content-Disposition: form-data; name="bare"

    raw
    --BOUNDARY
    Content-Disposition: form-data; name="picture"; filename="kettle.png"
    Content-Type: image/png

    PNG, not really
    --BOUNDARY
    Content-Disposition: form-data; name="shown"; filename="ünder.jpg"
    Content-Type: image/jpeg

    PNG, not really
    --BOUNDARY
    Content-Disposition: form-data; name="own"; filename="notes"
    Content-Type: text/markdown

    plain notes
    --BOUNDARY
    Content-Disposition: form-data; name="unknown"; filename="notes"
    Content-Type: application/octet-stream

    plain notes
    --BOUNDARY--
    "#);
}

#[test]
fn each_body_has_a_boundary_of_its_own_unless_one_is_given() {
    let seen = sent(
        r#"
        user.post("/", #{ multipart: #{ b: 1, a: 2 } });
        user.post("/", #{ multipart: #{ b: 1, a: 2 } });
        user.post("/", #{ multipart: #{ a: 2 }, headers: #{ "Content-Type": "multipart/mixed" } });
        user.post("/", #{ multipart: #{ a: 2 }, headers: #{ "Content-Type": "multipart/related; boundary=own" } });
        user.batch([#{ method: "PUT", url: "/", multipart: #{ f: #{ path: "rows.csv" } } }]);
        "#,
    );
    let types: Vec<_> = seen.iter().map(|seen| seen.values("content-type")[0]).collect();
    assert_ne!(types[0], types[1]);
    assert_eq!(parts(&seen[0]), parts(&seen[1]));
    assert!(parts(&seen[0]).find("name=\"a\"") < parts(&seen[0]).find("name=\"b\""), "maps are sorted");
    assert!(types[2].starts_with("multipart/mixed; boundary=katydid-"), "{}", types[2]);
    assert_eq!(types[3], "multipart/related; boundary=own");
    assert!(seen[3].text().starts_with("--own\r\n") && seen[3].text().ends_with("\r\n--own--\r\n"));
    assert!(parts(&seen[4]).contains("filename=\"rows.csv\"\nContent-Type: text/csv\n\na,b\n1,2\n\n--"));
}

#[test]
fn a_file_is_a_body() {
    let seen = sent(
        r#"
        user.put("/", #{ body: #{ path: "pictures/kettle.png" } });
        user.put("/", #{ body: #{ path: "notes", type: "text/x-notes" } });
        user.put("/", #{ body: #{ path: "notes" }, headers: #{ "Content-Type": () } });
        user.post("/to/307/again", #{ body: #{ path: "rows.csv" } });
        "#,
    );
    let shown: Vec<_> = seen
        .iter()
        .map(|seen| format!("{} | {} | {}", seen.line(), seen.values("content-type").join(","), seen.text()))
        .collect();
    assert_eq!(
        shown,
        [
            &format!("PUT / | image/png | {PNG}"),
            "PUT / | text/x-notes | plain notes",
            "PUT / |  | plain notes",
            "POST /to/307/again | text/csv | a,b\n1,2\n",
            "POST /again | text/csv | a,b\n1,2\n",
        ]
    );
}

#[test]
fn files_are_looked_for_beside_the_main_script() {
    let server = Verbatim::start();
    Katydid::new(["run", "project/main.rhai"])
        .file("project/main.rhai", "import \"lib/up\" as up;\nuser_class(\"U\").task(up::load);")
        .file(
            "project/lib/up.rhai",
            "fn load(user) { user.post(\"/\", #{ multipart: #{ f: #{ path: \"data/x.txt\" } } }); }",
        )
        .file("project/data/x.txt", "beside main")
        .file("data/x.txt", "in the working folder")
        .file("project/lib/data/x.txt", "beside the library")
        .args(["--host", &server.url(), "-i", "1"])
        .run()
        .exits(0);
    assert!(server.seen()[0].text().contains("\r\n\r\nbeside main\r\n"), "{}", server.seen()[0].text());
}

#[test]
fn a_file_that_is_not_there_is_an_exception_at_its_line() {
    let script = task(
        "\n    let x = 1;\n    user.post(\"/\", #{ multipart: #{ f: #{ path: \"data/gone.png\" } } });\n",
    );
    let finished = Katydid::new(["run", "project/main.rhai"])
        .file("project/main.rhai", &script)
        .args(["--host", "demo", "-i", "1", "-L", "debug"])
        .run()
        .exits(1);
    let message = "cannot read data/gone.png: No such file or directory (os error 2); paths are relative to the script's folder, project";
    assert!(finished.stdout.contains(message), "{}", finished.stdout);
    assert!(finished.stdout.contains("On the wire: 0 requests sent"), "{}", finished.stdout);
    let (_, shown) = finished.stderr.split_once("exception in").expect("the log shows it");
    let shown: Vec<_> = shown.lines().skip(1).take(5).collect();
    insta::assert_snapshot!(shown.join("\n"), @r#"
    error: cannot read data/gone.png: No such file or directory (os error 2); paths are relative to the script's folder, project
     --> project/main.rhai:3:10
      |
    3 |     user.post("/", #{ multipart: #{ f: #{ path: "data/gone.png" } } });
      |          ^^^^
    "#);
}

/// Peak resident memory of a process, in MiB.
fn peak_memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("the process runs");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("Linux says so");
    let kilobytes = line.split_whitespace().nth(1).and_then(|number| number.parse::<u64>().ok());
    kilobytes.expect("a number") / 1024
}

#[test]
fn a_large_file_is_never_in_memory() {
    const LENGTH: u64 = 64 << 20;
    let (server, held) = (Verbatim::start(), support::held::Held::start());
    let script = task(&format!(
        r#"user.post("/", #{{ multipart: #{{ f: #{{ path: "large.bin" }} }}, timeout: "110s" }}); user.get("{}/hold");"#,
        held.url()
    ));
    let command = Katydid::run_script(&script).args(["--host", &server.url(), "-u", "8", "-r", "1000"]);
    let large = std::fs::File::create(command.folder().join("large.bin")).expect("a file");
    large.set_len(LENGTH).expect("a sparse file");
    let running = command.args(["--iterations-per-user", "1", "--shards", "2"]).start();
    held.until("/hold", 8);
    let peak = peak_memory(running.process());
    held.release();
    running.finish().exits(0);
    assert!(server.seen().iter().all(|seen| seen.length > LENGTH), "{}", server.seen().len());
    assert!(peak < 150, "{peak} MiB for {} MiB that were sent", (8 * LENGTH) >> 20);
}
