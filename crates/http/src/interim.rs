//! Interim responses on their way past all programs (`proxy.md` 2.7): an exchange leaves them here, the client's connection sends them.
//!
//! Both usually run in one task; where they do not, the connection is woken.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;

use crate::message::ResponseHead;

/// Interim responses taken before one final response (`proxy.md` 2.1).
pub(crate) const MAX_INTERIM: usize = 16;

tokio::task_local! {
    /// The client that the running exchange works for.
    static CLIENT: Option<Arc<Interim>>;
}

/// Runs a request's work on behalf of a client: exchanges that begin in it find the client with [`of_client`]. Work that leaves the future
/// (it outlives its client) finds none.
pub(crate) async fn on_behalf<F: Future>(client: Option<Arc<Interim>>, work: F) -> F::Output {
    CLIENT.scope(client, work).await
}

/// Where interim responses of an exchange that begins now go, if anybody takes them.
pub(crate) fn of_client() -> Option<Arc<Interim>> {
    CLIENT.try_with(Clone::clone).ok().flatten()
}

/// Interim responses that wait for one client.
#[derive(Debug, Default)]
pub struct Interim(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    heads: Vec<ResponseHead>,
    sender: Option<Waker>,
}

impl Interim {
    /// Leaves a response for the client.
    pub fn send(&self, head: ResponseHead) {
        let sender = {
            let mut waiting = self.0.lock();
            waiting.heads.push(head);
            waiting.sender.take()
        };
        if let Some(sender) = sender {
            sender.wake();
        }
    }

    /// What waits now.
    pub(crate) fn take(&self) -> Vec<ResponseHead> {
        std::mem::take(&mut self.0.lock().heads)
    }

    /// What waits, as soon as something does.
    pub(crate) fn poll_take(&self, cx: &mut Context<'_>) -> Poll<Vec<ResponseHead>> {
        let mut waiting = self.0.lock();
        if !waiting.heads.is_empty() {
            return Poll::Ready(std::mem::take(&mut waiting.heads));
        }
        if !waiting.sender.as_ref().is_some_and(|sender| sender.will_wake(cx.waker())) {
            waiting.sender = Some(cx.waker().clone());
        }
        Poll::Pending
    }
}
