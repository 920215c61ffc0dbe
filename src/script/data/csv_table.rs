//! A CSV file in memory: one text and the ends of its fields, 4 bytes per field more than the file.

use csv::{ErrorKind, Position, StringRecord};
use std::io::{BufRead, BufReader, Read};

/// How a CSV file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::script) struct CsvOptions {
    /// What stands between fields.
    pub(in crate::script) delimiter: u8,
    /// The first line names the columns.
    pub(in crate::script) header: bool,
    /// Values that are numbers, `true`, `false` or empty are given as such; otherwise every value is a string.
    pub(in crate::script) types: bool,
}

impl Default for CsvOptions {
    fn default() -> Self {
        Self { delimiter: b',', header: true, types: false }
    }
}

/// The parsed file.
#[derive(Debug)]
pub(in crate::script) struct CsvTable {
    /// Names of the columns; empty without a header.
    pub(super) columns: Vec<String>,
    /// As in [`CsvOptions`].
    pub(super) types: bool,
    width: usize,
    text: String,
    ends: Vec<u32>,
}

impl CsvTable {
    /// Reads a whole file of at most `size` bytes (known beforehand, below 4 GiB).
    ///
    /// # Errors
    ///
    /// A sentence with the line: rows of different widths, text that is not UTF-8, two columns of one name, no header.
    pub(in crate::script) fn read(file: impl Read, size: usize, options: CsvOptions) -> Result<Self, String> {
        let mut file = BufReader::with_capacity(64 * 1024, file);
        if file.fill_buf().map_err(|error| error.to_string())?.starts_with(b"\xEF\xBB\xBF") {
            file.consume(3);
        }
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(options.delimiter)
            .has_headers(options.header)
            .from_reader(file);
        let columns = if options.header { columns(&mut reader)? } else { Vec::new() };
        let mut table = Self {
            width: columns.len(),
            columns,
            types: options.types,
            text: String::with_capacity(size),
            ends: Vec::new(),
        };
        let mut record = StringRecord::new();
        while reader.read_record(&mut record).map_err(|error| sentence(&error))? {
            table.push(&record)?;
        }
        table.text.shrink_to_fit();
        table.ends.shrink_to_fit();
        Ok(table)
    }

    fn push(&mut self, record: &StringRecord) -> Result<(), String> {
        self.width = record.len();
        for field in record {
            self.text.push_str(field);
            self.ends.push(u32::try_from(self.text.len()).map_err(|_| "the file is too large".to_owned())?);
        }
        Ok(())
    }

    /// How many rows there are, the header not counted.
    pub(in crate::script) fn len(&self) -> usize {
        self.ends.len().checked_div(self.width).unwrap_or(0)
    }

    /// How many fields each row has.
    pub(in crate::script) fn width(&self) -> usize {
        self.width
    }

    /// The text of a field.
    pub(in crate::script) fn field(&self, row: usize, column: usize) -> &str {
        let index = row * self.width + column;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start as usize..self.ends[index] as usize]
    }
}

/// The names of the columns, without the spaces around them.
fn columns(reader: &mut csv::Reader<impl Read>) -> Result<Vec<String>, String> {
    let header = reader.headers().map_err(|error| sentence(&error))?;
    let columns: Vec<String> = header.iter().map(|name| name.trim().to_owned()).collect();
    if columns.iter().all(String::is_empty) {
        return Err(
            "the file has no header line; if it has none on purpose, pass `#{ header: false }`".to_owned()
        );
    }
    for (index, name) in columns.iter().enumerate() {
        if !name.is_empty() && columns[..index].contains(name) {
            return Err(format!("line 1: two columns are called `{name}`"));
        }
    }
    Ok(columns)
}

/// What the reader found wrong, with its line.
fn sentence(error: &csv::Error) -> String {
    let line = |position: &Option<Position>| match position {
        Some(position) => format!("line {}: ", position.line()),
        None => String::new(),
    };
    match error.kind() {
        ErrorKind::UnequalLengths { pos, expected_len, len } => {
            let place = line(pos);
            format!("{place}the row has {len} fields where {expected_len} are expected")
        }
        ErrorKind::Utf8 { pos, .. } => format!("{}the text is not UTF-8; save the file as UTF-8", line(pos)),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::{CsvOptions, CsvTable};
    use proptest::prelude::*;

    fn read(text: &[u8], options: CsvOptions) -> Result<Vec<Vec<String>>, String> {
        let table = CsvTable::read(text, text.len(), options)?;
        let header = (!table.columns.is_empty()).then(|| table.columns.clone());
        let row = |row| (0..table.width()).map(|column| table.field(row, column).to_owned()).collect();
        Ok(header.into_iter().chain((0..table.len()).map(row)).collect())
    }

    fn rows(text: &str) -> Vec<Vec<String>> {
        read(text.as_bytes(), CsvOptions::default()).unwrap()
    }

    #[test]
    fn quotes_line_ends_and_empty_lines_are_as_in_rfc_4180() {
        let text = "id,text\r\n1,\"a,b\"\r\n\r\n2,\"say \"\"hi\"\"\nthere\"\r\n3,";
        assert_eq!(
            rows(text),
            [vec!["id", "text"], vec!["1", "a,b"], vec!["2", "say \"hi\"\nthere"], vec!["3", ""]]
        );
    }

    #[test]
    fn a_mark_at_the_start_and_spaces_around_names_are_dropped_values_are_kept() {
        assert_eq!(rows("\u{feff}größe , 名\n 1 ,é\n"), [["größe", "名"], [" 1 ", "é"]]);
    }

    #[test]
    fn other_delimiters_and_files_without_a_header() {
        let options = CsvOptions { delimiter: b';', header: false, types: false };
        assert_eq!(read(b"1;a,b\n2;c\n", options).unwrap(), [["1", "a,b"], ["2", "c"]]);
        assert_eq!(read(b"", options).unwrap(), Vec::<Vec<String>>::new());
    }

    #[test]
    fn mistakes_name_their_line() {
        let error = |text: &[u8]| read(text, CsvOptions::default()).unwrap_err();
        let files: [&[u8]; 5] =
            [b"a,b\n1,2\n3\n", b"a,b\n1,2\n\n\"x\ny\",2\n1,2,3\n", b"a,b\n1,\xFF\n", b"a,a\n1,2\n", b""];
        insta::assert_snapshot!(files.map(error).join("\n"), @"
        line 3: the row has 1 fields where 2 are expected
        line 6: the row has 3 fields where 2 are expected
        line 2: the text is not UTF-8; save the file as UTF-8
        line 1: two columns are called `a`
        the file has no header line; if it has none on purpose, pass `#{ header: false }`
        ");
    }

    #[test]
    fn a_header_alone_has_no_rows() {
        assert_eq!(CsvTable::read("a,b\n".as_bytes(), 4, CsvOptions::default()).unwrap().len(), 0);
    }

    proptest! {
        #[test]
        fn what_a_csv_writer_writes_is_read_back(
            rows in prop::collection::vec(prop::collection::vec("[a-zé\"\r\n,; ]{1,6}", 3), 0..8)
        ) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            for row in &rows {
                writer.write_record(row).unwrap();
            }
            let text = writer.into_inner().unwrap();
            let options = CsvOptions { header: false, ..CsvOptions::default() };
            prop_assert_eq!(read(&text, options).unwrap(), rows);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..120), header: bool) {
            let _ = read(&bytes, CsvOptions { header, ..CsvOptions::default() });
        }
    }
}
