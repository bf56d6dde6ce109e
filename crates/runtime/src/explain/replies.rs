//! The reply-path check (spec/proxy.md 1.7): where requests of an onramp can end without a reply.
//!
//! Algorithm: all ways from the onramp and back are walked once ([`Paths`]); each finding is a question about what the walk met.

use std::collections::HashSet;

use temblor_event::Reason;
use temblor_pipeline::graph::{Node, NodeKind};
use temblor_pipeline::outline::{Cited, NodeOutline, OperatorOutline, Part, ScriptOutline};
use temblor_pipeline::port::{NodeId, OutputId, PortId};

use super::bodies::{self, Handling};
use super::paths::{Behind, Paths, Stop};
use super::view::{Remark, View};
use crate::facts::RampFacts;
use crate::ids::{PipelineIx, SourceIx};

/// Findings, as the specification numbers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    /// No way leads back.
    NoWayBack,
    /// An error port is not linked.
    UnlinkedError,
    /// An `overflow` port is not read.
    UnreadOverflow,
    /// A port that events are sent to is not read or not linked.
    UnreadPort,
    /// Events can be dropped or filtered out.
    Discards,
    /// Something holds events.
    Holds,
    /// Events come back without `$response`.
    NoResponse,
    /// A retry stands behind the balancer it should control.
    LateRetry,
    /// Empty bodies meet a codec that tremor 0.11 let refuse them.
    EmptyBody,
}

impl Code {
    /// The code, such as `RP03`.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoWayBack => "RP01",
            Self::UnlinkedError => "RP02",
            Self::UnreadOverflow => "RP03",
            Self::UnreadPort => "RP04",
            Self::Discards => "RP05",
            Self::Holds => "RP06",
            Self::NoResponse => "RP07",
            Self::LateRetry => "RP08",
            Self::EmptyBody => "RP09",
        }
    }
}

/// What a request gets that ends where a finding says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeadsTo {
    /// The own answer for this reason.
    End(Reason),
    /// The own answer for a reply that cannot be sent.
    ReplyInvalid,
    /// The answer when what is held goes on, and the own answer for the deadline if that is earlier.
    Timeout,
    /// The failure of the only attempt.
    LastAttempt,
    /// Where 0.11 had a decode error: the event `{}`.
    EmptyRecord,
}

impl LeadsTo {
    /// The reason, as in spec/proxy.md 1.3; for what is no own answer a few words.
    pub fn name(self) -> &'static str {
        match self {
            Self::End(reason) => reason.name(),
            Self::ReplyInvalid => "reply_invalid",
            Self::Timeout => "timeout",
            Self::LastAttempt => "no repetition",
            Self::EmptyRecord => "an empty record",
        }
    }
}

/// A finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which.
    pub code: Code,
    /// What is found, and where.
    pub remark: Remark,
    /// What it leads to.
    pub leads_to: LeadsTo,
}

/// Which differences are of interest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Era {
    /// Only what can happen.
    Present,
    /// Also what tremor 0.11 would have done otherwise.
    Tremor011,
}

/// All findings of an onramp, ordered by code.
pub(super) fn check(view: &View<'_>, source: SourceIx, paths: &Paths, era: Era) -> Vec<Finding> {
    let mut check = Check {
        view,
        source,
        paths,
        leading_home: paths.leading_home(),
        findings: Vec::new(),
    };
    check.way_back();
    check.onramp();
    check.offramps();
    for (pipeline, input) in &paths.inputs {
        check.entry(*pipeline, view.graph(*pipeline).entry(*input));
    }
    for (pipeline, id) in &paths.nodes {
        check.node(*pipeline, *id);
    }
    check.unlinked_outputs();
    check.arrivals();
    if era == Era::Tremor011 {
        check.empty_bodies();
    }
    check.findings.sort_by_key(|finding| finding.code);
    check.findings
}

struct Check<'a> {
    view: &'a View<'a>,
    source: SourceIx,
    paths: &'a Paths,
    leading_home: HashSet<Stop>,
    findings: Vec<Finding>,
}

