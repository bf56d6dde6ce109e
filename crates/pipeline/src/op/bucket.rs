//! `grouper::bucket`: a rate limit per class and dimension (spec/operators-and-flow.md B.5).
//!
//! Algorithm. Each class of `$class` holds its dimensions in a least-recently-used list of `$cardinality` entries. A dimension counts
//! events in a ring of `$windows` slots that together span `$time_range`; an event passes while the sum of all slots is below `$rate`.
//! Events that do not pass leave by `overflow` and are not counted.

use hashbrown::HashMap;
use temblor_event::{End, Event, Reason};
use temblor_value::{Hint, Key, Str, Value, json};

use super::{OpCx, OpError, OpTraits, OwnMetric, StatefulOperator, unlinked};
use crate::port::PortId;

const NS_PER_MS: u64 = 1_000_000;
const MS_PER_S: u64 = 1000;
const DEFAULT_RANGE_MS: u64 = 1000;
const DEFAULT_WINDOWS: u64 = 100;
const DEFAULT_CARDINALITY: u64 = 1000;
/// More slots than this tell nothing more than this many.
const MAX_WINDOWS: u64 = 65_536;

/// See the module's documentation.
pub struct Bucket {
    overflow: PortId,
    err: PortId,
    /// In order of appearance.
    classes: Vec<Class>,
    index: HashMap<Str, usize>,
    /// Text of the dimension at hand.
    dimension: Vec<u8>,
    class_field: Field,
    dimensions_field: Field,
}

/// An entry of the metadata that every event is asked for.
struct Field {
    key: Key,
    hint: Hint,
}

impl Field {
    fn new(name: &'static str) -> Self {
        Self {
            key: Key::new(name),
            hint: Hint::default(),
        }
    }

    fn of<'a>(&self, meta: &'a Value) -> Option<&'a Value> {
        meta.as_object()?.get_key_near(&self.key, &self.hint)
    }
}

struct Class {
    name: Str,
    dimensions: Recent<TimeWindow>,
    passed: u64,
    overflowed: u64,
}

impl Bucket {
    /// A bucket without classes.
    pub fn new(overflow: PortId, err: PortId) -> Self {
        Self {
            overflow,
            err,
            classes: Vec::new(),
            index: HashMap::new(),
            dimension: Vec::new(),
            class_field: Field::new("class"),
            dimensions_field: Field::new("dimensions"),
        }
    }

    fn choose(&mut self, meta: &Value, at_ns: u64) -> PortId {
        let Some(name) = self.class_field.of(meta).and_then(Value::as_str) else {
            return self.err;
        };
        let at = self.class(name, meta);
        let Self {
            classes,
            dimension,
            err,
            overflow,
            dimensions_field,
            ..
        } = self;
        let class = &mut classes[at];
        dimension.clear();
        json::encode(dimensions_field.of(meta).unwrap_or(&Value::Null), dimension);
        // The text of a value is UTF-8.
        let dimension = std::str::from_utf8(dimension).unwrap_or_default();
        let window = match class.dimensions.get(dimension) {
            Some(window) => window,
            None => {
                let Some(limit) = unsigned(meta, "rate") else {
                    return *err;
                };
                let range_ms = unsigned(meta, "time_range").unwrap_or(DEFAULT_RANGE_MS);
                let slots = unsigned(meta, "windows").unwrap_or(DEFAULT_WINDOWS);
                class.dimensions.insert(dimension, TimeWindow::new(slots, range_ms, limit))
            }
        };
        if window.count(at_ns) {
            class.passed += 1;
            PortId::DEFAULT
        } else {
            class.overflowed += 1;
            *overflow
        }
    }

    /// The place of a class, made if missing.
    fn class(&mut self, name: &str, meta: &Value) -> usize {
        match self.index.get(name) {
            Some(at) => *at,
            None => {
                let capacity = unsigned(meta, "cardinality").unwrap_or(DEFAULT_CARDINALITY);
                // The name would keep the request it came with alive.
                let name = Str::from(name.to_owned());
                self.index.insert(name.clone(), self.classes.len());
                self.classes.push(Class {
                    name,
                    dimensions: Recent::new(capacity),
                    passed: 0,
                    overflowed: 0,
                });
                self.classes.len() - 1
            }
        }
    }
}

fn unsigned(meta: &Value, key: &str) -> Option<u64> {
    meta.get(key)?.as_u64()
}

impl StatefulOperator for Bucket {
    fn on_event(&mut self, cx: &mut OpCx<'_>, _port: PortId, event: Event) -> Result<(), OpError> {
        let port = self.choose(event.meta(), event.ingest_ns);
        cx.emit(port, event);
        Ok(())
    }

    fn traits(&self) -> OpTraits {
        OpTraits::PLAIN
    }

    fn metrics(&self) -> Vec<OwnMetric> {
        let metric = |class: &Class, action, count| OwnMetric {
            measurement: "bucketing",
            tags: vec![("class", class.name.clone()), ("action", Str::from_static(action))],
            count,
        };
        let of_class = |class: &Class| {
            [
                metric(class, "pass", class.passed),
                metric(class, "overflow", class.overflowed),
            ]
        };
        self.classes.iter().flat_map(of_class).collect()
    }

    fn unread(&self, name: &str, port: &str, event: &Event) -> End {
        if port == "overflow" {
            let range_ms = unsigned(event.meta(), "time_range").unwrap_or(DEFAULT_RANGE_MS);
            End {
                retry_after_s: Some(range_ms.div_ceil(MS_PER_S).max(1)),
                ..End::new(Reason::RateLimited)
            }
        } else {
            unlinked(name, port)
        }
    }
}

