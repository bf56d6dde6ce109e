//! Record keys known before the event: text with its hash.
//!
//! Must not know: maps. Invariant: the hash is that of [`hash_text`], which is the same function for the whole process.

use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use hashbrown::DefaultHashBuilder;

use crate::Str;

/// Seeded once per process, so that nobody outside can prepare keys that collide.
static HASHER: LazyLock<DefaultHashBuilder> = LazyLock::new(DefaultHashBuilder::default);

/// Hash of a record key.
pub(crate) fn hash_text(text: &str) -> u64 {
    HASHER.hash_one(text.as_bytes())
}

/// A record key with its hash, for lookups that happen per event with a key that is known at compile time.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    hash: u64,
    text: Str,
}

impl Key {
    /// Hashes `text`.
    pub fn new(text: impl Into<Str>) -> Self {
        let text = text.into();
        Self {
            hash: hash_text(&text),
            text,
        }
    }

    /// The key's text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The key's text, to be cloned cheaply.
    pub fn str(&self) -> &Str {
        &self.text
    }

    pub(crate) fn hash_value(&self) -> u64 {
        self.hash
    }
}

/// Where records mostly have a key: events of one source mostly have their keys in the same order, so a script finds a key where it found
/// it before.
///
/// Shared by all threads that run the script. It learns a few times only, so that changing forms of events never make threads write it
/// again and again.
#[derive(Debug, Default)]
pub struct Hint(AtomicU32);

/// Bits of a [`Hint`] that hold the place; the bits above count what was learned.
const PLACE_BITS: u32 = 24;

impl Hint {
    /// How often a hint learns.
    const LESSONS: u32 = 8;

    #[inline]
    pub(crate) fn place(&self) -> usize {
        (self.0.load(Ordering::Relaxed) & ((1 << PLACE_BITS) - 1)) as usize
    }

    /// Notes that the key was somewhere else.
    pub(crate) fn learn(&self, place: usize) {
        let lessons = self.0.load(Ordering::Relaxed) >> PLACE_BITS;
        if lessons < Self::LESSONS && place < 1 << PLACE_BITS {
            self.0.store((lessons + 1) << PLACE_BITS | place as u32, Ordering::Relaxed);
        }
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.text, f)
    }
}

impl From<&str> for Key {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<Str> for Key {
    fn from(text: Str) -> Self {
        Self::new(text)
    }
}
