//! Every deployment document is read or refused with a message.
//!
//! Input: the document.
#![no_main]

use libfuzzer_sys::fuzz_target;
use temblor_config::Document;

fuzz_target!(|data: &[u8]| match Document::parse("fuzz.yaml", data) {
    Ok(document) => assert!(!format!("{document:?}").is_empty()),
    Err(error) => assert!(!error.to_string().is_empty()),
});
