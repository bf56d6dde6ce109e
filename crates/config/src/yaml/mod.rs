//! Reading YAML into a tree that keeps what typed readers throw away: the literal text of scalars, the order of keys, repeated
//! keys and positions (spec/runtime.md 2.4).
//!
//! This part knows YAML and nothing of deployment documents.

mod node;
mod parse;
mod scalar;

pub(crate) use node::{Form, Member, Node, NodeKind, Scalar, describe_value};
pub(crate) use parse::{MAX_DEPTH, parse};
pub(crate) use scalar::{resolve, write_plain};

#[cfg(test)]
mod tests;
