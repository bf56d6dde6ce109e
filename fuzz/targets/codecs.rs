//! Every codec decodes or refuses every message; a value it gave is encoded and read back as it was, where it can be encoded at all.
//!
//! Input: a letter (codec), then the message. A message that is JSON is encoded by the codec as well.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use temblor_codec::{Codec, Scratch, codec, codec_names};
use temblor_fuzz::choose;
use temblor_value::{Value, json};

/// Time that messages without one of their own get, in ns.
const NOW: u64 = 1_700_000_000_000_000_000;

fn decode(codec: &dyn Codec, message: &[u8]) -> Option<Option<Value>> {
    codec
        .decode(Bytes::copy_from_slice(message), &mut Scratch::default(), &mut NOW.clone())
        .ok()
}

fn encode(codec: &dyn Codec, value: &Value) -> Option<Vec<u8>> {
    let mut message = Vec::new();
    codec.encode(value, &mut message).ok().map(|()| message)
}

/// Codecs whose every value survives being written and read; the others write what their format can hold.
fn is_lossless(name: &str) -> bool {
    matches!(name, "json" | "msgpack" | "yaml" | "string" | "binary")
}

fuzz_target!(|data: &[u8]| {
    let names: Vec<_> = codec_names().collect();
    let Some((choice, message)) = choose(data, names.len()) else {
        return;
    };
    let codec = codec(names[choice]).unwrap();
    let codec = codec.as_ref();
    let decoded = decode(codec, message);
    assert_eq!(
        decoded.is_some(),
        codec.check(message, &mut Scratch::default()).is_ok(),
        "check and decode differ"
    );
    assert!(decoded.is_some() || !codec.accepts_any_bytes());
    if message.is_empty() {
        assert_eq!(matches!(decoded, Some(Some(_))), codec.decodes_empty());
    }
    if let Some(Some(value)) = decoded {
        let written = encode(codec, &value);
        assert!(
            written.is_some() || !is_lossless(codec.name()),
            "cannot be encoded: {value:?}"
        );
        if let Some(written) = written {
            let again = decode(codec, &written).map(|again| again.map(|value| json::to_string(&value)));
            let same = again == Some(Some(json::to_string(&value)));
            assert!(same || !is_lossless(codec.name()), "{value:?} comes back as {again:?}");
        }
    }
    if let Some(value) = std::str::from_utf8(message).ok().and_then(|text| json::from_str(text).ok())
        && let Some(written) = encode(codec, &value)
    {
        assert!(
            decode(codec, &written).is_some() || codec.name() != "msgpack",
            "own message refused"
        );
    }
});
