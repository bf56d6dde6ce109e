//! `cidr`: addresses and networks of IPv4 and IPv6 (spec/extractors.md 3.9).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use temblor_syntax::ast::Dialect;
use temblor_value::{Key, ObjectMap, Value};

use super::{Extract, ExtractError, bad, text};

/// Compiles the extractor: any address without a format, else those inside the networks that the format lists.
pub(super) fn compile(format: &str, dialect: Dialect) -> Result<Box<dyn Extract>, ExtractError> {
    let reading = Reading { dialect };
    let shape = Shape {
        prefix: Key::new("prefix"),
        mask: Key::new("mask"),
    };
    if format.is_empty() {
        return Ok(Box::new(Any { reading, shape }));
    }
    let networks = format
        .split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .map(|item| {
            reading
                .network(item)
                .ok_or_else(|| bad(format!("could not parse CIDR: '{item}'")))
        })
        .collect::<Result<_, _>>()?;
    Ok(Box::new(Within { networks, shape }))
}

/// An address with the length of its network part in bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Network {
    V4(Ipv4Addr, u8),
    V6(Ipv6Addr, u8),
}

impl Network {
    /// The network of one address.
    fn host(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::V4(address, 32),
            IpAddr::V6(address) => Self::V6(address, 128),
        }
    }

    fn contains(self, address: IpAddr) -> bool {
        match (self, address) {
            (Self::V4(own, bits), IpAddr::V4(other)) => (own.to_bits() ^ other.to_bits()) & mask_v4(bits) == 0,
            (Self::V6(own, bits), IpAddr::V6(other)) => (own.to_bits() ^ other.to_bits()) & mask_v6(bits) == 0,
            _ => false,
        }
    }
}

fn mask_v4(bits: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0)
}

fn mask_v6(bits: u8) -> u128 {
    u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0)
}

/// How short addresses are read.
#[derive(Clone, Copy)]
struct Reading {
    dialect: Dialect,
}

impl Reading {
    /// An address, or a network `address/bits`.
    fn network(self, text: &str) -> Option<Network> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        if address.contains(':') {
            let bits = bits.map_or(Some(128), |bits| number(bits, 3, 128))?;
            Some(Network::V6(address.parse().ok()?, bits))
        } else {
            let bits = bits.map_or(Some(32), |bits| number(bits, 2, 32))?;
            Some(Network::V4(self.short_v4(address)?, bits))
        }
    }

    /// An IPv4 address of one to four octets: the last stands last, missing ones in the middle are 0. A single one stands first in dialect
    /// 0.9 (spec/dialects.md X1).
    fn short_v4(self, text: &str) -> Option<Ipv4Addr> {
        let mut octets = [0; 4];
        let mut count = 0;
        for part in text.split('.') {
            *octets.get_mut(count)? = number(part, usize::MAX, 255)?;
            count += 1;
        }
        let single_first = count == 1 && self.dialect == Dialect::V09;
        if !single_first {
            octets.swap(count - 1, 3);
        }
        Some(Ipv4Addr::from(octets))
    }
}

/// A decimal number of at most `digits` digits and at most `most`.
fn number(text: &str, digits: usize, most: u8) -> Option<u8> {
    let well_formed = (1..=digits).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let significant = text.trim_start_matches('0');
    let value = match significant {
        "" => 0,
        _ => significant.parse().ok()?,
    };
    (well_formed && value <= most).then_some(value)
}

/// The keys of the extracted record.
struct Shape {
    prefix: Key,
    mask: Key,
}

impl Shape {
    /// The record of a network, its host bits cleared.
    fn record(&self, network: Network) -> Value {
        let (prefix, mask) = match network {
            Network::V4(address, bits) => {
                let mask = mask_v4(bits);
                (numbers((address.to_bits() & mask).to_be_bytes()), numbers(mask.to_be_bytes()))
            }
            Network::V6(address, bits) => {
                let mask = mask_v6(bits);
                (
                    numbers(Ipv6Addr::from_bits(address.to_bits() & mask).segments()),
                    numbers(Ipv6Addr::from_bits(mask).segments()),
                )
            }
        };
        let mut record = ObjectMap::with_capacity(2);
        record.insert_key(&self.prefix, prefix);
        record.insert_key(&self.mask, mask);
        Value::from(record)
    }
}

fn numbers<T: Into<i64>, const N: usize>(parts: [T; N]) -> Value {
    Value::from(parts.into_iter().map(|part| Value::from(part.into())).collect::<Vec<_>>())
}

/// Without a format: any address or network.
struct Any {
    reading: Reading,
    shape: Shape,
}

impl Extract for Any {
    fn accepts(&self, target: &Value) -> bool {
        text(target).is_some_and(|text| self.reading.network(text).is_some())
    }

    fn extract(&self, target: &Value, _ingest_ns: u64) -> Option<Value> {
        let network = self.reading.network(text(target)?)?;
        Some(self.shape.record(network))
    }
}

/// With a format: complete addresses inside one of its networks.
struct Within {
    networks: Vec<Network>,
    shape: Shape,
}

impl Within {
    fn address(&self, target: &Value) -> Option<IpAddr> {
        let address = text(target)?.parse().ok()?;
        self.networks
            .iter()
            .any(|network| network.contains(address))
            .then_some(address)
    }
}

