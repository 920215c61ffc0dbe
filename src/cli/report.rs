//! `katydid report`: a saved result in other forms.

use super::settings::ReportSettings;
use super::settings::file_names::Names;
use super::terminal::show;
use crate::report::console::run_report;
use crate::report::{Record, csv};
use crate::util::Diagnostic;

/// Writes the files that are asked for; without any, prints what the run printed at its end. The exit code says only
/// whether that worked: the run's own is in the reports.
///
/// # Errors
///
/// No result, or a file that cannot be written.
pub(super) fn report(settings: &ReportSettings) -> Result<u8, Vec<Diagnostic>> {
    let record = Record::read(&settings.result).map_err(|error| vec![error])?;
    let files = settings.files.named(&Names::of_record(&record)).map_err(|error| vec![error])?;
    if files.is_empty() {
        show::report(&run_report(&record, show::columns()));
        return Ok(0);
    }
    if files.take_stdout() {
        show::leave_stdout();
    }
    let outputs = files.open().map_err(|error| vec![error])?;
    let mut errors = outputs.write(|form, name| form.render(&record, name));
    if let Some(prefix) = &files.csv {
        errors.extend(csv::write_files(prefix, &record.run, files.csv_options).err());
    }
    if errors.is_empty() { Ok(0) } else { Err(errors) }
}
