//! Marks that operators leave on events, so that they know the insights these events cause.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::{Event, Uid};

/// One attempt of an event that may be sent again (spec/proxy.md 4.5).
#[derive(Debug)]
pub struct Attempted {
    /// The event as it came to the operator, to be sent again.
    pub copy: Event,
    /// Which attempt this is; the first is 1.
    pub number: u32,
    /// Longest time of the attempt, milliseconds; `None`: no limit.
    pub timeout_ms: Option<u64>,
    /// Bytes of a body on its way that may be kept for sending it again.
    pub body_limit: u64,
}

/// What an operator wrote on an event that passed it.
#[derive(Clone, Debug)]
pub enum Mark {
    /// The event passed.
    Passed,
    /// The event left by the output of this index.
    Output(u32),
    /// The event may be sent again.
    Attempted(Arc<Attempted>),
}

impl PartialEq for Mark {
    /// Attempts are equal if they are the same one.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Passed, Self::Passed) => true,
            (Self::Output(one), Self::Output(other)) => one == other,
            (Self::Attempted(one), Self::Attempted(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }
}

/// Marks by operator. Events pass few marking operators, so a short list beats a map.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OpMeta {
    marks: SmallVec<[(Uid, Mark); 2]>,
}

impl OpMeta {
    /// The mark of an operator.
    pub fn get(&self, operator: Uid) -> Option<&Mark> {
        self.marks.iter().find(|(uid, _)| *uid == operator).map(|(_, mark)| mark)
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
            self.set(*uid, mark.clone());
        }
    }

    /// All marks, in the order in which their operators were first passed.
    pub fn iter(&self) -> impl Iterator<Item = (Uid, &Mark)> + '_ {
        self.marks.iter().map(|(uid, mark)| (*uid, mark))
    }

    /// The attempt this is, if an operator may send the event again; of several operators the last one's.
    pub fn attempted(&self) -> Option<&Attempted> {
        self.marks.iter().rev().find_map(|(_, mark)| match mark {
            Mark::Attempted(attempted) => Some(&**attempted),
            Mark::Passed | Mark::Output(_) => None,
        })
    }

    /// Drops the copies of those who may send the event again; for whoever answers for the delivery from here on.
    pub fn forget_attempts(&mut self) {
        self.marks.retain(|(_, mark)| !matches!(mark, Mark::Attempted(_)));
    }

    /// Whether there is no mark.
    pub fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }
}
