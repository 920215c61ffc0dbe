//! YAML as a tree whose every node knows its place.

use crate::util::{Diagnostic, Place};
use saphyr_parser::{Event, Parser, Span};
use std::collections::{HashMap, HashSet};

/// Deeper nesting is refused; a manifest needs four levels.
const DEEPEST: usize = 32;
/// More nodes are refused, so that aliases of aliases cannot fill the memory.
const MOST_NODES: usize = 1_000_000;

/// The file that is read.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) file: &'a str,
    pub(super) text: &'a str,
}

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) kind: Kind,
    /// From 1.
    pub(super) line: usize,
    /// In characters, from 1.
    column: usize,
    /// Characters, if it ends on the same line.
    width: usize,
    /// How many nodes it is made of.
    size: usize,
}

/// What a value is. A scalar is text: what it means is for the reader to say.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Scalar(String),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

impl Node {
    fn new(kind: Kind, span: Span) -> Self {
        let same_line = span.end.line() == span.start.line() && span.end.col() > span.start.col();
        let width = if same_line { span.end.col() - span.start.col() } else { 1 };
        Self { kind, line: span.start.line(), column: span.start.col() + 1, width, size: 1 }
    }

    /// Nothing, at a place.
    pub(super) fn at(span: Span) -> Self {
        Self::new(Kind::Scalar(String::new()), span)
    }

    /// The text, if it is a scalar.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar(text) => Some(text),
            Kind::List(_) | Kind::Map(_) => None,
        }
    }
}

impl Source<'_> {
    /// The error `message` at a node.
    pub(super) fn error(self, node: &Node, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(message).at(self.place(node.line, node.column, node.width))
    }

    /// The error `message` at a part of the text of a scalar, where that stands in one line as it is; otherwise at the whole.
    pub(super) fn error_in(self, node: &Node, part: &str, message: impl Into<String>) -> Diagnostic {
        let error = self.error(node, message);
        let line = self.text.lines().nth(node.line.wrapping_sub(1)).unwrap_or_default();
        let begin = line.char_indices().nth(node.column - 1).map_or(line.len(), |(at, _)| at);
        match line[begin..].find(part).filter(|_| !part.is_empty()) {
            Some(at) => {
                let column = node.column + line[begin..begin + at].chars().count();
                error.at(self.place(node.line, column, part.chars().count()))
            }
            None => error,
        }
    }

    /// The warning `message` at a node.
    pub(super) fn warning(self, node: &Node, message: impl Into<String>) -> Diagnostic {
        Diagnostic::warning(message).at(self.place(node.line, node.column, node.width))
    }

    /// Where the text breaks off; at its end that is behind the last line that says something.
    fn broken_at(self, line: usize, column: usize) -> Place {
        let last = self.text.trim_end().lines().count();
        if line <= last {
            return self.place(line, column, 1);
        }
        let end = self.text.trim_end().lines().last().map_or(0, |text| text.chars().count());
        self.place(last, end + 1, 1)
    }

    fn place(self, line: usize, column: usize, width: usize) -> Place {
        Place { width, ..Place::in_text(self.file, self.text, line, column) }
    }
}

/// A map or list that is not closed yet.
struct Open {
    node: Node,
    anchor: usize,
    /// The key that waits for its value.
    key: Option<Node>,
    /// The keys before it.
    keys: HashSet<String>,
}

/// Reads one document; none if there is nothing in it.
///
/// # Errors
///
/// Broken YAML, a second document, a repeated key, an explicit tag, nesting without end.
pub(super) fn read(source: Source<'_>) -> Result<Option<Node>, Diagnostic> {
    let mut reader = Reader { source, open: Vec::new(), anchors: HashMap::new(), nodes: 0, root: None };
    for event in Parser::new_from_str(source.text) {
        let (event, span) = event.map_err(|error| {
            let place = source.broken_at(error.marker().line(), error.marker().col() + 1);
            Diagnostic::error(format!("broken YAML: {}", error.info())).at(place)
        })?;
        reader.event(event, span)?;
    }
    Ok(reader.root)
}

