//! Stage 4 by name: statements to nodes and links, with all checks (spec/query.md 7).
//!
//! Invariants of a finished graph: links lead to nodes that exist; there is no cycle; the order of nodes is that of their statements.

use std::collections::HashMap;
use std::sync::Arc;

use temblor_script::Program;
use temblor_syntax::ast::{Name, PortRef};
use temblor_syntax::span::Span;
use temblor_syntax::{Diagnostic, SourceMap};
use temblor_value::Value;

use super::{CreateStep, Plan, ScriptDef, SelectStep, Step, diag, merge_params, operators, windows};
use crate::op::Instance;
use crate::op::wal::LogStores;
use crate::port::PortTable;
use crate::report::Reporter;
use crate::select::window::WindowSpec;

/// Names of the built-in nodes, which cannot be given to operators and scripts.
const BUILT_IN: [&str; 4] = ["in", "out", "err", "metrics"];

type Built<T> = Result<T, Box<Diagnostic>>;

/// The graph by name.
pub(crate) struct Logical<'p> {
    pub(crate) nodes: Vec<Node<'p>>,
    pub(crate) links: Vec<Link>,
    /// Nodes such that links lead from later ones to earlier ones.
    pub(crate) sinks_first: Vec<usize>,
    pub(crate) reporter: Reporter,
}

/// A node.
pub(crate) struct Node<'p> {
    pub(crate) name: String,
    pub(crate) kind: Kind<'p>,
    /// Output ports known so far.
    pub(crate) ports: PortTable,
}

/// What a node is.
pub(crate) enum Kind<'p> {
    Input,
    /// An output that leaves by the port of this name.
    Output(String),
    Stream,
    Select {
        step: &'p SelectStep,
        windows: Vec<WindowSpec>,
    },
    Operator(Instance),
    Script {
        definition: &'p ScriptDef,
        program: Arc<Program>,
        args: Value,
    },
}

/// A link between two nodes.
pub(crate) struct Link {
    pub(crate) from: usize,
    pub(crate) from_port: String,
    pub(crate) to: usize,
    pub(crate) to_port: String,
    /// The reference that made it.
    pub(crate) at: Span,
}

struct Builder<'p> {
    plan: &'p Plan,
    logs: &'p dyn LogStores,
    nodes: Vec<Node<'p>>,
    names: HashMap<String, usize>,
    /// Links whose target is looked up at the end.
    links: Vec<(Pending, Link)>,
    selects: usize,
}

/// What is still to be found out of a link.
enum Pending {
    Nothing,
    Target(Name),
}

impl<'p> Logical<'p> {
    /// Builds and checks the graph.
    pub(crate) fn build(plan: &'p Plan, sources: &SourceMap, reporter: &Reporter, logs: &'p dyn LogStores) -> Built<Self> {
        let mut builder = Builder {
            plan,
            logs,
            nodes: Vec::new(),
            names: HashMap::new(),
            links: Vec::new(),
            selects: 0,
        };
        builder.add("in", Kind::Input);
        for output in ["out", "err", "metrics"] {
            builder.add(output, Kind::Output(output.to_owned()));
        }
        for step in &plan.steps {
            builder.step(step)?;
        }
        let links = builder.finish_links()?;
        if builder.nodes.len() > usize::from(u16::MAX) {
            return Err(diag::too_many("nodes"));
        }
        let mut graph = Self {
            nodes: builder.nodes,
            links,
            sinks_first: Vec::new(),
            reporter: reporter.clone(),
        };
        match sinks_first(&graph) {
            Ok(order) => graph.sinks_first = order,
            Err(at) => return Err(diag::cycle(at, &graph.dot(sources))),
        }
        Ok(graph)
    }
}

impl<'p> Builder<'p> {
    fn add(&mut self, name: &str, kind: Kind<'p>) -> usize {
        self.add_with_ports(name, kind, PortTable::new("out"))
    }

    fn add_with_ports(&mut self, name: &str, kind: Kind<'p>, ports: PortTable) -> usize {
        let at = self.nodes.len();
        self.names.insert(name.to_owned(), at);
        self.nodes.push(Node {
            name: name.to_owned(),
            kind,
            ports,
        });
        at
    }

    fn step(&mut self, step: &'p Step) -> Built<()> {
        match step {
            Step::Stream(name) => {
                if !self.names.contains_key(&name.text) {
                    self.add(&name.text, Kind::Stream);
                }
                Ok(())
            }
            Step::Operator(create) => self.operator(create),
            Step::Script(create) => self.script(create),
            Step::Select(select) => self.select(select),
        }
    }

    fn check_name(&self, name: &Name) -> Built<()> {
        if BUILT_IN.contains(&name.text.as_str()) {
            return Err(diag::reserved(name));
        }
        if self.names.contains_key(&name.text) {
            return Err(diag::in_use(name));
        }
        Ok(())
    }

