//! A panic while a request is handled is a defect; its client is answered all the same (spec/proxy.md 1.3, `internal`).

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::Poll;

/// A future panicked.
#[derive(Debug)]
pub(super) struct Panicked;

/// Awaits `future`; a panic in it ends it with an error. What it touched is not used again. Pinned by the caller, since a future that takes
/// another one has room for it twice.
pub(super) async fn caught<F: Future>(mut future: Pin<&mut F>) -> Result<F::Output, Panicked> {
    poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
        Err(_) => Poll::Ready(Err(Panicked)),
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use tokio::task::yield_now;

    use super::*;

    #[tokio::test]
    async fn a_panic_after_a_wait_is_an_error_and_anything_else_passes() {
        let panics = async {
            yield_now().await;
            assert_eq!(1, 2, "the defect");
        };
        assert!(caught(pin!(panics)).await.is_err());
        let works = async {
            yield_now().await;
            7
        };
        assert!(matches!(caught(pin!(works)).await, Ok(7)));
    }
}
