//! From YAML text to thresholds.

use super::limit::{Operator, parse_limit};
use super::metric::{METRIC_COLUMNS, Metric, SHORT_NAMES};
use super::model::{Manifest, Threshold};
use super::yaml::{Kind, Node, Source, pairs, read};
use crate::util::{Diagnostic, nearest};

const EXAMPLE: &str = "write a name and its limits, as in `/items: { 99%: 100, Failure Count: 0 }`";

impl Manifest {
    /// Reads a manifest; `file_name` is for the messages. The second part of the result are warnings.
    ///
    /// # Errors
    ///
    /// The first thing in it that is broken, unknown, not a limit or said twice, or that it sets no limit at all; with
    /// line and caret.
    pub fn parse(file_name: &str, text: &str) -> Result<(Self, Vec<Diagnostic>), Diagnostic> {
        let source = Source { file: file_name, text };
        let mut reader = Reader { source, manifest: Self::default(), warnings: Vec::new() };
        match read(source)? {
            None => return Err(source.error(&nowhere(), "the manifest is empty").help(EXAMPLE)),
            Some(root) => reader.resources(&root)?,
        }
        Ok((reader.manifest, reader.warnings))
    }
}

/// The start of the file.
fn nowhere() -> Node {
    let span = saphyr_parser::Span::empty(saphyr_parser::Marker::new(0, 1, 0));
    Node::at(span)
}

struct Reader<'a> {
    source: Source<'a>,
    manifest: Manifest,
    warnings: Vec<Diagnostic>,
}

/// The rows that thresholds apply to.
struct Subject<'a> {
    resource: &'a str,
    kind: Option<String>,
}

impl Reader<'_> {
    fn resources(&mut self, root: &Node) -> Result<(), Diagnostic> {
        let Kind::Map(resources) = &root.kind else {
            return Err(self.source.error(root, "a manifest is a map of names").help(EXAMPLE));
        };
        if resources.is_empty() {
            return Err(self.source.error(root, "the manifest is empty").help(EXAMPLE));
        }
        for (name, value) in resources {
            let resource = name.text().unwrap_or_default();
            match &value.kind {
                Kind::List(items) if !items.is_empty() => {
                    items.iter().try_for_each(|item| self.limits(resource, name, item))?;
                }
                _ => self.limits(resource, name, value)?,
            }
        }
        Ok(())
    }

    /// One map of limits of a name.
    fn limits(&mut self, resource: &str, name: &Node, value: &Node) -> Result<(), Diagnostic> {
        let Kind::Map(entries) = &value.kind else {
            let message = format!("`{resource}` sets no limit");
            return Err(self.source.error(name, message).help(EXAMPLE));
        };
        let entries = pairs(self.source, entries)?;
        let is_type = |(key, _): &&(Node, Node)| key.text() == Some("type");
        let kind = entries.iter().find(is_type).map(|(_, value)| self.kind(value)).transpose()?;
        let subject = Subject { resource, kind };
        let before = self.manifest.thresholds.len();
        for (key, value) in entries.iter().filter(|pair| !is_type(pair)) {
            self.metric(&subject, key, value)?;
        }
        if self.manifest.thresholds.len() == before {
            let message = format!("`{resource}` sets no limit");
            return Err(self.source.error(name, message).help(EXAMPLE));
        }
        Ok(())
    }

    fn kind(&self, value: &Node) -> Result<String, Diagnostic> {
        value.text().map(str::to_owned).ok_or_else(|| {
            self.source
                .error(value, "`type` takes one type, such as `GET`")
                .help("for several types write a list of maps, one per type")
        })
    }

    fn metric(&mut self, subject: &Subject<'_>, key: &Node, value: &Node) -> Result<(), Diagnostic> {
        let written = key.text().unwrap_or_default();
        let metric = Metric::named(written).ok_or_else(|| self.unknown_metric(key, written))?;
        match &value.kind {
            Kind::Scalar(text) => {
                let (operator, limit) = self.limit(value, text, metric)?;
                if operator.is_none() && matches!(metric, Metric::RequestCount | Metric::RequestRate) {
                    self.warnings.push(
                        self.source
                            .warning(value, format!("a bare number is an upper limit, also for `{written}`"))
                            .help(format!("did you mean `\">= {text}\"`? An upper limit is `\"<= {text}\"`")),
                    );
                }
                self.add(subject, key, metric, operator.unwrap_or(Operator::AtMost), limit);
                Ok(())
            }
            Kind::Map(parts) if !parts.is_empty() => {
                parts.iter().try_for_each(|(part, value)| self.part(subject, key, metric, part, value))
            }
            _ => Err(self
                .source
                .error(value, format!("`{written}` takes one limit"))
                .help("write a number, or a text such as `\">= 50\"`")),
        }
    }

    /// One key of the long form `{ limit: .., min: .., max: .. }`.
    fn part(
        &mut self,
        subject: &Subject<'_>,
        key: &Node,
        metric: Metric,
        part: &Node,
        value: &Node,
    ) -> Result<(), Diagnostic> {
        const PARTS: [&str; 3] = ["limit", "min", "max"];
        let name = part.text().unwrap_or_default();
        let Some(text) = value.text() else {
            return Err(self.source.error(value, format!("`{name}` takes a number")));
        };
        let (operator, limit) = self.limit(value, text, metric)?;
        let operator = match (name, operator) {
            ("limit", operator) => operator.unwrap_or(Operator::AtMost),
            ("min", None) => Operator::AtLeast,
            ("max", None) => Operator::AtMost,
            ("min" | "max", Some(operator)) => {
                let message = format!("`{name}` already says how to compare; `{operator}` is too much");
                return Err(self.source.error(value, message));
            }
            _ => {
                let error = self.source.error(part, format!("unknown key `{name}`"));
                let error = error.note("a limit has the keys `limit`, `min` and `max`");
                return Err(match nearest(name, PARTS) {
                    Some(known) => error.help(format!("did you mean `{known}`?")),
                    None => error,
                });
            }
        };
        self.add(subject, key, metric, operator, limit);
        Ok(())
    }

    fn limit(&self, value: &Node, text: &str, metric: Metric) -> Result<(Option<Operator>, f64), Diagnostic> {
        parse_limit(text, metric.unit()).map_err(|message| {
            self.source
                .error(value, message)
                .help("write a number, or a text such as `\">= 50\"` or `\"< 1%\"`")
        })
    }

    fn add(&mut self, subject: &Subject<'_>, key: &Node, metric: Metric, operator: Operator, limit: f64) {
        self.manifest.thresholds.push(Threshold {
            resource: subject.resource.to_owned(),
            kind: subject.kind.clone(),
            metric,
            written: key.text().unwrap_or_default().to_owned(),
            operator,
            limit,
            place: format!("{}:{}", self.source.file, key.line),
        });
    }

    fn unknown_metric(&self, key: &Node, written: &str) -> Diagnostic {
        let known = METRIC_COLUMNS.into_iter().chain(SHORT_NAMES).chain(["type"]);
        let percentile = written.strip_suffix('%').map(|number| format!("p{number}"));
        let error = self
            .source
            .error(key, format!("unknown metric `{written}`"))
            .note(format!("the metrics are: {}", METRIC_COLUMNS.join(", ")))
            .note(format!("and short: {}, p50 .. p99.99", SHORT_NAMES.join(", ")));
        match (percentile, nearest(written, known)) {
            (Some(short), _) if Metric::named(&short).is_some() => {
                error.help(format!("for a percentile that is no column of the CSV write `{short}`"))
            }
            (_, Some(known)) => error.help(format!("did you mean `{known}`?")),
            _ => error,
        }
    }
}
