//! From the text of a `_stats.csv` to its rows. Every version of Locust that wrote one is read.

use super::Metric;
use super::csv_text::{Cell, CsvText};
use super::printed::{PrintedRow, PrintedStats};
use crate::util::{Diagnostic, Place};
use std::collections::HashMap;

/// What cells without data hold: Locust's own, and what spreadsheets and data frames make of it.
const NO_DATA: [&str; 6] = ["", "N/A", "NaN", "nan", "None", "null"];

/// What the row of all rows together is called; before Locust 0.13 the second.
const TOTAL: [&str; 2] = ["Aggregated", "Total"];

const HELP: &str = "give the `_stats.csv` of a run, katydid's or Locust's, or a result file";

/// What a column holds.
#[derive(Clone, Copy, PartialEq)]
enum Column {
    Kind,
    Name,
    Of(Metric),
    Unknown,
}

impl Column {
    /// The column of this name. Those before Locust 1.0 are in lower case, and call counts and failures otherwise.
    fn named(name: &str) -> Self {
        let metric = match name.trim() {
            "Type" | "Method" => return Self::Kind,
            "Name" => return Self::Name,
            "# requests" => Some(Metric::RequestCount),
            "# failures" => Some(Metric::FailureCount),
            "Median response time" => Some(Metric::Median),
            "Average response time" => Some(Metric::Average),
            "Min response time" => Some(Metric::Min),
            "Max response time" => Some(Metric::Max),
            "Requests Failed/s" => Some(Metric::FailureRate),
            // Locust 0.13 forgets the sign of this one.
            "99.999" => Some(Metric::Percentile(99.999)),
            other => match other.strip_suffix('%') {
                // Which percentiles are printed is configured.
                Some(percent) => Metric::named(&format!("p{percent}")),
                None => Metric::column(other),
            },
        };
        metric.map_or(Self::Unknown, Self::Of)
    }
}

impl PrintedStats {
    /// Reads a `_stats.csv`; `file_name` is for the messages. The second part of the result are warnings.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong in it: a header that is not Locust's, a row of another width, a cell that is no
    /// number, a row that is there twice, a quote that is not closed.
    pub fn parse(file_name: &str, text: &str) -> Result<(Self, Vec<Diagnostic>), Diagnostic> {
        let source = CsvText::new(file_name, text);
        let Some((header, mut at)) = source.row(0)? else {
            return Err(Diagnostic::error("the CSV is empty").at(Place::file(file_name)).help(HELP));
        };
        let columns = columns(source, &header)?;
        let mut reader = Reader { source, columns, header, seen: HashMap::new() };
        let metric = |column: &Column| match column {
            Column::Of(metric) => Some(*metric),
            _ => None,
        };
        let mut stats = Self {
            columns: reader.columns.iter().filter_map(metric).collect(),
            rows: Vec::new(),
            total: None,
        };
        while let Some((cells, end)) = source.row(at)? {
            at = end;
            let row = reader.row(&cells)?;
            match &*row.kind {
                "" | "None" if TOTAL.contains(&&*row.name) => stats.total = Some(row),
                _ => stats.rows.push(row),
            }
        }
        let mut warnings = Vec::new();
        if stats.total.is_none() {
            warnings.push(
                Diagnostic::warning(
                    "the CSV has no row `Aggregated`: all its rows are taken together instead",
                )
                .at(Place::file(file_name))
                .help("was the file cut off, or were rows taken out of it?"),
            );
        }
        Ok((stats, warnings))
    }
}

