//! Units that Temblor's settings are written in (spec/proxy.md 0.2).

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

use ipnet::IpNet;
use temblor_value::{Str, Value};

use crate::error::ConfigError;
use crate::reader::convert::{Field, FromConfig};

/// A number of bytes, written as an integer or as `64KiB`, `1MiB`, `2GiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(pub u64);

/// A number from 0 to 100.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Percent(f64);

/// A set of HTTP status codes, written as a list of `503`, `"500-599"`, `"5xx"`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statuses(Vec<RangeInclusive<u16>>);

/// A set of networks, written as a list of addresses and CIDR texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addresses(Vec<IpNet>);

impl Percent {
    /// The number, from 0 to 100.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl Statuses {
    /// Whether the status belongs to the set.
    pub fn contains(&self, status: u16) -> bool {
        self.0.iter().any(|range| range.contains(&status))
    }
}

impl Addresses {
    /// Whether the address lies in one of the networks. An IPv4 address mapped into IPv6 counts as what it is.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The networks in the order written.
    pub fn networks(&self) -> &[IpNet] {
        &self.0
    }
}

/// A non-negative integer, or the text of one with a unit.
enum Quantity<'a> {
    Bare(u64),
    WithUnit(u64, &'a str),
}

fn quantity(value: &Value) -> Option<Quantity<'_>> {
    if let Value::Str(text) = value {
        let end = text.find(|c: char| !c.is_ascii_digit())?;
        let (digits, unit) = text.split_at(end);
        return Some(Quantity::WithUnit(digits.parse().ok()?, unit));
    }
    match value {
        Value::I64(integer) => u64::try_from(*integer).ok().map(Quantity::Bare),
        Value::U64(integer) => Some(Quantity::Bare(*integer)),
        _ => None,
    }
}

impl<'a> FromConfig<'a> for Duration {
    fn from_config(field: Field<'a>) -> Result<Self, ConfigError> {
        let millis = match quantity(field.value()) {
            Some(Quantity::Bare(millis) | Quantity::WithUnit(millis, "ms")) => Some(millis),
            Some(Quantity::WithUnit(count, "s")) => count.checked_mul(1_000),
            Some(Quantity::WithUnit(count, "m")) => count.checked_mul(60_000),
            Some(Quantity::WithUnit(count, "h")) => count.checked_mul(3_600_000),
            _ => None,
        };
        millis
            .map(Self::from_millis)
            .ok_or_else(|| field.mismatch("a duration: milliseconds as an integer, or text like 250ms, 10s, 5m, 1h"))
    }
}

impl<'a> FromConfig<'a> for ByteSize {
    fn from_config(field: Field<'a>) -> Result<Self, ConfigError> {
        let bytes = match quantity(field.value()) {
            Some(Quantity::Bare(bytes)) => Some(bytes),
            Some(Quantity::WithUnit(count, "KiB")) => count.checked_mul(1 << 10),
            Some(Quantity::WithUnit(count, "MiB")) => count.checked_mul(1 << 20),
            Some(Quantity::WithUnit(count, "GiB")) => count.checked_mul(1 << 30),
            _ => None,
        };
        bytes
            .map(Self)
            .ok_or_else(|| field.mismatch("a size: bytes as an integer, or text like 64KiB, 1MiB, 2GiB"))
    }
}

impl<'a> FromConfig<'a> for Percent {
    fn from_config(field: Field<'a>) -> Result<Self, ConfigError> {
        match field.value().as_f64() {
            Some(number) if (0.0..=100.0).contains(&number) => Ok(Self(number)),
            _ => Err(field.mismatch("a number from 0 to 100")),
        }
    }
}

impl<'a> FromConfig<'a> for Statuses {
    fn from_config(field: Field<'a>) -> Result<Self, ConfigError> {
        let ranges = field.elements()?.map(|element| {
            status_range(element.value())
                .ok_or_else(|| element.mismatch("a status from 100 to 999, a range like \"500-599\" or a class like \"5xx\""))
        });
        Ok(Self(ranges.collect::<Result<_, _>>()?))
    }
}

fn status_range(value: &Value) -> Option<RangeInclusive<u16>> {
    let Value::Str(text) = value else {
        let status = value
            .as_u64()
            .and_then(|status| u16::try_from(status).ok())
            .filter(is_status)?;
        return Some(status..=status);
    };
    if let Some(class) = text.strip_suffix("xx") {
        let first = status(&format!("{class}00"))?;
        return (class.len() == 1).then(|| first..=first + 99);
    }
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let range = status(first)?..=status(last)?;
    (!range.is_empty()).then_some(range)
}

fn status(text: &str) -> Option<u16> {
    let is_written_in_digits = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|status| is_written_in_digits && is_status(status))
}

fn is_status(status: &u16) -> bool {
    (100..=999).contains(status)
}

impl<'a> FromConfig<'a> for Addresses {
    fn from_config(field: Field<'a>) -> Result<Self, ConfigError> {
        let networks = field.elements()?.map(|element| {
            network(element.value()).ok_or_else(|| element.mismatch("an IP address or network like 10.0.0.0/8 or fd00::/8"))
        });
        Ok(Self(networks.collect::<Result<_, _>>()?))
    }
}

fn network(value: &Value) -> Option<IpNet> {
    let Value::Str(text) = value else {
        return None;
    };
    let text: &Str = text;
    text.parse::<IpNet>()
        .ok()
        .map(|network| network.trunc())
        .or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}
