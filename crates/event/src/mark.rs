//! Marks that operators leave on events, so that they know the insights these events cause.

use smallvec::SmallVec;

use crate::Uid;

/// What an operator wrote on an event that passed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// The event passed.
    Passed,
    /// The event left by the output of this index.
    Output(u32),
}

/// Marks by operator. Events pass few marking operators, so a short list beats a map.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpMeta {
    marks: SmallVec<[(Uid, Mark); 2]>,
}

impl OpMeta {
    /// The mark of an operator.
    pub fn get(&self, operator: Uid) -> Option<Mark> {
        self.marks.iter().find(|(uid, _)| *uid == operator).map(|(_, mark)| *mark)
    }

    /// Sets the mark of an operator.
    pub fn set(&mut self, operator: Uid, mark: Mark) {
        match self.marks.iter_mut().find(|(uid, _)| *uid == operator) {
            Some(entry) => entry.1 = mark,
            None => self.marks.push((operator, mark)),
        }
    }

    /// Takes over the marks of `other`; its marks win.
    pub fn merge(&mut self, other: &Self) {
        for (uid, mark) in &other.marks {
            self.set(*uid, *mark);
        }
    }

    /// All marks, in the order in which their operators were first passed.
    pub fn iter(&self) -> impl Iterator<Item = (Uid, Mark)> + '_ {
        self.marks.iter().copied()
    }

    /// Whether there is no mark.
    pub fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }
}
