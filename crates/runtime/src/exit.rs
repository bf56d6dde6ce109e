//! How a connector asks for the end of the process (spec/artefacts.md 1.9, *Artefacts that end the process*).
//!
//! Nothing here ends anything: whoever runs the process waits for the request and ends it in order, so that sinks can write what they
//! hold.

use std::sync::Arc;

use tokio::sync::watch;

/// The place of the request; clones share it. The first request counts.
#[derive(Clone, Debug)]
pub struct Exit(Arc<watch::Sender<Option<i32>>>);

impl Default for Exit {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(None)))
    }
}

impl Exit {
    /// Asks for the end of the process with an exit status.
    pub fn request(&self, status: i32) {
        self.0.send_if_modified(|present| {
            let is_first = present.is_none();
            if is_first {
                *present = Some(status);
            }
            is_first
        });
    }

    /// Waits for a request; gives its status.
    pub async fn requested(&self) -> i32 {
        let mut requests = self.0.subscribe();
        // The sender lives in `self`, so that waiting cannot fail.
        requests
            .wait_for(Option::is_some)
            .await
            .map_or(0, |status| status.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_request_counts_whoever_waits_and_when() {
        let exit = Exit::default();
        let waiting = tokio::spawn({
            let exit = exit.clone();
            async move { exit.requested().await }
        });
        tokio::task::yield_now().await;
        exit.request(3);
        exit.clone().request(4);
        assert_eq!(waiting.await.unwrap(), 3);
        assert_eq!(exit.requested().await, 3);
    }
}
