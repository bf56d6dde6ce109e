//! What the text of a query says of its nodes, with places: for `explain` and the reply-path check (spec/proxy.md 1.7 and 3.5).
//!
//! Nothing here is needed to run a graph. Nodes are found by name, as they are called in [`crate::graph::Node`]; the built-in inputs and
//! outputs, which no statement makes, have no outline.

use std::sync::Arc;

use temblor_script::select::{DimensionProgram, SelectPrograms};
use temblor_script::{MetaUse, Program, Sites};
use temblor_syntax::ast::PortRef;
use temblor_syntax::{Location, SourceMap, Span};
use temblor_value::{Str, Value};

use crate::plan::{CreateStep, Plan, SelectStep, Step, merge_params};

/// A part of the text and what is written there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cited {
    /// The text, blanks folded and cut at [`LONGEST_TEXT`] characters.
    pub text: String,
    /// Where it stands.
    pub at: Location,
}

/// Characters of the text that [`Cited`] keeps.
pub const LONGEST_TEXT: usize = 40;

/// What a node is.
#[derive(Clone, Debug)]
pub enum Part {
    /// `create stream`.
    Stream,
    /// `select`.
    Select(SelectOutline),
    /// `create script`.
    Script(ScriptOutline),
    /// `create operator`.
    Operator(OperatorOutline),
}

/// A statement that makes a node.
#[derive(Clone, Debug)]
pub struct NodeOutline {
    /// The node's name.
    pub name: String,
    /// What it is.
    pub part: Part,
    /// Where it is made.
    pub at: Location,
}

/// A select.
#[derive(Clone, Debug)]
pub struct SelectOutline {
    /// First part that reads the event.
    pub reads: Option<Cited>,
    /// The target, unless it is the bare event.
    pub replaces: Option<Cited>,
    /// `where`, or `having` if there is no `where`.
    pub filters: Option<Cited>,
    /// Names of its windows, as written.
    pub windows: Vec<String>,
}

/// A script.
#[derive(Clone, Debug)]
pub struct ScriptOutline {
    /// First reading of the event.
    pub reads: Option<Cited>,
    /// First part that puts another value in the event's place.
    pub replaces: Option<Cited>,
    /// First `drop`.
    pub drops: Option<Cited>,
    /// Ports known at load that it emits to, with the first place of each.
    pub ports: Vec<(Str, Cited)>,
    /// Metadata it assigns.
    pub writes_meta: MetaUse,
}

/// An operator.
#[derive(Clone, Debug)]
pub struct OperatorOutline {
    /// Its type, such as `qos::roundrobin`.
    pub kind: String,
    /// Its parameters, those of the definition and of the `create` together.
    pub params: Option<Value>,
}

/// All statements of a query that make nodes, in their order.
#[derive(Clone, Debug, Default)]
pub struct Outline {
    nodes: Vec<NodeOutline>,
    outputs: Vec<(String, Location)>,
    readers: Vec<Reader>,
}

/// A select and what it reads.
#[derive(Clone, Debug)]
struct Reader {
    /// Node and port.
    from: (String, String),
    select: String,
    at: Location,
}

impl Outline {
    /// The statement that makes the node called `name`.
    pub fn node(&self, name: &str) -> Option<&NodeOutline> {
        self.nodes.iter().find(|node| node.name == name)
    }

    /// The first place at which a select sends to the output port of that name.
    pub fn output(&self, port: &str) -> Option<&Location> {
        self.outputs.iter().find(|(known, _)| known == port).map(|(_, at)| at)
    }

    /// The second select that reads the same port of a node, which makes copies of what leaves there: its name and place.
    pub fn second_reader(&self, node: &str) -> Option<(&str, &Location)> {
        let of_node = || self.readers.iter().filter(|reader| reader.from.0 == node);
        let second = of_node()
            .enumerate()
            .find(|(at, reader)| of_node().take(*at).any(|before| before.from == reader.from));
        second.map(|(_, reader)| (reader.select.as_str(), &reader.at))
    }

