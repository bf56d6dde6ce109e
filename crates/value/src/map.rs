//! Records: maps that keep the order of insertion.
//!
//! Must not know: JSON, scripts. Invariants: keys are unique; `index`, where present, holds every position exactly once under the hash
//! of its key; replacing a value keeps the place of its key (spec/script.md 2.3); while `late` is there, it has the values of the first entries.

mod deferred;
mod iter;

use std::fmt;
use std::sync::Arc;

use hashbrown::HashTable;

pub use self::deferred::Deferred;
use self::deferred::Late;
pub use self::iter::{Iter, IterMut};
use crate::key::hash_text;
use crate::release::{Container, release};
use crate::{Hint, Key, Str, Value};

/// Entries at which an index is given up again; lower than [`ObjectMap::INDEX_ABOVE`], so that a size going up and down does not rebuild it.
const NO_INDEX_BELOW: usize = 8;

type Entry = (Str, Value);

/// A record: string keys to values, in order of insertion.
///
/// Equality is that of the language and ignores the order (spec/script.md 2.4).
#[derive(Clone, Default)]
pub struct ObjectMap {
    entries: Vec<Entry>,
    index: Option<Box<HashTable<usize>>>,
    late: Option<Box<Late>>,
}

impl ObjectMap {
    /// Entries above which lookups go through a hash index. Below, comparing is faster than hashing.
    pub(crate) const INDEX_ABOVE: usize = 16;

    /// The empty record.
    pub const fn new() -> Self {
        Self {
            entries: Vec::new(),
            index: None,
            late: None,
        }
    }

    /// An empty record with room for `capacity` entries.
    pub fn with_capacity(capacity: usize) -> Self {
        Self {
            entries: Vec::with_capacity(capacity),
            index: None,
            late: None,
        }
    }

    /// A record whose values are made from `source` when somebody looks at them; the keys are all different and come in the order of its
    /// places. Made with room for two entries more.
    pub fn deferred(keys: impl Iterator<Item = Str>, source: Arc<dyn Deferred>) -> Self {
        let mut entries = Vec::with_capacity(source.count() + 2);
        entries.extend(keys.map(|key| (key, Value::Null)));
        let late = Late::new(source, entries.len());
        let mut map = Self::from_unique(entries);
        map.late = Some(Box::new(late));
        map
    }

    /// A record of entries whose keys are all different.
    #[inline]
    pub(crate) fn from_unique(entries: Vec<Entry>) -> Self {
        let mut map = Self {
            entries,
            index: None,
            late: None,
        };
        if map.entries.len() > Self::INDEX_ABOVE {
            map.rebuild_index();
        }
        map
    }

    /// Makes room for `additional` further entries.
    pub fn reserve(&mut self, additional: usize) {
        self.entries.reserve(additional);
    }