struct Reader<'a> {
    source: Source<'a>,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    root: Option<Node>,
}

impl Reader<'_> {
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Diagnostic> {
        match event {
            Event::Scalar(text, _, anchor, tag) => {
                let node = Node::new(Kind::Scalar(text.into_owned()), span);
                self.refuse_tag(&node, tag.is_some())?;
                self.close(node, anchor)
            }
            Event::SequenceStart(anchor, tag) => {
                self.open(Node::new(Kind::List(Vec::new()), span), anchor, tag.is_some())
            }
            Event::MappingStart(anchor, tag) => {
                self.open(Node::new(Kind::Map(Vec::new()), span), anchor, tag.is_some())
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(open) => self.close(open.node, open.anchor),
                None => Ok(()),
            },
            Event::Alias(anchor) => {
                let here = Node::at(span);
                let node = self.anchors.get(&anchor).cloned();
                let node =
                    node.ok_or_else(|| self.source.error(&here, "an alias to something unfinished"))?;
                self.close(node, 0)
            }
            Event::DocumentStart(_) if self.root.is_some() => {
                let here = Node::at(span);
                Err(self.source.error(&here, "a second document; a manifest is one"))
            }
            Event::DocumentStart(_)
            | Event::DocumentEnd
            | Event::StreamStart
            | Event::StreamEnd
            | Event::Nothing => Ok(()),
        }
    }

    fn refuse_tag(&self, node: &Node, tagged: bool) -> Result<(), Diagnostic> {
        if tagged { Err(self.source.error(node, "a manifest has no use for tags (`!..`)")) } else { Ok(()) }
    }

    fn open(&mut self, node: Node, anchor: usize, tagged: bool) -> Result<(), Diagnostic> {
        self.refuse_tag(&node, tagged)?;
        if self.open.len() >= DEEPEST {
            return Err(self.source.error(&node, format!("nested deeper than {DEEPEST} levels")));
        }
        self.open.push(Open { node, anchor, key: None, keys: HashSet::new() });
        Ok(())
    }

    /// A finished value goes to the map or list around it.
    fn close(&mut self, node: Node, anchor: usize) -> Result<(), Diagnostic> {
        self.nodes += node.size;
        if self.nodes > MOST_NODES {
            return Err(self.source.error(&node, format!("more than {MOST_NODES} values")));
        }
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let source = self.source;
        let Some(parent) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        parent.node.size += node.size;
        match &mut parent.node.kind {
            Kind::List(items) => items.push(node),
            Kind::Map(pairs) => match parent.key.take() {
                None => parent.key = Some(node),
                Some(key) => {
                    refuse_repeated(source, &mut parent.keys, &key)?;
                    pairs.push((key, node));
                }
            },
            Kind::Scalar(_) => {}
        }
        Ok(())
    }
}

/// Refuses a key that is no text, and one that was there before.
fn refuse_repeated(source: Source<'_>, keys: &mut HashSet<String>, key: &Node) -> Result<(), Diagnostic> {
    let Some(text) = key.text() else {
        return Err(source.error(key, "a key must be text"));
    };
    if keys.insert(text.to_owned()) {
        Ok(())
    } else {
        Err(source.error(key, format!("`{text}` is there already")))
    }
}

/// The pairs of a map with those that its `<<` brings in, which give way to its own.
pub(super) fn pairs(source: Source<'_>, pairs: &[(Node, Node)]) -> Result<Vec<(Node, Node)>, Diagnostic> {
    let mut all: Vec<(Node, Node)> =
        pairs.iter().filter(|(key, _)| key.text() != Some("<<")).cloned().collect();
    let merged = pairs.iter().find(|(key, _)| key.text() == Some("<<"));
    if let Some((key, value)) = merged {
        let Kind::Map(more) = &value.kind else {
            return Err(source.error(key, "`<<` takes an alias of a map, as in `<<: *defaults`"));
        };
        for (key, value) in more {
            if !all.iter().any(|(known, _)| known.text() == key.text()) {
                all.push((key.clone(), value.clone()));
            }
        }
    }
    Ok(all)
}
