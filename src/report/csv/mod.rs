//! Locust's four CSV files: columns, quoting and line ends are Locust's.

mod past;
mod rows;
mod writer;

pub use past::write_files;
pub use rows::CsvOptions;
pub use writer::CsvWriter;