    fn operator(&mut self, create: &'p CreateStep) -> Built<()> {
        self.check_name(&create.name)?;
        let operators = &self.plan.operators;
        let Some(definition) = operators.find(&create.definition) else {
            let known = operators.iter().map(|(name, _)| name);
            return Err(diag::unknown_definition("operator", &create.definition, &create.name, known));
        };
        let params = merge_params(definition.params.as_ref(), create.params.as_ref());
        let mut ports = PortTable::new("out");
        let instance = operators::build(definition, create, params.as_ref(), self.plan.dialect, self.logs, &mut ports)?;
        self.add_with_ports(&create.name.text, Kind::Operator(instance), ports);
        Ok(())
    }

    fn script(&mut self, create: &'p CreateStep) -> Built<()> {
        self.check_name(&create.name)?;
        let scripts = &self.plan.scripts;
        let Some(definition) = scripts.find(&create.definition) else {
            let known = scripts.iter().map(|(name, _)| name);
            return Err(diag::unknown_definition("script", &create.definition, &create.name, known));
        };
        let args = merge_params(definition.params.as_ref(), create.params.as_ref()).unwrap_or_else(Value::object);
        let kind = Kind::Script {
            definition,
            program: Arc::clone(&definition.program),
            args,
        };
        self.add(&create.name.text, kind);
        Ok(())
    }

    fn select(&mut self, step: &'p SelectStep) -> Built<()> {
        let (source, port) = self.source(&step.from)?;
        let target = self.target(&step.into);
        windows::check_all(&self.plan.windows, self.plan.dialect)?;
        let specs = step
            .windows
            .iter()
            .map(|window| windows::spec(&self.plan.windows, window, self.plan.dialect));
        let windows = specs.collect::<Built<Vec<_>>>()?;
        let name = format!("select_{}", self.selects);
        self.selects += 1;
        let node = self.add(&name, Kind::Select { step, windows });
        self.links.push((
            Pending::Nothing,
            Link {
                from: source,
                from_port: port,
                to: node,
                to_port: "in".to_owned(),
                at: step.from.span,
            },
        ));
        let (pending, to, to_port) = match target {
            Some(output) => (Pending::Nothing, output, "in".to_owned()),
            None => (Pending::Target(step.into.node.clone()), node, port_text(&step.into, "in")),
        };
        self.links.push((
            pending,
            Link {
                from: node,
                from_port: "out".to_owned(),
                to,
                to_port,
                at: step.into.span,
            },
        ));
        Ok(())
    }

    /// The node and port that a select reads; `in/p` comes into being here.
    fn source(&mut self, from: &PortRef) -> Built<(usize, String)> {
        let port = port_text(from, "out");
        if from.node.text == "in" {
            if matches!(port.as_str(), "in" | "out") {
                return Ok((self.names.get("in").copied().unwrap_or(0), "out".to_owned()));
            }
            let name = format!("in/{port}");
            let known = self.names.get(&name).copied();
            return Ok((known.unwrap_or_else(|| self.add(&name, Kind::Input)), "out".to_owned()));
        }
        match self.names.get(&from.node.text) {
            Some(node) => Ok((*node, port)),
            None => Err(diag::unknown_node(&from.node, self.names.keys().map(String::as_str))),
        }
    }

    /// The separate output `out/q`, which comes into being here.
    fn target(&mut self, into: &PortRef) -> Option<usize> {
        let port = port_text(into, "in");
        if into.node.text != "out" || port == "in" {
            return None;
        }
        let name = format!("out/{port}");
        let known = self.names.get(&name).copied();
        Some(known.unwrap_or_else(|| self.add(&name, Kind::Output(port))))
    }

    fn finish_links(&mut self) -> Built<Vec<Link>> {
        let mut links = Vec::with_capacity(self.links.len());
        for (pending, mut link) in std::mem::take(&mut self.links) {
            if let Pending::Target(name) = pending {
                let Some(node) = self.names.get(&name.text) else {
                    return Err(diag::unknown_node(&name, self.names.keys().map(String::as_str)));
                };
                link.to = *node;
            }
            links.push(link);
        }
        Ok(links)
    }
}

fn port_text(reference: &PortRef, default: &str) -> String {
    reference.port.as_ref().map_or(default, |port| port.text.as_str()).to_owned()
}

/// Nodes such that links lead from later ones to earlier ones; the place of a link in a cycle if there is one.
fn sinks_first(graph: &Logical<'_>) -> Result<Vec<usize>, Option<Span>> {
    let mut open = vec![0_usize; graph.nodes.len()];
    let mut into: Vec<Vec<usize>> = vec![Vec::new(); graph.nodes.len()];
    for link in &graph.links {
        open[link.from] += 1;
        into[link.to].push(link.from);
    }
    let mut order: Vec<usize> = (0..open.len()).filter(|node| open[*node] == 0).collect();
    let mut done = 0;
    while let Some(node) = order.get(done).copied() {
        done += 1;
        for from in &into[node] {
            open[*from] -= 1;
            if open[*from] == 0 {
                order.push(*from);
            }
        }
    }
    if order.len() == open.len() {
        return Ok(order);
    }
    // What is left are cycles and what leads into them; a link between two such nodes is the best place to show.
    let in_cycle = graph.links.iter().find(|link| open[link.from] > 0 && open[link.to] > 0);
    Err(in_cycle.map(|link| link.at))
}
