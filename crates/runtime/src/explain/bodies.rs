//! What is done with the bodies of an entry, and why (spec/proxy.md 3.1 and 3.2).

use temblor_codec::Codec;
use temblor_pipeline::outline::Part;

use super::Artefact;
use super::paths::{Behind, Paths};
use super::view::{Remark, View};
use crate::facts::RampFacts;
use crate::flow::{Cause, Entry, need_of};
use crate::ids::SourceIx;
use crate::need::Need;

/// What is done with a body, in rising order of cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Handling {
    /// It is read and dropped; the value is null.
    None,
    /// Its bytes flow as they arrive.
    Stream,
    /// It is collected, checked and passed on.
    Bytes,
    /// It is collected and decoded before the pipeline runs.
    Value,
}

impl Handling {
    /// The name of the need that asks for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Stream => Need::Stream.name(),
            Self::Bytes => Need::Bytes.name(),
            Self::Value => Need::Value.name(),
        }
    }
}

/// A content type whose bodies are handled in another way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// Type and subtype.
    pub content_type: String,
    /// Its codec.
    pub codec: &'static str,
    /// What is done with its bodies.
    pub handling: Handling,
    /// Why.
    pub why: Remark,
}

/// How values leave that no program replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Untouched {
    /// With the bytes they came with. The part of a program that replaces values on some way, if one does.
    Original(Option<Remark>),
    /// Encoded anew, since these artefacts encode always.
    Encoded(Vec<String>),
    /// No value stays untouched: the first part that replaces it.
    Replaced(Remark),
    /// They lead to nothing that sends bodies.
    Nowhere,
}

/// What is done with the bodies of one entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bodies {
    /// What is done with those of the artefact's own codec.
    pub handling: Handling,
    /// Why.
    pub why: Remark,
    /// The artefact's own codec.
    pub codec: &'static str,
    /// Content types for which that differs.
    pub exceptions: Vec<Exception>,
    /// How values leave that no program replaced.
    pub untouched: Untouched,
}

/// Of an onramp's events.
pub(super) fn of_requests(view: &View<'_>, source: SourceIx) -> Bodies {
    let facts = view.onramp_facts(source);
    if view.flow.sources[source.0 as usize].passes_bodies {
        return of_entry(
            view,
            &view.flow.sources[source.0 as usize].out,
            facts,
            &view.onramp_name(source),
        );
    }
    Bodies {
        handling: Handling::Value,
        why: Remark::plain(format!("onramps of type {} make a value of everything", facts.type_)),
        codec: facts.codec.name(),
        exceptions: Vec::new(),
        untouched: Untouched::Nowhere,
    }
}

/// Of all offramps that events reach; bodies of those whose responses something takes.
pub(super) fn of_responses(view: &View<'_>, paths: &Paths) -> Vec<(Artefact, Option<Bodies>)> {
    let mut sinks = paths.sinks.clone();
    sinks.sort_by_key(|sink| sink.0);
    let each = sinks.into_iter().map(|ix| {
        let facts = view.offramp_facts(ix);
        let out = &view.flow.sinks[ix.0 as usize].out;
        let has_responses = facts.own.answers && !out.is_empty();
        let bodies = has_responses.then(|| of_entry(view, out, facts, &view.offramp_name(ix)));
        (view.offramp(ix), bodies)
    });
    each.collect()
}

fn of_entry(view: &View<'_>, entries: &[Entry], facts: &RampFacts, name: &str) -> Bodies {
    let found = need_of(view.flow, entries);
    let behind = Behind::entries(view, entries);
    let case = Case {
        need: found.need.need,
        cause: found.cause.map(|cause| remark(view, &cause)),
        processors: processors(view, facts, name, &behind),
        validates: facts.own.validates,
    };
    let (handling, why) = case.decide(&*facts.codec);
    let exceptions = facts.codec_map.entries().filter_map(|(content_type, codec)| {
        let (other, why) = case.decide(&**codec);
        (other != handling).then(|| Exception {
            content_type: content_type.to_owned(),
            codec: codec.name(),
            handling: other,
            why,
        })
    });
    Bodies {
        handling,
        why,
        codec: facts.codec.name(),
        exceptions: exceptions.collect(),
        untouched: untouched(view, &behind, found.need.keeps_original),
    }
}

/// Everything that decides, but for the codec.
struct Case {
    need: Need,
    cause: Option<Remark>,
    processors: Option<Remark>,
    validates: bool,
}

impl Case {
    fn decide(&self, codec: &dyn Codec) -> (Handling, Remark) {
        let codec_says = |what: &str| Remark::plain(format!("codec {} {what}", codec.name()));
        let caused = || self.cause.clone().unwrap_or_else(|| Remark::plain("a program needs it"));
        if codec.name() == "null" {
            return (Handling::None, codec_says("has no bodies"));
        }
        match (self.need, &self.processors) {
            (Need::Value, _) => (Handling::Value, caused()),
            (Need::Bytes, _) => (Handling::Bytes, caused()),
            (Need::Stream, Some(processors)) => (Handling::Bytes, processors.clone()),
            (Need::Stream, None) if codec.accepts_any_bytes() => (Handling::Stream, codec_says("takes any bytes")),
            (Need::Stream, None) if !self.validates => (Handling::Stream, Remark::plain("validate: false")),
            (Need::Stream, None) => (Handling::Bytes, codec_says("can refuse")),
        }
    }
}