impl Check<'_> {
    fn find(&mut self, code: Code, remark: Remark, leads_to: LeadsTo) {
        let finding = Finding { code, remark, leads_to };
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }

    /// Refusals and errors that come back are no way on which a request is answered.
    fn has_way_back(&self) -> bool {
        self.paths.arrivals.iter().any(|arrival| arrival.is_ordinary)
    }

    fn way_back(&mut self) {
        if !self.has_way_back() {
            let remark = Remark::plain("no way leads from out to something that answers and back");
            self.find(Code::NoWayBack, remark, LeadsTo::End(Reason::NoReply));
        }
    }

    /// Bodies can fail to decode unless nothing checks them.
    fn onramp(&mut self) {
        let bodies = bodies::of_requests(self.view, self.source);
        let facts = self.view.onramp_facts(self.source);
        let refuses = |handling: Handling, codec: &str| {
            handling >= Handling::Bytes && (facts.has_preprocessors || !takes_anything(facts, codec))
        };
        let can_fail = refuses(bodies.handling, bodies.codec)
            || facts.codec_map.entries().any(|(content_type, codec)| {
                let other = bodies
                    .exceptions
                    .iter()
                    .find(|exception| exception.content_type == content_type);
                refuses(other.map_or(bodies.handling, |exception| exception.handling), codec.name())
            });
        if can_fail && self.view.flow.sources[self.source.0 as usize].err.is_empty() {
            let remark = Remark::plain("port err of the onramp is not linked");
            self.find(Code::UnlinkedError, remark, LeadsTo::End(Reason::DecodeError));
        }
    }

    fn offramps(&mut self) {
        for ix in &self.paths.sinks {
            let node = &self.view.flow.sinks[ix.0 as usize];
            if self.view.offramp_facts(*ix).own.answers && node.err.is_empty() {
                let remark = Remark::plain(format!("port err of offramp {} is not linked", self.view.offramp_name(*ix)));
                self.find(Code::UnlinkedError, remark, LeadsTo::End(Reason::Offramp));
            }
        }
    }

    /// A select that is the only one at an input has that input's place.
    fn entry(&mut self, pipeline: PipelineIx, first: NodeId) {
        let view = self.view;
        let condition = conditions(view, pipeline, std::iter::once(first));
        if let Some(condition) = condition {
            let text = format!(
                "all selects from pipeline {}, in have a condition",
                view.pipeline_name(pipeline)
            );
            self.find(
                Code::Discards,
                Remark::at(text, &condition.at),
                LeadsTo::End(Reason::Filtered),
            );
        }
    }

    fn node(&mut self, pipeline: PipelineIx, id: NodeId) {
        let view = self.view;
        let node = view.graph(pipeline).node(id);
        let statement = view.statement(pipeline, node);
        match statement.map(|statement| &statement.part) {
            Some(Part::Script(script)) => self.script(pipeline, node, script),
            Some(Part::Operator(operator)) => self.operator(pipeline, id, operator),
            Some(Part::Stream | Part::Select(_)) | None => self.pass(pipeline, node),
        }
        self.filters(pipeline, node);
        if node.traits().holds_events {
            self.holds(pipeline, id, statement);
        }
    }

    fn script(&mut self, pipeline: PipelineIx, node: &Node, script: &ScriptOutline) {
        let view = self.view;
        if is_unread(node, "err") {
            let remark = say(view.node(pipeline, node), "port err is not read");
            self.find(Code::UnlinkedError, remark, LeadsTo::End(Reason::ScriptError));
        }
        for (port, cited) in &script.ports {
            if is_unread(node, port) {
                let text = format!("{}: port {port} is not read", view.node(pipeline, node).text);
                self.find(Code::UnreadPort, Remark::at(text, &cited.at), LeadsTo::End(Reason::Unlinked));
            }
        }
        if let Some(drop) = &script.drops {
            let text = format!("{} can drop", view.node(pipeline, node).text);
            self.find(Code::Discards, Remark::at(text, &drop.at), LeadsTo::End(Reason::Dropped));
        }
    }

    fn operator(&mut self, pipeline: PipelineIx, id: NodeId, operator: &OperatorOutline) {
        let view = self.view;
        let node = view.graph(pipeline).node(id);
        let kind = operator.kind.as_str();
        if node.ports.find("overflow").is_some() && is_unread(node, "overflow") {
            let remark = say(view.node(pipeline, node), "port overflow is not read");
            self.find(Code::UnreadOverflow, remark, LeadsTo::End(shedding(kind)));
        }
        for port in ordinary_ports(node) {
            let name = node.ports.name(port);
            if node.consumers(port).is_empty() {
                let remark = say(view.node(pipeline, node), &format!("port {name} is not read"));
                self.find(Code::UnreadPort, remark, LeadsTo::End(Reason::Unlinked));
            }
        }
        if REPEATING.contains(&kind) {
            self.late(pipeline, id);
        }
    }

    /// Insights meet nodes in the reverse order of their creation, so a retry must be created before the balancer behind it.
    fn late(&mut self, pipeline: PipelineIx, id: NodeId) {
        let view = self.view;
        let graph = view.graph(pipeline);
        let behind = Behind::port(view, pipeline, id, PortId::DEFAULT);
        for (other, balancer) in behind.nodes {
            let node = view.graph(other).node(balancer);
            if other == pipeline && balancer < id && !balanced_ports(node).is_empty() {
                let what = format!("is created after {}, which it should control", node.name);
                let remark = say(view.node(pipeline, graph.node(id)), &what);
                self.find(Code::LateRetry, remark, LeadsTo::LastAttempt);
            }
        }
    }

    /// Inputs, streams and plain selects: where nothing reads them events end.
    fn pass(&mut self, pipeline: PipelineIx, node: &Node) {
        if matches!(node.kind, NodeKind::Input | NodeKind::Pass) && node.consumers(PortId::DEFAULT).is_empty() {
            let remark = say(self.view.node(pipeline, node), "is not read");
            self.find(Code::UnreadPort, remark, LeadsTo::End(Reason::Unlinked));
        }
    }

    /// Ports of which every reader has a condition.
    fn filters(&mut self, pipeline: PipelineIx, node: &Node) {
        let view = self.view;
        for (at, consumers) in node.edges.iter().enumerate() {
            let condition = conditions(view, pipeline, consumers.iter().map(|edge| edge.to));
            if let Some(condition) = condition {
                let port = node.ports.name(PortId(at as u16));
                let of_port = if port == "out" {
                    String::new()
                } else {
                    format!(", port {port}")
                };
                let text = format!(
                    "all selects from {}{of_port} have a condition",
                    view.node(pipeline, node).text
                );
                self.find(
                    Code::Discards,
                    Remark::at(text, &condition.at),
                    LeadsTo::End(Reason::Filtered),
                );
            }
        }
    }

    fn holds(&mut self, pipeline: PipelineIx, id: NodeId, statement: Option<&NodeOutline>) {
        let leads_home = self.leading_home.contains(&Stop::Node(pipeline, id));
        if !leads_home && self.has_way_back() {
            return;
        }
        let view = self.view;
        let what = match statement.map(|statement| &statement.part) {
            Some(Part::Select(_)) => "holds requests until its window closes",
            _ => "holds requests",
        };
        let remark = say(view.node(pipeline, view.graph(pipeline).node(id)), what);
        self.find(Code::Holds, remark, LeadsTo::Timeout);
    }

    fn unlinked_outputs(&mut self) {
        let view = self.view;
        for (pipeline, output) in &self.paths.unlinked {
            let port = port_of(view, *pipeline, *output);
            let remark = output_remark(view, *pipeline, *output, "is not linked");
            if port == "err" {
                let reason = if self.takes_script_errors(*pipeline, *output) {
                    Reason::ScriptError
                } else {
                    Reason::Unlinked
                };
                self.find(Code::UnlinkedError, remark, LeadsTo::End(reason));
            } else {
                self.find(Code::UnreadPort, remark, LeadsTo::End(Reason::Unlinked));
            }
        }
        for (pipeline, port) in &self.paths.missing {
            let text = format!("pipeline {} has no port {port}", view.pipeline_name(*pipeline));
            self.find(Code::UnreadPort, Remark::plain(text), LeadsTo::End(Reason::SelectError));
        }
    }

    /// Whether errors of scripts leave by an output of their pipeline.
    fn takes_script_errors(&self, pipeline: PipelineIx, output: OutputId) -> bool {
        let graph = self.view.graph(pipeline);
        let leads_there = |id: NodeId| {
            let node = graph.node(id);
            let statement = self.view.statement(pipeline, node);
            let is_script = statement.is_some_and(|statement| matches!(statement.part, Part::Script(_)));
            let err = node.ports.find("err").filter(|_| is_script);
            let behind = err.map(|port| Behind::port(self.view, pipeline, id, port));
            let is_output = |(ix, other): &(PipelineIx, NodeId)| {
                *ix == pipeline && matches!(graph.node(*other).kind, NodeKind::Output(found) if found == output)
            };
            behind.is_some_and(|behind| behind.nodes.iter().any(is_output))
        };
        self.paths.nodes.iter().any(|(ix, id)| *ix == pipeline && leads_there(*id))
    }

    fn arrivals(&mut self) {
        for arrival in &self.paths.arrivals {
            if arrival.has_response {
                continue;
            }
            let what = "leads to the onramp without $response";
            let remark = output_remark(self.view, arrival.pipeline, arrival.output, what);
            self.find(Code::NoResponse, remark, LeadsTo::ReplyInvalid);
        }
    }

    fn empty_bodies(&mut self) {
        let onramp = format!("onramp {}", self.view.onramp_name(self.source));
        self.empty_body(onramp, "requests", self.view.onramp_facts(self.source));
        for ix in &self.paths.sinks {
            let facts = self.view.offramp_facts(*ix);
            if facts.own.answers {
                self.empty_body(format!("offramp {}", self.view.offramp_name(*ix)), "responses", facts);
            }
        }
    }

    fn empty_body(&mut self, name: String, what: &str, facts: &RampFacts) {
        if !facts.has_preprocessors && !facts.codec.decodes_empty() {
            let text = format!("{name}: {what} without a body meet codec {}", facts.codec.name());
            self.find(Code::EmptyBody, Remark::plain(text), LeadsTo::EmptyRecord);
        }
    }
}

