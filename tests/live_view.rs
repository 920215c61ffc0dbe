//! The live view on a real terminal: it stays in its place, tears nothing, and leaves the terminal as it was.

mod support;

use support::Katydid;

const TALKING: &str = r#"
    on("test_start", |e| { print("printed at the start"); });
    user_class("U").wait_time(constant(0.02)).task("t", |user| {
        let number = data::counter("said").next();
        user.get(`/items/${number % 5 + 1}`, #{ name: "/items/[id]" });
        log::info(`said ${number} and that was all`);
    });
"#;

const QUIET: &str =
    r#"user_class("U").wait_time(constant(0.05)).task("t", |user| { user.get("/items/1"); });"#;

const FAILING: &str = r#"
    user_class("U").wait_time(constant(0.05)).task("t", |user| { user.get("/no/such/page"); });
"#;

#[test]
fn lines_of_the_log_and_of_scripts_are_whole_and_above_the_view() {
    let shown = Katydid::run_script(TALKING)
        .args(["--host", "demo", "-u", "4", "-r", "100", "-i", "300"])
        .on_terminal(150, 500)
        .finish();
    assert_eq!(shown.code, Some(0), "{}", shown.text());
    assert!(shown.rows.contains(&"printed at the start".to_owned()), "{}", shown.text());
    for number in 0..300 {
        let ending = format!("INFO/script: said {number} and that was all");
        let rows: Vec<_> = shown.rows.iter().filter(|row| row.ends_with(&ending)).collect();
        // A row begins with its time, and nothing is before that.
        assert!(rows.len() == 1 && rows[0].starts_with("[20"), "{number}: {rows:?}\n{}", shown.text());
    }
    assert!(shown.written.contains("\u{1b}[?25l"), "there was a view");
    assert!(!shown.has_view() && !shown.cursor_is_hidden, "{}", shown.text());
    for drawn in ["━", "─", "▁", "█"] {
        assert!(!shown.text().contains(drawn), "{drawn} is left\n{}", shown.text());
    }
    assert!(shown.text().contains("Aggregated"), "{}", shown.text());
}

#[test]
fn after_a_signal_the_terminal_is_as_it_was() {
    for signal in ["INT", "TERM"] {
        let running = Katydid::run_script(QUIET).args(["--host", "demo", "-t", "10m"]).on_terminal(100, 40);
        let shown = running.until(|shown| shown.has_view() && !shown.text().contains("0 in all"));
        assert!(shown.cursor_is_hidden, "{}", shown.text());
        running.signal(signal);
        let shown = running.finish();
        assert_eq!(shown.code, Some(0), "{}", shown.text());
        assert!(!shown.cursor_is_hidden && !shown.has_view(), "{}", shown.text());
        assert!(shown.text().contains("interrupted, stopping"), "{}", shown.text());
        let wraps = shown.written.rfind("\u{1b}[?7h") > shown.written.rfind("\u{1b}[?7l");
        assert!(wraps, "lines are continued again");
    }
}

#[test]
fn a_stopped_run_gives_the_terminal_back_and_its_view_returns() {
    let running = Katydid::run_script(QUIET).args(["--host", "demo", "-t", "10m"]).on_terminal(100, 40);
    running.until(support::terminal::Shown::has_view);
    running.signal("TSTP");
    running.until(|shown| !shown.has_view() && !shown.cursor_is_hidden);
    running.signal("CONT");
    running.until(|shown| shown.has_view() && shown.cursor_is_hidden);
    running.signal("INT");
    assert!(!running.finish().cursor_is_hidden);
}

#[test]
fn the_view_follows_the_size_of_the_terminal() {
    let mut running = Katydid::run_script(QUIET).args(["--host", "demo", "-t", "10m"]).on_terminal(100, 40);
    running.until(|shown| shown.has_view() && shown.text().contains("p95 ms"));
    for (columns, rows) in [(40, 40), (40, 5), (120, 30)] {
        running.resize(columns, rows);
        let size = usize::from(rows);
        let views = |shown: &support::terminal::Shown| {
            shown.rows.iter().filter(|row| row.starts_with("requests  ")).count()
        };
        let shown = running.until(|shown| {
            let last = shown.rows.last().is_some_and(|row| !row.is_empty());
            // Drawn for this size: the bar is as wide as the terminal, but for one column.
            let bar = shown.rows.iter().any(|row| {
                row.chars().count() + 1 == usize::from(columns) && row.chars().all(|c| "━─".contains(c))
            });
            last && views(shown) == 1 && (bar || size < 8)
        });
        assert!(shown.rows.len() <= size, "{}", shown.text());
    }
    running.signal("INT");
    let shown = running.finish();
    assert!(!shown.has_view() && !shown.cursor_is_hidden, "{}", shown.text());
}

#[test]
fn who_wants_no_colours_gets_none() {
    let command = || Katydid::run_script(FAILING).args(["--host", "demo", "-i", "30"]);
    let shown = command().on_terminal(100, 40).finish();
    assert!(shown.has_styles() && shown.code == Some(1), "{}", shown.text());
    for command in [
        command().env("NO_COLOR", "1"),
        command().args(["--no-color"]),
        command().env("KATYDID_NO_COLOR", "yes"),
        command().file("katydid.toml", "no-color = true"),
    ] {
        let shown = command.on_terminal(100, 40).finish();
        assert!(shown.written.contains("\u{1b}[?25l"), "there is a view all the same");
        assert!(!shown.has_styles() && shown.code == Some(1), "{:?}", shown.written);
    }
    let shown = command().env("NO_COLOR", "").on_terminal(100, 40).finish();
    assert!(shown.has_styles(), "an empty variable says nothing");
}

#[test]
fn errors_have_colours_on_a_terminal_only() {
    let command = || Katydid::new(["check", "main.rhai"]).file("main.rhai", "user_clas(\"U\");");
    let shown = command().on_terminal(100, 30).finish();
    assert!(shown.code == Some(2) && shown.has_styles(), "{}", shown.text());
    assert!(!command().env("NO_COLOR", "1").on_terminal(100, 30).finish().has_styles());
    assert!(!command().args(["--no-color"]).on_terminal(100, 30).finish().has_styles());
    let plain = command().run().exits(2).stderr;
    assert!(!plain.contains('\u{1b}'), "{plain}");
    let rows = shown.rows.iter().map(|row| row.trim_end()).collect::<Vec<_>>().join("\n");
    assert_eq!(rows.trim_end(), plain.trim_end(), "the words are the same");
    let forced = command().env("CLICOLOR_FORCE", "1").run().exits(2).stderr;
    assert!(forced.contains("\u{1b}[31m"), "{forced}");
}

#[test]
fn a_dumb_terminal_gets_tables() {
    let shown = Katydid::run_script(QUIET)
        .args(["--host", "demo", "-t", "5s"])
        .env("TERM", "dumb")
        .env("CI", "true")
        .on_terminal(130, 200)
        .finish();
    assert!(!shown.written.contains('\u{1b}'), "{}", shown.text());
    assert!(shown.text().matches("Aggregated").count() >= 3, "{}", shown.text());
}

#[test]
fn without_a_terminal_nothing_is_an_escape() {
    let command = || Katydid::run_script(FAILING).args(["--host", "demo", "-t", "3s"]);
    let finished = command().run().exits(1);
    assert!(
        !finished.stdout.contains('\u{1b}') && !finished.stderr.contains('\u{1b}'),
        "{}",
        finished.stdout
    );
    assert!(finished.stdout.matches("Aggregated").count() >= 3, "{}", finished.stdout);
    let forced = command().env("CLICOLOR_FORCE", "1").run().exits(1).stdout;
    assert!(forced.contains("\u{1b}[31m") && !forced.contains("\u{1b}[?"), "{forced}");
}

#[test]
fn only_summary_and_quiet_draw_nothing() {
    for words in [&["--only-summary"][..], &["-q"], &["--once"]] {
        let command = Katydid::run_script(QUIET).args(["--host", "demo", "-i", "5"]).args(words.to_vec());
        let shown = command.on_terminal(100, 60).finish();
        assert!(!shown.written.contains("\u{1b}[?25l"), "{words:?}\n{}", shown.text());
    }
}
