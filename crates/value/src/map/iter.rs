//! Going through the entries of a record.

use std::iter::{Enumerate, FusedIterator};
use std::slice;

use super::Entry;
use super::deferred::Late;
use crate::{Str, Value};

/// Entries of a record in order.
#[derive(Clone)]
pub struct Iter<'a> {
    entries: Enumerate<slice::Iter<'a, Entry>>,
    late: Option<&'a Late>,
}

impl<'a> Iter<'a> {
    #[inline]
    pub(super) fn new(entries: &'a [Entry], late: Option<&'a Late>) -> Self {
        Self {
            entries: entries.iter().enumerate(),
            late,
        }
    }

    #[inline]
    fn entry(&self, (place, entry): (usize, &'a Entry)) -> (&'a Str, &'a Value) {
        let late = self.late.and_then(|late| late.value(place));
        (&entry.0, late.unwrap_or(&entry.1))
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a Str, &'a Value);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let entry = self.entries.next()?;
        Some(self.entry(entry))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.entries.size_hint()
    }
}

impl DoubleEndedIterator for Iter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let entry = self.entries.next_back()?;
        Some(self.entry(entry))
    }
}

impl ExactSizeIterator for Iter<'_> {}
impl FusedIterator for Iter<'_> {}

/// Entries of a record in order, values to be changed.
pub struct IterMut<'a>(slice::IterMut<'a, Entry>);

impl<'a> IterMut<'a> {
    #[inline]
    pub(super) fn new(entries: &'a mut [Entry]) -> Self {
        Self(entries.iter_mut())
    }
}

impl<'a> Iterator for IterMut<'a> {
    type Item = (&'a Str, &'a mut Value);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(key, value)| (&*key, value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl ExactSizeIterator for IterMut<'_> {}
impl FusedIterator for IterMut<'_> {}
