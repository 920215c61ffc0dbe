use super::sheet::{COMPARISON_FORMAT, COMPARISON_VERSION, ComparedRun, ComparisonSheet};
use super::{comparison_html, comparison_markdown, comparison_text};
use crate::compare::{Change, Comparison, Finding, Lack, Metric, NameComparison, Piece, Presence};

fn change(metric: Metric, base: f64, new: f64, finding: Finding) -> Change {
    let relative = (new - base) / base;
    let judged = !matches!(finding, Finding::CannotTell(_) | Finding::Shown);
    Change {
        metric,
        base: Some(base),
        new: Some(new),
        difference: Some(new - base),
        relative: (base > 0.0).then_some(relative),
        difference_interval: judged.then_some((new - base - 0.002, new - base + 0.002)),
        relative_interval: (judged && base > 0.0).then_some((relative - 0.05, relative + 0.06)),
        p_value: judged.then_some(0.0001),
        finding,
    }
}

fn run(file: &str, invalid: &[&str]) -> ComparedRun {
    ComparedRun {
        file: file.to_owned(),
        started: "2026-01-01T00:00:00Z".to_owned(),
        duration_s: 60.04,
        users: 50,
        requests: 5312,
        invalid: invalid.iter().map(|reason| (*reason).to_owned()).collect(),
    }
}

/// Two names, one of them worse in some ways, better in others.
fn sheet() -> ComparisonSheet {
    let lack = Finding::CannotTell(Lack::Requests { have: 640, needs: 1000 });
    let name = |method: &str, name: &str, changes: Vec<Change>| NameComparison {
        method: method.into(),
        name: name.into(),
        presence: Presence::Both,
        requests: (650, 640),
        changes,
    };
    let items = vec![
        change(Metric::Rate, 11.8, 11.7, Finding::Noise),
        change(Metric::FailRatio, 0.0, 0.0125, Finding::Worse),
        change(Metric::Average, 12.31, 13.94, Finding::Worse),
        change(Metric::P50, 10.4, 9.1, Finding::Better),
        change(Metric::P95, 21.0, 24.91, Finding::Noise),
        change(Metric::P99, 40.0, 44.0, lack),
        change(Metric::ContentSize, 512.0, 530.0, Finding::Changed),
        change(Metric::Max, 80.0, 1900.0, Finding::Shown),
    ];
    let still = Metric::ALL.map(|metric| change(metric, 5.0, 5.0, Finding::Noise)).to_vec();
    let mut gone = name("POST", "/old", still.clone());
    gone.presence = Presence::Removed;
    gone.requests = (77, 0);
    let piece = Piece { from: 6, to: 60, slices: 54, width: 1 };
    ComparisonSheet {
        format: COMPARISON_FORMAT.to_owned(),
        version: COMPARISON_VERSION,
        katydid: "0.1.0".to_owned(),
        base: vec![run("main.json", &[])],
        new: vec![run("branch.json", &["waits were late"])],
        unlike: vec!["users: 50, then 60".to_owned()],
        limit: Some(0.05),
        regressions: 2,
        comparison: Comparison {
            steady: true,
            same_load: false,
            base: vec![piece.clone()],
            new: vec![piece],
            judged: 13,
            confidence: 0.996_923,
            names: vec![name("GET", "/items/<script>[id]|", items), gone, name("", "Aggregated", still)],
        },
    }
}

#[test]
fn the_terminal_shows_what_changed_first() {
    insta::assert_snapshot!(comparison_text(&sheet(), Some(80)), @r"
    Base  main.json (5312 requests in 60.0 s, 50 users)
    New   branch.json (5312 requests in 60.0 s, 50 users)
    Not alike: users: 50, then 60
    Not valid: branch.json: waits were late
    Compared: after the ramp, 6 to 60 s.

    More than noise:

    GET /items/<script>[id]|
      worse   fails        0.00% ->      1.25%   +1.25pp  (+1.05pp to +1.45pp)
      worse   average    12.3 ms ->    13.9 ms    +13.2%  (+8.2% to +19.2%)
      better  p50        10.4 ms ->    9.10 ms    -12.5%  (-17.5% to -6.5%)
      changed size         512 B ->      530 B     +3.5%  (-1.5% to +9.5%)

    Name                 req/s    fails  average      p50      p95      p99     size
    --------------------------------------------------------------------------------
    …ms/<script>[id]|        ~  +1.25pp   +13.2%   -12.5%        ~        ?    +3.5%
    Aggregated               ~        ~        ~        ~        ~        ~        ~
    ~ within noise, ? too little to tell, - not on both sides

    Removed: POST /old (77 requests)
    13 differences judged, 4 more than noise. Intervals hold 99.69% of the time; of
    100 comparisons of equal runs one calls anything a change.
    One run on each side does not show how runs differ from each other; several do:
    BASE.. --with NEW..
    The load was not meant to be the same, so rates are neither better nor worse.
    Too few requests for p99: 1000 are needed on each side; GET /items/<script>[id]|
    has 640.

    2 regressions by more than 5%.
    ");
}

#[test]
fn a_wide_terminal_shows_names_as_they_are_and_a_narrow_one_still_something() {
    let wide = comparison_text(&sheet(), Some(120));
    assert!(
        wide.lines().any(|line| line.starts_with("GET /items/<script>[id]|") && line.contains("+13.2%")),
        "{wide}"
    );
    let narrow = comparison_text(&sheet(), Some(10));
    assert!(narrow.contains("+13.2%"), "{narrow}");
}

#[test]
fn markdown_has_what_changed_and_folds_the_rest() {
    let text = comparison_markdown(&sheet());
    assert!(text.starts_with("## 2 regressions by more than 5%\n"), "{text}");
    let name = "<code>GET /items/&#60;script&#62;&#91;id&#93;&#124;</code>";
    let row = format!("| worse | {name} | average | 12.3 ms | 13.9 ms | +13.2% | +8.2% to +19.2% |");
    assert!(text.contains(&row), "{text}");
    assert!(text.contains("- **Not valid**: `branch.json`: waits were late"), "{text}");
    assert!(text.contains("<details><summary>All names</summary>"), "{text}");
    for line in text.lines().filter(|line| line.starts_with('|')) {
        assert!(matches!(line.matches('|').count(), 8 | 10), "{line}");
    }
}

#[test]
fn the_page_shows_names_and_runs_nothing_of_them() {
    let page = comparison_html(&sheet());
    assert!(page.contains("<h1 class=\"worse\">2 regressions by more than 5%</h1>"), "{page}");
    assert!(page.contains("GET /items/&lt;script&gt;[id]|"), "{page}");
    assert!(!page.contains("<script"), "{page}");
    assert!(page.contains("role=\"img\" aria-label=\"+8.2% to +19.2%\""), "{page}");
    assert!(page.contains("<li>Not alike: users: 50, then 60</li>"), "{page}");
    assert!(page.contains("<li>Removed: POST /old (77 requests)</li>"), "{page}");
}

#[test]
fn json_is_read_back() {
    let json = sheet().to_json();
    assert_eq!(serde_json::from_slice::<ComparisonSheet>(&json).expect("its own form"), sheet());
}
