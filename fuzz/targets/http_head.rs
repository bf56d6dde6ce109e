//! Heads of requests and responses are read alike however they are cut.
//!
//! Input: a letter (request or response), then the bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use temblor_fuzz::{choose, cuts};
use temblor_http::h1::fuzzing::{request_head, response_head};

fuzz_target!(|data: &[u8]| {
    let Some((choice, bytes)) = choose(data, 2) else { return };
    let read = if choice == 0 { request_head } else { response_head };
    let whole = read(&[bytes]);
    for parts in cuts(bytes) {
        assert_eq!(read(&parts), whole, "read differently in {} parts", parts.len());
    }
});
