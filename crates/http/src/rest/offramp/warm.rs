//! Connections that are opened in advance (spec/proxy.md 2.11, `warm`).
//!
//! Every worker looks after its own part of them: it looks once a second, closes what the upstream has closed, and opens what is missing, as long as the
//! endpoint is healthy. Nothing waits for it. It ends with its offramp.

use std::sync::Arc;
use std::time::Duration;

use temblor_runtime::shutdown::{Phase, Shutdown};
use tokio::time::sleep;

use super::sink::RestSink;
use crate::upstream::Endpoint;

/// Time between two looks.
const INTERVAL: Duration = Duration::from_secs(1);

/// The part of `count` that one of `workers` has.
fn part(count: usize, workers: usize, worker: usize) -> usize {
    count / workers + usize::from(worker < count % workers)
}

/// Keeps the worker's part of the connections until `stop`.
pub(super) async fn keep(sink: Arc<RestSink>, endpoint: Endpoint, worker: usize, workers: usize, mut stop: Shutdown) {
    let count = part(sink.config.warm, workers, worker);
    if count == 0 {
        return;
    }
    loop {
        tokio::select! {
            () = open(&sink, &endpoint, worker, count) => {}
            () = stop.reached(Phase::Stopped) => return,
        }
        tokio::select! {
            () = sleep(INTERVAL) => {}
            () = stop.reached(Phase::Stopped) => return,
        }
    }
}

async fn open(sink: &RestSink, endpoint: &Endpoint, worker: usize, count: usize) {
    if !sink.is_healthy() {
        return;
    }
    let limit = sink.config.timeouts.connect;
    if let Err(error) = sink.upstream().keep_ready(worker, endpoint, count, limit).await {
        let url = &sink.url;
        tracing::debug!(target: "tremor_runtime::offramp", "[Sink::{url}] no connection in advance: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_the_whole() {
        for (count, workers, expected) in [
            (0, 2, vec![0, 0]),
            (1, 2, vec![1, 0]),
            (5, 2, vec![3, 2]),
            (8, 3, vec![3, 3, 2]),
        ] {
            let parts: Vec<usize> = (0..workers).map(|worker| part(count, workers, worker)).collect();
            assert_eq!(parts, expected);
        }
    }
}
