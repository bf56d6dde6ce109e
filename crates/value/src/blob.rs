//! Byte sequences of values (`bytes` of the language).
//!
//! Must not know: text, JSON. Invariant: cloning and slicing never copy the bytes.

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

use bytes::Bytes;

/// A shared, immutable byte sequence.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Blob(Arc<Bytes>);

impl Blob {
    /// The bytes as a cheap handle.
    pub fn to_bytes(&self) -> Bytes {
        self.0.as_ref().clone()
    }

    /// The bytes in `range`, sharing the buffer; empty if the range does not lie within.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Self {
        if self.0.get(range.clone()).is_none() {
            return Self::default();
        }
        Self(Arc::new(self.0.slice(range)))
    }
}

impl Deref for Blob {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for Blob {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.0.as_ref(), f)
    }
}

impl From<Bytes> for Blob {
    fn from(bytes: Bytes) -> Self {
        Self(Arc::new(bytes))
    }
}

impl From<Vec<u8>> for Blob {
    fn from(bytes: Vec<u8>) -> Self {
        Self::from(Bytes::from(bytes))
    }
}

impl From<&[u8]> for Blob {
    fn from(bytes: &[u8]) -> Self {
        Self::from(Bytes::copy_from_slice(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::Blob;

    #[test]
    fn slices_share_the_bytes() {
        let whole = Blob::from(b"hello world".as_slice());
        let part = whole.slice(6..11);
        assert_eq!(&*part, b"world");
        assert_eq!(part.as_ptr(), whole[6..].as_ptr());
        assert_eq!(&*whole.slice(6..12), b"");
    }

    #[test]
    fn order_is_by_bytes() {
        assert!(Blob::from(vec![1, 2]) < Blob::from(vec![1, 3]));
        assert_eq!(Blob::from(vec![1]).to_bytes(), Blob::from(b"\x01".as_slice()).to_bytes());
    }
}
