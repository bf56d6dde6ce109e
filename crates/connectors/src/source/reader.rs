//! A thread that reads for a source, so that no worker waits for a disk, a pipe or a decompressor. It is ahead of the source by a few
//! chunks at most.

use std::io;

use bytes::Bytes;
use temblor_runtime::source::StartError;
use tokio::sync::mpsc::{Receiver, channel};

/// Chunks that may wait for the source.
const AHEAD: usize = 4;

/// Starts a thread that reads with `next` until the end, an error, or until nobody wants the chunks any more.
pub(super) fn read_in_background(
    name: &str,
    url: String,
    mut next: impl FnMut() -> io::Result<Option<Bytes>> + Send + 'static,
) -> Result<Receiver<Bytes>, StartError> {
    let (sender, receiver) = channel(AHEAD);
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || {
            loop {
                match next() {
                    Ok(Some(chunk)) => {
                        if sender.blocking_send(chunk).is_err() {
                            return;
                        }
                    }
                    Ok(None) => return,
                    Err(error) => {
                        tracing::error!(target: "tremor_runtime::onramp", "[Source::{url}] cannot read: {error}");
                        return;
                    }
                }
            }
        })
        .map_err(|error| StartError(format!("cannot start a thread: {error}")))?;
    Ok(receiver)
}
