//! What an offramp counts (spec/proxy.md 6.3). Counting is by handle and by worker; names stand in [`Collect::collect`] only.

use std::sync::Arc;
use std::time::Duration;

use temblor_event::Outcome;
use temblor_metrics::{Buckets, Collect, Family, Histogram, Kind, Page, Sharded, Tally};
use temblor_runtime::ramp::RampName;

use super::sink::RestSink;
use crate::rest::bodies::BodyCounts;

const REQUESTS: Family = Family {
    name: "temblor_upstream_requests_total",
    kind: Kind::Counter,
    help: "Attempts that got a response head, by its status",
};
const OUTCOMES: Family = Family {
    name: "temblor_upstream_outcomes_total",
    kind: Kind::Counter,
    help: "Attempts by outcome; a streamed body that breaks off counts as truncated beside the outcome of its head",
};
const DURATION: Family = Family {
    name: "temblor_upstream_duration_seconds",
    kind: Kind::Histogram,
    help: "Time from taking up an event to the response head",
};
const CONNECT: Family = Family {
    name: "temblor_upstream_connect_seconds",
    kind: Kind::Histogram,
    help: "Time until new connections could be used: name resolution, TCP, TLS",
};
const QUEUE: Family = Family {
    name: "temblor_upstream_queue_seconds",
    kind: Kind::Histogram,
    help: "Time that events waited for a slot; those that found one at once do not count",
};
const IN_FLIGHT: Family = Family {
    name: "temblor_upstream_in_flight",
    kind: Kind::Gauge,
    help: "Slots taken",
};
const QUEUE_LENGTH: Family = Family {
    name: "temblor_upstream_queue_length",
    kind: Kind::Gauge,
    help: "Events waiting for a slot",
};
const LIMIT: Family = Family {
    name: "temblor_upstream_concurrency_limit",
    kind: Kind::Gauge,
    help: "Slots there are",
};
const HEALTHY: Family = Family {
    name: "temblor_upstream_healthy",
    kind: Kind::Gauge,
    help: "1 while the endpoint is healthy as far as is known, 0 while it is not",
};
const CONNECTIONS: Family = Family {
    name: "temblor_upstream_connections",
    kind: Kind::Gauge,
    help: "Connections to upstreams",
};
const CONNECTS: Family = Family {
    name: "temblor_upstream_connects_total",
    kind: Kind::Counter,
    help: "Connections taken for attempts: new ones, and ones used before",
};

/// Statuses.
const CODES: usize = 1000;

/// See the module's documentation.
pub(super) struct OfframpMetrics {
    shards: Sharded<Shard>,
    duration: Histogram,
    queue: Histogram,
    /// Bodies of requests.
    pub(super) bodies: BodyCounts,
}

struct Shard {
    codes: Box<[Tally]>,
    outcomes: [Tally; Outcome::ALL.len()],
}

impl OfframpMetrics {
    /// Nothing was counted yet.
    pub(super) fn new(buckets: &Buckets) -> Self {
        Self {
            shards: Sharded::new(|| Shard {
                codes: (0..CODES).map(|_| Tally::default()).collect(),
                outcomes: Default::default(),
            }),
            duration: Histogram::new(buckets),
            queue: Histogram::new(buckets),
            bodies: BodyCounts::default(),
        }
    }

    /// A response head arrived, so long after the event was taken up.
    pub(super) fn head(&self, status: u16, time: Duration) {
        if let Some(tally) = self.shards.mine().codes.get(usize::from(status)) {
            tally.one();
        }
        self.duration.observe(time);
    }

    /// An attempt has ended.
    pub(super) fn outcome(&self, outcome: Outcome) {
        self.shards.mine().outcomes[outcome as usize].one();
    }

    /// An event has waited for a slot, whether it got one or not.
    pub(super) fn waited(&self, time: Duration) {
        self.queue.observe(time);
    }
}

/// What is to be read of an offramp.
pub(super) struct OfframpNumbers {
    pub(super) name: RampName,
    pub(super) sink: Arc<RestSink>,
}

impl Collect for OfframpNumbers {
    fn collect(&self, page: &mut Page) {
        let offramp = ("offramp", self.name.id.as_str());
        let instance = ("instance", self.name.instance.as_str());
        let both = [offramp, instance];
        let metrics = &self.sink.metrics;
        for code in 0..CODES {
            let count = metrics.shards.sum(|shard| shard.codes[code].get());
            if count > 0 {
                page.counter(&REQUESTS, &[offramp, instance, ("code", &code.to_string())], count);
            }
        }
        for outcome in Outcome::ALL {
            let count = metrics.shards.sum(|shard| shard.outcomes[outcome as usize].get());
            if count > 0 || outcome == Outcome::Ok {
                page.counter(&OUTCOMES, &[offramp, instance, ("outcome", outcome.name())], count);
            }
        }
        page.histogram(&DURATION, &both, &metrics.duration.snapshot());
        page.histogram(&QUEUE, &both, &metrics.queue.snapshot());
        metrics.bodies.collect(&self.name.id, page);
        let slots = self.sink.slots();
        page.gauge(&IN_FLIGHT, &both, f64::from(slots.taken()));
        page.gauge(&QUEUE_LENGTH, &both, f64::from(slots.waiting()));
        page.gauge(&LIMIT, &both, f64::from(slots.limit()));
        page.gauge(&HEALTHY, &both, f64::from(u8::from(self.sink.is_healthy())));
        let upstream = self.sink.upstream();
        let idle = upstream.idle() as u64;
        let numbers = upstream.numbers();
        page.histogram(&CONNECT, &both, &numbers.connect);
        page.gauge(&CONNECTIONS, &[offramp, ("state", "idle")], idle as f64);
        page.gauge(
            &CONNECTIONS,
            &[offramp, ("state", "busy")],
            numbers.open.saturating_sub(idle) as f64,
        );
        page.counter(&CONNECTS, &[offramp, ("kind", "new")], numbers.new);
        page.counter(&CONNECTS, &[offramp, ("kind", "reused")], numbers.reused);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_stand_at_their_numbers() {
        for (at, outcome) in Outcome::ALL.into_iter().enumerate() {
            assert_eq!(outcome as usize, at);
        }
    }
}