/// The condition of the first of some nodes, if all of them are selects with one.
fn conditions<'v>(view: &'v View<'_>, pipeline: PipelineIx, nodes: impl Iterator<Item = NodeId>) -> Option<&'v Cited> {
    let mut first = None;
    for id in nodes {
        let node = view.graph(pipeline).node(id);
        let condition = match &view.statement(pipeline, node)?.part {
            Part::Select(select) => select.filters.as_ref()?,
            _ => return None,
        };
        first.get_or_insert(condition);
    }
    first
}

/// Operators that send an event again.
const REPEATING: [&str; 2] = ["qos::retry", "qos::hedge"];

/// Why a request ends that leaves an operator by an `overflow` nobody reads (spec/proxy.md 1.3).
fn shedding(kind: &str) -> Reason {
    match kind {
        "grouper::bucket" => Reason::RateLimited,
        "qos::roundrobin" | "lb::balance" => Reason::NoUpstream,
        _ => Reason::Overflow,
    }
}

/// Ports that events leave an operator by when nothing is wrong, and `err` of those that have one.
fn ordinary_ports(node: &Node) -> Vec<PortId> {
    let balanced = balanced_ports(node);
    if !balanced.is_empty() {
        return balanced.to_vec();
    }
    let err = node.ports.find("err");
    std::iter::once(PortId::DEFAULT).chain(err).collect()
}