/// Processors that bodies pass between the entry and where they leave.
fn processors(view: &View<'_>, facts: &RampFacts, name: &str, behind: &Behind) -> Option<Remark> {
    if facts.has_preprocessors {
        return Some(Remark::plain(format!("preprocessors of {name}")));
    }
    ramps(view, behind)
        .find(|(facts, _)| facts.has_postprocessors)
        .map(|(_, name)| Remark::plain(format!("postprocessors of {name}")))
}

/// The offramps and onramps where bodies leave.
fn ramps<'a>(view: &'a View<'_>, behind: &'a Behind) -> impl Iterator<Item = (&'a RampFacts, String)> {
    let sinks = behind
        .sinks
        .iter()
        .map(|ix| (view.offramp_facts(*ix), view.offramp_name(*ix)));
    let sources = behind
        .sources
        .iter()
        .map(|ix| (view.onramp_facts(*ix), view.onramp_name(*ix)));
    sinks.chain(sources)
}

fn remark(view: &View<'_>, cause: &Cause) -> Remark {
    match cause {
        Cause::Entries => Remark::plain("several pipelines are linked to its port out"),
        Cause::Fork(pipeline, output) => {
            let port = &view.graph(*pipeline).outputs()[usize::from(output.0)];
            let text = format!(
                "several targets are linked to pipeline {}, port {port}",
                view.pipeline_name(*pipeline)
            );
            match view.outline(*pipeline).output(port) {
                Some(at) => Remark::at(text, at),
                None => Remark::plain(text),
            }
        }
        Cause::Sink(ix) => Remark::plain(format!("offramp {} looks at values", view.offramp_name(*ix))),
        Cause::Source(ix) => Remark::plain(format!("onramp {} looks at values", view.onramp_name(*ix))),
        Cause::Reader(pipeline, name) => {
            let node = view.graph(*pipeline).nodes().iter().find(|node| node.name == *name);
            let Some(node) = node else {
                return Remark::plain(format!("{name} looks at values"));
            };
            let subject = view.node(*pipeline, node);
            let says = |text: &str| Remark {
                text: format!("{} {text}", subject.text),
                at: subject.at.clone(),
            };
            match view.statement(*pipeline, node).map(|statement| &statement.part) {
                Some(Part::Select(select)) if !select.windows.is_empty() => says("has a window"),
                Some(Part::Script(outline)) => match (&outline.reads, &outline.replaces) {
                    (Some(read), _) => view.cite(*pipeline, node, "reads", read),
                    (None, Some(replace)) => view.cite(*pipeline, node, "replaces the event:", replace),
                    (None, None) => says("looks at values"),
                },
                Some(Part::Select(select)) => match (&select.reads, &select.replaces) {
                    (Some(read), _) => view.cite(*pipeline, node, "reads", read),
                    (None, Some(replace)) => view.cite(*pipeline, node, "replaces the event:", replace),
                    (None, None) => says("looks at values"),
                },
                _ => says("looks at values"),
            }
        }
        Cause::Copier(pipeline, name) => {
            let node = view.graph(*pipeline).nodes().iter().find(|node| node.name == *name);
            let Some(node) = node else {
                return Remark::plain(format!("fan-out at {name}"));
            };
            let subject = view.node(*pipeline, node);
            match view.outline(*pipeline).second_reader(&node.name) {
                Some((select, at)) => Remark::at(format!("fan-out at {}: {select} reads it too", subject.text), at),
                None => Remark {
                    text: format!("fan-out at {}", subject.text),
                    at: subject.at,
                },
            }
        }
    }
}

fn untouched(view: &View<'_>, behind: &Behind, keeps_original: bool) -> Untouched {
    let replaced = behind.nodes.iter().find_map(|(pipeline, id)| {
        let node = view.graph(*pipeline).node(*id);
        let cited = match &view.statement(*pipeline, node)?.part {
            Part::Script(script) => script.replaces.as_ref(),
            Part::Select(select) => select.replaces.as_ref(),
            Part::Operator(_) if node.traits().always_replaces_event => return Some(view.node(*pipeline, node)),
            Part::Operator(_) | Part::Stream => None,
        };
        let subject = view.node(*pipeline, node).text;
        let cited = cited?;
        Some(Remark::at(format!("{subject}: {}", cited.text), &cited.at))
    });
    if !keeps_original {
        return replaced.map_or(Untouched::Nowhere, Untouched::Replaced);
    }
    let always: Vec<String> = ramps(view, behind)
        .filter(|(facts, _)| facts.own.always_encodes)
        .map(|(_, name)| name)
        .collect();
    if always.is_empty() {
        Untouched::Original(replaced)
    } else {
        Untouched::Encoded(always)
    }
}
