//! The HTML report in a real browser: it is shown, can be used, complains about nothing and fetches nothing. Where no browser is
//! installed, these tests say that they are skipped.
//!
//! `KATYDID_SCREENSHOTS=DIR cargo test --test html_browser` leaves pictures of every page in DIR, to be looked at.

mod support;

use katydid::demo::DemoServer;
use katydid::report::html::html_report;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use support::Katydid;
use support::browser::{Browser, Conduct};
use support::records::record;

const SCRIPT: &str = r#"
    fn list(user) { user.get("/items", #{ params: #{ limit: 5 }, name: "/items" }); }
    fn view(user) { user.get(`/items/${random::int(1, 30)}`, #{ name: "/items/[id]" }); }
    fn miss(user) { user.get("/nowhere", #{ name: "</script><img src=x onerror=alert(1)> \u202e\u2028" }); }
    fn slow(user) { user.get("/delay/20"); }
    fn throws(user) { throw "<b>no item</b> in the answer"; }
    let shop = task_set("Shop").task(list, 3).task(view, 5).task(miss, 1).stop();
    user_class("Visitor").weight(3).wait_time(constant(0.02)).task(shop, 6).task(slow, 2).task(throws);
    user_class("Admin").wait_time(constant(0.05)).task(list);
"#;
const MANIFEST: &str = r#"
/items/[id]:
  type: GET
  99%: 0.001
  Requests/s: ">= 1"
"*":
  p95: { limit: 5s, window: steady }
/none:
  p95: { limit: 5, severity: warn }
"#;

/// The page of a run in which things went wrong.
fn failed_run() -> (PathBuf, tempfile::TempDir) {
    let server = DemoServer::start(0).expect("a port");
    let finished = Katydid::run_script(SCRIPT)
        .file("gate.yaml", MANIFEST)
        .args([
            "-u",
            "12",
            "-r",
            "6",
            "-t",
            "6s",
            "--phases",
            "--manifest",
            "gate.yaml",
            "--html",
            "page.html",
        ])
        .against(&server)
        .run()
        .exits(3);
    (finished.path("page.html"), finished.folder)
}

/// The page of a run that never was.
fn synthetic(names: usize, seconds: u64) -> (PathBuf, tempfile::TempDir) {
    let names: Vec<String> = (0..names).map(|number| format!("/api/v1/items/{number}")).collect();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("page.html");
    std::fs::write(&path, html_report(&record(&names, seconds, 40, 60))).expect("a file");
    (path, folder)
}

/// Nothing to complain about, and nothing fetched but the page itself.
#[track_caller]
fn behaved(browser: &mut Browser, path: &Path) {
    let Conduct { complaints, requests } = browser.conduct();
    assert!(complaints.is_empty(), "{complaints:#?}");
    assert_eq!(requests, [format!("\"file://{}\"", path.display())]);
}

/// For each chart how many of its pixels are of another colour than its first one.
fn drawn(browser: &mut Browser) -> Value {
    browser.value(
        "new Promise((done) => requestAnimationFrame(() => done(Object.fromEntries(
            [...document.querySelectorAll('[data-chart]')].map((host) => {
                const canvas = host.querySelector('canvas');
                const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
                const pixels = new Uint32Array(data.buffer);
                return [host.dataset.chart, pixels.filter((pixel) => pixel !== pixels[0]).length];
            })))))",
    )
}

#[track_caller]
fn all_drawn(browser: &mut Browser) {
    let drawn = drawn(browser);
    let charts = drawn.as_object().expect("an object");
    assert_eq!(charts.len(), 6, "{drawn}");
    assert!(charts.values().all(|pixels| pixels.as_u64().is_some_and(|pixels| pixels > 1000)), "{drawn}");
}

fn column(browser: &mut Browser, index: usize) -> Vec<String> {
    let cells = browser.value(&format!(
        "[...document.querySelectorAll('table.requests tbody tr:not([hidden])')].map((row) => row.cells[{index}].textContent)"
    ));
    serde_json::from_value(cells).expect("texts")
}

#[test]
fn it_shows_everything_and_fetches_nothing() {
    let Some(mut browser) = Browser::start() else { return };
    let (path, _folder) = failed_run();
    browser.prefer("light");
    browser.open(&path, 1200);
    all_drawn(&mut browser);
    let headings =
        browser.value("[...document.querySelectorAll('h1, h2')].map((heading) => heading.textContent)");
    assert_eq!(
        headings,
        json!([
            "FAILED exit code 3",
            "Thresholds",
            "Requests",
            "Phases",
            "Over time",
            "Distribution",
            "Errors",
            "Exceptions",
            "Tasks",
            "Generator",
            "Run"
        ])
    );
    let verdicts =
        "[...document.querySelectorAll('.thresholds tbody tr')].map((row) => row.cells[0].textContent)";
    assert_eq!(browser.value(verdicts), json!(["FAILED", "passed", "passed", "warned"]));
    assert_eq!(column(&mut browser, 0).len(), 4);
    let phases = "[...document.querySelectorAll('.phases tfoot td')].slice(1).map((cell) => parseFloat(cell.textContent))";
    let phases: Vec<Option<f64>> = serde_json::from_value(browser.value(phases)).expect("numbers");
    // Connect, send, wait and receive; dns where looking up an address took long enough to count.
    assert!([8, 10].contains(&phases.len()) && phases.iter().all(Option::is_some), "{phases:?}");
    assert_eq!(browser.value("document.images.length"), 0);
    let error = browser.value("document.querySelector('.errors tbody th').textContent");
    assert!(
        error.as_str().is_some_and(|name| name.starts_with("</script><img src=x onerror=alert(1)>")),
        "{error}"
    );
    let tasks = browser.value("document.querySelectorAll('.task').length");
    assert_eq!(tasks, 8);
    browser.screenshot("failed-light.png");
    behaved(&mut browser, &path);
}

#[test]
fn columns_are_sorted_by_mouse_and_by_key() {
    let Some(mut browser) = Browser::start() else { return };
    let (path, _folder) = synthetic(12, 20);
    browser.open(&path, 1200);
    let numbers = |cells: Vec<String>| -> Vec<f64> {
        cells.iter().map(|cell| cell.replace(',', "").parse().expect("a number")).collect()
    };
    let order = "document.querySelector('table.requests th:nth-child(10)').getAttribute('aria-sort')";
    assert_eq!(browser.value(order), Value::Null);
    browser.click("table.requests th:nth-child(10) button");
    let falling = numbers(column(&mut browser, 9));
    assert!(falling.is_sorted_by(|a, b| a >= b) && falling[0] > falling[11], "{falling:?}");
    assert_eq!(browser.value(order), "descending");

    // The same heading by keyboard, then the one before it.
    browser.press("Enter", "\r");
    assert_eq!(browser.value(order), "ascending");
    let rising = numbers(column(&mut browser, 9));
    assert!(rising.is_sorted(), "{rising:?}");
    browser.value("document.querySelector('table.requests th button').focus()");
    browser.press(" ", " ");
    let expected: Vec<String> = (0..12).map(|number| format!("/api/v1/items/{number}")).collect();
    assert_eq!(column(&mut browser, 0), expected, "by number, as people count");
    assert_eq!(browser.value(order), Value::Null);
    let last = browser.value("document.querySelector('table.requests tfoot th').textContent");
    assert_eq!(last, "All together");

    browser.value("document.getElementById('filter').focus()");
    for c in ["s", "/", "1", "1"] {
        browser.press(c, c);
    }
    assert_eq!(column(&mut browser, 0), ["/api/v1/items/11"]);
    assert_eq!(browser.value("document.getElementById('filtered').textContent"), "1 of 12");
    behaved(&mut browser, &path);
}

#[test]
fn one_name_can_be_chosen_and_its_values_read() {
    let Some(mut browser) = Browser::start() else { return };
    let (path, _folder) = synthetic(3, 90);
    browser.open(&path, 1200);
    let options = browser.value("[...document.getElementById('series').options].length");
    assert_eq!(options, 4);
    browser.click("[data-chart=throughput] summary");
    let sum = "[...document.querySelectorAll('[data-chart=throughput] .values tbody tr')]
        .reduce((sum, row) => sum + parseFloat(row.cells[1].textContent), 0)";
    let wait = "new Promise((done) => setTimeout(done, 50))";
    browser.value(wait);
    assert_eq!(browser.value(sum), 270);
    browser.value(
        "(() => { const series = document.getElementById('series'); series.value = '1'; series.dispatchEvent(new Event('change')); })()",
    );
    all_drawn(&mut browser);
    browser.click("[data-chart=throughput] summary");
    browser.value(wait);
    assert_eq!(browser.value(sum), 90);
    browser.click("#logarithmic");
    all_drawn(&mut browser);
    // A series is switched off by its entry in the legend.
    let pressed =
        "document.querySelector('[data-chart=times] .u-series:nth-child(4) th').getAttribute('aria-pressed')";
    browser.value("document.querySelector('[data-chart=times] .u-series:nth-child(4) th').focus()");
    browser.press("Enter", "\r");
    assert_eq!(browser.value(pressed), "false");
    behaved(&mut browser, &path);
}

#[test]
fn it_is_dark_where_that_is_preferred_and_on_demand() {
    let Some(mut browser) = Browser::start() else { return };
    let (path, _folder) = failed_run();
    let background = "getComputedStyle(document.body).backgroundColor";
    browser.prefer("dark");
    browser.open(&path, 1200);
    assert_eq!(browser.value(background), "rgb(14, 18, 23)");
    assert_eq!(browser.value("document.getElementById('theme').textContent"), "Light");
    all_drawn(&mut browser);
    browser.screenshot("failed-dark.png");
    browser.click("#theme");
    assert_eq!(browser.value(background), "rgb(245, 246, 248)");
    browser.click("#theme");
    assert_eq!(browser.value(background), "rgb(14, 18, 23)");
    behaved(&mut browser, &path);
}

#[test]
fn text_has_enough_contrast() {
    let Some(mut browser) = Browser::start() else { return };
    let (path, _folder) = failed_run();
    for scheme in ["light", "dark"] {
        browser.prefer(scheme);
        browser.open(&path, 1200);
        // WCAG 2.2, success criterion 1.4.3 (AA): 4.5 to 1, by the formula of relative luminance.
        let pale = browser.value(
            "(() => {
                const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
                const luminance = (colour) => parts(colour).slice(0, 3)
                    .map((part) => part / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
                    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
                const behind = (element) => {
                    const colour = getComputedStyle(element).backgroundColor;
                    return parts(colour)[3] === 0 ? behind(element.parentElement) : colour;
                };
                const texts = [...document.querySelectorAll('body *')].filter((element) =>
                    !element.closest('script, noscript, [hidden]') && element.checkVisibility() &&
                    [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()));
                return texts.map((element) => {
                    const [a, b] = [luminance(getComputedStyle(element).color), luminance(behind(element))].sort((a, b) => b - a);
                    return [element.textContent.slice(0, 40), (a + 0.05) / (b + 0.05)];
                }).filter(([, ratio]) => ratio < 4.5);
            })()",
        );
        assert_eq!(pale, json!([]), "{scheme}");
    }
}

#[test]
fn a_phone_shows_it_without_scrolling_sideways() {
    let Some(mut browser) = Browser::start() else { return };
    let (path, _folder) = failed_run();
    browser.prefer("light");
    browser.open(&path, 360);
    all_drawn(&mut browser);
    assert_eq!(browser.value("document.documentElement.scrollWidth"), 360);
    let widest = browser.value("Math.max(...[...document.querySelectorAll('canvas')].map((canvas) => canvas.getBoundingClientRect().right))");
    assert!(widest.as_f64().is_some_and(|right| right <= 360.0), "{widest}");
    browser.screenshot("failed-phone.png");
    // Turned, its charts are as wide as it is.
    browser.resize(800);
    all_drawn(&mut browser);
    assert_eq!(browser.value("document.documentElement.scrollWidth"), 800);
    behaved(&mut browser, &path);
}

#[test]
fn paper_is_light_and_has_charts_and_no_controls() {
    let Some(mut browser) = Browser::start() else { return };
    let (path, _folder) = failed_run();
    browser.prefer("dark");
    browser.open(&path, 1200);
    // What the page is when it is put on paper.
    browser.value(
        "addEventListener('beforeprint', () => {
            window.onPaper = [...document.querySelectorAll('[data-chart] canvas')].map((canvas) => canvas.width);
            window.colour = getComputedStyle(document.documentElement).getPropertyValue('--text');
        })",
    );
    let pdf = browser.print("failed-print.pdf");
    assert!(pdf.starts_with(b"%PDF-"));
    let text = String::from_utf8_lossy(&pdf);
    let pages = text.matches("/Type /Page\n").count() + text.matches("/Type /Page ").count();
    assert!((2..12).contains(&pages), "{pages} pages");
    assert_eq!(browser.value("window.onPaper"), json!(vec![680; 6]));
    assert_eq!(browser.value("window.colour"), "#1c2128");
    assert_eq!(browser.value("document.documentElement.hasAttribute('data-print')"), false);
    all_drawn(&mut browser);
    behaved(&mut browser, &path);
}

#[test]
fn a_long_run_and_one_of_nothing_are_shown() {
    let Some(mut browser) = Browser::start() else { return };
    let (path, _folder) = synthetic(40, 5 * 3600);
    browser.prefer("light");
    browser.open(&path, 1200);
    all_drawn(&mut browser);
    browser.screenshot("long.png");
    behaved(&mut browser, &path);

    let (path, _folder) = synthetic(0, 0);
    browser.open(&path, 1200);
    let texts =
        browser.value("[...document.querySelectorAll('[data-chart]')].map((host) => host.textContent)");
    assert_eq!(texts, json!(vec!["There is nothing to show: nothing was counted."; 6]));
    behaved(&mut browser, &path);
}
