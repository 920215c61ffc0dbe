//! From YAML text to thresholds.

use super::limit::{Limit, Operator, parse_limit};
use super::metric::{METRIC_COLUMNS, Metric, SHORT_NAMES};
use super::model::{Manifest, Severity, Terms, Threshold};
use super::names::Names;
use super::terms;
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
        let manifest = Self { file: file_name.to_owned(), thresholds: Vec::new() };
        let mut reader = Reader { source, manifest, warnings: Vec::new() };
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
struct Subject {
    names: Names,
    kind: Option<String>,
    /// Where a limit does not say otherwise.
    terms: Terms,
}

/// Keys of a map of limits that are no metrics.
fn is_word(key: &str) -> bool {
    key == "type" || terms::KEYS.contains(&key)
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
        let names = Names::parse(resource).map_err(|message| self.source.error(name, message))?;
        let mut subject = Subject { names, kind: None, terms: Terms::default() };
        for (key, value) in &entries {
            match key.text().unwrap_or_default() {
                "type" => subject.kind = Some(self.kind(value)?),
                term if is_word(term) => subject.terms.set(self.source, term, value)?,
                _ => {}
            }
        }
        let before = self.manifest.thresholds.len();
        for (key, value) in entries.iter().filter(|(key, _)| !key.text().is_some_and(is_word)) {
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

    fn metric(&mut self, subject: &Subject, key: &Node, value: &Node) -> Result<(), Diagnostic> {
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
                self.add(subject, subject.terms, key, metric, (operator.unwrap_or(Operator::AtMost), limit))
            }
            Kind::Map(parts) if !parts.is_empty() => self.parts(subject, key, metric, parts),
            _ => Err(self
                .source
                .error(value, format!("`{written}` takes one limit"))
                .help("write a number, or a text such as `\">= 50\"`")),
        }
    }

    /// The long form `{ limit: .., min: .., max: .., window: .. }`.
    fn parts(
        &mut self,
        subject: &Subject,
        key: &Node,
        metric: Metric,
        parts: &[(Node, Node)],
    ) -> Result<(), Diagnostic> {
        let mut terms = subject.terms;
        let mut limits = Vec::new();
        for (part, value) in &pairs(self.source, parts)? {
            match part.text().unwrap_or_default() {
                term if terms::KEYS.contains(&term) => terms.set(self.source, term, value)?,
                _ => limits.push(self.part(metric, part, value)?),
            }
        }
        if limits.is_empty() {
            let message = format!("`{}` sets no limit", key.text().unwrap_or_default());
            return Err(self.source.error(key, message).help("add `limit: ..`, `min: ..` or `max: ..`"));
        }
        limits.into_iter().try_for_each(|limit| self.add(subject, terms, key, metric, limit))
    }

    /// `limit`, `min` or `max` of the long form.
    fn part(&self, metric: Metric, part: &Node, value: &Node) -> Result<(Operator, Limit), Diagnostic> {
        const LIMITS: [&str; 3] = ["limit", "min", "max"];
        let name = part.text().unwrap_or_default();
        if !LIMITS.contains(&name) {
            let error = self.source.error(part, format!("unknown key `{name}`"));
            let error = error.note(format!(
                "a limit has the keys `limit`, `min` and `max`, and {}",
                terms::KEYS.join(", ")
            ));
            return Err(match nearest(name, LIMITS.into_iter().chain(terms::KEYS)) {
                Some(known) => error.help(format!("did you mean `{known}`?")),
                None => error,
            });
        }
        let Some(text) = value.text() else {
            return Err(self.source.error(value, format!("`{name}` takes a number")));
        };
        let (operator, limit) = self.limit(value, text, metric)?;
        let operator = match (name, operator) {
            ("limit", operator) => operator.unwrap_or(Operator::AtMost),
            ("min", None) => Operator::AtLeast,
            (_, None) => Operator::AtMost,
            (_, Some(operator)) => {
                let message = format!("`{name}` already says how to compare; `{operator}` is too much");
                return Err(self.source.error(value, message));
            }
        };
        Ok((operator, limit))
    }

    fn limit(
        &self,
        value: &Node,
        text: &str,
        metric: Metric,
    ) -> Result<(Option<Operator>, Limit), Diagnostic> {
        parse_limit(text, metric.unit()).map_err(|refusal| {
            let part = refusal.part.as_deref().unwrap_or_default();
            self.source.error_in(value, part, refusal.message).help(refusal.help)
        })
    }

    fn add(
        &mut self,
        subject: &Subject,
        terms: Terms,
        key: &Node,
        metric: Metric,
        (operator, limit): (Operator, Limit),
    ) -> Result<(), Diagnostic> {
        let written = key.text().unwrap_or_default().to_owned();
        if terms.abort.is_some() && terms.severity == Severity::Warn {
            let message = format!("`{written}` only warns, and is to end the run");
            return Err(self.source.error(key, message).help("leave out `severity: warn`, or `abort`"));
        }
        self.manifest.thresholds.push(Threshold {
            names: subject.names.clone(),
            kind: subject.kind.clone(),
            metric,
            written,
            operator,
            limit,
            terms,
            place: format!("{}:{}", self.source.file, key.line),
        });
        Ok(())
    }

    fn unknown_metric(&self, key: &Node, written: &str) -> Diagnostic {
        let known = METRIC_COLUMNS.into_iter().chain(SHORT_NAMES).chain(["type"]).chain(terms::KEYS);
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
