//! What an offramp's configuration says before the first event; for `explain` (spec/proxy.md 3.5).

use std::num::{NonZeroU32, NonZeroU64};

use temblor_runtime::facts::{Bound, Facts};

use super::config::OfframpConfig;
use crate::upstream::Speaks;

/// Address and bounds in force.
pub(super) fn of(config: &OfframpConfig, is_linked: bool) -> Facts {
    let timeouts = &config.timeouts;
    let upstream = &config.upstream;
    let size = |size: usize| Some(size as u64);
    Facts {
        // Without a host of its own an offramp depends on the events'.
        address: config.endpoint.resolve().ok().map(|usual| {
            let scheme = if usual.is_https { "https" } else { "http" };
            format!("{scheme}://{}", usual.authority)
        }),
        protocols: protocols(config),
        answers: is_linked,
        validates: config.validate,
        always_encodes: config.always_encode,
        own_answers: Vec::new(),
        bounds: [Bound::count("concurrency", "concurrency", size(config.concurrency))]
            .into_iter()
            .chain(queue(config))
            .chain(health(config))
            .chain(warm(config))
            .chain([
                Bound::time("connect", "timeouts.connect", timeouts.connect),
                Bound::time("first_byte", "timeouts.first_byte", timeouts.first_byte),
                Bound::time("idle", "timeouts.idle", timeouts.idle),
                Bound::time("total", "timeouts.total", timeouts.total),
                Bound::size("head", "limits.head", size(upstream.limits.head)),
                Bound::count("head", "limits.headers", size(upstream.limits.headers)),
                Bound::size("buffer", "limits.buffer", config.buffer),
                Bound::count("tunnels", "limits.tunnels", config.tunnels.map(NonZeroU64::get)),
                Bound::count("pool", "pool.max_idle", size(upstream.max_idle)),
                Bound::time("pool", "timeouts.keep_alive", upstream.keep_alive),
                Bound::time("age", "pool.max_age", upstream.max_age),
                Bound::count("requests", "pool.max_requests", upstream.max_requests),
            ])
            .collect(),
    }
}

/// Bounds of the queue; without one nothing waits, and there is nothing to bound.
fn queue(config: &OfframpConfig) -> impl Iterator<Item = Bound> {
    config.queue.iter().flat_map(|queue| {
        [
            Bound::count("queue", "queue.size", Some(NonZeroU32::get(queue.size).into())),
            Bound::time("queue", "queue.timeout", queue.timeout),
        ]
    })
}

/// Times and counts of probes, if there are any.
fn health(config: &OfframpConfig) -> impl Iterator<Item = Bound> {
    config.health.iter().flat_map(|health| {
        let rules = &health.rules;
        [
            Bound::time("health", "health.interval", Some(rules.interval)),
            Bound::time("health", "health.timeout", Some(health.timeout)),
            Bound::count("health", "health.unhealthy", Some(rules.unhealthy.get().into())),
            Bound::count("health", "health.healthy", Some(rules.healthy.get().into())),
        ]
    })
}

/// Connections opened in advance, if there are any.
fn warm(config: &OfframpConfig) -> Option<Bound> {
    (config.warm > 0).then(|| Bound::count("warm", "pool.warm", Some(config.warm as u64)))
}

/// The protocols that may be spoken, the preferred one first.
fn protocols(config: &OfframpConfig) -> Vec<&'static str> {
    let is_secure = config.endpoint.resolve().is_ok_and(|usual| usual.is_https);
    match config.upstream.speaks {
        Speaks::Http2 => vec!["h2"],
        Speaks::Auto if is_secure => vec!["h2", "http/1.1"],
        Speaks::Auto | Speaks::Http1 => vec!["http/1.1"],
    }
}