fn balanced_ports(node: &Node) -> &[PortId] {
    match &node.kind {
        NodeKind::Shared(operator) => operator.balanced_ports(),
        _ => &[],
    }
}

/// Whether nothing reads a port, also one that the node does not know.
fn is_unread(node: &Node, port: &str) -> bool {
    node.ports.find(port).is_none_or(|port| node.consumers(port).is_empty())
}

fn takes_anything(facts: &RampFacts, codec: &str) -> bool {
    let own = std::iter::once(&facts.codec);
    let mapped = facts.codec_map.entries().map(|(_, codec)| codec);
    own.chain(mapped)
        .any(|known| known.name() == codec && known.accepts_any_bytes())
}

fn say(subject: Remark, what: &str) -> Remark {
    let separator = if what.starts_with("port ") { ":" } else { "" };
    Remark {
        text: format!("{}{separator} {what}", subject.text),
        at: subject.at,
    }
}

fn port_of<'a>(view: &View<'a>, pipeline: PipelineIx, output: OutputId) -> &'a str {
    view.graph(pipeline)
        .outputs()
        .get(usize::from(output.0))
        .map_or("", |port| port.as_str())
}

fn output_remark(view: &View<'_>, pipeline: PipelineIx, output: OutputId, what: &str) -> Remark {
    let port = port_of(view, pipeline, output);
    let text = format!("pipeline {}: port {port} {what}", view.pipeline_name(pipeline));
    match view.outline(pipeline).output(port) {
        Some(at) => Remark::at(text, at),
        None => Remark::plain(text),
    }
}
