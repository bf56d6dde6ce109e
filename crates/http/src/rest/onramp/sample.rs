//! Heads, connections and settings for tests of this module.
#![allow(clippy::unwrap_used)] // helpers of tests

use std::net::SocketAddr;

use bytes::Bytes;
use temblor_runtime::config::{ConfigError, ConfigReader};
use temblor_value::{Value, json};

use crate::connection::{Addresses, ConnectionInfo};
use crate::message::{Headers, Method, Name, RequestHead, Slot, Target, Version};

/// A received head of HTTP/1.1. Names are in lower case.
pub(super) fn head(method: Method, fields: &[(&str, &str)]) -> RequestHead {
    let mut buffer = Vec::new();
    let mut slots = Vec::new();
    let mut put = |text: &str| {
        buffer.extend_from_slice(text.as_bytes());
        ((buffer.len() - text.len()) as u32, text.len() as u32)
    };
    for (name, value) in fields {
        let (name_start, name_len) = put(name);
        let (value_start, value_len) = put(value);
        slots.push(Slot {
            known: Name::from_lower(name.as_bytes()),
            name_start,
            name_len,
            value_start,
            value_len,
        });
    }
    RequestHead {
        method,
        target: Target::parse(Bytes::from_static(b"/")).unwrap(),
        version: Version::Http11,
        headers: Headers::new(Bytes::from(buffer), slots),
    }
}

/// A plain connection from `peer` to port 8080 here.
pub(super) fn connection(peer: &str) -> ConnectionInfo {
    ConnectionInfo::direct(Addresses {
        peer: peer.parse::<SocketAddr>().unwrap(),
        local: "10.0.0.9:8080".parse().unwrap(),
    })
}

/// Reads a setting written as JSON.
pub(super) fn setting<T>(text: &str, read: impl FnOnce(ConfigReader<'_>) -> Result<T, ConfigError>) -> Result<T, String> {
    let value: Value = json::from_str(text).unwrap();
    ConfigReader::new(Some(&value))
        .and_then(read)
        .map_err(|error| error.to_string())
}
