//! Addresses as people list them: one, a range, a block in CIDR notation.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// More addresses than this are a slip in a prefix.
const MOST: u128 = 1 << 16;

/// A block of addresses, `10.1.0.0/16` (RFC 4632, section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) struct Block {
    first: IpAddr,
    /// How many bits of the address may differ.
    free_bits: u32,
}

impl Block {
    /// Reads a block; an address alone is a block of one.
    pub(in crate::http) fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u32>().ok()?)),
            None => (text, None),
        };
        let address = address_of(address)?;
        let width = if address.is_ipv4() { 32_u32 } else { 128 };
        let free_bits = width.checked_sub(prefix.unwrap_or(width))?;
        let mask = u128::MAX.checked_shl(free_bits).unwrap_or(0);
        Some(Self { first: like(address, number(address) & mask), free_bits })
    }

    /// Whether the address is one of the block.
    pub(in crate::http) fn contains(&self, address: IpAddr) -> bool {
        let differing = number(address) ^ number(self.first);
        address.is_ipv4() == self.first.is_ipv4() && differing.checked_shr(self.free_bits).unwrap_or(0) == 0
    }

    /// The addresses that machines may have: without those of an IPv4 network itself and of its broadcast, where a block
    /// is large enough to have them.
    fn hosts(&self) -> (u128, u128) {
        let first = number(self.first);
        let last = first | !u128::MAX.checked_shl(self.free_bits).unwrap_or(0);
        if self.first.is_ipv4() && self.free_bits > 1 { (first + 1, last - 1) } else { (first, last) }
    }
}

/// Reads `10.0.0.2`, `10.0.0.2-10.0.0.9` (both ends included) or `10.0.0.0/28`.
///
/// # Errors
///
/// A sentence fragment that quotes the text and says what is accepted.
pub fn parse_addresses(text: &str) -> Result<Vec<IpAddr>, String> {
    let refuse = || {
        format!(
            "`{text}` is not an address; write 10.0.0.2, a range 10.0.0.2-10.0.0.9 or a block 10.0.0.0/28"
        )
    };
    let (like_this, first, last) = match text.split_once('-') {
        Some((first, last)) => {
            let first = address_of(first).ok_or_else(refuse)?;
            let last =
                address_of(last).filter(|last| last.is_ipv4() == first.is_ipv4()).ok_or_else(refuse)?;
            if number(last) < number(first) {
                return Err(format!("`{text}` ends before it begins"));
            }
            (first, number(first), number(last))
        }
        None => {
            let block = Block::parse(text.trim()).ok_or_else(refuse)?;
            let (first, last) = block.hosts();
            (block.first, first, last)
        }
    };
    if last - first >= MOST {
        return Err(format!("`{text}` is more than {MOST} addresses"));
    }
    Ok((first..=last).map(|number| like(like_this, number)).collect())
}

/// An address; one of IPv6 may have its brackets.
pub(in crate::http) fn address_of(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    match text.strip_prefix('[') {
        Some(text) => text.strip_suffix(']')?.parse().ok().map(IpAddr::V6),
        None => text.parse().ok(),
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// The address with this number, of the family of `family`.
fn like(family: IpAddr, number: u128) -> IpAddr {
    match family {
        // What is shifted in above an IPv4 address is masked out before, or never there.
        IpAddr::V4(_) => Ipv4Addr::from_bits((number & u128::from(u32::MAX)) as u32).into(),
        IpAddr::V6(_) => Ipv6Addr::from_bits(number).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Block, parse_addresses};
    use proptest::prelude::*;
    use std::net::{IpAddr, Ipv4Addr};

    fn addresses(text: &str) -> Vec<String> {
        parse_addresses(text).expect(text).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn lists_are_read() {
        assert_eq!(addresses("127.0.0.2"), ["127.0.0.2"]);
        assert_eq!(addresses("10.0.0.254-10.0.1.1"), ["10.0.0.254", "10.0.0.255", "10.0.1.0", "10.0.1.1"]);
        assert_eq!(addresses("10.0.0.5/30"), ["10.0.0.5", "10.0.0.6"]);
        assert_eq!(addresses("10.0.0.4/31"), ["10.0.0.4", "10.0.0.5"]);
        assert_eq!(addresses("10.0.0.4/32"), ["10.0.0.4"]);
        assert_eq!(addresses("[fd00::a]-fd00::b"), ["fd00::a", "fd00::b"]);
        assert_eq!(addresses("fd00::/127"), ["fd00::", "fd00::1"]);
        assert_eq!(addresses("10.0.0.0/16").len(), 65_534);
    }

    #[test]
    fn what_is_no_list_is_refused() {
        for text in
            ["", "x", "10.0.0", "10.0.0.1/33", "fd00::/129", "10.0.0.1-", "10.0.0.1-fd00::", "10.0.0.1/x"]
        {
            assert!(parse_addresses(text).expect_err(text).contains("is not an address"), "{text}");
        }
        assert_eq!(
            parse_addresses("10.0.0.2-10.0.0.1").unwrap_err(),
            "`10.0.0.2-10.0.0.1` ends before it begins"
        );
        for text in ["10.0.0.0/8", "::/0", "0.0.0.0/0", "::-ffff::"] {
            assert_eq!(
                parse_addresses(text).expect_err(text),
                format!("`{text}` is more than 65536 addresses")
            );
        }
    }

    #[test]
    fn a_block_contains_what_it_should() {
        let contains = |block: &str, address: &str| {
            Block::parse(block).expect(block).contains(address.parse().expect("an address"))
        };
        assert!(contains("10.0.0.0/8", "10.255.1.2") && !contains("10.0.0.0/8", "11.0.0.0"));
        assert!(contains("0.0.0.0/0", "1.2.3.4") && !contains("0.0.0.0/0", "::1") && contains("::/0", "::1"));
        assert!(contains("::1", "::1") && !contains("::1", "::2") && !contains("0.0.0.1", "::1"));
    }

    proptest! {
        #[test]
        fn a_block_is_its_addresses(bits in any::<u32>(), prefix in 17u32..=30, other in any::<u32>()) {
            let text = format!("{}/{prefix}", Ipv4Addr::from_bits(bits));
            let hosts = parse_addresses(&text).expect("a block");
            prop_assert_eq!(hosts.len(), (1 << (32 - prefix)) - 2);
            let block = Block::parse(&text).expect("a block");
            prop_assert!(hosts.iter().all(|host| block.contains(*host)));
            let other = IpAddr::from(Ipv4Addr::from_bits(other));
            prop_assert!(!hosts.contains(&other) || block.contains(other));
        }

        #[test]
        fn no_text_makes_it_panic(text in "[0-9a-f.:/\\-\\[\\]]{0,40}", any in ".{0,20}") {
            let _ = (parse_addresses(&text), parse_addresses(&any), Block::parse(&any));
        }
    }
}
