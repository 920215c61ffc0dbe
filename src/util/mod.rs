//! What every room may use and no room owns: diagnostics, columns, units, near names, random streams, time stamps.

mod columns;
mod diagnostic;
#[cfg(test)]
pub(crate) mod fuzz;
pub mod nanoseconds;
mod nearest;
mod passwords;
mod stream;
mod text_file;
mod units;
mod wildcard;

pub use columns::{beginning, columns_of, ending, filled};
pub use diagnostic::{Diagnostic, Place, Severity};
pub use nearest::nearest;
pub use stream::{Purpose, Stream, seed_of, stream};
pub use text_file::read_text;
pub use units::{bytes_text, count_text, parse_size, parse_timespan, timespan_text};
pub use wildcard::fits;
