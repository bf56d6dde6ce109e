//! Frames of HTTP/2 are counted alike however they are cut.
//!
//! Input: the bytes behind the preface.
#![no_main]

use libfuzzer_sys::fuzz_target;
use temblor_fuzz::cuts;
use temblor_http::h2::fuzzing::control_frames;

fuzz_target!(|data: &[u8]| {
    let whole = control_frames(&[data]);
    for parts in cuts(data) {
        assert_eq!(control_frames(&parts), whole, "counted differently in {} parts", parts.len());
    }
});
