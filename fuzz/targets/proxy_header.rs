//! PROXY headers are read alike however they arrive, and never together with what follows.
//!
//! Input: the bytes of a connection's beginning.
#![no_main]

use libfuzzer_sys::fuzz_target;
use temblor_http::proxy_protocol::{Parsed, parse};

fuzz_target!(|data: &[u8]| {
    let whole = parse(data);
    let own = match &whole {
        Ok(Parsed::Complete(_, length)) => *length,
        _ => data.len(),
    };
    assert!((1..=data.len()).contains(&own) || data.is_empty(), "a header of {own} bytes in {}", data.len());
    for cut in 0..own {
        match parse(&data[..cut]) {
            Ok(Parsed::Incomplete) => {}
            Ok(Parsed::Complete(..)) => panic!("complete after {cut} of {own} bytes"),
            Err(_) => assert!(whole.is_err(), "refused after {cut} bytes and taken after {own}"),
        }
    }
    if whole.is_ok() {
        assert_eq!(parse(&data[..own]), whole, "what follows changes the header");
    }
});
