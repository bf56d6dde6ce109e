//! How bodies left: with the bytes they came with, or written anew (spec/proxy.md 3 and 6.3).

use temblor_event::Data;
use temblor_metrics::{Family, Kind, Page, Sharded, Tally};
use temblor_runtime::need::Need;

const BODIES: Family = Family {
    name: "temblor_bodies_total",
    kind: Kind::Counter,
    help: "Bodies by the artefact they left by, by what was needed of them, and by whether they left with the bytes they came with",
};

/// What was needed of a body on its way.
const NEEDS: [&str; 4] = ["none", "stream", "bytes", "value"];
/// How it left.
const FORMS: [&str; 2] = ["original", "encoded"];

/// Counts of one artefact.
#[derive(Debug, Default)]
pub struct BodyCounts(Sharded<[[Tally; FORMS.len()]; NEEDS.len()]>);

impl BodyCounts {
    /// A body made from `data` leaves; `is_untouched`: as it came. `is_null`: by a codec that writes nothing of it.
    pub(crate) fn count(&self, data: &Data, is_null: bool, is_untouched: bool) {
        let need = match data {
            _ if is_null => None,
            Data::Stream(_) => Some(Need::Stream),
            Data::Raw(original) if original.would_stream => Some(Need::Stream),
            Data::Raw(_) => Some(Need::Bytes),
            Data::Value(..) => Some(Need::Value),
        };
        let row = need.map_or(0, |need| 1 + need as usize);
        self.0.mine()[row][usize::from(!is_untouched)].one();
    }

    /// Shows what was counted, and a 0 where nothing was.
    pub(crate) fn collect(&self, artefact: &str, page: &mut Page) {
        for (row, need) in NEEDS.iter().enumerate() {
            for (at, form) in FORMS.iter().enumerate() {
                let count = self.0.sum(|shard| shard[row][at].get());
                page.counter(&BODIES, &[("artefact", artefact), ("need", need), ("form", form)], count);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needs_stand_at_their_numbers() {
        let names = [Need::Stream, Need::Bytes, Need::Value].map(|need| (1 + need as usize, need.name()));
        for (at, name) in names {
            assert_eq!(NEEDS[at], name);
        }
    }
}