    /// Number of entries.
    #[inline]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no entry.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The value under `key`.
    #[inline]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.position(key).and_then(|at| self.value(at))
    }

    /// The value under a prepared key.
    #[inline]
    pub fn get_key(&self, key: &Key) -> Option<&Value> {
        self.position_of_key(key).and_then(|at| self.value(at))
    }

    /// The value under a prepared key, looked for first where `hint` says; faster from the second record of the same form on.
    #[inline]
    pub fn get_key_near(&self, key: &Key, hint: &Hint) -> Option<&Value> {
        match self.entries.get(hint.place()) {
            Some(entry) if entry.0 == *key.str() && self.late.is_none() => Some(&entry.1),
            _ => self.get_key_elsewhere(key, hint),
        }
    }

    #[inline(never)]
    fn get_key_elsewhere(&self, key: &Key, hint: &Hint) -> Option<&Value> {
        let at = self.position_of_key(key)?;
        hint.learn(at);
        self.value(at)
    }

    /// The value under `key`, to be changed.
    #[inline]
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        self.settle();
        self.position(key)
            .and_then(|at| self.entries.get_mut(at))
            .map(|entry| &mut entry.1)
    }

    /// The value under a prepared key, to be changed.
    #[inline]
    pub fn get_key_mut(&mut self, key: &Key) -> Option<&mut Value> {
        self.settle();
        self.position_of_key(key)
            .and_then(|at| self.entries.get_mut(at))
            .map(|entry| &mut entry.1)
    }

    /// The entry at a place in the order of insertion.
    pub fn get_index(&self, place: usize) -> Option<(&Str, &Value)> {
        Some((&self.entries.get(place)?.0, self.value(place)?))
    }

    /// The place of `key` in the order of insertion.
    pub fn place_of(&self, key: &str) -> Option<usize> {
        self.position(key)
    }

    /// What values of this record are made from when somebody looks at them, if it is a `T`; for those who can do more with it.
    pub fn source<T: Deferred>(&self) -> Option<&T> {
        self.late.as_ref()?.source()
    }

    /// The same, if all values that were made from it, or would be, are still there; they are those of the first entries, in order.
    pub fn untouched_source<T: Deferred>(&self) -> Option<&T> {
        self.late.as_ref().filter(|late| late.is_untouched())?.source()
    }

    /// Whether the value at a place is what the record's source makes there, made or not.
    pub fn is_of_source(&self, place: usize) -> bool {
        self.late.as_ref().is_some_and(|late| late.is_of_source(place))
    }

    /// Whether there is an entry under `key`.
    pub fn contains_key(&self, key: &str) -> bool {
        self.position(key).is_some()
    }

    /// Whether there is an entry under a prepared key.
    pub fn contains(&self, key: &Key) -> bool {
        self.position_of_key(key).is_some()
    }

    /// Sets the value under `key`. An existing entry keeps its place and its former value is returned, a new entry goes to the end.
    #[inline]
    pub fn insert(&mut self, key: impl Into<Str>, value: impl Into<Value>) -> Option<Value> {
        let (key, value) = (key.into(), value.into());
        if self.index.is_some() {
            let hash = hash_text(&key);
            return self.insert_indexed(hash, key, value);
        }
        if let Some(at) = scan(&self.entries, &key) {
            return self.replace(at, value);
        }
        self.push(key, value);
        None
    }

    /// Adds an entry whose key is known not to be there; nothing looks for it.
    #[inline]
    pub fn append(&mut self, key: Str, value: impl Into<Value>) {
        debug_assert!(!self.contains_key(&key), "a key that is there already");
        self.push(key, value.into());
    }

    /// Sets the value under a prepared key, as [`insert`](Self::insert) does.
    #[inline]
    pub fn insert_key(&mut self, key: &Key, value: impl Into<Value>) -> Option<Value> {
        let value = value.into();
        if self.index.is_some() {
            return self.insert_indexed(key.hash_value(), key.str().clone(), value);
        }
        if let Some(at) = scan(&self.entries, key.str()) {
            return self.replace(at, value);
        }
        self.push(key.str().clone(), value);
        None
    }

    /// Removes the entry under `key`; the others keep their order.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        let at = self.position(key)?;
        Some(self.remove_at(at).1)
    }

    /// Removes the entry under a prepared key; the others keep their order.
    pub fn remove_key(&mut self, key: &Key) -> Option<Value> {
        let at = self.position_of_key(key)?;
        Some(self.remove_at(at).1)
    }

    /// Keeps the entries for which `keep` says so; it sees them in order.
    pub fn retain(&mut self, mut keep: impl FnMut(&Str, &mut Value) -> bool) {
        self.settle();
        let before = self.entries.len();
        self.entries.retain_mut(|(key, value)| keep(key, value));
        if self.entries.len() != before {
            self.rebuild_index();
        }
    }

    /// Gives the entry under `from` the key `to`, at its place. An entry that was under `to` goes. Tells whether there was an entry.
    pub fn rename(&mut self, from: &str, to: impl Into<Str>) -> bool {
        let to = to.into();
        if to.as_str() == from {
            return self.contains_key(from);
        }
        if !self.contains_key(from) {
            return false;
        }
        self.settle();
        self.remove(&to);
        if let Some(entry) = self.position(from).and_then(|at| self.entries.get_mut(at)) {
            entry.0 = to;
        }
        self.rebuild_index();
        true
    }

    /// The entries in order.
    #[inline]
    pub fn iter(&self) -> Iter<'_> {
        Iter::new(&self.entries, self.late.as_deref())
    }

    /// The entries in order, values to be changed.
    #[inline]
    pub fn iter_mut(&mut self) -> IterMut<'_> {
        self.settle();
        IterMut::new(&mut self.entries)
    }

    /// The keys in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &Str> + ExactSizeIterator {
        self.entries.iter().map(|(key, _)| key)
    }

    /// The values in the order of their keys.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &Value> + ExactSizeIterator {
        self.iter().map(|(_, value)| value)
    }

    /// The values in the order of their keys, to be changed.
    pub fn values_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut Value> + ExactSizeIterator {
        self.settle();
        self.entries.iter_mut().map(|(_, value)| value)
    }

    /// The entries to be changed; a key may only become another form of the same text.
    pub(crate) fn entries_mut(&mut self) -> impl Iterator<Item = &mut Entry> {
        self.settle();
        self.entries.iter_mut()
    }

    /// The place of `key`, and whether it is new; a new one has `null` for its value. For readers that have the value later.
    #[inline]
    pub(crate) fn place(&mut self, key: Str) -> (usize, bool) {
        let at = match &self.index {
            Some(index) => self.find(index, hash_text(&key), |entry| entry.0 == key),
            None => scan(&self.entries, &key),
        };
        if let Some(at) = at {
            return (at, false);
        }
        self.push(key, Value::Null);
        (self.entries.len() - 1, true)
    }

    /// The value at a place that [`place`](Self::place) gave.
    #[inline]
    pub(crate) fn value_at(&mut self, place: usize) -> Option<&mut Value> {
        debug_assert!(self.late.is_none(), "a record that is being read has its values");
        self.entries.get_mut(place).map(|entry| &mut entry.1)
    }

    #[inline]
    fn value(&self, at: usize) -> Option<&Value> {
        match &self.late {
            None => self.entries.get(at).map(|entry| &entry.1),
            Some(late) => self.value_behind(late, at),
        }
    }

    #[inline(never)]
    fn value_behind<'a>(&'a self, late: &'a Late, at: usize) -> Option<&'a Value> {
        late.value(at).or_else(|| self.entries.get(at).map(|entry| &entry.1))
    }

    /// A copy of a record with values that are made late, all of them made; `None` of other records.
    pub(crate) fn made(&self) -> Option<Self> {
        self.late.as_ref()?;
        let mut copy = self.clone();
        copy.make_values();
        Some(copy)
    }

    /// Makes all values, so that entries can be changed and moved.
    #[inline]
    fn settle(&mut self) {
        if self.late.is_some() {
            self.make_values();
        }
    }

    #[inline(never)]
    fn make_values(&mut self) {
        let Some(late) = self.late.take() else { return };
        for (entry, value) in self.entries.iter_mut().zip(late.into_values()) {
            entry.1 = value;
        }
    }

    fn position(&self, key: &str) -> Option<usize> {
        match &self.index {
            Some(index) => self.find(index, hash_text(key), |entry| entry.0.as_str() == key),
            None => match Str::inline(key).and_then(|key| key.short()) {
                Some(short) => self.entries.iter().position(|entry| entry.0.is_short(short)),
                None => self.entries.iter().position(|entry| entry.0.as_str() == key),
            },
        }
    }

    #[inline]
    fn position_of_key(&self, key: &Key) -> Option<usize> {
        match &self.index {
            Some(index) => self.find_key(index, key),
            None => scan(&self.entries, key.str()),
        }
    }

    /// Out of line, so that looking into a small record stays small where it is inlined.
    #[inline(never)]
    fn find_key(&self, index: &HashTable<usize>, key: &Key) -> Option<usize> {
        self.find(index, key.hash_value(), |entry| entry.0 == *key.str())
    }

    fn find(&self, index: &HashTable<usize>, hash: u64, is_it: impl Fn(&Entry) -> bool) -> Option<usize> {
        index.find(hash, |&at| self.entries.get(at).is_some_and(&is_it)).copied()
    }

    fn replace(&mut self, at: usize, mut value: Value) -> Option<Value> {
        if let Some(late) = &mut self.late {
            match late.replace(at, value) {
                Ok(former) => return Some(former),
                Err(unused) => value = unused,
            }
        }
        self.entries.get_mut(at).map(|entry| std::mem::replace(&mut entry.1, value))
    }

    /// Appends an entry whose key is not there yet.
    #[inline]
    fn push(&mut self, key: Str, value: Value) {
        self.entries.push((key, value));
        if self.index.is_some() || self.entries.len() > Self::INDEX_ABOVE {
            self.index_last();
        }
    }

    /// Puts the last entry into the index.
    #[inline(never)]
    fn index_last(&mut self) {
        let entries = &self.entries;
        match &mut self.index {
            Some(index) => {
                let at = entries.len() - 1;
                index.insert_unique(hash_at(entries, at), at, |&at| hash_at(entries, at));
            }
            None => self.rebuild_index(),
        }
    }

    #[inline(never)]
    fn insert_indexed(&mut self, hash: u64, key: Str, value: Value) -> Option<Value> {
        let found = self
            .index
            .as_ref()
            .and_then(|index| self.find(index, hash, |entry| entry.0 == key));
        if let Some(at) = found {
            return self.replace(at, value);
        }
        self.push(key, value);
        None
    }

    fn remove_at(&mut self, at: usize) -> Entry {
        self.settle();
        let entry = self.entries.remove(at);
        if self.entries.len() < NO_INDEX_BELOW {
            self.index = None;
        }
        if let Some(index) = &mut self.index {
            if let Ok(slot) = index.find_entry(hash_text(&entry.0), |&place| place == at) {
                slot.remove();
            }
            for place in index.iter_mut().filter(|place| **place > at) {
                *place -= 1;
            }
        }
        entry
    }

    #[inline(never)]
    fn rebuild_index(&mut self) {
        let entries = &self.entries;
        if entries.len() <= Self::INDEX_ABOVE {
            self.index = None;
            return;
        }
        let mut index = HashTable::with_capacity(entries.capacity());
        for at in 0..entries.len() {
            index.insert_unique(hash_at(entries, at), at, |&at| hash_at(entries, at));
        }
        self.index = Some(Box::new(index));
    }
}

