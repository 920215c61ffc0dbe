//! Names of report files that say what was run.

use std::path::{Path, PathBuf};
use std::time::Duration;

/// The name with `{u}`, `{r}` and `{t}` replaced by the number of users, the spawn rate and the run time in seconds, as
/// Locust does; a run without an end of its own has the time `unlimited`. Anything else in braces stays.
#[must_use]
pub fn file_name(name: &Path, users: usize, spawn_rate: f64, run_time: Option<Duration>) -> PathBuf {
    let time = run_time.map_or_else(|| "unlimited".to_owned(), |time| time.as_secs_f64().to_string());
    let rate = if spawn_rate.is_finite() { spawn_rate.to_string() } else { "at-once".to_owned() };
    let values = [("{u}", users.to_string()), ("{r}", rate), ("{t}", time)];
    let parts = name.iter().map(|part| match part.to_str() {
        Some(text) => {
            values.iter().fold(text.to_owned(), |text, (key, value)| text.replace(key, value)).into()
        }
        None => part.to_owned(),
    });
    parts.collect()
}

#[cfg(test)]
mod tests {
    use super::file_name;
    use std::path::Path;
    use std::time::Duration;

    #[test]
    fn it_says_users_rate_and_time() {
        let name = |text: &str, time| file_name(Path::new(text), 12, 1.5, time).display().to_string();
        let minute = Some(Duration::from_secs(60));
        assert_eq!(name("out/{u}u_{r}r_{t}s.html", minute), "out/12u_1.5r_60s.html");
        assert_eq!(name("/tmp/{t}/{u}-{u}.html", None), "/tmp/unlimited/12-12.html");
        assert_eq!(name("{x}{}.html", minute), "{x}{}.html");
        assert_eq!(file_name(Path::new("{r}"), 1, 100.0, None), Path::new("100"));
    }
}
