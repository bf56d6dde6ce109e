//! CRC-32C (Castagnoli, RFC 3720 12.1), byte by byte: headers are short and few.

/// The polynomial, bits reversed.
const POLYNOMIAL: u32 = 0x82f6_3b78;

const TABLE: [u32; 256] = table();

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < table.len() {
        let mut rest = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            rest = if rest & 1 == 1 { rest >> 1 ^ POLYNOMIAL } else { rest >> 1 };
            bit += 1;
        }
        table[byte] = rest;
        byte += 1;
    }
    table
}

/// A checksum under way.
pub(super) struct Crc32c(u32);

impl Default for Crc32c {
    fn default() -> Self {
        Crc32c(u32::MAX)
    }
}

impl Crc32c {
    pub(super) fn update(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let index = (self.0 as u8 ^ byte) as usize;
            self.0 = self.0 >> 8 ^ TABLE[index];
        }
    }

    pub(super) fn finish(self) -> u32 {
        !self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bytes: &[u8]) -> u32 {
        let mut checksum = Crc32c::default();
        checksum.update(bytes);
        checksum.finish()
    }

    #[test]
    fn known_sums() {
        // RFC 3720 B.4, and the check value of the usual catalogues.
        assert_eq!(of(&[0; 32]), 0x8a91_36aa);
        assert_eq!(of(&[0xff; 32]), 0x62a8_ab43);
        assert_eq!(of(b"123456789"), 0xe306_9283);
        assert_eq!(of(b""), 0);
    }
}
