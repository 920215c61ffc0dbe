//! The XML.

use super::cases::{Case, Outcome, Suite, of_manifest, suites};
use crate::report::stamps::utc;
use crate::report::{CsvVerdict, Record};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use std::borrow::Cow;
use std::io;
use std::time::Duration;

type Xml = Writer<Vec<u8>>;

/// The run as JUnit XML: a suite `katydid` about the run itself, and one for each manifest with a case for each threshold.
/// Something in it has failed exactly where the exit code is not 0, unless a hook has chosen the exit code 0.
#[must_use]
pub fn junit_report(record: &Record) -> String {
    Document {
        suites: suites(record),
        time: record.run.duration,
        // Whole seconds: what older readers of the format take.
        started: Some(utc(record.run.started()).trim_end_matches('Z').to_owned()),
        facts: vec![
            ("katydid", record.katydid.clone()),
            ("host", record.host.clone().unwrap_or_default()),
            ("scripts", record.scripts.join(", ")),
            ("seed", record.seed.to_string()),
            ("exit code", record.exit_code.to_string()),
        ],
    }
    .text()
}

/// The verdict on a CSV as JUnit XML: the suites of the manifests alone, since a CSV says nothing else about the run.
/// Something in it has failed exactly where the exit code is not 0.
#[must_use]
pub fn junit_verdict(verdict: &CsvVerdict) -> String {
    Document {
        suites: verdict.verdicts.iter().map(of_manifest).collect(),
        // Readers want a number.
        time: Duration::ZERO,
        started: None,
        facts: vec![
            ("katydid", env!("CARGO_PKG_VERSION").to_owned()),
            ("csv", verdict.file.clone()),
            ("exit code", verdict.exit_code.to_string()),
        ],
    }
    .text()
}

/// What is written, and what stands in every suite of it.
struct Document {
    suites: Vec<Suite>,
    time: Duration,
    started: Option<String>,
    facts: Vec<(&'static str, String)>,
}

impl Document {
    fn text(&self) -> String {
        let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
        self.write(&mut xml).expect("a Vec takes everything");
        let mut bytes = xml.into_inner();
        bytes.push(b'\n');
        String::from_utf8(bytes).expect("it was text")
    }

    fn write(&self, xml: &mut Xml) -> io::Result<()> {
        let time = format!("{:.3}", self.time.as_secs_f64());
        xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        let all: Vec<&Case> = self.suites.iter().flat_map(|suite| &suite.cases).collect();
        let counts = counts(&all);
        let root = xml.create_element("testsuites").with_attribute(("name", "katydid"));
        let root = root.with_attributes(attributes(&counts)).with_attribute(("time", &*time));
        root.write_inner_content(|xml| {
            self.suites.iter().try_for_each(|suite| self.write_suite(xml, suite, &time))
        })?;
        Ok(())
    }

    fn write_suite(&self, xml: &mut Xml, suite: &Suite, time: &str) -> io::Result<()> {
        let cases: Vec<&Case> = suite.cases.iter().collect();
        let counts = counts(&cases);
        let element = xml.create_element("testsuite").with_attribute(("name", &*legal(&suite.name)));
        let element = element.with_attributes(attributes(&counts)).with_attribute(("time", time));
        let started = self.started.as_deref().map(|started| ("timestamp", started));
        element.with_attributes(started).write_inner_content(|xml| {
            xml.create_element("properties").write_inner_content(|xml| {
                self.facts.iter().try_for_each(|(name, value)| {
                    let property = xml.create_element("property").with_attribute(("name", *name));
                    property.with_attribute(("value", &*legal(value))).write_empty().map(drop)
                })
            })?;
            suite.cases.iter().try_for_each(|case| write_case(xml, suite, case, time))
        })?;
        Ok(())
    }
}

fn write_case(xml: &mut Xml, suite: &Suite, case: &Case, time: &str) -> io::Result<()> {
    let element = xml.create_element("testcase").with_attribute(("classname", &*legal(&suite.name)));
    let mut element = element.with_attribute(("name", &*legal(&case.name))).with_attribute(("time", time));
    if let Some((file, line)) = &case.place {
        element = element.with_attributes([("file", &*legal(file)), ("line", &*legal(line))]);
    }
    match &case.outcome {
        Outcome::Passed(said) if said.is_empty() => element.write_empty()?,
        Outcome::Passed(said) => element.write_inner_content(|xml| {
            xml.create_element("system-out").write_text_content(BytesText::new(&legal(said))).map(drop)
        })?,
        Outcome::Skipped(why) => element.write_inner_content(|xml| {
            xml.create_element("skipped").with_attribute(("message", &*legal(why))).write_empty().map(drop)
        })?,
        Outcome::Failed { kind, message, details } => element.write_inner_content(|xml| {
            let failure = xml.create_element("failure").with_attribute(("message", &*legal(message)));
            let failure = failure.with_attribute(("type", *kind));
            failure.write_text_content(BytesText::new(&legal(details))).map(drop)
        })?,
    };
    Ok(())
}

/// How many cases there are, and what became of them.
fn counts(cases: &[&Case]) -> [(&'static str, String); 4] {
    let failures = cases.iter().filter(|case| case.failed()).count();
    let skipped = cases.iter().filter(|case| matches!(case.outcome, Outcome::Skipped(_))).count();
    [("tests", cases.len()), ("failures", failures), ("errors", 0), ("skipped", skipped)]
        .map(|(name, count)| (name, count.to_string()))
}

fn attributes<'a>(pairs: &'a [(&'a str, String)]) -> impl Iterator<Item = (&'a str, &'a str)> {
    pairs.iter().map(|(name, value)| (*name, value.as_str()))
}

/// The text with escapes for the characters that XML cannot hold at all (XML 1.0, section 2.2).
fn legal(text: &str) -> Cow<'_, str> {
    let is_legal = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..);
    if text.chars().all(is_legal) {
        return Cow::Borrowed(text);
    }
    let mut all = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_legal(c) {
            all.push(c);
        } else {
            all.extend(c.escape_default());
        }
    }
    Cow::Owned(all)
}
