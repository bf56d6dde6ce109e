//! Local names of one script or function (spec/script.md 8.4).
//!
//! Names that are set live in one flat scope; names of patterns and of `for` live in their clause and hide others. Each gets a slot.
//! Slots of clauses are used again behind the clause, so equal expressions get equal slots.

use hashbrown::{HashMap, HashSet};

use crate::ir::Slot;

/// The local names in sight.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    flat: HashMap<String, Slot>,
    /// Names of the clauses around, innermost last.
    clauses: Vec<(String, Slot)>,
    free: Vec<Slot>,
    /// Names of the flat scope that are set so far in the text, parameters included.
    set: HashSet<String>,
    slots: usize,
}

impl Scope {
    /// A scope in which `params` have the first slots.
    pub(crate) fn with_params<'n>(params: impl IntoIterator<Item = &'n str>) -> Self {
        let mut scope = Self::default();
        for param in params {
            scope.flat(param);
            scope.mark_set(param);
        }
        scope
    }

    /// The name of a clause, if one of this name is in sight.
    pub(crate) fn clause(&self, name: &str) -> Option<Slot> {
        self.clauses
            .iter()
            .rev()
            .find(|(known, _)| known == name)
            .map(|(_, slot)| *slot)
    }

    /// The slot of a name of the flat scope, made if missing.
    pub(crate) fn flat(&mut self, name: &str) -> Slot {
        if let Some(slot) = self.flat.get(name) {
            return *slot;
        }
        let slot = self.slots;
        self.slots += 1;
        self.flat.insert(name.to_owned(), slot);
        slot
    }

    /// Notes that a name of the flat scope is set.
    pub(crate) fn mark_set(&mut self, name: &str) {
        self.set.insert(name.to_owned());
    }

    /// Whether a name of the flat scope is set earlier in the text.
    pub(crate) fn is_set(&self, name: &str) -> bool {
        self.set.contains(name)
    }

    /// Enters a name of a clause.
    pub(crate) fn enter(&mut self, name: &str) -> Slot {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots += 1;
            self.slots - 1
        });
        self.clauses.push((name.to_owned(), slot));
        slot
    }

    /// Leaves the name that was entered last.
    pub(crate) fn leave(&mut self) {
        if let Some((_, slot)) = self.clauses.pop() {
            self.free.push(slot);
        }
    }

    /// Number of slots the frame needs.
    pub(crate) fn slots(&self) -> usize {
        self.slots
    }
}
