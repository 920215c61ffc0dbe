//! The trace: a CSV line per run of a task function, so that two runs can be compared.

use super::numbers::short_ms;
use crate::stats::TraceStep;
use crate::util::{Diagnostic, Place};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// Time comes third, after two numbers: `cut -d, -f1,2,4-` leaves it out, whatever the names behind it hold.
const HEADER: [&str; 7] = ["user", "step", "time_ms", "arrival", "task", "wait_s", "rows"];

/// Writes the file of `--trace`.
#[derive(Debug)]
pub struct TraceWriter {
    path: PathBuf,
    rows: csv::Writer<File>,
}

impl TraceWriter {
    /// Makes the file with its header.
    ///
    /// # Errors
    ///
    /// The file cannot be written: before the run, not after it.
    pub fn new(path: &Path) -> Result<Self, Diagnostic> {
        let file = File::create(path).map_err(|error| cannot_write(path, &error))?;
        Self::of(file, path)
    }

    /// Writes to what is open already; `path` is its name in messages.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub fn of(file: File, path: &Path) -> Result<Self, Diagnostic> {
        let mut rows = csv::Writer::from_writer(file);
        let written = rows.write_record(HEADER).map_err(io::Error::other).and_then(|()| rows.flush());
        written.map_err(|error| cannot_write(path, &error))?;
        Ok(Self { path: path.to_owned(), rows })
    }

    /// Adds steps; they are in the file when this returns.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn write(&mut self, steps: &[TraceStep]) -> Result<(), Diagnostic> {
        let written = steps.iter().try_for_each(|step| self.rows.write_record(record(step)));
        let written = written.map_err(io::Error::other).and_then(|()| self.rows.flush());
        written.map_err(|error| cannot_write(&self.path, &error))
    }
}

fn record(step: &TraceStep) -> [String; 7] {
    [
        step.user.to_string(),
        step.step.to_string(),
        short_ms(step.started),
        step.arrival.map(|arrival| arrival.to_string()).unwrap_or_default(),
        step.task.clone(),
        step.wait.map(|wait| wait.as_secs_f64().to_string()).unwrap_or_default(),
        step.rows.clone(),
    ]
}

fn cannot_write(path: &Path, error: &io::Error) -> Diagnostic {
    Diagnostic::error(format!("cannot write the trace: {error}"))
        .at(Place::file(&path.to_string_lossy()))
        .help("--trace takes the path of a file in a folder that exists")
}

#[cfg(test)]
mod tests {
    use super::TraceWriter;
    use crate::stats::TraceStep;
    use std::time::Duration;

    #[test]
    fn a_line_per_step() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("trace.csv");
        let mut writer = TraceWriter::new(&path).expect("a file");
        let step = TraceStep {
            user: 12,
            step: 1,
            started: Duration::from_micros(1_234_500),
            arrival: None,
            task: "Visitor/Shop/view, then buy".to_owned(),
            wait: Some(Duration::from_nanos(1_300_000_002)),
            rows: "data/people.csv:3;ids.json:0".to_owned(),
        };
        let last = TraceStep {
            step: 2,
            arrival: Some(7),
            task: "Visitor/front".to_owned(),
            wait: None,
            rows: String::new(),
            ..step.clone()
        };
        writer.write(&[step, last]).expect("written");
        insta::assert_snapshot!(std::fs::read_to_string(&path).expect("a file"), @r#"
        user,step,time_ms,arrival,task,wait_s,rows
        12,1,1234.5,,"Visitor/Shop/view, then buy",1.300000002,data/people.csv:3;ids.json:0
        12,2,1234.5,7,Visitor/front,,
        "#);
    }

    #[test]
    fn a_path_that_cannot_be_written_is_said_at_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let error = TraceWriter::new(&folder.path().join("no/trace.csv")).expect_err("no such folder");
        assert!(error.to_string().contains("cannot write the trace"), "{error}");
    }
}