/// Counts events within the latest `slots × slot_ms` milliseconds.
struct TimeWindow {
    slots: Box<[u64]>,
    slot_ms: u64,
    limit: u64,
    current: usize,
    sum: u64,
    last_ns: u64,
}

impl TimeWindow {
    fn new(slots: u64, range_ms: u64, limit: u64) -> Self {
        let slots = slots.clamp(1, MAX_WINDOWS);
        Self {
            slots: vec![0; slots as usize].into_boxed_slice(),
            slot_ms: range_ms / slots,
            limit,
            current: 0,
            sum: 0,
            last_ns: 0,
        }
    }

    /// Counts an event; false if the limit is reached.
    fn count(&mut self, at_ns: u64) -> bool {
        self.turn(at_ns);
        if self.sum >= self.limit {
            return false;
        }
        self.slots[self.current] += 1;
        self.sum += 1;
        true
    }

    fn turn(&mut self, at_ns: u64) {
        let mut passed_ms = at_ns.saturating_sub(self.last_ns) / NS_PER_MS;
        let span_ms = self.slot_ms.saturating_mul(self.slots.len() as u64);
        if passed_ms > span_ms {
            self.slots.fill(0);
            self.sum = 0;
            self.last_ns = at_ns;
        } else if passed_ms > self.slot_ms {
            while passed_ms > self.slot_ms {
                passed_ms -= self.slot_ms;
                self.current = (self.current + 1) % self.slots.len();
                self.sum -= std::mem::take(&mut self.slots[self.current]);
            }
            self.last_ns = at_ns;
        }
    }
}

/// A map that forgets what was not used for longest: entries in a slab, linked in order of use.
struct Recent<T> {
    index: HashMap<Str, usize>,
    entries: Vec<Entry<T>>,
    /// Used last.
    newest: usize,
    /// Used first; forgotten next.
    oldest: usize,
    capacity: usize,
}

struct Entry<T> {
    key: Str,
    value: T,
    newer: usize,
    older: usize,
}

/// No entry.
const NONE: usize = usize::MAX;

impl<T> Recent<T> {
    /// An empty map; a capacity of 0 counts as 1.
    fn new(capacity: u64) -> Self {
        Self {
            index: HashMap::new(),
            entries: Vec::new(),
            newest: NONE,
            oldest: NONE,
            capacity: usize::try_from(capacity).unwrap_or(usize::MAX).max(1),
        }
    }

    /// The value of `key`, which becomes the newest.
    fn get(&mut self, key: &str) -> Option<&mut T> {
        let at = *self.index.get(key)?;
        self.unlink(at);
        self.link_newest(at);
        Some(&mut self.entries[at].value)
    }

    /// Enters a key that is not there; the oldest entry goes if the map is full.
    fn insert(&mut self, key: &str, value: T) -> &mut T {
        let key = Str::from(key);
        let entry = Entry {
            key: key.clone(),
            value,
            newer: NONE,
            older: NONE,
        };
        let at = if self.entries.len() >= self.capacity {
            let at = self.oldest;
            self.unlink(at);
            self.index.remove(self.entries[at].key.as_str());
            self.entries[at] = entry;
            at
        } else {
            self.entries.push(entry);
            self.entries.len() - 1
        };
        self.index.insert(key, at);
        self.link_newest(at);
        &mut self.entries[at].value
    }

    fn unlink(&mut self, at: usize) {
        let Entry { newer, older, .. } = self.entries[at];
        match self.entries.get_mut(newer) {
            Some(entry) => entry.older = older,
            None => self.newest = older,
        }
        match self.entries.get_mut(older) {
            Some(entry) => entry.newer = newer,
            None => self.oldest = newer,
        }
    }

    fn link_newest(&mut self, at: usize) {
        self.entries[at].newer = NONE;
        self.entries[at].older = self.newest;
        match self.entries.get_mut(self.newest) {
            Some(entry) => entry.newer = at,
            None => self.oldest = at,
        }
        self.newest = at;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = NS_PER_MS;

    #[test]
    fn a_window_passes_up_to_its_rate_and_turns_with_time() {
        let mut window = TimeWindow::new(10, 1000, 2);
        let start = 5_000 * MS;
        assert!(window.count(start));
        assert!(window.count(start + 50 * MS));
        assert!(!window.count(start + 100 * MS));
        // 1000 ms are within the span of all slots, so the first event is still in.
        assert!(!window.count(start + 1000 * MS));
        assert!(window.count(start + 2100 * MS));
    }

    #[test]
    fn what_overflows_does_not_count_and_rate_zero_stops_all() {
        let mut window = TimeWindow::new(1, 100, 1);
        assert!(window.count(1000 * MS));
        for step in 1..=100 {
            assert!(!window.count((1000 + step) * MS));
        }
        assert!(window.count(1101 * MS));
        assert!(!TimeWindow::new(0, 1000, 0).count(7));
    }

    #[test]
    fn time_running_backwards_stands_still() {
        let mut window = TimeWindow::new(10, 1000, 1);
        assert!(window.count(9_000 * MS));
        assert!(!window.count(1_000 * MS));
    }

    #[test]
    fn slots_of_zero_length_do_not_hang() {
        let mut window = TimeWindow::new(1000, 10, 1);
        assert!(window.count(1000 * MS));
        assert!(window.count(1001 * MS));
    }

    #[test]
    fn the_least_recently_used_entry_is_forgotten() {
        let mut recent = Recent::new(2);
        recent.insert("a", 1);
        recent.insert("b", 2);
        assert_eq!(recent.get("a"), Some(&mut 1));
        recent.insert("c", 3);
        assert_eq!(recent.get("b"), None);
        assert_eq!(recent.get("a"), Some(&mut 1));
        assert_eq!(recent.get("c"), Some(&mut 3));
        recent.insert("d", 4);
        assert_eq!(recent.get("a"), None);
    }
}
