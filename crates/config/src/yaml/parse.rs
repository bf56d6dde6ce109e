//! From the events of the YAML library to our tree, with the limits that keep hostile documents small.

use std::collections::HashMap;
use std::str;
use std::sync::Arc;

use serde_saphyr::granit_parser::{self, Event, Marker, Parser, ScalarStyle, Tag};
use temblor_value::Str;

use crate::error::{ConfigError, Place, Position};
use crate::path::KeyPath;
use crate::yaml::node::{Form, Member, Node, NodeKind, Scalar};

/// Collections that may lie inside each other (spec/runtime.md 2.4).
pub(crate) const MAX_DEPTH: usize = 128;

/// Nodes of a document after aliases are expanded; far above any real document, far below what hurts.
const MAX_NODES: usize = 1_000_000;

/// Reads the one document that `bytes` must hold.
pub(crate) fn parse(file: &Arc<str>, bytes: &[u8]) -> Result<Node, ConfigError> {
    let text = str::from_utf8(bytes).map_err(|error| {
        let position = position_after(bytes.get(..error.valid_up_to()).unwrap_or_default());
        error_at(file, position, "the text is not UTF-8").with_hint("save the file in the encoding UTF-8")
    })?;
    let mut builder = Builder::default();
    // comments are no nodes, and the library limits how many it buffers
    let options = granit_parser::options! { emit_comments: false };
    for step in Parser::new_from_str_with_options(text, options) {
        let (event, span) = step.map_err(|error| error_at(file, position_of(*error.marker()), error.info()))?;
        let position = position_of(span.start);
        builder
            .event(event, position, span.start.index() == span.end.index())
            .map_err(|refusal| error_at(file, position, refusal))?;
    }
    builder
        .root
        .ok_or_else(|| error_at(file, Position { line: 1, column: 1 }, "the file holds no YAML document"))
}

fn error_at(file: &Arc<str>, position: Position, message: impl Into<String>) -> ConfigError {
    ConfigError::new(KeyPath::root(), message).at(Place {
        file: Arc::clone(file),
        position,
    })
}

fn position_of(marker: Marker) -> Position {
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Position {
        line: number(marker.line()),
        column: number(marker.col().saturating_add(1)),
    }
}

fn position_after(valid: &[u8]) -> Position {
    let text = String::from_utf8_lossy(valid);
    let last_line = text.rsplit('\n').next().unwrap_or_default();
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Position {
        line: number(text.matches('\n').count() + 1),
        column: number(last_line.chars().count() + 1),
    }
}

/// A finished node and what it costs where an alias repeats it.
#[derive(Clone)]
struct Built {
    node: Node,
    nodes: usize,
    depth: usize,
}

/// A collection that is not closed yet.
struct Open {
    contents: Contents,
    position: Position,
    anchor: usize,
    nodes: usize,
    depth: usize,
}

enum Contents {
    Sequence(Vec<Node>),
    Mapping {
        members: Vec<Member>,
        key: Option<(Str, Position)>,
    },
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    anchors: HashMap<usize, Built>,
    root: Option<Node>,
    documents: usize,
    nodes: usize,
}

impl Builder {
    fn event(&mut self, event: Event<'_>, position: Position, is_empty: bool) -> Result<(), String> {
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err("more than one document; put the second one into a file of its own".to_owned());
                }
                Ok(())
            }
            Event::Scalar(text, style, anchor, tag) => {
                let form = form_of(style, tag.as_deref());
                // the library spells a missing value `~`
                let text = if is_empty && style == ScalarStyle::Plain { "" } else { &*text };
                let built = Built {
                    node: Node {
                        kind: NodeKind::Scalar(Scalar {
                            text: Str::new(text),
                            form,
                        }),
                        position,
                    },
                    nodes: 1,
                    depth: 0,
                };
                self.count(1)?;
                self.finish(built, anchor)
            }
            Event::SequenceStart(_, anchor, _) => self.start(Contents::Sequence(Vec::new()), position, anchor),
            Event::MappingStart(_, anchor, _) => {
                let contents = Contents::Mapping {
                    members: Vec::new(),
                    key: None,
                };
                self.start(contents, position, anchor)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(anchor) => {
                let Some(built) = self.anchors.get(&anchor).cloned() else {
                    return Err("the alias lies inside the node it stands for".to_owned());
                };
                self.count(built.nodes)?;
                if self.open.len() + built.depth > MAX_DEPTH {
                    return Err(too_deep());
                }
                self.finish(built, 0)
            }
            _ => Ok(()),
        }
    }

    fn count(&mut self, nodes: usize) -> Result<(), String> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > MAX_NODES {
            return Err(format!("the document has more than {MAX_NODES} nodes"));
        }
        Ok(())
    }

    fn start(&mut self, contents: Contents, position: Position, anchor: usize) -> Result<(), String> {
        if let Some(Contents::Mapping { key: None, .. }) = self.open.last().map(|open| &open.contents) {
            return Err(collection_key());
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(too_deep());
        }
        self.count(1)?;
        self.open.push(Open {
            contents,
            position,
            anchor,
            nodes: 1,
            depth: 1,
        });
        Ok(())
    }

    fn end(&mut self) -> Result<(), String> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let kind = match open.contents {
            Contents::Sequence(elements) => NodeKind::Sequence(elements.into()),
            Contents::Mapping { members, .. } => NodeKind::Mapping(members.into()),
        };
        let built = Built {
            node: Node {
                kind,
                position: open.position,
            },
            nodes: open.nodes,
            depth: open.depth,
        };
        self.finish(built, open.anchor)
    }

    /// Puts a finished node where it belongs.
    fn finish(&mut self, built: Built, anchor: usize) -> Result<(), String> {
        if anchor != 0 {
            self.anchors.insert(anchor, built.clone());
        }
        let Built { node, nodes, depth } = built;
        let Some(parent) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        parent.nodes = parent.nodes.saturating_add(nodes);
        parent.depth = parent.depth.max(depth + 1);
        match &mut parent.contents {
            Contents::Sequence(elements) => elements.push(node),
            Contents::Mapping { members, key } => match (key.take(), node) {
                (Some((text, key_position)), value) => members.push(Member {
                    key: text,
                    key_position,
                    value,
                }),
                (None, node) => match node.kind {
                    NodeKind::Scalar(scalar) => *key = Some((scalar.text, node.position)),
                    _ => return Err(collection_key()),
                },
            },
        }
        Ok(())
    }
}

fn too_deep() -> String {
    format!("the document is nested deeper than {MAX_DEPTH}")
}

fn collection_key() -> String {
    "a key must be a scalar, not a list or mapping; quote a key that begins with a bracket or brace".to_owned()
}

/// A tag of the core schema other than text gives a scalar the meaning of its plain spelling; any other tag makes it text.
fn form_of(style: ScalarStyle, tag: Option<&Tag>) -> Form {
    match tag {
        Some(tag) if matches!(tag.core_suffix(), Some("null" | "bool" | "int" | "float")) => Form::Plain,
        None if style == ScalarStyle::Plain => Form::Plain,
        _ => Form::Quoted,
    }
}
