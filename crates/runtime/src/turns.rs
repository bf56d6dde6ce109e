//! Who may change which instances: what one change is about to open or to take out, another one waits for. Changes that share nothing do not
//! wait for each other, so that one that hangs (a file that never opens) stops only those that need the same.

use std::sync::Arc;

use parking_lot::Mutex;
use temblor_config::ArtefactUrl;
use tokio::sync::Notify;

use crate::error::DeployError;

/// See the module's documentation.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    taken: Mutex<Vec<ArtefactUrl>>,
    freed: Notify,
}

/// A change under way. What it has taken is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    turns: Arc<Turns>,
    taken: Vec<ArtefactUrl>,
}

impl Turns {
    /// Waits until nothing that `touched` names is taken, then does `begin`, which gives what it takes. Nobody else begins meanwhile.
    pub(crate) async fn take(
        self: &Arc<Self>,
        touched: &[ArtefactUrl],
        begin: impl Fn() -> Result<Vec<ArtefactUrl>, DeployError>,
    ) -> Result<Turn, DeployError> {
        loop {
            let freed = self.freed.notified();
            tokio::pin!(freed);
            freed.as_mut().enable();
            let begun = self.try_take(touched, &begin);
            if let Some(turn) = begun {
                return turn;
            }
            freed.await;
        }
    }

    fn try_take(
        self: &Arc<Self>,
        touched: &[ArtefactUrl],
        begin: impl Fn() -> Result<Vec<ArtefactUrl>, DeployError>,
    ) -> Option<Result<Turn, DeployError>> {
        let mut taken = self.taken.lock();
        if taken.iter().any(|one| touched.iter().any(|other| one.instance_eq(other))) {
            return None;
        }
        Some(begin().map(|urls| self.turn(&mut taken, urls)))
    }

    /// Does `begin` at once, for who knows that nobody else has what it takes.
    pub(crate) fn begin<R>(
        self: &Arc<Self>,
        begin: impl FnOnce() -> Result<(R, Vec<ArtefactUrl>), DeployError>,
    ) -> Result<(R, Turn), DeployError> {
        let mut taken = self.taken.lock();
        let (result, urls) = begin()?;
        Ok((result, self.turn(&mut taken, urls)))
    }

    fn turn(self: &Arc<Self>, all: &mut Vec<ArtefactUrl>, taken: Vec<ArtefactUrl>) -> Turn {
        all.extend_from_slice(&taken);
        Turn {
            turns: Arc::clone(self),
            taken,
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut all = self.turns.taken.lock();
        for one in &self.taken {
            if let Some(at) = all.iter().position(|known| known == one) {
                all.swap_remove(at);
            }
        }
        drop(all);
        self.turns.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    fn url(text: &str) -> ArtefactUrl {
        text.parse().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn changes_wait_for_those_that_have_in_hand_what_they_touch() {
        let turns: Arc<Turns> = Arc::default();
        let take = async |touched: &str, takes: &str| {
            let touched = [url(touched)];
            let turn = turns.take(&touched, || Ok(vec![url(takes)]));
            timeout(Duration::from_secs(1), turn).await.ok()
        };
        let first = take("/onramp/a/1/out", "/onramp/a/1/out").await.unwrap();
        assert!(
            take("/onramp/a/1/err", "/onramp/a/1/err").await.is_none(),
            "another port of the same"
        );
        let other = take("/onramp/a/2/out", "/onramp/a/2/out").await;
        assert!(other.is_some(), "another instance");
        drop(first);
        assert!(take("/onramp/a/1/err", "/onramp/a/1/err").await.is_some());
    }

    #[test]
    fn what_does_not_begin_takes_nothing() {
        let turns: Arc<Turns> = Arc::default();
        let failed = turns.begin::<()>(|| Err(DeployError::Draining));
        assert!(failed.is_err());
        assert!(turns.taken.lock().is_empty());
    }
}
