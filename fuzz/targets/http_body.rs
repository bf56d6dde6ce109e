//! Chunked bodies are read alike however they are cut.
//!
//! Input: the bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use temblor_fuzz::cuts;
use temblor_http::h1::fuzzing::chunked_body;

fuzz_target!(|data: &[u8]| {
    let whole = chunked_body(&[data]);
    for parts in cuts(data) {
        assert_eq!(chunked_body(&parts), whole, "read differently in {} parts", parts.len());
    }
});
