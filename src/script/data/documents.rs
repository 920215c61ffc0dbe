//! A file of many documents in memory: its text, and where each document begins and ends. They are read when a script
//! asks for one, so the parsed form is never larger than the file.

use super::json;
use rhai::Dynamic;
use serde_json::value::RawValue;

/// One text with many documents in it.
#[derive(Debug)]
pub(in crate::script) struct Documents {
    text: String,
    spans: Vec<(u32, u32)>,
    json: bool,
}

impl Documents {
    /// The elements of a JSON array.
    ///
    /// # Errors
    ///
    /// Where the text is not a JSON array.
    pub(in crate::script) fn of_array(text: String) -> Result<Self, String> {
        let elements: Vec<&RawValue> = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        let spans = elements.iter().map(|element| span(&text, element.get())).collect();
        let documents = Self { text, spans, json: true };
        for index in 0..documents.len() {
            let _: Dynamic = documents.get(index).map_err(|error| format!("element {index}: {error}"))?;
        }
        Ok(documents)
    }

    /// One JSON document per line; empty lines are skipped.
    ///
    /// # Errors
    ///
    /// The line that is not JSON.
    pub(in crate::script) fn of_json_lines(text: String) -> Result<Self, String> {
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let mut spans = Vec::new();
        for (index, line) in lines {
            let _: Dynamic =
                json::to_dynamic(line.as_bytes()).map_err(|error| format!("line {}: {error}", index + 1))?;
            spans.push(span(&text, line));
        }
        Ok(Self { spans, text, json: true })
    }

    /// One string per line; empty lines are skipped.
    pub(in crate::script) fn of_lines(text: String) -> Self {
        let spans = text.lines().filter(|line| !line.is_empty()).map(|line| span(&text, line)).collect();
        Self { spans, text, json: false }
    }

    /// How many documents there are.
    pub(in crate::script) fn len(&self) -> usize {
        self.spans.len()
    }

    /// The document number `index`, which must exist.
    pub(in crate::script) fn get(&self, index: usize) -> Result<Dynamic, serde_json::Error> {
        let (start, end) = self.spans[index];
        let text = &self.text[start as usize..end as usize];
        if self.json { json::to_dynamic(text.as_bytes()) } else { Ok(text.into()) }
    }
}

/// Where `part`, a slice of `text`, lies in it.
fn span(text: &str, part: &str) -> (u32, u32) {
    let start = part.as_ptr().addr() - text.as_ptr().addr();
    let narrow = |offset: usize| u32::try_from(offset).expect("files of 4 GiB and more are refused before");
    (narrow(start), narrow(start + part.len()))
}

#[cfg(test)]
mod tests {
    use super::Documents;

    #[test]
    fn cuts_an_array_into_its_elements() {
        let documents = Documents::of_array(" [ {\"a\": [1]}, \"é\" ,3 ]\n".to_owned()).unwrap();
        let all: Vec<String> = (0..documents.len()).map(|i| documents.get(i).unwrap().to_string()).collect();
        assert_eq!(all, ["#{\"a\": [1]}", "é", "3"]);
    }

    #[test]
    fn lines_are_cut_and_mistakes_name_theirs() {
        let documents = Documents::of_json_lines("{\"a\":1}\r\n\n[2]\n".to_owned()).unwrap();
        assert_eq!(documents.len(), 2);
        assert_eq!(documents.get(1).unwrap().to_string(), "[2]");
        let error = Documents::of_json_lines("1\n\n{\n".to_owned()).unwrap_err();
        assert_eq!(error, "line 3: EOF while parsing an object at line 1 column 1");
        let lines = Documents::of_lines("one\r\n\n two \n".to_owned());
        assert_eq!(lines.get(0).unwrap().to_string(), "one");
        assert_eq!(lines.get(1).unwrap().to_string(), " two ");
    }

    #[test]
    fn every_element_is_checked_when_the_file_is_read() {
        let deep = format!("[1,{}{}]", "[".repeat(200), "]".repeat(200));
        assert!(Documents::of_array(deep).unwrap_err().starts_with("element 1: recursion limit"));
        assert!(Documents::of_array("[1,]".to_owned()).is_err());
    }
}