#[inline]
fn scan(entries: &[Entry], key: &Str) -> Option<usize> {
    match key.short() {
        Some(short) => entries.iter().position(|entry| entry.0.is_short(short)),
        None => scan_long(entries, key),
    }
}

#[inline(never)]
fn scan_long(entries: &[Entry], key: &Str) -> Option<usize> {
    entries.iter().position(|entry| entry.0 == *key)
}

fn hash_at(entries: &[Entry], at: usize) -> u64 {
    entries.get(at).map_or(0, |entry| hash_text(&entry.0))
}

impl Container for ObjectMap {
    fn clear(&mut self) {
        self.late = None;
        self.entries.clear();
    }

    fn take_values(&mut self, into: &mut Vec<Value>) {
        self.settle();
        into.extend(self.entries.drain(..).map(|entry| entry.1));
    }
}

impl Drop for ObjectMap {
    #[inline]
    fn drop(&mut self) {
        if self.entries.iter().any(|entry| entry.1.is_container()) {
            release(self);
        }
    }
}

impl fmt::Debug for ObjectMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<K: Into<Str>, V: Into<Value>> FromIterator<(K, V)> for ObjectMap {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Self::new();
        map.extend(entries);
        map
    }
}

impl<K: Into<Str>, V: Into<Value>> Extend<(K, V)> for ObjectMap {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        let entries = entries.into_iter();
        self.reserve(entries.size_hint().0);
        for (key, value) in entries {
            self.insert(key, value);
        }
    }
}

impl IntoIterator for ObjectMap {
    type Item = (Str, Value);
    type IntoIter = std::vec::IntoIter<(Str, Value)>;

    fn into_iter(mut self) -> Self::IntoIter {
        self.settle();
        std::mem::take(&mut self.entries).into_iter()
    }
}

impl<'a> IntoIterator for &'a ObjectMap {
    type Item = (&'a Str, &'a Value);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl<'a> IntoIterator for &'a mut ObjectMap {
    type Item = (&'a Str, &'a mut Value);
    type IntoIter = IterMut<'a>;

    fn into_iter(self) -> IterMut<'a> {
        self.iter_mut()
    }
}

#[cfg(test)]
mod tests;
