//! SipHash-1-3 with given keys, as `chash` needs it: the standard library has it with secret keys only, and without a promise to keep it.

/// The hash of the bytes of `text` followed by one byte 0xFF.
pub(crate) fn one_three_str((k0, k1): (u64, u64), text: &str) -> u64 {
    let mut state = State::new(k0, k1);
    let length = text.len() + 1;
    let mut words = text.as_bytes().chunks_exact(8);
    for word in words.by_ref() {
        state.absorb(little_endian(word.iter().copied()));
    }
    // Fewer than eight bytes are left, so the mark fits behind them; a full last word leaves only the length for the final one.
    let left = words.remainder().iter().copied().chain([0xff]);
    let tail = little_endian(left);
    let length = (length as u64) << 56;
    if words.remainder().len() == 7 {
        state.absorb(tail);
        state.absorb(length);
    } else {
        state.absorb(tail | length);
    }
    state.finish()
}

fn little_endian(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes
        .enumerate()
        .fold(0, |word, (place, byte)| word | u64::from(byte) << (8 * place))
}

struct State {
    v0: u64,
    v1: u64,
    v2: u64,
    v3: u64,
}

impl State {
    fn new(k0: u64, k1: u64) -> Self {
        Self {
            v0: k0 ^ 0x736f_6d65_7073_6575,
            v1: k1 ^ 0x646f_7261_6e64_6f6d,
            v2: k0 ^ 0x6c79_6765_6e65_7261,
            v3: k1 ^ 0x7465_6462_7974_6573,
        }
    }

    fn absorb(&mut self, word: u64) {
        self.v3 ^= word;
        self.round();
        self.v0 ^= word;
    }

    fn finish(mut self) -> u64 {
        self.v2 ^= 0xff;
        for _ in 0..3 {
            self.round();
        }
        self.v0 ^ self.v1 ^ self.v2 ^ self.v3
    }

    fn round(&mut self) {
        self.v0 = self.v0.wrapping_add(self.v1);
        self.v1 = self.v1.rotate_left(13) ^ self.v0;
        self.v0 = self.v0.rotate_left(32);
        self.v2 = self.v2.wrapping_add(self.v3);
        self.v3 = self.v3.rotate_left(16) ^ self.v2;
        self.v0 = self.v0.wrapping_add(self.v3);
        self.v3 = self.v3.rotate_left(21) ^ self.v0;
        self.v2 = self.v2.wrapping_add(self.v1);
        self.v1 = self.v1.rotate_left(17) ^ self.v2;
        self.v2 = self.v2.rotate_left(32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_standard_library_at_zero_keys() {
        use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};

        // `DefaultHasher::new` is SipHash-1-3 with zero keys, and a `str` hashes as its bytes and 0xFF.
        for length in 0..40 {
            let text: String = ('a'..='z').cycle().take(length).collect();
            let expected = BuildHasherDefault::<DefaultHasher>::default().hash_one(text.as_str());
            assert_eq!(one_three_str((0, 0), &text), expected, "{length} bytes");
        }
    }
}
