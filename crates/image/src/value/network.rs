//! Addresses and blocks of addresses (`COND-75` to `COND-78`).
//!
//! An address is a number and a block a base with a mask, so that a test is one operation and a comparison. IPv4 is read
//! without a loop, which took reading one from 240 instructions to 99 (`docs/benchmarks/targets.md`).

use core::net::{Ipv4Addr, Ipv6Addr};

/// An address, or a block of them, as the bits that are fixed. A single address has a mask of ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Network {
    /// IPv4.
    V4 {
        /// The address with host bits cleared.
        base: u32,
        /// Ones where an address must agree with the base.
        mask: u32,
    },
    /// IPv6. Mapped IPv4 addresses are IPv6 addresses like any other (`COND-75`).
    V6 {
        /// The address with host bits cleared.
        base: u128,
        /// Ones where an address must agree with the base.
        mask: u128,
    },
}

/// An address of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Address {
    /// IPv4.
    V4(u32),
    /// IPv6.
    V6(u128),
}

impl Address {
    /// Reads one address; a block is not an address (`COND-78`). None for every other text.
    pub fn parse(text: &str) -> Option<Address> {
        if let Some(address) = parse_v4(text.as_bytes()) {
            return Some(Address::V4(address));
        }
        let address: Ipv6Addr = text.parse().ok()?;
        Some(Address::V6(u128::from(address)))
    }
}

impl Network {
    /// Reads an address or a block. Without a prefix length it is the single address (`COND-76`);
    /// host bits are ignored (`COND-77`).
    ///
    /// ```
    /// use portcullis_image::value::network::{Address, Network};
    /// let block = Network::parse("203.0.113.9/24").unwrap();
    /// assert!(block.contains(Address::parse("203.0.113.200").unwrap()));
    /// assert!(Network::parse("203.0.113.0/33").is_none());
    /// ```
    pub fn parse(text: &str) -> Option<Network> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(prefix_length(length)?)),
            None => (text, None),
        };
        match Address::parse(address)? {
            Address::V4(base) => {
                let host = 32_u32.checked_sub(length.unwrap_or(32))?;
                let mask = u32::MAX.checked_shl(host).unwrap_or(0);
                Some(Network::V4 {
                    base: base & mask,
                    mask,
                })
            }
            Address::V6(base) => {
                let host = 128_u32.checked_sub(length.unwrap_or(128))?;
                let mask = u128::MAX.checked_shl(host).unwrap_or(0);
                Some(Network::V6 {
                    base: base & mask,
                    mask,
                })
            }
        }
    }

    /// True if the address lies in the block. The two families never match each other (`COND-75`).
    pub fn contains(&self, address: Address) -> bool {
        match (*self, address) {
            (Network::V4 { base, mask }, Address::V4(address)) => address & mask == base,
            (Network::V6 { base, mask }, Address::V6(address)) => address & mask == base,
            _ => false,
        }
    }
}

/// `a.b.c.d`: like [`Ipv4Addr`]'s own parser, which refuses leading zeros too, and faster.
fn parse_v4(text: &[u8]) -> Option<u32> {
    let (first, rest) = octet(text)?;
    let (second, rest) = octet(rest.strip_prefix(b".")?)?;
    let (third, rest) = octet(rest.strip_prefix(b".")?)?;
    let (fourth, rest) = octet(rest.strip_prefix(b".")?)?;
    let address = first << 24 | second << 16 | third << 8 | fourth;
    rest.is_empty().then_some(address)
}

/// A number below 256 without zeros before it, and what stands behind it.
#[inline(always)]
fn octet(text: &[u8]) -> Option<(u32, &[u8])> {
    let digit = |byte: &u8| {
        let digit = byte.wrapping_sub(b'0');
        (digit < 10).then_some(u32::from(digit))
    };
    let (first, rest) = text.split_first()?;
    let mut octet = digit(first)?;
    let Some((second, behind)) = rest.split_first() else {
        return Some((octet, rest));
    };
    let Some(second) = digit(second) else {
        return Some((octet, rest));
    };
    if octet == 0 {
        return None;
    }
    octet = octet * 10 + second;
    let third = behind.split_first();
    match third.and_then(|(third, behind)| Some((digit(third)?, behind))) {
        Some((third, behind)) => {
            octet = octet * 10 + third;
            (octet < 256).then_some((octet, behind))
        }
        None => Some((octet, behind)),
    }
}

/// The number behind the slash, without sign and leading zeros.
fn prefix_length(text: &str) -> Option<u32> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let padded = text.len() > 1 && text.starts_with('0');
    if !plain || padded {
        return None;
    }
    text.parse().ok()
}

/// The text form of an IPv4 base, for the disassembler.
pub(crate) fn v4_text(base: u32) -> Ipv4Addr {
    Ipv4Addr::from(base)
}

/// The text form of an IPv6 base, for the disassembler.
pub(crate) fn v6_text(base: u128) -> Ipv6Addr {
    Ipv6Addr::from(base)
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::string::ToString;

    #[test]
    fn cond_77_blocks() {
        let contains = |block: &str, address: &str| {
            Network::parse(block)
                .unwrap()
                .contains(Address::parse(address).unwrap())
        };
        assert!(contains("10.0.0.0/8", "10.255.0.1"));
        assert!(!contains("10.0.0.0/8", "11.0.0.1"));
        assert!(contains("0.0.0.0/0", "255.255.255.255"));
        assert!(!contains("0.0.0.0/0", "::1"));
        assert!(contains("203.0.113.9", "203.0.113.9"));
        assert!(contains("2001:db8::/32", "2001:db8:1::1"));
        assert!(contains("::/0", "::ffff:1.2.3.4"));
        assert!(!contains("1.2.3.4", "::ffff:1.2.3.4"));
        assert!(!contains("2001:db8::1", "2001:db8::2"));
        for bad in [
            "",
            "1.2.3",
            "1.2.3.4.5",
            "01.2.3.4",
            "1.2.3.256",
            "1.2.3.4/33",
            "1.2.3.4/",
            "1.2.3.4/+8",
            "1.2.3.4/08",
            "1.2.3.4/8/8",
            "::1/129",
            ":::",
            "1.2.3.4 ",
            "fe80::1%eth0",
            "AWS Internal",
            "1..3.4",
        ] {
            assert!(Network::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn the_v4_reader_agrees_with_the_standard_library() {
        let pieces = [
            "", "0", "1", "00", "01", "255", "256", "9", "1000", ".", "..", "-1", " ", "a",
        ];
        for a in pieces {
            for b in pieces {
                for c in pieces {
                    for d in ["0", "7", "", "300"] {
                        let text = [a, b, c, d].join(".");
                        assert_eq!(
                            parse_v4(text.as_bytes()),
                            text.parse::<Ipv4Addr>().ok().map(u32::from),
                            "{text}"
                        );
                    }
                }
            }
        }
        assert_eq!(v4_text(0x0102_0304).to_string(), "1.2.3.4");
        assert_eq!(v6_text(1).to_string(), "::1");
    }
}
