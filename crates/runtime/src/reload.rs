//! How running parts learn that files they read may have changed (SIGHUP, spec/runtime.md 8.6).
//!
//! Nothing is read here: whoever watches files compares them when asked.

use std::sync::Arc;

use tokio::sync::watch;

/// The place of the requests; clones share it.
#[derive(Clone, Debug, Default)]
pub struct Reload(Arc<watch::Sender<()>>);

/// One part's view of the requests.
#[derive(Debug)]
pub struct ReloadRequests(watch::Receiver<()>);

impl Reload {
    /// Asks every part to look at its files now.
    pub fn request(&self) {
        self.0.send_replace(());
    }

    /// The requests made from now on.
    pub fn requests(&self) -> ReloadRequests {
        ReloadRequests(self.0.subscribe())
    }
}

impl ReloadRequests {
    /// Waits for the next request; several made since the last one count as one.
    pub async fn next(&mut self) {
        if self.0.changed().await.is_err() {
            // Nobody is left who could ask.
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn requests_reach_every_part_once() {
        let reload = Reload::default();
        reload.request();
        let (mut one, mut other) = (reload.requests(), reload.requests());
        reload.request();
        reload.clone().request();
        one.next().await;
        other.next().await;
        tokio::select! {
            biased;
            () = one.next() => panic!("a request counted twice"),
            () = std::future::ready(()) => {}
        }
    }
}