/// What the columns of a header hold.
fn columns(source: CsvText<'_>, header: &[Cell<'_>]) -> Result<Vec<Column>, Diagnostic> {
    let columns: Vec<Column> = header.iter().map(|cell| Column::named(&cell.text)).collect();
    let wanted =
        [(Column::Kind, "Type"), (Column::Name, "Name"), (Column::Of(Metric::RequestCount), "Request Count")];
    if let Some((_, name)) = wanted.into_iter().find(|(column, _)| !columns.contains(column)) {
        let has = |name: &str| header.iter().any(|cell| cell.text == name);
        let what = if has("Timestamp") {
            "this is the history of a run".to_owned()
        } else if has("Error") || has("Traceback") {
            "these are the errors of a run".to_owned()
        } else if let [only] = header
            && let Some(sign) = [';', '\t'].into_iter().find(|sign| only.text.contains(*sign))
        {
            format!("its cells have {sign:?} between them, and not a comma")
        } else {
            format!("its first line names no column `{name}`")
        };
        return Err(source.error(&header[0], format!("not a `_stats.csv`: {what}")).help(HELP));
    }
    for (index, column) in columns.iter().enumerate() {
        if *column != Column::Unknown && columns[..index].contains(column) {
            return Err(source.error(&header[index], format!("a second column `{}`", header[index].text)));
        }
    }
    Ok(columns)
}

struct Reader<'a> {
    source: CsvText<'a>,
    columns: Vec<Column>,
    header: Vec<Cell<'a>>,
    /// Types and names, and where their rows begin.
    seen: HashMap<(String, String), usize>,
}

impl Reader<'_> {
    fn row(&mut self, cells: &[Cell<'_>]) -> Result<PrintedRow, Diagnostic> {
        let (cells_here, cells_due) = (cells.len(), self.columns.len());
        if cells_here != cells_due {
            let wrong = &cells[cells_due.min(cells_here - 1)];
            let message = format!("this row has {cells_here} cells, the first line has {cells_due}");
            return Err(self.source.error(wrong, message).help("was the file cut off?"));
        }
        let mut row = PrintedRow {
            kind: "".into(),
            name: "".into(),
            requests: 0,
            failures: 0,
            cells: Vec::with_capacity(cells_due),
        };
        for (index, (cell, column)) in cells.iter().zip(&self.columns).enumerate() {
            match column {
                Column::Kind => row.kind = (&*cell.text).into(),
                Column::Name => row.name = (&*cell.text).into(),
                Column::Of(metric) => {
                    let number = self.number(cell, index)?;
                    match metric {
                        Metric::RequestCount => row.requests = self.count(cell, number, index)?,
                        Metric::FailureCount => row.failures = self.count(cell, number, index)?,
                        _ => {}
                    }
                    row.cells.push(number);
                }
                Column::Unknown => {}
            }
        }
        let key = (row.kind.to_string(), row.name.to_string());
        if let Some(before) = self.seen.insert(key, cells[0].begin()) {
            let line = self.source.line(before);
            let message = format!("{} {} is there already, in line {line}", row.kind, row.name);
            return Err(self.source.error(&cells[0], message.trim_start()));
        }
        Ok(row)
    }

    /// A number, or none where there is no data.
    fn number(&self, cell: &Cell<'_>, column: usize) -> Result<Option<f64>, Diagnostic> {
        let text = cell.text.trim();
        if NO_DATA.contains(&text) {
            return Ok(None);
        }
        let number = text.parse().ok().filter(|number: &f64| number.is_finite());
        number.map(Some).ok_or_else(|| {
            let name = &self.header[column].text;
            self.source
                .error(cell, format!("`{text}` is not a number"))
                .help(format!("a cell of `{name}` is a number, or `N/A` without data"))
        })
    }

    /// A number of requests. Data frames make floats of whole numbers, which they stay.
    fn count(&self, cell: &Cell<'_>, number: Option<f64>, column: usize) -> Result<u64, Diagnostic> {
        const LARGEST: f64 = 9_007_199_254_740_992.0;
        match number.unwrap_or_default() {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it is whole, and in range"
            )]
            count if count.fract() == 0.0 && (0.0..=LARGEST).contains(&count) => Ok(count as u64),
            _ => {
                let name = &self.header[column].text;
                let message = format!("`{}` is not a number of requests", cell.text);
                Err(self.source.error(cell, message).help(format!("a cell of `{name}` is a whole number")))
            }
        }
    }
}
