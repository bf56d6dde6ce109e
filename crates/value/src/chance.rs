//! Numbers as if by chance, for samples and for spreading things over time: cheap, and nothing that is secret may depend on them.
//!
//! Algorithm (splitmix64): a state that grows by a constant with every number, and what two rounds of shifting and multiplying make of it.

/// A row of such numbers, the same for the same seed.
#[derive(Clone, Copy, Debug)]
pub struct Chance(u64);

impl Chance {
    /// How far apart the seeds of two rows are of which the second begins with the second number of the first. Who shares a row without a
    /// lock adds this to a common seed and takes the first number.
    pub const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

    /// The row that belongs to a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number, all 64 bits of it.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(Self::STEP);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// The next number as one from 0 up to 1, without 1.
    pub fn share(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_numbers_are_those_of_the_published_algorithm() {
        let mut chance = Chance::new(1_234_567);
        let numbers: [u64; 3] = std::array::from_fn(|_| chance.bits());
        assert_eq!(
            numbers,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn a_row_goes_on_a_step_further() {
        let mut whole = Chance::new(7);
        whole.bits();
        assert_eq!(whole.bits(), Chance::new(7 + Chance::STEP).bits());
    }

    #[test]
    fn a_share_of_numbers_is_below_that_share() {
        for share in [0.0, 0.1, 0.5] {
            let mut chance = Chance::new(1);
            let below = (0..20_000).filter(|_| chance.share() < share).count() as f64 / 20_000.0;
            assert!((below - share).abs() < 0.02, "{below} of {share}");
        }
    }
}
