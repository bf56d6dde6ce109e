//! Instances and links under the names and places that users know.

use std::collections::HashMap;

use temblor_config::ArtefactUrl;
use temblor_pipeline::graph::{Graph, Node};
use temblor_pipeline::outline::{Cited, NodeOutline, Outline, Part};
use temblor_syntax::Location;

use super::Artefact;
use crate::facts::RampFacts;
use crate::flow::Flow;
use crate::ids::{PipelineIx, SinkIx, SourceIx};
use crate::registry::Registry;

/// Something said, with its place in a text if it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// The text.
    pub text: String,
    /// The part of a program that it is about.
    pub at: Option<Location>,
}

impl Remark {
    /// A remark about nothing that is written in a program.
    pub(super) fn plain(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            at: None,
        }
    }

    /// A remark about a place.
    pub(super) fn at(text: impl Into<String>, at: &Location) -> Self {
        Self {
            text: text.into(),
            at: Some(at.clone()),
        }
    }

    /// ` (file:line:column)`, or nothing.
    pub fn place(&self) -> String {
        self.at
            .as_ref()
            .map_or_else(String::new, |at| format!(" ({}:{}:{})", at.file, at.line, at.column))
    }
}

/// See the module's documentation.
pub(super) struct View<'a> {
    pub(super) registry: &'a Registry,
    pub(super) flow: &'a Flow,
    outlines: Vec<Outline>,
}

impl<'a> View<'a> {
    pub(super) fn new(registry: &'a Registry, flow: &'a Flow) -> Self {
        Self {
            registry,
            flow,
            outlines: registry.pipelines.iter().map(|pipeline| pipeline.query.outline()).collect(),
        }
    }

    pub(super) fn graph(&self, ix: PipelineIx) -> &'a Graph {
        &self.flow.pipelines[ix.0 as usize].graph
    }

    /// The statements of a pipeline.
    pub(super) fn outline(&self, ix: PipelineIx) -> &Outline {
        &self.outlines[ix.0 as usize]
    }

    /// The statement that makes a node, if one does.
    pub(super) fn statement(&self, ix: PipelineIx, node: &Node) -> Option<&NodeOutline> {
        self.outline(ix).node(&node.name)
    }

    /// Id and instance of a pipeline.
    pub(super) fn pipeline_name(&self, ix: PipelineIx) -> String {
        name(&self.registry.pipelines[ix.0 as usize].url)
    }

    /// Id and instance of an offramp.
    pub(super) fn offramp_name(&self, ix: SinkIx) -> String {
        name(&self.registry.sinks[ix.0 as usize].url)
    }

    /// Id and instance of an onramp.
    pub(super) fn onramp_name(&self, ix: SourceIx) -> String {
        name(&self.registry.sources[ix.0 as usize].url)
    }

    /// Pipelines on an onramp's port `unanswered`.
    pub(super) fn unanswered(&self, ix: SourceIx) -> Vec<String> {
        let entries = &self.flow.sources[ix.0 as usize].unanswered;
        entries.iter().map(|entry| self.pipeline_name(entry.pipeline)).collect()
    }

    pub(super) fn onramp_facts(&self, ix: SourceIx) -> &'a RampFacts {
        &self.registry.sources[ix.0 as usize].facts
    }

    pub(super) fn offramp_facts(&self, ix: SinkIx) -> &'a RampFacts {
        &self.registry.sinks[ix.0 as usize].facts
    }

    pub(super) fn onramp(&self, ix: SourceIx) -> Artefact {
        artefact(self.onramp_name(ix), self.onramp_facts(ix))
    }

    pub(super) fn offramp(&self, ix: SinkIx) -> Artefact {
        artefact(self.offramp_name(ix), self.offramp_facts(ix))
    }

    /// `pipeline route/a, script tag` and where that is made; built-in nodes are named alone.
    pub(super) fn node(&self, ix: PipelineIx, node: &Node) -> Remark {
        let pipeline = self.pipeline_name(ix);
        match self.statement(ix, node) {
            Some(statement) => {
                let kind = part_name(&statement.part);
                Remark::at(format!("pipeline {pipeline}, {kind} {}", node.name), &statement.at)
            }
            None => Remark::plain(format!("pipeline {pipeline}, {}", node.name)),
        }
    }

    /// A remark about a part of a node's text: `pipeline route/a, script tag reads event.basket`.
    pub(super) fn cite(&self, ix: PipelineIx, node: &Node, verb: &str, cited: &Cited) -> Remark {
        let subject = self.node(ix, node).text;
        Remark::at(format!("{subject} {verb} {}", cited.text), &cited.at)
    }

    /// What lies behind whom in islands: the number of each pipeline's island, from 1.
    pub(super) fn islands(&self) -> HashMap<PipelineIx, usize> {
        let mut seen = Vec::new();
        let mut islands = HashMap::new();
        for (at, node) in self.flow.pipelines.iter().enumerate() {
            let Some(island) = &node.island else { continue };
            let address = std::sync::Arc::as_ptr(island);
            let number = seen.iter().position(|known| *known == address).unwrap_or_else(|| {
                seen.push(address);
                seen.len() - 1
            });
            islands.insert(PipelineIx(at as u32), number + 1);
        }
        islands
    }
}

/// What a statement makes.
pub(super) fn part_name(part: &Part) -> &str {
    match part {
        Part::Stream => "stream",
        Part::Select(_) => "select",
        Part::Script(_) => "script",
        Part::Operator(operator) => &operator.kind,
    }
}

fn artefact(name: String, facts: &RampFacts) -> Artefact {
    Artefact {
        name,
        type_: facts.type_.clone(),
        is_linked: facts.is_linked,
        facts: facts.own.clone(),
    }
}

fn name(url: &ArtefactUrl) -> String {
    let parts = [url.artefact(), url.instance()];
    let parts: Vec<&str> = parts.iter().filter_map(|part| Some(part.as_ref()?.as_str())).collect();
    parts.join("/")
}
