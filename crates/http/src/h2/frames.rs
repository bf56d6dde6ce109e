//! Counts control frames as they arrive (`proxy.md` 2.12, abuse limits), which the library answers one by one for ever.
//!
//! The scanner sees the bytes of a connection in whatever parts they come, behind the preface. It reads the heads of frames (RFC 9113 4.1)
//! and skips what they announce; whether a frame is in order is the library's to judge.

use std::time::Duration;

use tokio::time::Instant;

/// Control frames taken within [`WINDOW`].
const LIMIT: u32 = 1000;
/// The time in which they are counted.
const WINDOW: Duration = Duration::from_secs(1);
/// Length of a frame's head.
const HEAD: usize = 9;

/// Frame types and flags of RFC 9113 6.
mod kind {
    pub(super) const DATA: u8 = 0;
    pub(super) const PRIORITY: u8 = 2;
    pub(super) const SETTINGS: u8 = 4;
    pub(super) const PING: u8 = 6;
    pub(super) const END_STREAM: u8 = 1;
}

/// More control frames came than anybody needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooManyFrames;

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct FrameCounter {
    head: [u8; HEAD],
    /// So much of the head is there.
    filled: usize,
    /// Bytes up to the next head.
    skip: usize,
    count: u32,
    since: Option<Instant>,
}

impl FrameCounter {
    /// A counter that passes over so many bytes first.
    pub(super) fn behind(preface: usize) -> FrameCounter {
        FrameCounter {
            head: [0; HEAD],
            filled: 0,
            skip: preface,
            count: 0,
            since: None,
        }
    }

    /// Control frames that count for the time being.
    #[cfg(feature = "fuzzing")]
    pub(super) fn count(&self) -> u32 {
        self.count
    }

    /// Takes what has arrived.
    pub(super) fn take(&mut self, mut bytes: &[u8]) -> Result<(), TooManyFrames> {
        loop {
            let skipped = self.skip.min(bytes.len());
            self.skip -= skipped;
            bytes = bytes.get(skipped..).unwrap_or_default();
            let Some((first, rest)) = bytes.split_first() else {
                return Ok(());
            };
            if let Some(place) = self.head.get_mut(self.filled) {
                *place = *first;
            }
            self.filled += 1;
            bytes = rest;
            if self.filled == HEAD {
                self.filled = 0;
                self.judge()?;
            }
        }
    }

    fn judge(&mut self) -> Result<(), TooManyFrames> {
        let [high, middle, low, kind, flags, ..] = self.head;
        self.skip = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
        let is_control = match kind {
            kind::PING | kind::SETTINGS | kind::PRIORITY => true,
            kind::DATA => self.skip == 0 && flags & kind::END_STREAM == 0,
            _ => false,
        };
        if is_control { self.one_more() } else { Ok(()) }
    }

    fn one_more(&mut self) -> Result<(), TooManyFrames> {
        self.count += 1;
        if self.count <= LIMIT {
            self.since.get_or_insert_with(Instant::now);
            return Ok(());
        }
        let now = Instant::now();
        let is_recent = self.since.is_some_and(|since| now.saturating_duration_since(since) < WINDOW);
        self.count = 1;
        self.since = Some(now);
        if is_recent { Err(TooManyFrames) } else { Ok(()) }
    }
}
