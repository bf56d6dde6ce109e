//! The body need of an entry: the maximum over everything reachable from it (spec/proxy.md 3.2).

use temblor_pipeline::port::{InputId, OutputId};
use temblor_script::MetaPaths;
use temblor_value::Str;

use super::{Entry, Flow, Target};
use crate::ids::{PipelineIx, SinkIx, SourceIx};
use crate::need::{BodyNeed, Need};

/// What makes a need as high as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The node of that name looks at the value or puts another one in its place.
    Reader(PipelineIx, Str),
    /// Copies go from the node of that name to several consumers.
    Copier(PipelineIx, Str),
    /// Several targets are linked to one output.
    Fork(PipelineIx, OutputId),
    /// Several pipelines are linked to the entry.
    Entries,
    /// A sink that looks at values.
    Sink(SinkIx),
    /// Replies to a source that looks at values.
    Source(SourceIx),
}

/// What the programs behind an entry need.
#[derive(Debug)]
pub(crate) struct Found {
    /// Of bodies.
    pub(crate) need: BodyNeed,
    /// The first thing that makes it so; `None` where nothing does.
    pub(crate) cause: Option<Cause>,
    /// Of metadata.
    pub(crate) meta: MetaPaths,
}

/// What the programs behind `entries` need of what enters there.
pub(crate) fn need_of(flow: &Flow, entries: &[Entry]) -> Found {
    let mut walk = Walk {
        flow,
        found: Found {
            need: BodyNeed::NOTHING,
            cause: None,
            meta: MetaPaths::default(),
        },
        seen: Vec::new(),
    };
    if entries.len() > 1 {
        walk.raise(Need::Bytes, || Cause::Entries);
    }
    for entry in entries {
        walk.enter(entry, true);
    }
    walk.found
}

struct Walk<'a> {
    flow: &'a Flow,
    found: Found,
    seen: Vec<(PipelineIx, InputId, bool)>,
}

impl Walk<'_> {
    fn raise(&mut self, need: Need, cause: impl FnOnce() -> Cause) {
        if need > self.found.need.need {
            self.found.need.need = need;
            self.found.cause = Some(cause());
        }
    }

    fn enter(&mut self, entry: &Entry, is_untouched: bool) {
        let (Some(node), Some(input)) = (self.flow.pipeline(entry.pipeline), entry.input) else {
            return;
        };
        let visit = (entry.pipeline, input, is_untouched);
        if self.seen.contains(&visit) {
            return;
        }
        self.seen.push(visit);
        let body_use = node.graph.body_use(input);
        self.found.meta.join(&body_use.meta);
        if let Some(reader) = body_use.reader {
            self.raise(Need::Value, || Cause::Reader(entry.pipeline, reader));
        }
        if let Some(copier) = body_use.copier {
            self.raise(Need::Bytes, || Cause::Copier(entry.pipeline, copier));
        }
        for (output, stays_untouched) in body_use.outputs {
            let targets = node.outputs.get(usize::from(output.0)).map_or(&[][..], Vec::as_slice);
            if targets.len() > 1 {
                self.raise(Need::Bytes, || Cause::Fork(entry.pipeline, output));
            }
            for target in targets {
                self.reach(target, is_untouched && stays_untouched);
            }
        }
    }

    fn reach(&mut self, target: &Target, is_untouched: bool) {
        let (passes_bodies, cause) = match target {
            Target::Pipeline(entry) => return self.enter(entry, is_untouched),
            Target::Sink(ix, _) => (self.flow.sink(*ix).is_none_or(|node| node.passes_bodies), Cause::Sink(*ix)),
            Target::Source(ix) => (
                self.flow.source(*ix).is_none_or(|node| node.passes_bodies),
                Cause::Source(*ix),
            ),
        };
        if passes_bodies {
            self.found.need.keeps_original |= is_untouched;
        } else {
            self.raise(Need::Value, || cause);
            self.found.meta.join(&MetaPaths::Everything);
        }
    }
}
