//! From the middle form to nodes: each gets the type that fits its case.

mod expr;
mod path;
mod pattern;
mod stmt;

pub(crate) use expr::{condition, expr};
pub(crate) use pattern::elements;
pub(crate) use stmt::{BodyCx, body};
