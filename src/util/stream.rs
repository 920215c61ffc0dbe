//! Random streams: everything random in a run comes from its seed.

use rand::SeedableRng;
use rand_pcg::Pcg64Mcg;

/// One stream of random numbers: 16 bytes, fast, and repeatable over versions and platforms.
pub type Stream = Pcg64Mcg;

/// What a stream is for. A user has one stream per purpose, so that what its script draws does not change which task
/// comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Which task is picked, how long a wait is.
    Schedule,
    /// What scripts draw: `random::`, `fake::`, data rows.
    Script,
    /// What the hooks draw that no user stands behind. Its lane is the script's of numbers that no user has.
    Hook,
    /// When arrivals come, where that is random.
    Arrivals,
}

/// The stream number `number` of the run with `seed`: users count from 1, the top level of a script is number 0.
///
/// It depends on nothing else; above all not on the number of shards.
#[must_use]
pub fn stream(seed: u64, number: u64, purpose: Purpose) -> Stream {
    let (seed, number, lane) = match purpose {
        Purpose::Schedule => (seed, number, 0),
        Purpose::Script => (seed, number, 1),
        Purpose::Hook => (seed, u64::MAX - number, 1),
        Purpose::Arrivals => (mix(seed), number, 0),
    };
    let low = mix(seed ^ mix(number.wrapping_mul(2).wrapping_add(lane)));
    let high = mix(low.wrapping_add(GOLDEN_GAMMA));
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&low.to_le_bytes());
    bytes[8..].copy_from_slice(&high.to_le_bytes());
    Stream::from_seed(bytes)
}

/// A seed for what belongs to `name` within the run with `seed`: streams of equal numbers under different names are
/// unrelated.
#[must_use]
pub fn seed_of(seed: u64, name: &str) -> u64 {
    let name = name.bytes().fold(0, |so_far, byte| mix(so_far ^ u64::from(byte)));
    mix(seed ^ name)
}

const GOLDEN_GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014): neighbouring inputs give unrelated outputs.
fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(GOLDEN_GAMMA);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::{Purpose, seed_of, stream};
    use rand::Rng;

    #[test]
    fn the_same_place_gives_the_same_numbers_and_neighbours_differ() {
        let draw = |seed, number, purpose| stream(seed, number, purpose).next_u64();
        assert_eq!(draw(7, 1, Purpose::Script), draw(7, 1, Purpose::Script));
        assert_ne!(draw(7, 1, Purpose::Script), draw(7, 2, Purpose::Script));
        assert_ne!(draw(7, 1, Purpose::Script), draw(8, 1, Purpose::Script));
        assert_ne!(draw(7, 1, Purpose::Script), draw(7, 1, Purpose::Schedule));
        assert_ne!(draw(7, 0, Purpose::Script), draw(7, 0, Purpose::Hook));
        assert_ne!(draw(7, 1, Purpose::Arrivals), draw(7, 1, Purpose::Schedule));
        assert_eq!(seed_of(7, "Visitor"), seed_of(7, "Visitor"));
        assert_ne!(seed_of(7, "Visitor"), seed_of(7, "Buyer"));
        assert_ne!(seed_of(7, ""), 7);
    }
}
