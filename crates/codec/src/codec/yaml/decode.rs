//! Reading: values from parser events, with an own stack.

use std::collections::HashMap;

use serde_saphyr::granit_parser::{Event, Options, Parser, ScalarStyle, ScanError, Tag};
use temblor_value::{ObjectMap, Str, Value};

use super::{MAX_DEPTH, YamlError, scalar::resolve};

/// How much aliases may add to a document when written out, in nodes and bytes of text together.
const MAX_ALIAS_WEIGHT: usize = 64 << 20;

/// The value of the one document in `text`.
pub(super) fn decode(text: &str) -> Result<Value, YamlError> {
    let mut options = Options::default();
    options.emit_comments = false;
    let mut builder = Builder::default();
    let mut has_document = false;
    for next in Parser::new_from_str_with_options(text, options) {
        let (event, _) = next.map_err(|error| syntax(&error))?;
        match event {
            Event::DocumentStart(..) if has_document => return Err(YamlError::SeveralDocuments),
            Event::DocumentStart(..) => has_document = true,
            other => builder.event(other)?,
        }
    }
    builder.root.ok_or(YamlError::Empty)
}

fn syntax(error: &ScanError) -> YamlError {
    YamlError::Syntax(error.to_string())
}

/// A finished node.
#[derive(Clone)]
struct Node {
    value: Value,
    /// The text of a scalar as written, for use as a key.
    text: Option<Str>,
    /// Levels of containers, the node itself included.
    depth: usize,
    /// Nodes and bytes of text when written out.
    weight: usize,
}

/// A container some of whose nodes are still to come.
struct Open {
    container: Container,
    anchor: usize,
    depth: usize,
    weight: usize,
}

enum Container {
    Sequence(Vec<Value>),
    Mapping { entries: ObjectMap, key: Option<Str> },
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    /// Finished nodes by anchor number.
    anchors: HashMap<usize, Node>,
    alias_weight: usize,
    root: Option<Value>,
}

impl Builder {
    fn event(&mut self, event: Event<'_>) -> Result<(), YamlError> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let node = scalar(&text, style, tag.as_deref());
                self.finish(node, anchor)
            }
            Event::Alias(anchor) => self.alias(anchor),
            Event::SequenceStart(_, anchor, _) => self.open(Container::Sequence(Vec::new()), anchor),
            Event::MappingStart(_, anchor, _) => self.open(
                Container::Mapping {
                    entries: ObjectMap::new(),
                    key: None,
                },
                anchor,
            ),
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            // Marks of the stream; comments and unresolved aliases are switched off.
            _ => Ok(()),
        }
    }

    fn open(&mut self, container: Container, anchor: usize) -> Result<(), YamlError> {
        self.open.push(Open {
            container,
            anchor,
            depth: 0,
            weight: 1,
        });
        if self.open.len() > MAX_DEPTH {
            Err(YamlError::TooDeep)
        } else {
            Ok(())
        }
    }

    fn close(&mut self) -> Result<(), YamlError> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let value = match open.container {
            Container::Sequence(elements) => Value::from(elements),
            Container::Mapping { entries, .. } => Value::from(entries),
        };
        self.finish(
            Node {
                value,
                text: None,
                depth: open.depth + 1,
                weight: open.weight,
            },
            open.anchor,
        )
    }

    fn alias(&mut self, anchor: usize) -> Result<(), YamlError> {
        let node = self.anchors.get(&anchor).ok_or(YamlError::Circular)?.clone();
        if self.open.len() + node.depth > MAX_DEPTH {
            return Err(YamlError::TooDeep);
        }
        self.alias_weight = self.alias_weight.saturating_add(node.weight);
        if self.alias_weight > MAX_ALIAS_WEIGHT {
            return Err(YamlError::AliasesTooLarge);
        }
        self.finish(node, 0)
    }

    /// Puts a finished node into its container. Anchors count from 1.
    fn finish(&mut self, node: Node, anchor: usize) -> Result<(), YamlError> {
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node.value);
            return Ok(());
        };
        open.depth = open.depth.max(node.depth);
        open.weight = open.weight.saturating_add(node.weight);
        match &mut open.container {
            Container::Sequence(elements) => elements.push(node.value),
            Container::Mapping { entries, key } => match key.take() {
                None => *key = Some(node.text.ok_or(YamlError::Key)?),
                Some(key) => {
                    entries.insert(key, node.value);
                }
            },
        }
        Ok(())
    }
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Node {
    let is_plain = match tag.and_then(Tag::core_suffix) {
        Some("str") => false,
        Some("null" | "bool" | "int" | "float") => true,
        _ => style == ScalarStyle::Plain,
    };
    let text = Str::from(text);
    let weight = 1 + text.len();
    let value = if is_plain { resolve(&text) } else { Value::Str(text.clone()) };
    Node {
        value,
        text: Some(text),
        depth: 0,
        weight,
    }
}
