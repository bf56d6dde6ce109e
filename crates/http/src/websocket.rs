//! The handshake of WebSockets (RFC 6455 1.3), which there is over HTTP/1.1 only: over HTTP/2 the stream says enough (RFC 8441 5). A proxy whose
//! two sides speak different versions makes or answers it in the place of the side that has none.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The protocol's name, as `upgrade` and `:protocol` have it.
pub(crate) const PROTOCOL: &str = "websocket";
/// The field by which a client asks.
pub(crate) const KEY: &str = "sec-websocket-key";
/// The field by which a server shows that it has understood.
pub(crate) const ACCEPT: &str = "sec-websocket-accept";

/// What is hashed behind the key.
const SUFFIX: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/// Bytes of a key before it is text.
const KEY_BYTES: usize = 16;

/// A key by chance; `None`: the system gives no random numbers.
pub(crate) fn new_key() -> Option<String> {
    let mut bytes = [0; KEY_BYTES];
    rand::fill(&mut bytes).ok()?;
    Some(STANDARD.encode(bytes))
}

/// What a server that was asked with that key answers.
pub(crate) fn accept_of(key: &[u8]) -> String {
    let text = [key, SUFFIX].concat();
    STANDARD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_rfc() {
        assert_eq!(accept_of(b"dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn keys_are_sixteen_bytes_and_differ() {
        let keys = [new_key().unwrap(), new_key().unwrap()];
        assert_ne!(keys[0], keys[1]);
        assert_eq!(STANDARD.decode(&keys[0]).unwrap().len(), KEY_BYTES);
    }
}