    /// Of a plan over the texts it was made from.
    pub(crate) fn of(plan: &Plan, sources: &SourceMap) -> Self {
        let cite = Citing { sources };
        let mut selects = 0;
        let nodes = plan.steps.iter().filter_map(|step| match step {
            Step::Stream(name) => Some(cite.node(name.text.clone(), Part::Stream, name.span)),
            Step::Operator(create) => {
                let definition = plan.operators.find(&create.definition)?;
                let outline = OperatorOutline {
                    kind: definition.kind.clone(),
                    params: merge_params(definition.params.as_ref(), create.params.as_ref()),
                };
                Some(cite.created(create, Part::Operator(outline)))
            }
            Step::Script(create) => {
                let program = &plan.scripts.find(&create.definition)?.program;
                Some(cite.created(create, Part::Script(cite.script(program))))
            }
            Step::Select(select) => {
                let name = select_name(selects);
                selects += 1;
                Some(cite.node(name, Part::Select(cite.select(select)), select.at))
            }
        });
        Self {
            nodes: nodes.collect(),
            outputs: selects_of(plan).filter_map(|select| cite.output(select)).collect(),
            readers: (0..)
                .zip(selects_of(plan))
                .map(|(at, select)| cite.reader(at, select))
                .collect(),
        }
    }
}

fn select_name(number: usize) -> String {
    format!("select_{number}")
}

fn selects_of(plan: &Plan) -> impl Iterator<Item = &SelectStep> {
    plan.steps.iter().filter_map(|step| match step {
        Step::Select(select) => Some(&**select),
        _ => None,
    })
}

/// Makes places of spans.
struct Citing<'a> {
    sources: &'a SourceMap,
}

impl Citing<'_> {
    fn node(&self, name: String, part: Part, at: Span) -> NodeOutline {
        NodeOutline {
            name,
            part,
            at: self.sources.location(at),
        }
    }

    fn created(&self, create: &CreateStep, part: Part) -> NodeOutline {
        self.node(create.name.text.clone(), part, create.name.span)
    }

    /// The output port that a select sends to.
    fn output(&self, select: &SelectStep) -> Option<(String, Location)> {
        let PortRef { node, port, span } = &select.into;
        let port = match (node.text.as_str(), port) {
            ("out", Some(port)) if port.text != "in" => &port.text,
            ("out" | "err" | "metrics", _) => &node.text,
            _ => return None,
        };
        Some((port.clone(), self.sources.location(*span)))
    }

    fn reader(&self, number: usize, select: &SelectStep) -> Reader {
        let port = select.from.port.as_ref().map_or("out", |port| port.text.as_str());
        Reader {
            from: (select.from.node.text.clone(), port.to_owned()),
            select: select_name(number),
            at: self.sources.location(select.at),
        }
    }

    fn cited(&self, span: Span) -> Cited {
        let words: Vec<&str> = self.sources.slice(span).split_whitespace().collect();
        let text = words.join(" ");
        Cited {
            text: match text.char_indices().nth(LONGEST_TEXT) {
                Some((end, _)) => format!("{}…", &text[..end]),
                None => text,
            },
            at: self.sources.location(span),
        }
    }

    fn script(&self, program: &Arc<Program>) -> ScriptOutline {
        let uses = program.uses();
        let sites = &uses.sites;
        let ports = uses.ports.iter().zip(&sites.ports);
        ScriptOutline {
            reads: sites.reads_event.map(|at| self.cited(at)),
            replaces: replacing(sites).map(|at| self.cited(at)),
            drops: sites.drops.map(|at| self.cited(at)),
            ports: ports
                .map(|(port, at)| (port.clone().unwrap_or(Str::from_static("out")), self.cited(*at)))
                .collect(),
            writes_meta: uses.writes_meta.clone(),
        }
    }

    fn select(&self, select: &SelectStep) -> SelectOutline {
        let SelectPrograms {
            target,
            having,
            filter,
            group_by,
            aggregates,
        } = &*select.programs;
        let reading_group = group_by.as_ref().and_then(reads_of);
        let of_test = |test: &Option<temblor_script::select::TestProgram>| test.as_ref()?.uses().sites.reads_event;
        let aggregated = aggregates.iter().find_map(|site| site.uses().sites.reads_event);
        let reads = of_test(filter)
            .or(reading_group)
            .or(target.uses().sites.reads_event.filter(|_| !target.is_event()))
            .or(aggregated)
            .or_else(|| of_test(having));
        SelectOutline {
            reads: reads.map(|at| self.cited(at)),
            replaces: (!target.is_event()).then(|| self.cited(target.at())),
            filters: filter.as_ref().or(having.as_ref()).map(|test| self.cited(test.at())),
            windows: select.windows.iter().map(|window| window.path.clone()).collect(),
        }
    }
}

/// The first place at which a script puts another value in the event's place.
fn replacing(sites: &Sites) -> Option<Span> {
    match (sites.writes_event, sites.emits_value) {
        (Some(write), Some(value)) if value.start < write.start => Some(value),
        (write, value) => write.or(value),
    }
}

