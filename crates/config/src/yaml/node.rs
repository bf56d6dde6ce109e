//! The tree of a YAML document.
//!
//! Collections are shared, so that an alias costs one pointer. The parser limits their depth; recursion over a tree is safe.

use std::sync::Arc;

use temblor_value::{ObjectMap, Str, Value};

use crate::error::Position;
use crate::path::Step;
use crate::yaml::scalar::{resolve, write_plain};

/// A node and where it starts.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) kind: NodeKind,
    pub(crate) position: Position,
}

/// What a node is.
#[derive(Clone, Debug)]
pub(crate) enum NodeKind {
    Scalar(Scalar),
    Sequence(Arc<[Node]>),
    /// Members in document order; repeated keys are all there.
    Mapping(Arc<[Member]>),
}

/// A scalar as written.
#[derive(Clone, Debug)]
pub(crate) struct Scalar {
    /// The text after unescaping, before any meaning is given to it.
    pub(crate) text: Str,
    pub(crate) form: Form,
}

/// How a scalar was written, which decides what it may mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Plain YAML: text, or whatever the text spells.
    Plain,
    /// Quoted or block YAML, or a JSON string: text only.
    Quoted,
    /// A number, boolean or null of a JSON body: never text.
    Json,
}

/// One key of a mapping with its value.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) key: Str,
    pub(crate) key_position: Position,
    pub(crate) value: Node,
}

impl Node {
    /// The value under the rules for untyped places. Of a repeated key the last value counts, at the place of the first.
    pub(crate) fn to_value(&self) -> Value {
        match &self.kind {
            NodeKind::Scalar(scalar) => resolve(scalar),
            NodeKind::Sequence(elements) => Value::from(elements.iter().map(Self::to_value).collect::<Vec<_>>()),
            NodeKind::Mapping(members) => {
                let mut object = ObjectMap::with_capacity(members.len());
                for member in members.iter() {
                    object.insert(member.key.clone(), member.value.to_value());
                }
                Value::from(object)
            }
        }
    }

    /// The tree of a decoded JSON body; positions are unknown. `None` if it nests deeper than `depth` collections.
    pub(crate) fn from_value(value: &Value, depth: usize) -> Option<Self> {
        let position = Position { line: 0, column: 0 };
        let kind = match value {
            Value::Str(text) => NodeKind::Scalar(Scalar {
                text: text.clone(),
                form: Form::Quoted,
            }),
            Value::Array(elements) => {
                let depth = depth.checked_sub(1)?;
                NodeKind::Sequence(
                    elements
                        .iter()
                        .map(|element| Self::from_value(element, depth))
                        .collect::<Option<_>>()?,
                )
            }
            Value::Object(members) => {
                let depth = depth.checked_sub(1)?;
                let members = members.iter().map(|(key, value)| {
                    Some(Member {
                        key: key.clone(),
                        key_position: position,
                        value: Self::from_value(value, depth)?,
                    })
                });
                NodeKind::Mapping(members.collect::<Option<_>>()?)
            }
            other => NodeKind::Scalar(Scalar {
                text: Str::from(write_plain(other).unwrap_or_default()),
                form: Form::Json,
            }),
        };
        Some(Self { kind, position })
    }

    /// Where the value that `steps` lead to is written: its key or list element, or the innermost thing on the way that exists.
    pub(crate) fn locate(&self, steps: &[Step]) -> Position {
        let mut node = self;
        let mut position = self.position;
        for step in steps {
            match (&node.kind, step) {
                (NodeKind::Mapping(members), Step::Key(key)) => match members.iter().rfind(|member| member.key == *key) {
                    Some(member) => {
                        position = member.key_position;
                        node = &member.value;
                    }
                    None => break,
                },
                (NodeKind::Sequence(elements), Step::Index(index)) => match elements.get(*index) {
                    Some(element) => {
                        position = element.position;
                        node = element;
                    }
                    None => break,
                },
                _ => break,
            }
        }
        position
    }

    /// The node in words, for messages.
    pub(crate) fn describe(&self) -> String {
        match &self.kind {
            NodeKind::Sequence(_) => "a list".to_owned(),
            NodeKind::Mapping(_) => "a mapping".to_owned(),
            NodeKind::Scalar(scalar) => describe_value(&resolve(scalar)),
        }
    }
}

/// A value in words, for messages.
pub(crate) fn describe_value(value: &Value) -> String {
    match value {
        Value::Str(text) => format!("text {:?}", text.as_str()),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a mapping".to_owned(),
        Value::Bytes(_) => "bytes".to_owned(),
        Value::Null => "null".to_owned(),
        scalar => format!("{} {}", scalar.kind(), write_plain(scalar).unwrap_or_default()),
    }
}
