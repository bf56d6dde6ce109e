//! Groups of one window: two generations, a limit, eviction (spec/query.md 9.5).
//!
//! Invariant: a group is in at most one generation. Groups are visited in the order in which they were created or last moved, so that
//! results do not depend on hashes.

use hashbrown::HashMap;
use temblor_value::Str;

/// The groups of one window.
pub(crate) struct Store<T> {
    current: Generation<T>,
    previous: Generation<T>,
    /// When the next period begins, nanoseconds.
    deadline_ns: u64,
}

/// Where a group is, until the next call that may move groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    is_current: bool,
    index: usize,
}

struct Generation<T> {
    index: HashMap<Str, usize>,
    /// `None`: moved to the other generation.
    groups: Vec<Option<T>>,
}

impl<T> Default for Generation<T> {
    fn default() -> Self {
        Self {
            index: HashMap::new(),
            groups: Vec::new(),
        }
    }
}

impl<T> Generation<T> {
    fn push(&mut self, name: Str, group: T) -> usize {
        self.groups.push(Some(group));
        self.index.insert(name, self.groups.len() - 1);
        self.groups.len() - 1
    }

    fn take(&mut self, name: &str) -> Option<T> {
        let at = self.index.remove(name)?;
        self.groups.get_mut(at)?.take()
    }
}

impl<T> Default for Store<T> {
    fn default() -> Self {
        Self {
            current: Generation::default(),
            previous: Generation::default(),
            deadline_ns: 0,
        }
    }
}

impl<T> Store<T> {
    /// The place of a group that an event needs, which keeps it from eviction; made if missing. `None` if there are `max` groups already.
    pub(crate) fn enter(&mut self, name: &Str, max: u64, make: impl FnOnce() -> T) -> Option<Place> {
        let index = match self.current.index.get(name.as_str()) {
            Some(index) => *index,
            None => {
                let group = match self.previous.take(name) {
                    Some(group) => group,
                    None if self.current.index.len() as u64 >= max => return None,
                    None => make(),
                };
                self.current.push(name.clone(), group)
            }
        };
        Some(Place { is_current: true, index })
    }

    /// The place of a group, which is not kept from eviction by this.
    pub(crate) fn find(&self, name: &str) -> Option<Place> {
        let of = |generation: &Generation<T>| generation.index.get(name).copied();
        match of(&self.current) {
            Some(index) => Some(Place { is_current: true, index }),
            None => of(&self.previous).map(|index| Place {
                is_current: false,
                index,
            }),
        }
    }

    /// The group at a place.
    pub(crate) fn get_mut(&mut self, place: Place) -> Option<&mut T> {
        let generation = if place.is_current {
            &mut self.current
        } else {
            &mut self.previous
        };
        generation.groups.get_mut(place.index)?.as_mut()
    }

    /// Places of all groups, older generation first.
    pub(crate) fn places(&self) -> Vec<Place> {
        let of = |generation: &Generation<T>, is_current| {
            let held = generation.groups.iter().enumerate().filter(|(_, group)| group.is_some());
            held.map(|(index, _)| Place { is_current, index }).collect::<Vec<_>>()
        };
        let mut places = of(&self.previous, false);
        places.extend(of(&self.current, true));
        places
    }

    /// All groups, older generation first.
    pub(crate) fn groups(&self) -> impl Iterator<Item = &T> {
        self.previous.groups.iter().chain(&self.current.groups).flatten()
    }

    /// Begins a new period of `period_ns` if the last one is over: what had no event since the one before is dropped.
    pub(crate) fn evict(&mut self, now_ns: u64, period_ns: u64) {
        if self.deadline_ns < now_ns {
            self.previous = std::mem::take(&mut self.current);
            self.deadline_ns = now_ns.saturating_add(period_ns);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enter(store: &mut Store<u32>, name: &str, max: u64) -> Option<u32> {
        let place = store.enter(&Str::new(name), max, || 0)?;
        let group = store.get_mut(place)?;
        *group += 1;
        Some(*group)
    }

    #[test]
    fn groups_go_after_one_to_two_periods_without_events() {
        let mut store = Store::default();
        store.evict(100, 10);
        assert_eq!(enter(&mut store, "a", 9), Some(1));
        store.evict(110, 10);
        assert_eq!(enter(&mut store, "a", 9), Some(2));
        store.evict(111, 10);
        assert_eq!(enter(&mut store, "b", 9), Some(1));
        assert!(store.find("a").is_some());
        store.evict(122, 10);
        assert!(store.find("a").is_none());
        assert_eq!(enter(&mut store, "b", 9), Some(2));
        assert_eq!(enter(&mut store, "a", 9), Some(1));
    }

    #[test]
    fn finding_does_not_keep_a_group() {
        let mut store = Store::default();
        store.evict(100, 10);
        enter(&mut store, "a", 9);
        store.evict(111, 10);
        assert!(store.find("a").is_some());
        assert_eq!(store.places().len(), 1);
        store.evict(122, 10);
        assert!(store.find("a").is_none());
        assert!(store.places().is_empty());
    }

    #[test]
    fn the_limit_counts_the_current_generation() {
        let mut store = Store::default();
        store.evict(100, 10);
        assert_eq!(enter(&mut store, "a", 1), Some(1));
        assert_eq!(enter(&mut store, "b", 1), None);
        assert_eq!(enter(&mut store, "a", 1), Some(2));
        store.evict(111, 10);
        assert_eq!(enter(&mut store, "b", 1), Some(1));
    }
}
