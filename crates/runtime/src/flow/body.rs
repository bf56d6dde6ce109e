//! The body need of an entry: the maximum over everything reachable from it (spec/proxy.md 3.2).

use super::{Entry, Flow, Target};
use crate::ids::PipelineIx;
use crate::need::{BodyNeed, Need};
use temblor_pipeline::port::InputId;
use temblor_script::MetaPaths;

/// What the programs behind `entries` need of what enters there: of bodies, and of metadata.
pub(super) fn need_of(flow: &Flow, entries: &[Entry]) -> (BodyNeed, MetaPaths) {
    let mut walk = Walk {
        flow,
        need: BodyNeed::NOTHING,
        meta: MetaPaths::default(),
        seen: Vec::new(),
    };
    if entries.len() > 1 {
        walk.raise(Need::Bytes);
    }
    for entry in entries {
        walk.enter(entry, true);
    }
    (walk.need, walk.meta)
}

struct Walk<'a> {
    flow: &'a Flow,
    need: BodyNeed,
    meta: MetaPaths,
    seen: Vec<(PipelineIx, InputId, bool)>,
}

impl Walk<'_> {
    fn raise(&mut self, need: Need) {
        self.need.need = self.need.need.max(need);
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
        self.meta.join(&body_use.meta);
        if body_use.reader.is_some() {
            self.raise(Need::Value);
        }
        if body_use.copier.is_some() {
            self.raise(Need::Bytes);
        }
        for (output, stays_untouched) in body_use.outputs {
            let targets = node.outputs.get(usize::from(output.0)).map_or(&[][..], Vec::as_slice);
            if targets.len() > 1 {
                self.raise(Need::Bytes);
            }
            for target in targets {
                self.reach(target, is_untouched && stays_untouched);
            }
        }
    }

    fn reach(&mut self, target: &Target, is_untouched: bool) {
        let passes_bodies = match target {
            Target::Pipeline(entry) => return self.enter(entry, is_untouched),
            Target::Sink(ix, _) => self.flow.sink(*ix).is_none_or(|node| node.sink.traits().passes_bodies),
            Target::Source(ix) => self.flow.source(*ix).is_none_or(|node| node.passes_bodies),
        };
        if passes_bodies {
            self.need.keeps_original |= is_untouched;
        } else {
            self.raise(Need::Value);
            self.meta.join(&MetaPaths::Everything);
        }
    }
}
