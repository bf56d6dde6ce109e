//! Heads, connections and settings for tests of this module.
#![allow(clippy::unwrap_used)] // helpers of tests

use std::net::SocketAddr;

use bytes::Bytes;
use temblor_runtime::config::{ConfigError, ConfigReader};
use temblor_value::{Value, json};

use crate::connection::{Addresses, ConnectionInfo};
use crate::message::{Method, RequestHead, Target, Version};
use crate::testing::headers_of;

/// A received head of HTTP/1.1. Names are in lower case.
pub(super) fn head(method: Method, fields: &[(&str, &str)]) -> RequestHead {
    RequestHead {
        method,
        target: Target::parse(Bytes::from_static(b"/")).unwrap(),
        version: Version::Http11,
        headers: headers_of(fields.iter().map(|(name, value)| (*name, value.as_bytes()))),
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
