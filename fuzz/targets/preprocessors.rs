//! Every preprocessor takes every input within its limits; how a stream is cut changes nothing where the specification says so; what a
//! postprocessor writes, the preprocessor of its name reads.
//!
//! Input: a letter (processor), two bytes (places of cuts), then the stream.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use temblor_codec::{Limits, PreFactory, postprocessor, preprocessor, preprocessor_names};
use temblor_fuzz::choose;

const LIMITS: Limits = Limits {
    decompressed_bytes: 1 << 20,
    frame_bytes: 1 << 16,
    pending_bytes: 1 << 16,
};

/// Processors for which the stream counts and not its chunks (spec/formats.md 5.1, 5.4).
const STREAMS: [&str; 5] = [
    "lines",
    "lines-null",
    "lines-pipe",
    "length-prefixed",
    "textual-length-prefix",
];

/// All messages of the parts, `None` after an error.
fn messages(factory: PreFactory, parts: &[&[u8]]) -> Option<Vec<Bytes>> {
    let mut processor = factory.create(&LIMITS);
    let mut out = Vec::new();
    let mut failed = false;
    for part in parts {
        failed |= processor.process(Bytes::copy_from_slice(part), &mut 0, &mut out).is_err();
    }
    failed |= processor.finish(&mut out).is_err();
    let bound = LIMITS.decompressed_bytes.max(parts.iter().map(|part| part.len()).sum());
    assert!(out.iter().all(|message| message.len() <= bound), "message beyond the limits");
    (!failed).then_some(out)
}

fn round_trip(name: &str, factory: PreFactory, message: &[u8]) {
    let Some(writer) = postprocessor(name) else { return };
    let mut written = Vec::new();
    if writer
        .create()
        .process(Bytes::copy_from_slice(message), 1, 2, &mut written)
        .is_err()
    {
        return;
    }
    let parts: Vec<&[u8]> = written.iter().map(AsRef::as_ref).collect();
    let splits = name == "lines" && message.contains(&b'\n');
    if !splits && !message.is_empty() {
        assert_eq!(
            messages(factory, &parts),
            Some(vec![Bytes::copy_from_slice(message)]),
            "{name} does not read what it writes"
        );
    }
}

fuzz_target!(|data: &[u8]| {
    let names: Vec<_> = preprocessor_names().collect();
    let Some((choice, rest)) = choose(data, names.len()) else {
        return;
    };
    let [first, second, stream @ ..] = rest else { return };
    let name = names[choice];
    let factory = preprocessor(name).unwrap();
    let at = usize::from(*first).min(stream.len());
    let (head, tail) = stream.split_at(at);
    let (middle, end) = tail.split_at(usize::from(*second).min(tail.len()));
    let whole = messages(factory, &[stream]);
    let cut = messages(factory, &[head, middle, end]);
    if STREAMS.contains(&name)
        && let (Some(whole), Some(cut)) = (whole, cut)
    {
        assert_eq!(whole, cut, "{name} depends on how the stream is cut");
    }
    round_trip(name, factory, stream);
});
