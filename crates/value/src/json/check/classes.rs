//! What the bytes of a block are, as sets of places.
//!
//! Must not know: the grammar. The one place that names vector operations; the level of the processor is chosen at run time, by the library.

use fearless_simd::prelude::{SimdBase, SimdMask};
use fearless_simd::{Simd, u8x64};

/// Bytes that are looked at together.
pub(super) const BLOCK: usize = 64;

/// Sets of places in a block: a bit for each byte, the first byte's lowest. They look at bytes alone, so they hold what lies in strings as well.
pub(super) struct Classes {
    /// `"`
    pub(super) quotes: u64,
    /// `\`
    pub(super) backslashes: u64,
    /// Bytes below 0x20, which no string has.
    pub(super) controls: u64,
    /// White space.
    pub(super) blanks: u64,
    /// `{` and `[`
    pub(super) opening: u64,
    /// `}` and `]`
    pub(super) closing: u64,
    /// `{` and `}`, beside others that are no brackets.
    pub(super) curly: u64,
    /// `:`
    pub(super) colons: u64,
    /// `,`
    pub(super) commas: u64,
    /// `0` to `9`
    pub(super) digits: u64,
    /// `0`
    pub(super) zeros: u64,
    /// `-`
    pub(super) minuses: u64,
}

impl Classes {
    #[expect(
        clippy::inline_always,
        reason = "vector code is only generated where the caller's level is known"
    )]
    #[inline(always)]
    pub(super) fn of<S: Simd>(simd: S, block: &[u8; BLOCK]) -> Self {
        let bytes = u8x64::from_slice(simd, block);
        let equal = |byte: u8| bytes.simd_eq(byte).to_bitmask();
        // The two kinds of brackets differ in this bit only, and nothing else becomes one by setting it.
        let brackets = bytes | 0x20;
        let (mut controls, mut blanks) = (0, 0);
        if bytes.simd_le(b' ').to_bitmask() != 0 {
            controls = bytes.simd_lt(b' ').to_bitmask();
            blanks = equal(b' ') | equal(b'\t') | equal(b'\n') | equal(b'\r');
        }
        Self {
            quotes: equal(b'"'),
            backslashes: equal(b'\\'),
            controls,
            blanks,
            opening: brackets.simd_eq(b'{').to_bitmask(),
            closing: brackets.simd_eq(b'}').to_bitmask(),
            curly: bytes.simd_gt(b'_').to_bitmask(),
            colons: equal(b':'),
            commas: equal(b','),
            digits: (bytes - b'0').simd_lt(10).to_bitmask(),
            zeros: equal(b'0'),
            minuses: equal(b'-'),
        }
    }
}