impl Extract for Within {
    fn accepts(&self, target: &Value) -> bool {
        self.address(target).is_some()
    }

    fn extract(&self, target: &Value, _ingest_ns: u64) -> Option<Value> {
        Some(self.shape.record(Network::host(self.address(target)?)))
    }
}

#[cfg(test)]
mod tests {
    use temblor_value::json;

    use super::*;

    fn extracted_in(dialect: Dialect, format: &str, text: &str) -> Option<String> {
        let extractor = compile(format, dialect).ok().unwrap();
        let target = Value::from(text);
        let extracted = extractor.extract(&target, 0);
        assert_eq!(extractor.accepts(&target), extracted.is_some(), "{text}");
        extracted.map(|value| json::to_string(&value))
    }

    fn extracted(format: &str, text: &str) -> Option<String> {
        extracted_in(Dialect::Modern, format, text)
    }

    /// The record as text without its quotes and key names: `prefix/mask`.
    fn short(record: Option<String>) -> Option<String> {
        record.map(|text| {
            text.replace(r#"{"prefix":["#, "")
                .replace(r#"],"mask":["#, "/")
                .replace("]}", "")
        })
    }

    #[test]
    fn addresses_and_networks() {
        for (text, record) in [
            ("192.168.7.9", "192,168,7,9/255,255,255,255"),
            ("172.16.9.1/12", "172,16,0,0/255,240,0,0"),
            ("10.1.2.3/0", "0,0,0,0/0,0,0,0"),
            ("10.1.2.3/9", "10,0,0,0/255,128,0,0"),
            ("10.1.2.3/08", "10,0,0,0/255,0,0,0"),
            ("010.001.000.0008", "10,1,0,8/255,255,255,255"),
            ("10.1", "10,0,0,1/255,255,255,255"),
            ("10.1.2", "10,1,0,2/255,255,255,255"),
            ("7", "0,0,0,7/255,255,255,255"),
            ("10/8", "0,0,0,0/255,0,0,0"),
            ("10.1/8", "10,0,0,0/255,0,0,0"),
            ("2001:db8:ffff::7/32", "8193,3512,0,0,0,0,0,0/65535,65535,0,0,0,0,0,0"),
            ("::1", "0,0,0,0,0,0,0,1/65535,65535,65535,65535,65535,65535,65535,65535"),
            ("64:ff9b::1/0", "0,0,0,0,0,0,0,0/0,0,0,0,0,0,0,0"),
        ] {
            assert_eq!(short(extracted("", text)).as_deref(), Some(record), "{text}");
        }
    }

    #[test]
    fn a_single_number_stands_first_in_the_old_dialect() {
        for (text, record) in [
            ("10", "10,0,0,0/255,255,255,255"),
            ("10/8", "10,0,0,0/255,0,0,0"),
            ("10.1", "10,0,0,1/255,255,255,255"),
        ] {
            assert_eq!(short(extracted_in(Dialect::V09, "", text)).as_deref(), Some(record), "{text}");
        }
        assert!(extracted_in(Dialect::V09, "10/8", "10.9.9.9").is_some());
        assert!(extracted("10/8", "10.9.9.9").is_none());
        assert!(extracted("10/8", "0.9.9.9").is_some());
    }

    #[test]
    fn anything_else_does_not_match() {
        for text in [
            "",
            "300.1.1.1",
            "256",
            "1.2.3.4.5",
            "1.2.3.",
            "1..2",
            ".",
            "1.2.3.4/",
            "1.2.3.4/33",
            "1.2.3.4/032",
            "1.2.3.4/a",
            "pump",
            " 1.2.3.4",
            "+1.2.3.4",
            "2001:db8::/129",
            "::/0128",
            "::g",
            ":",
            "/8",
            "1/8/8",
        ] {
            assert_eq!(extracted("", text), None, "{text}");
        }
    }

    #[test]
    fn with_networks_only_complete_addresses_inside_match() {
        let rule = "10.0.0.0/8, 192.168.0.0/16,, 2001:db8::/32,172.16.0.5";
        for (text, record) in [
            ("10.9.8.7", "10,9,8,7/255,255,255,255"),
            ("192.168.255.1", "192,168,255,1/255,255,255,255"),
            ("172.16.0.5", "172,16,0,5/255,255,255,255"),
            (
                "2001:db8:1::5",
                "8193,3512,1,0,0,0,0,5/65535,65535,65535,65535,65535,65535,65535,65535",
            ),
        ] {
            assert_eq!(short(extracted(rule, text)).as_deref(), Some(record), "{text}");
        }
        for text in [
            "172.16.0.6",
            "192.169.0.1",
            "10.0.0.0/8",
            "10.1",
            "010.0.0.1",
            "",
            "ten",
            "2001:db9::5",
            "::ffff:10.0.0.1",
        ] {
            assert_eq!(extracted(rule, text), None, "{text}");
        }
        assert!(extracted("::/0", "fe80::1").is_some());
        assert!(extracted("::/0", "1.2.3.4").is_none());
    }

    #[test]
    fn bad_networks_are_refused() {
        for (format, item) in [("10.0.0.0/40", "10.0.0.0/40"), ("10.0.0.0/8, nope", "nope")] {
            let error = compile(format, Dialect::Modern).err().unwrap();
            assert_eq!(error.to_string(), format!("could not parse CIDR: '{item}'"));
        }
    }
}
