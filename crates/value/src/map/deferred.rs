//! Values of a record that are made when somebody looks at them.
//!
//! Must not know: what they are made from. Invariant: the first entries of the record have their values here, one cell for each, and `null`
//! where other entries have theirs.

use std::any::Any;
use std::sync::{Arc, OnceLock};

use crate::Value;

/// What the values of a record are made from, by the place of their entry.
pub trait Deferred: Any + Send + Sync {
    /// Number of values.
    fn count(&self) -> usize;

    /// The value at a place: the same whenever it is asked for, `null` where there is none.
    fn value(&self, place: usize) -> Value;
}

/// The values that are made late.
#[derive(Clone)]
pub(super) struct Late {
    source: Arc<dyn Deferred>,
    count: usize,
    /// One for each value; there since somebody looked at one.
    cells: OnceLock<Box<[Cell]>>,
}

/// One value.
#[derive(Clone, Default)]
struct Cell {
    value: OnceLock<Value>,
    /// Somebody has put another value in.
    is_replaced: bool,
}

fn cells(count: usize) -> Box<[Cell]> {
    (0..count).map(|_| Cell::default()).collect()
}

impl Late {
    pub(super) fn new(source: Arc<dyn Deferred>, count: usize) -> Self {
        Self {
            source,
            count,
            cells: OnceLock::new(),
        }
    }

    /// The value at a place, made now if need be; `None` behind the last cell.
    pub(super) fn value(&self, place: usize) -> Option<&Value> {
        if place >= self.count {
            return None;
        }
        let cell = self.cells.get_or_init(|| cells(self.count)).get(place)?;
        Some(cell.value.get_or_init(|| self.source.value(place)))
    }

    /// Puts another value in and gives the former one; behind the last cell the value comes back.
    pub(super) fn replace(&mut self, place: usize, value: Value) -> Result<Value, Value> {
        if place >= self.count {
            return Err(value);
        }
        self.cells.get_or_init(|| cells(self.count));
        let Some(cell) = self.cells.get_mut().and_then(|cells| cells.get_mut(place)) else {
            return Err(value);
        };
        cell.is_replaced = true;
        let former = std::mem::replace(&mut cell.value, OnceLock::from(value));
        Ok(former.into_inner().unwrap_or_else(|| self.source.value(place)))
    }

    /// All values, in the order of their places.
    pub(super) fn into_values(self) -> impl Iterator<Item = Value> {
        let Self {
            source,
            count,
            cells: made,
        } = self;
        let cells = made.into_inner().unwrap_or_else(|| cells(count));
        let values = cells.into_vec().into_iter().enumerate();
        values.map(move |(place, cell)| cell.value.into_inner().unwrap_or_else(|| source.value(place)))
    }

    /// What the values are made from, if it is a `T`.
    pub(super) fn source<T: Deferred>(&self) -> Option<&T> {
        (&*self.source as &dyn Any).downcast_ref()
    }

    /// Whether all values are the source's.
    pub(super) fn is_untouched(&self) -> bool {
        self.cells
            .get()
            .is_none_or(|cells| cells.iter().all(|cell| !cell.is_replaced))
    }

    /// Whether the value at a place is the source's.
    pub(super) fn is_of_source(&self, place: usize) -> bool {
        let cell = self.cells.get().and_then(|cells| cells.get(place));
        place < self.count && cell.is_none_or(|cell| !cell.is_replaced)
    }
}