fn reads_of(dimension: &DimensionProgram) -> Option<Span> {
    match dimension {
        DimensionProgram::Expr(expr) | DimensionProgram::Each(expr) => expr.uses().sites.reads_event,
        DimensionProgram::Set(list) => list.iter().find_map(reads_of),
    }
}

#[cfg(test)]
mod tests {
    use temblor_script::host::NoHost;
    use temblor_script::loader::NoModules;
    use temblor_script::{Env, Limits, Registry};
    use temblor_syntax::ast::Dialect;

    use super::*;
    use crate::Query;

    fn outline(text: &str) -> Outline {
        let env = Env {
            registry: Arc::new(Registry::new()),
            loader: Arc::new(NoModules),
            host: Arc::new(NoHost),
            limits: Limits::default(),
            dialect: Dialect::Modern,
        };
        Query::compile("q.trickle", text, &env).unwrap().outline()
    }

    fn shown(cited: Option<&Cited>) -> Option<(String, u32, u32)> {
        cited.map(|cited| (cited.text.clone(), cited.at.line, cited.at.column))
    }

    #[test]
    fn scripts_say_where_they_use_what() {
        let outline = outline(
            "define script s\nscript\n  let $response.status = 201;\n  match event.a of\n    case 1 => drop\n    case 2 => emit => \"side\"\n    \
             default => let event.b =   7\n  end;\n  event\nend;\ncreate script t from s;\n\
             select event from in into t;\nselect event from t into out;\n",
        );
        let node = outline.node("t").unwrap();
        assert_eq!((node.at.line, node.at.column), (11, 15));
        let Part::Script(script) = &node.part else {
            panic!("no script")
        };
        assert_eq!(shown(script.reads.as_ref()), Some(("event.a".into(), 4, 9)));
        assert_eq!(shown(script.replaces.as_ref()), Some(("let event.b = 7".into(), 7, 16)));
        assert_eq!(shown(script.drops.as_ref()), Some(("drop".into(), 5, 15)));
        let ports: Vec<&str> = script.ports.iter().map(|(port, _)| port.as_str()).collect();
        assert_eq!(ports, ["side", "out"]);
        assert!(script.writes_meta.touches("response") && !script.writes_meta.touches("request"));
    }

    #[test]
    fn selects_say_what_they_read_and_filter() {
        let outline = outline(
            "select event from in into out;\nselect event from in where event.a == 1 into out;\n\
             select {\"a\": event.b} from in into out having event.a > 1;\nselect event from in where $x into out;\n",
        );
        assert_eq!(outline.output("out").map(|at| (at.line, at.column)), Some((1, 27)));
        assert_eq!(outline.output("err"), None);
        let part = |name: &str| match &outline.node(name).unwrap().part {
            Part::Select(select) => select.clone(),
            other => panic!("{other:?}"),
        };
        let plain = part("select_0");
        assert!(plain.reads.is_none() && plain.replaces.is_none() && plain.filters.is_none());
        let filtered = part("select_1");
        assert_eq!(shown(filtered.reads.as_ref()), Some(("event.a".into(), 2, 28)));
        assert_eq!(shown(filtered.filters.as_ref()), Some(("event.a == 1".into(), 2, 28)));
        let made = part("select_2");
        assert_eq!(shown(made.reads.as_ref()), Some(("event.b".into(), 3, 14)));
        assert_eq!(shown(made.replaces.as_ref()), Some(("{\"a\": event.b}".into(), 3, 8)));
        assert_eq!(shown(made.filters.as_ref()), Some(("event.a > 1".into(), 3, 47)));
        assert_eq!(
            outline.second_reader("in").map(|(name, at)| (name, at.line)),
            Some(("select_1", 2))
        );
        assert_eq!(outline.second_reader("out"), None);
        let by_meta = part("select_3");
        assert!(by_meta.reads.is_none() && by_meta.filters.is_some());
    }

    #[test]
    fn operators_have_their_type_and_all_parameters() {
        let outline = outline(
            "define qos::backpressure operator bp with timeout = 100, steps = [1] end;\n\
             create operator a from bp with timeout = 7 end;\ncreate stream s;\nselect event from in into a;\nselect event from a into out;\n",
        );
        let Part::Operator(operator) = &outline.node("a").unwrap().part else {
            panic!("no operator")
        };
        assert_eq!(operator.kind, "qos::backpressure");
        assert_eq!(
            operator.params.as_ref().unwrap().get("timeout").and_then(Value::as_u64),
            Some(7)
        );
        assert!(matches!(outline.node("s").unwrap().part, Part::Stream));
        assert!(outline.node("in").is_none());
    }
}
