//! The graph in dot syntax (spec/operators-and-flow.md C.4).

use std::fmt::Write as _;

use temblor_syntax::SourceMap;

use super::logical::{Kind, Link, Logical, Node};

impl Logical<'_> {
    /// The graph before pass-throughs are bypassed.
    pub(crate) fn dot(&self, sources: &SourceMap) -> String {
        let mut text = String::from("digraph {\n");
        for (number, node) in self.nodes.iter().enumerate() {
            let label = escape(label(node, sources));
            let shape = shape(node).map_or_else(String::new, |shape| format!(" shape = \"{shape}\""));
            // Writing to a string cannot fail.
            let _ = writeln!(text, "    {number} [ label = \"{label}\"{shape}]");
        }
        for link in &self.links {
            let _ = writeln!(
                text,
                "    {} -> {} [ label = \"{}\" ]",
                link.from,
                link.to,
                escape(&edge_label(link))
            );
        }
        text.push_str("}\n");
        text
    }
}

fn label<'t>(node: &'t Node<'_>, sources: &'t SourceMap) -> &'t str {
    match &node.kind {
        Kind::Select { step, .. } => sources.slice(step.at),
        Kind::Script { definition, .. } => sources.slice(definition.at),
        Kind::Input | Kind::Output(_) | Kind::Stream | Kind::Operator(_) => &node.name,
    }
}

fn shape(node: &Node<'_>) -> Option<&'static str> {
    match &node.kind {
        Kind::Input => Some("rarrow"),
        Kind::Output(_) => Some("larrow"),
        Kind::Select { .. } => Some("box"),
        Kind::Script { .. } => Some("note"),
        Kind::Operator(_) | Kind::Stream => None,
    }
}

fn edge_label(link: &Link) -> String {
    match (link.from_port.as_str(), link.to_port.as_str()) {
        ("out", "in") => String::new(),
        ("out", to) => to.to_owned(),
        (from, "in") => format!("{from} "),
        (from, to) => format!("{from} -> {to}"),
    }
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
