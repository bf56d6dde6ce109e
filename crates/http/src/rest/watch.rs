//! Looks at files of certificates now and then (spec/proxy.md 2.13, `reload`).

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use temblor_runtime::reload::ReloadRequests;
use temblor_runtime::shutdown::{Phase, Shutdown};
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use crate::tls::{Reloaded, TlsClient, TlsServer};

const DAY: Duration = Duration::from_hours(24);

/// What has files.
pub(super) trait Watched: Send + Sync + 'static {
    /// Looks at the files and uses them if they have changed.
    fn reload(&self) -> Reloaded;

    /// Texts about certificates that end soon.
    fn warnings(&self) -> Vec<String>;
}

impl Watched for TlsServer {
    fn reload(&self) -> Reloaded {
        TlsServer::reload(self)
    }

    fn warnings(&self) -> Vec<String> {
        self.expiry_warnings(SystemTime::now())
    }
}

impl Watched for TlsClient {
    fn reload(&self) -> Reloaded {
        TlsClient::reload(self)
    }

    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Looks at the interval and at every request until the drain; tells of ends of validity at once and then daily. `owner` begins
/// the lines of the log.
pub(super) async fn watch(
    watched: Arc<impl Watched>,
    interval: Option<Duration>,
    mut requests: ReloadRequests,
    mut shutdown: Shutdown,
    owner: String,
) {
    let mut until_warning = Duration::ZERO;
    loop {
        if until_warning.is_zero() {
            for text in watched.warnings() {
                tracing::warn!(target: "tremor_runtime::tls", "[{owner}] {text}");
            }
            until_warning = DAY;
        }
        let pause = interval.unwrap_or(DAY).min(until_warning);
        let is_asked = tokio::select! {
            () = sleep(pause) => interval.is_some_and(|interval| interval <= pause),
            () = requests.next() => true,
            () = shutdown.reached(Phase::Draining) => return,
        };
        until_warning = until_warning.saturating_sub(pause);
        if is_asked {
            look(&watched, &owner).await;
        }
    }
}

async fn look(watched: &Arc<impl Watched>, owner: &str) {
    let looking = Arc::clone(watched);
    // Reading files may take its time, and this is a thread of the data path.
    match spawn_blocking(move || looking.reload()).await {
        Ok(Reloaded::Unchanged) | Err(_) => {}
        Ok(Reloaded::Replaced) => tracing::info!(target: "tremor_runtime::tls", "[{owner}] certificates reloaded"),
        Ok(Reloaded::Failed(error)) => {
            tracing::error!(target: "tremor_runtime::tls", "[{owner}] certificates not reloaded, the old ones stay: {error}");
        }
    }
}

#[cfg(test)]
mod tests;
