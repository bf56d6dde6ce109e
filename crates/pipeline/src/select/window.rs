//! When a window closes (spec/query.md 9.2 to 9.4, spec/dialects.md 7.1). Pure: counters in, decision out.

use std::sync::Arc;

use temblor_script::select::ExprProgram;
use temblor_syntax::span::Span;
use temblor_value::Value;

/// A window of a select.
pub(crate) struct WindowSpec {
    /// What `window` shows, a string.
    pub(crate) name: Value,
    pub(crate) rule: Rule,
    /// Weight or time of an event.
    pub(crate) script: Option<Arc<ExprProgram>>,
    /// Groups without an event for one to two such periods are dropped, nanoseconds.
    pub(crate) eviction_ns: Option<u64>,
    /// Groups kept at a time.
    pub(crate) max_groups: u64,
    /// Where the select names it.
    pub(crate) at: Span,
}

/// What closes a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// The event that fills it, and it holds that event.
    Count {
        /// Weight of a full window.
        size: u64,
    },
    /// The event behind the one that filled it (dialect 0.9).
    CountBefore {
        /// Weight of a full window.
        size: u64,
    },
    /// The first event, or tick, at or after its end.
    Time {
        /// From its first event to its end, nanoseconds.
        interval_ns: u64,
        /// Whether ticks close it.
        by_tick: bool,
        /// Whether ticks close it although it is empty.
        emit_empty: bool,
    },
}

/// Progress of one window of one group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// Weight so far.
    counter: u64,
    /// End of a time window, nanoseconds; `None` before its first event.
    next_ns: Option<u64>,
    /// Something was taken in since the last closing.
    has_content: bool,
}

/// Whether a window emits, and whether the event that makes it is part of what is emitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Emission {
    /// It does not.
    None,
    /// It does, without the event.
    Excluding,
    /// It does, with the event.
    Including,
}

impl Rule {
    /// Whether a window script gives times; otherwise it gives weights.
    pub(crate) fn is_time(self) -> bool {
        matches!(self, Self::Time { .. })
    }

    /// Whether ticks can close such a window.
    pub(crate) fn is_closed_by_tick(self) -> bool {
        matches!(self, Self::Time { by_tick: true, .. })
    }

    /// An event, or the state of a finer window, arrives: `amount` is its weight or its time.
    pub(crate) fn on_arrival(self, progress: &mut Progress, amount: u64) -> Emission {
        match self {
            Self::Count { size } => {
                let filled = progress.counter.saturating_add(amount);
                if filled >= size {
                    progress.counter = filled - size;
                    Emission::Including
                } else {
                    progress.counter = filled;
                    Emission::None
                }
            }
            Self::CountBefore { size } if progress.counter >= size => {
                progress.counter = amount;
                Emission::Excluding
            }
            Self::CountBefore { .. } => {
                progress.counter = progress.counter.saturating_add(amount);
                Emission::None
            }
            Self::Time { interval_ns, .. } => {
                progress.has_content = true;
                match progress.next_ns {
                    Some(next_ns) if amount < next_ns => Emission::None,
                    opened => {
                        progress.next_ns = Some(amount.saturating_add(interval_ns));
                        if opened.is_some() {
                            Emission::Excluding
                        } else {
                            Emission::None
                        }
                    }
                }
            }
        }
    }

    /// A tick arrives at a window that ticks may close.
    pub(crate) fn on_tick(self, progress: &mut Progress, at_ns: u64) -> Emission {
        let Self::Time {
            interval_ns, emit_empty, ..
        } = self
        else {
            return Emission::None;
        };
        match progress.next_ns {
            Some(next_ns) if at_ns >= next_ns => {
                progress.next_ns = Some(at_ns.saturating_add(interval_ns));
                let had_content = std::mem::replace(&mut progress.has_content, false);
                if had_content || emit_empty {
                    Emission::Excluding
                } else {
                    Emission::None
                }
            }
            _ => Emission::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn emissions(rule: Rule, amounts: &[u64]) -> String {
        let mut progress = Progress::default();
        let letter = |amount: &u64| match rule.on_arrival(&mut progress, *amount) {
            Emission::None => '.',
            Emission::Excluding => 'x',
            Emission::Including => 'i',
        };
        amounts.iter().map(letter).collect()
    }

    #[test]
    fn count_windows_emit_with_the_event_that_fills_them() {
        assert_eq!(emissions(Rule::Count { size: 3 }, &[1; 7]), "..i..i.");
        assert_eq!(emissions(Rule::Count { size: 1 }, &[1; 3]), "iii");
        assert_eq!(emissions(Rule::Count { size: 0 }, &[1; 3]), "iii");
    }

    #[test]
    fn weights_carry_over_and_emit_once_per_event() {
        assert_eq!(emissions(Rule::Count { size: 3 }, &[7, 0, 0, 1]), "ii..");
        assert_eq!(emissions(Rule::Count { size: 2 }, &[0, 1, 0, 1]), "...i");
    }

    #[test]
    fn old_count_windows_emit_when_the_next_event_comes() {
        assert_eq!(emissions(Rule::CountBefore { size: 3 }, &[1; 7]), "...x..x");
        assert_eq!(emissions(Rule::CountBefore { size: 1 }, &[1; 3]), ".xx");
        assert_eq!(emissions(Rule::CountBefore { size: 0 }, &[1; 3]), "xxx");
        assert_eq!(emissions(Rule::CountBefore { size: 3 }, &[7, 1, 1, 1, 1]), ".x..x");
    }

    const TIME: Rule = Rule::Time {
        interval_ns: 10,
        by_tick: true,
        emit_empty: false,
    };

    #[test]
    fn time_windows_start_with_their_first_event() {
        assert_eq!(emissions(TIME, &[5, 14, 15, 24, 25, 100]), "..x.xx");
        assert_eq!(emissions(TIME, &[5, 3, 14, 15]), "...x");
    }

    #[test]
    fn ticks_close_what_has_content() {
        let mut progress = Progress::default();
        assert_eq!(TIME.on_tick(&mut progress, 1000), Emission::None);
        assert_eq!(TIME.on_arrival(&mut progress, 2000), Emission::None);
        assert_eq!(TIME.on_tick(&mut progress, 2009), Emission::None);
        assert_eq!(TIME.on_tick(&mut progress, 2010), Emission::Excluding);
        assert_eq!(TIME.on_tick(&mut progress, 2020), Emission::None);
        // An event that closes an empty window is the content of the next one.
        assert_eq!(TIME.on_arrival(&mut progress, 2030), Emission::Excluding);
        assert_eq!(TIME.on_tick(&mut progress, 2040), Emission::Excluding);
    }

    #[test]
    fn empty_windows_are_emitted_if_asked_for() {
        let rule = Rule::Time {
            interval_ns: 10,
            by_tick: true,
            emit_empty: true,
        };
        let mut progress = Progress::default();
        assert_eq!(rule.on_tick(&mut progress, 50), Emission::None);
        rule.on_arrival(&mut progress, 50);
        assert_eq!(rule.on_tick(&mut progress, 60), Emission::Excluding);
        assert_eq!(rule.on_tick(&mut progress, 70), Emission::Excluding);
    }

    #[test]
    fn times_at_the_end_of_the_range_do_not_overflow() {
        assert_eq!(emissions(TIME, &[u64::MAX - 1, u64::MAX]), ".x");
        assert_eq!(emissions(Rule::Count { size: 5 }, &[4, u64::MAX]), ".i");
    }
}
