//! Joining what a framer holds with the chunk that follows.

use bytes::{Bytes, BytesMut};

/// `held` followed by `chunk`. Copies only when both have content, and then not `held` if nobody shares it.
pub(super) fn join(held: Bytes, chunk: Bytes) -> Bytes {
    if held.is_empty() {
        return chunk;
    }
    let mut joined = held.try_into_mut().unwrap_or_else(|shared| {
        let mut copy = BytesMut::with_capacity(shared.len() + chunk.len());
        copy.extend_from_slice(&shared);
        copy
    });
    joined.extend_from_slice(&chunk);
    joined.freeze()
}
