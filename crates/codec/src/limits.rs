//! Bounds on what one chunk from the network may make a processor allocate.

/// Bounds of the processors (formats.md 5: "Temblor should make one configurable", 5.3). All sizes in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest message a decompressor produces.
    pub decompressed_bytes: usize,
    /// Largest frame that `length-prefixed` or `textual-length-prefix` collect.
    pub frame_bytes: usize,
    /// What `gelf-chunking` holds at most in messages that are not complete.
    pub pending_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            decompressed_bytes: 256 << 20,
            frame_bytes: 256 << 20,
            pending_bytes: 256 << 20,
        }
    }
}
