//! When a row of probes changes the state, and when the next probe is due. Pure: time comes in as an argument.
//!
//! Algorithm. A healthy endpoint becomes unhealthy by `unhealthy` failures in a row, an unhealthy one healthy by `healthy` successes in a
//! row; any other result breaks the row. A probe is due one `interval` after the begin of the one before, spread by ±10 % so that many
//! proxies do not probe at the same moment, but never before that one has ended. So an endpoint that dies is noticed, from the last probe
//! it answered, within `unhealthy` · 1.1 · `interval` + `timeout`, and one that comes back within `healthy` · 1.1 · `interval`, both counted
//! to the end of the last probe.

use std::num::NonZeroU32;
use std::time::Duration;

use temblor_value::Chance;
use tokio::time::Instant;

/// How states follow from results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::rest::offramp) struct Rules {
    /// Time from probe to probe.
    pub interval: Duration,
    /// Successes in a row that make an unhealthy endpoint healthy.
    pub healthy: NonZeroU32,
    /// Failures in a row that make a healthy endpoint unhealthy.
    pub unhealthy: NonZeroU32,
    /// The state before the first probe.
    pub is_healthy_at_first: bool,
}

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Monitor {
    rules: Rules,
    is_healthy: bool,
    /// Results in a row that speak against the state.
    row: u32,
    chance: Chance,
}

impl Monitor {
    /// A monitor that has seen nothing.
    pub(super) fn new(rules: &Rules, seed: u64) -> Self {
        Self {
            is_healthy: rules.is_healthy_at_first,
            rules: rules.clone(),
            row: 0,
            chance: Chance::new(seed),
        }
    }

    /// Takes the result of a probe; the new state if it changed.
    pub(super) fn take(&mut self, is_success: bool) -> Option<bool> {
        if is_success == self.is_healthy {
            self.row = 0;
            return None;
        }
        self.row += 1;
        let needed = if is_success {
            self.rules.healthy
        } else {
            self.rules.unhealthy
        };
        if self.row < needed.get() {
            return None;
        }
        self.row = 0;
        self.is_healthy = is_success;
        Some(is_success)
    }

    /// When the next probe is due, after one that began and has ended.
    pub(super) fn next(&mut self, began: Instant, ended: Instant) -> Instant {
        let spread = 0.9 + 0.2 * self.chance.share();
        (began + self.rules.interval.mul_f64(spread)).max(ended)
    }
}

#[cfg(test)]
mod tests;
