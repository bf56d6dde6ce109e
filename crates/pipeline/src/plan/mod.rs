//! From text to plan to graph (spec/query.md 3).
//!
//! [`resolve`] does stages 1 to 3: it parses, compiles every expression and script in the order of the text and makes parameters
//! constant. [`logical`] does stage 4 by name and checks; [`physical`] turns names into numbers.

mod diag;
mod dot;
pub(crate) mod logical;
mod operators;
pub(crate) mod physical;
mod resolve;
mod windows;

use std::sync::Arc;

use temblor_script::Program;
use temblor_script::select::{ExprProgram, SelectPrograms};
use temblor_syntax::ast::{Dialect, Name, PortRef, WindowKind};
use temblor_syntax::span::Span;
use temblor_value::Value;

pub(crate) use resolve::resolve;

/// A resolved query.
pub(crate) struct Plan {
    pub(crate) windows: Definitions<WindowDef>,
    pub(crate) operators: Definitions<OperatorDef>,
    pub(crate) scripts: Definitions<ScriptDef>,
    /// What makes nodes and links, in the order of the text.
    pub(crate) steps: Vec<Step>,
    config: Vec<(String, Value)>,
    pub(crate) dialect: Dialect,
}

impl Plan {
    /// The value of a config directive; of several the last one.
    pub(crate) fn config(&self, name: &str) -> Option<&Value> {
        self.config
            .iter()
            .rev()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value)
    }
}

/// Definitions of one kind by qualified name; a later one of the same name takes the place of the earlier one.
pub(crate) struct Definitions<T>(Vec<(String, T)>);

impl<T> Default for Definitions<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Definitions<T> {
    pub(crate) fn find(&self, name: &str) -> Option<&T> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, definition)| definition)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.0.iter().map(|(name, definition)| (name.as_str(), definition))
    }

    fn define(&mut self, name: String, definition: T) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some(entry) => entry.1 = definition,
            None => self.0.push((name, definition)),
        }
    }
}

/// A window as defined; its settings are checked when a select is built.
pub(crate) struct WindowDef {
    pub(crate) kind: WindowKind,
    pub(crate) params: Value,
    pub(crate) script: Option<Arc<ExprProgram>>,
    pub(crate) at: Span,
}

/// An operator as defined; type and parameters are checked when an instance is made.
pub(crate) struct OperatorDef {
    /// Such as `qos::roundrobin`.
    pub(crate) kind: String,
    /// `None` without any `with`.
    pub(crate) params: Option<Value>,
    /// The name of the type in the text.
    pub(crate) at: Span,
}

/// A script as defined.
pub(crate) struct ScriptDef {
    /// `None` without any `with`.
    pub(crate) params: Option<Value>,
    pub(crate) program: Arc<Program>,
    pub(crate) at: Span,
}

/// A statement that makes nodes.
pub(crate) enum Step {
    Stream(Name),
    Operator(CreateStep),
    Script(CreateStep),
    Select(Box<SelectStep>),
}

/// `create operator` or `create script`.
pub(crate) struct CreateStep {
    pub(crate) name: Name,
    /// Qualified name of the definition.
    pub(crate) definition: String,
    pub(crate) params: Option<Value>,
}

/// `select`.
pub(crate) struct SelectStep {
    pub(crate) programs: Arc<SelectPrograms>,
    pub(crate) windows: Vec<WindowRef>,
    pub(crate) from: PortRef,
    pub(crate) into: PortRef,
    /// `select event from A into B` and nothing more.
    pub(crate) is_pass: bool,
    pub(crate) at: Span,
}

/// A window that a select names.
pub(crate) struct WindowRef {
    /// As written.
    pub(crate) path: String,
    /// The last name, which `window` shows.
    pub(crate) name: String,
    pub(crate) at: Span,
}

/// Parameters of a definition and of a `create`: per name the latter wins. `None` if there are none at all.
pub(crate) fn merge_params(defined: Option<&Value>, given: Option<&Value>) -> Option<Value> {
    let (Some(defined), Some(given)) = (defined, given) else {
        return defined.or(given).cloned();
    };
    let mut merged = defined.clone();
    for (name, value) in given.as_object().into_iter().flat_map(|given| given.iter()) {
        merged.insert(name.clone(), value.clone());
    }
    Some(merged)
}
