//! Log lines about requests that the program did not answer (spec/proxy.md 1.3, column log).
//!
//! Lines that an operator sees by default (warn, info) are limited to one a second per reason; the next one tells how many were left out.
//! All requests of an onramp write here at once, so the limit is kept without a lock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::reason::{Loudness, OwnReason};
use crate::error::Refusal;
use crate::message::Status;

/// Time between two lines of one reason.
const INTERVAL: Duration = Duration::from_secs(1);

/// The lines of one reason.
#[derive(Default)]
struct Slot {
    /// Milliseconds from the journal's start until which lines are left out.
    silent_until_ms: AtomicU64,
    left_out: AtomicU64,
}

impl Slot {
    /// Whether a line may be written now, and how many were left out before it.
    fn admit(&self, at_ms: u64) -> Option<u64> {
        let until = self.silent_until_ms.load(Ordering::Relaxed);
        let next = at_ms + INTERVAL.as_millis() as u64;
        let is_admitted = at_ms >= until
            && self
                .silent_until_ms
                .compare_exchange(until, next, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        if is_admitted {
            return Some(self.left_out.swap(0, Ordering::Relaxed));
        }
        self.left_out.fetch_add(1, Ordering::Relaxed);
        None
    }
}

/// The log of one onramp.
pub(super) struct Journal {
    url: String,
    start: Instant,
    slots: Vec<(OwnReason, Slot)>,
}

impl Journal {
    /// The log of the onramp with this URL.
    pub(super) fn new(url: String) -> Self {
        Self {
            url,
            start: Instant::now(),
            slots: OwnReason::ALL.map(|reason| (reason, Slot::default())).into(),
        }
    }

    /// A request ended so. `detail`: what the answer does not tell, such as the error of a script.
    pub(super) fn ended(&self, reason: OwnReason, status: Status, detail: &str) {
        let (url, name, status) = (&self.url, reason.name(), status.code());
        match reason.loudness() {
            Loudness::Debug => {
                tracing::debug!(target: "tremor_runtime::onramp", reason = name, status, "[Source::{url}] a request got no reply: {detail}");
            }
            Loudness::Error => {
                tracing::error!(target: "tremor_runtime::onramp", reason = name, status, "[Source::{url}] a request got no reply: {detail}");
            }
            loudness => {
                let Some(left_out) = self.admit(reason) else { return };
                if loudness == Loudness::Warn {
                    tracing::warn!(target: "tremor_runtime::onramp", reason = name, status, left_out, "[Source::{url}] a request got no reply: {detail}");
                } else {
                    tracing::info!(target: "tremor_runtime::onramp", reason = name, status, left_out, "[Source::{url}] a request got no reply: {detail}");
                }
            }
        }
    }

    /// A request was refused for its HTTP.
    pub(super) fn refused(&self, refusal: &Refusal) {
        let (url, name) = (&self.url, refusal.reason.name());
        tracing::debug!(target: "tremor_runtime::onramp", reason = name, "[Source::{url}] a request was refused: {}", refusal.detail);
    }

    fn admit(&self, reason: OwnReason) -> Option<u64> {
        let at_ms = self.start.elapsed().as_millis() as u64;
        let slot = self.slots.iter().find(|(known, _)| *known == reason);
        slot.and_then(|(_, slot)| slot.admit(at_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_a_second_counts_what_was_left_out() {
        let slot = Slot::default();
        let admitted: Vec<(u64, u64)> = [0, 10, 999, 1000, 1001, 2500, 3499, 3500]
            .into_iter()
            .filter_map(|at_ms| Some((at_ms, slot.admit(at_ms)?)))
            .collect();
        assert_eq!(admitted, [(0, 0), (1000, 2), (2500, 1), (3500, 1)]);
    }

    #[test]
    fn reasons_are_limited_apart() {
        let journal = Journal::new(String::new());
        assert_eq!(journal.admit(OwnReason::Timeout), Some(0));
        assert_eq!(journal.admit(OwnReason::Timeout), None);
        assert_eq!(journal.admit(OwnReason::Loop), Some(0));
    }
}
