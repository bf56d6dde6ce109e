//! Active health checks of an offramp's endpoint (spec/proxy.md 4.10).
//!
//! One task probes, waits, probes again; nothing else waits for it. What it finds is one flag that balancers read when they choose. It ends
//! with its offramp, in the middle of a probe too, so nothing is ever held up by an upstream that does not answer.

mod monitor;
mod probe;
mod settings;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use temblor_runtime::shutdown::{Phase, Shutdown};
use tokio::time::{Instant, sleep_until};

use self::monitor::Monitor;
pub(super) use self::probe::Probe;
pub(super) use self::settings::HealthSettings;

/// What is known of an endpoint.
#[derive(Debug)]
pub(super) struct Health {
    is_healthy: AtomicBool,
    /// What balancers were told last, if they are told.
    told: Option<AtomicBool>,
}

impl Health {
    /// The state before the first probe.
    pub(super) fn new(settings: &HealthSettings) -> Arc<Self> {
        let initial = settings.rules.is_healthy_at_first;
        Arc::new(Self {
            is_healthy: AtomicBool::new(initial),
            told: settings.gives_insight.then(|| AtomicBool::new(initial)),
        })
    }

    /// Does the endpoint work, as far as is known?
    pub(super) fn is_healthy(&self) -> bool {
        self.is_healthy.load(Ordering::Relaxed)
    }

    /// Whether balancers have to take the endpoint as there: true unless they are told of its state and it is unhealthy.
    pub(super) fn is_active(&self) -> bool {
        self.told.is_none() || self.is_healthy()
    }

    /// The state, if balancers are told of changes and this is one.
    pub(super) fn change(&self) -> Option<bool> {
        let now = self.is_healthy();
        let told = self.told.as_ref()?;
        (told.swap(now, Ordering::Relaxed) != now).then_some(now)
    }

    /// Probes until `stop` or the end of whoever decides on it. `owner` begins the lines of the log, `seed` spreads the probes of several
    /// offramps over time.
    pub(super) async fn watch(self: Arc<Self>, probe: Probe, owner: String, seed: u64, mut stop: Shutdown) {
        let mut monitor = Monitor::new(probe.rules(), seed);
        loop {
            let began = Instant::now();
            let result = tokio::select! {
                result = probe.run() => result,
                () = stop.reached(Phase::Stopped) => return,
            };
            self.note(monitor.take(result.is_ok()), result, &owner);
            tokio::select! {
                () = sleep_until(monitor.next(began, Instant::now())) => {}
                () = stop.reached(Phase::Stopped) => return,
            }
        }
    }

    fn note(&self, change: Option<bool>, result: Result<(), String>, owner: &str) {
        if let Some(is_healthy) = change {
            self.is_healthy.store(is_healthy, Ordering::Relaxed);
        }
        match (change, result) {
            (Some(false), Err(why)) => tracing::warn!(target: "tremor_runtime::health", "[{owner}] unhealthy: {why}"),
            (Some(_), _) => tracing::info!(target: "tremor_runtime::health", "[{owner}] healthy"),
            (None, Err(why)) => tracing::debug!(target: "tremor_runtime::health", "[{owner}] a probe failed: {why}"),
            (None, Ok(())) => {}
        }
    }
}
