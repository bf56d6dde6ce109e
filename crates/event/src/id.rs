//! Event identity (spec/operators-and-flow.md A.2, spec/artefacts.md 1.4).

use std::fmt::{self, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use smallvec::SmallVec;

/// Process-wide number of a source, a graph node or a sink. It makes event ids unique.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Uid(pub u64);

impl Uid {
    /// The source of `temblor run`.
    pub const RUN: Self = Self(0);
}

/// Which range of numbers a uid is taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UidKind {
    /// Sources count from 1.
    Source,
    /// Graph nodes count from 2⁴⁷+1.
    Node,
    /// Sinks count from 2⁵¹+1.
    Sink,
}

/// Hands out uids; one per process.
#[derive(Debug)]
pub struct UidSource {
    source: AtomicU64,
    node: AtomicU64,
    sink: AtomicU64,
}

impl Default for UidSource {
    fn default() -> Self {
        Self {
            source: AtomicU64::new(1),
            node: AtomicU64::new((1 << 47) + 1),
            sink: AtomicU64::new((1 << 51) + 1),
        }
    }
}

impl UidSource {
    /// The next uid of a kind.
    pub fn next(&self, kind: UidKind) -> Uid {
        let counter = match kind {
            UidKind::Source => &self.source,
            UidKind::Node => &self.node,
            UidKind::Sink => &self.sink,
        };
        Uid(counter.fetch_add(1, Ordering::Relaxed))
    }
}

/// Range of event numbers of one source and stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tracked {
    /// The source.
    pub source: Uid,
    /// The source's stream.
    pub stream: u64,
    /// Smallest number.
    pub min: u64,
    /// Largest number.
    pub max: u64,
}

/// Nearly always two: that of a node which makes events, and that of the source before it.
type Ranges = SmallVec<[Tracked; 2]>;

/// Identity of an event: its own triple and the ranges of the events it was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventId {
    source: Uid,
    stream: u64,
    number: u64,
    /// Ordered by source and stream; never empty where present.
    tracked: Option<Arc<Ranges>>,
}

impl EventId {
    /// The id of event `number` of `source`, stream 0, tracking nothing.
    pub fn new(source: Uid, number: u64) -> Self {
        Self {
            source,
            stream: 0,
            number,
            tracked: None,
        }
    }

    /// An id as it was written down, put together again; ranges may come in any order.
    pub fn restore(source: Uid, stream: u64, number: u64, tracked: impl IntoIterator<Item = Tracked>) -> Self {
        let mut ranges = Ranges::new();
        for range in tracked {
            widen(&mut ranges, range);
        }
        Self {
            source,
            stream,
            number,
            tracked: (!ranges.is_empty()).then(|| Arc::new(ranges)),
        }
    }

    /// The source of the id's own triple.
    pub fn source(&self) -> Uid {
        self.source
    }

    /// The stream of the id's own triple.
    pub fn stream(&self) -> u64 {
        self.stream
    }

    /// The number of the id's own triple.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The tracked ranges, ordered by source and stream; empty if nothing is tracked.
    pub fn tracked(&self) -> &[Tracked] {
        self.tracked.as_deref().map_or(&[], SmallVec::as_slice)
    }

    /// Takes `other` and all it tracks into the tracked ranges. The first time, the id's own triple goes in before.
    pub fn track(&mut self, other: &Self) {
        let own = Tracked {
            source: self.source,
            stream: self.stream,
            min: self.number,
            max: self.number,
        };
        let ranges = Arc::make_mut(self.tracked.get_or_insert_with(|| Arc::new(Ranges::from_iter([own]))));
        widen(
            ranges,
            Tracked {
                source: other.source,
                stream: other.stream,
                min: other.number,
                max: other.number,
            },
        );
        for range in other.tracked() {
            widen(ranges, *range);
        }
    }

    /// Smallest tracked number of `source` in its smallest stream, as (stream, number); of an id that tracks nothing its own.
    pub fn min_by_source(&self, source: Uid) -> Option<(u64, u64)> {
        if self.tracked.is_none() {
            return (self.source == source).then_some((self.stream, self.number));
        }
        let first = self.tracked().iter().find(|range| range.source == source)?;
        Some((first.stream, first.min))
    }

    /// Largest tracked number of `source` in its largest stream, as (stream, number); of an id that tracks nothing its own.
    pub fn max_by_source(&self, source: Uid) -> Option<(u64, u64)> {
        if self.tracked.is_none() {
            return (self.source == source).then_some((self.stream, self.number));
        }
        let last = self.tracked().iter().rev().find(|range| range.source == source)?;
        Some((last.stream, last.max))
    }
}

fn widen(ranges: &mut Ranges, range: Tracked) {
    let key = (range.source, range.stream);
    match ranges.binary_search_by_key(&key, |known| (known.source, known.stream)) {
        Ok(at) => {
            ranges[at].min = ranges[at].min.min(range.min);
            ranges[at].max = ranges[at].max.max(range.max);
        }
        Err(at) => ranges.insert(at, range),
    }
}

impl fmt::Display for EventId {
    /// `source:stream:number`, then the tracked ranges as `[min=s:t:n, max=s:t:m]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Every line of an access log has one: no detour over the machinery of formats for three numbers.
        let mut digits = itoa::Buffer::new();
        f.write_str(digits.format(self.source.0))?;
        f.write_char(':')?;
        f.write_str(digits.format(self.stream))?;
        f.write_char(':')?;
        f.write_str(digits.format(self.number))?;
        for (at, range) in self.tracked().iter().enumerate() {
            let separator = if at == 0 { " " } else { ", " };
            let Tracked {
                source,
                stream,
                min,
                max,
            } = range;
            write!(f, "{separator}[min={0}:{stream}:{min}, max={0}:{stream}:{max}]", source.0)?;
        }
        Ok(())
    }
}
