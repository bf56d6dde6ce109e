//! formats.md 5 and 6.

use proptest::prelude::*;

use super::*;

/// One preprocessor, fed with chunks.
struct Pre(PreChain, u64);

impl Pre {
    fn new(names: &[&str]) -> Self {
        Self::limited(names, &Limits::default())
    }

    fn limited(names: &[&str], limits: &Limits) -> Self {
        Self(PreChain::new(&PreChain::factories(names).unwrap(), limits), 0)
    }

    fn run(&mut self, chunk: impl AsRef<[u8]>) -> Result<Vec<Vec<u8>>, String> {
        let mut out = vec![Bytes::from_static(b"before")];
        let result = self.0.run(Bytes::copy_from_slice(chunk.as_ref()), &mut self.1, &mut out);
        assert_eq!(out.remove(0), "before");
        if result.is_err() {
            assert!(out.is_empty(), "nothing of a chunk with an error is kept");
        }
        result
            .map_err(|error| error.to_string())
            .map(|()| out.iter().map(|message| message.to_vec()).collect())
    }

    /// Messages as text, with a comma behind each.
    fn text(&mut self, chunk: impl AsRef<[u8]>) -> String {
        let messages = self.run(chunk).unwrap();
        messages
            .iter()
            .map(|message| String::from_utf8_lossy(message).into_owned() + ",")
            .collect()
    }

    fn finish(&mut self) -> Vec<Bytes> {
        let mut out = Vec::new();
        self.0.finish(&mut self.1, &mut out).unwrap();
        out
    }
}

fn post(names: &[&str], messages: &[&[u8]]) -> Result<Vec<Vec<u8>>, String> {
    let mut chain = PostChain::new(&PostChain::factories(names).unwrap());
    let mut out = Vec::new();
    for message in messages {
        chain
            .run(Bytes::copy_from_slice(message), 5, 6, &mut out)
            .map_err(|error| error.to_string())?;
    }
    Ok(out.iter().map(|message| message.to_vec()).collect())
}

#[test]
fn registered_names_are_those_of_the_specification() {
    let pre = "lines lines-null lines-pipe lines-no-buffer lines-cr-no-buffer base64 gzip zlib xz2 snappy lz4 decompress remove-empty gelf-chunking \
               gelf-chunking-tcp ingest-ns length-prefixed textual-length-prefix zstd xz";
    for name in pre.split_whitespace() {
        let factory = preprocessor(name).unwrap();
        assert_eq!(factory.name(), if name == "xz" { "xz2" } else { name });
        assert_eq!(factory.create(&Limits::default()).name(), factory.name());
    }
    assert_eq!(preprocessor_names().count(), 19);
    let post = "lines base64 gzip zlib xz2 snappy lz4 ingest-ns length-prefixed gelf-chunking textual-length-prefix zstd xz";
    for name in post.split_whitespace() {
        let factory = postprocessor(name).unwrap();
        assert_eq!(factory.name(), if name == "xz" { "xz2" } else { name });
        assert_eq!(factory.create().name(), factory.name());
    }
    assert_eq!(postprocessor_names().count(), 12);
}

#[test]
fn unknown_names_are_errors() {
    let pre = PreChain::factories(&["lines", "nulls"]).unwrap_err();
    assert_eq!(pre.to_string(), "Preprocessor 'nulls' not found.");
    let post = PostChain::factories(&["remove-empty"]).unwrap_err();
    assert_eq!(post.to_string(), "Postprocessor 'remove-empty' not found.");
}

#[test]
fn empty_chains_pass_everything() {
    assert_eq!(Pre::new(&[]).text("a\nb"), "a\nb,");
    assert_eq!(post(&[], &[b"a"]).unwrap(), [b"a"]);
}

#[test]
fn chains_feed_all_results_on() {
    let mut chain = Pre::new(&["lines", "remove-empty", "base64"]);
    assert_eq!(chain.text("YQ==\n\nYmM\nZ"), "a,bc,");
    assert_eq!(chain.text("A==\n"), "d,");
    assert_eq!(post(&["base64", "lines"], &[b"a", b"bc"]).unwrap().concat(), b"YQ==\nYmM=\n");
}

#[test]
fn an_error_discards_the_chunk_and_keeps_the_state() {
    let mut chain = Pre::new(&["lines", "base64"]);
    assert!(chain.run("YQ==\n?\nYm").is_err());
    assert_eq!(chain.text("M=\n"), "bc,");
}

#[test]
fn finishing_a_chain_runs_what_is_held_through_later_steps() {
    let mut chain = Pre::new(&["lines", "lines-pipe", "base64"]);
    assert_eq!(chain.text("YQ==|\nYg|YmM"), "a,");
    assert_eq!(chain.finish(), ["b", "bc"]);
    assert!(chain.finish().is_empty());
}

#[test]
fn lines_are_split_with_buffering() {
    let mut lines = Pre::new(&["lines"]);
    assert_eq!(lines.text("a\r\n\nb"), "a\r,,");
    assert_eq!(lines.text("c"), "");
    assert_eq!(lines.text("\nd\n"), "bc,d,");
    assert!(lines.finish().is_empty());
    assert_eq!(lines.text("last"), "");
    assert_eq!(lines.finish(), ["last"]);
    assert_eq!(Pre::new(&["lines-null"]).text("a\0b\nc\0"), "a,b\nc,");
    assert_eq!(Pre::new(&["lines-pipe"]).text("a|b\nc|d"), "a,b\nc,");
}

#[test]
fn lines_are_split_without_buffering() {
    let mut lines = Pre::new(&["lines-no-buffer"]);
    assert_eq!(lines.text("a\nb"), "a,b,");
    assert_eq!(lines.text("a\n"), "a,,");
    assert_eq!(lines.text(""), ",");
    assert!(lines.finish().is_empty());
    assert_eq!(Pre::new(&["lines-cr-no-buffer"]).text("a\rb\n"), "a,b\n,");
}

#[test]
fn lines_have_a_largest_length() {
    let longest = "x".repeat(lines::MAX_LINE_BYTES);
    let mut pre = Pre::new(&["lines"]);
    assert_eq!(pre.text(format!("{longest}\nb\n")), format!("{longest},b,"));
    assert_eq!(
        pre.text(format!("a\n{longest}y\nb\n")),
        "a,b,",
        "a line within one chunk is dropped alone"
    );
    assert!(
        pre.run(format!("a\n{longest}y")).unwrap_err().contains("longer than 1048576"),
        "what would be held is too long"
    );
    assert_eq!(pre.text("b\n"), "b,", "the buffer was cleared");
    assert_eq!(pre.text(&longest), "");
    assert!(pre.run("y\nb\n").is_err(), "held part and rest are too long");
    assert_eq!(pre.text("c\n"), "c,");
    assert_eq!(pre.text(&longest), "");
    assert!(pre.run("y").is_err());
    assert_eq!(pre.text(&longest), "");
    assert_eq!(pre.text("\n"), format!("{longest},"));
}

#[test]
fn base64_is_strict_but_for_padding() {
    let mut base64 = Pre::new(&["base64"]);
    assert_eq!(base64.text("eyJhIjoxfQ=="), "{\"a\":1},");
    assert_eq!(base64.text("eyJhIjoxfQ"), "{\"a\":1},");
    assert_eq!(base64.text(""), ",");
    assert_eq!(base64.run("+/+/").unwrap(), [[0xfb, 0xff, 0xbf]]);
    assert!(base64.run("YQ==\n").unwrap_err().to_lowercase().contains("invalid byte"));
    for wrong in ["Y", "YQQQQ", "YR==", "-_-_", "Y Q="] {
        assert!(base64.run(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn ingest_time_is_taken_from_the_message() {
    let mut pre = Pre::new(&["length-prefixed", "ingest-ns"]);
    pre.1 = 1;
    assert_eq!(
        pre.text(b"\0\0\0\0\0\0\0\x09\0\0\0\0\0\0\0\x07x\0\0\0\0\0\0\0\x08\0\0\0\0\0\0\0\x09"),
        "x,,"
    );
    assert_eq!(pre.1, 9, "the last stamp of the chunk holds");
    let error = Pre::new(&["ingest-ns"]).run("1234567").unwrap_err();
    assert_eq!(error, "Extract Ingest Ts Preprocessor: < 8 byte");
    assert_eq!(post(&["ingest-ns"], &[b"x"]).unwrap(), [b"\0\0\0\0\0\0\0\x05x"]);
}

#[test]
fn length_prefixes_are_read_when_something_follows() {
    let mut pre = Pre::new(&["length-prefixed"]);
    assert_eq!(pre.text(b"\0\0\0\0\0\0\0\x01x\0\0\0\0\0\0\0\0"), "x,");
    assert_eq!(pre.text(b"\0\0\0\0\0\0\0\x02y"), ",");
    assert_eq!(pre.text("z"), "yz,");
    assert_eq!(
        post(&["length-prefixed"], &[b"abc", b""]).unwrap().concat(),
        b"\0\0\0\0\0\0\0\x03abc\0\0\0\0\0\0\0\0"
    );
}

#[test]
fn textual_length_prefixes() {
    let mut pre = Pre::new(&["textual-length-prefix"]);
    assert_eq!(pre.text("7 {\"a\":1}+3\n[2]1\t50 2 ab0"), "{\"a\":1},[2],5,,ab,");
    assert_eq!(pre.text("4"), "");
    assert_eq!(pre.text("\rab"), "");
    assert_eq!(pre.text("cd"), "abcd,");
    for wrong in ["x1 7", "-1 a", "1.0 a", "4294967296 a", " a", "\u{fc} a"] {
        assert!(pre.run(wrong).is_err(), "{wrong}");
        assert_eq!(pre.text("1 a"), "a,", "{wrong}");
    }
    assert!(pre.run("x1 7").unwrap_err().contains("invalid digit"));
    assert_eq!(
        post(&["textual-length-prefix"], &[b"abc", b"", "ü".as_bytes()])
            .unwrap()
            .concat(),
        "3 abc0 2 ü".as_bytes()
    );
}

#[test]
fn framers_refuse_frames_over_the_limit_and_give_the_stream_up() {
    let limits = Limits {
        frame_bytes: 10,
        ..Limits::default()
    };
    let error = |name: &str, chunk: &[u8]| {
        let mut pre = preprocessor(name).unwrap().create(&limits);
        pre.process(Bytes::copy_from_slice(chunk), &mut 0, &mut Vec::new())
            .unwrap_err()
    };
    for (name, chunk) in [
        ("length-prefixed", &b"\0\0\0\0\0\0\0\x0bx"[..]),
        ("length-prefixed", b"\xff\xff\xff\xff\xff\xff\xff\xffx"),
        ("textual-length-prefix", b"11 x"),
        ("textual-length-prefix", b"00000000001"),
        ("textual-length-prefix", b"x "),
    ] {
        assert!(!error(name, chunk).stream_may_continue(), "{name}");
    }
    assert!(error("base64", b"?").stream_may_continue());
}

const COMPRESSORS: &[&str] = &["gzip", "zlib", "xz2", "snappy", "lz4", "zstd"];

#[test]
fn compressed_messages_come_back_and_are_recognised() {
    let large: Vec<u8> = (0..300_000u32).flat_map(u32::to_le_bytes).collect();
    for name in COMPRESSORS {
        for message in [&b""[..], b"x", b"{\"pump\":7}", &large] {
            let compressed = post(&[name], &[message]).unwrap();
            assert_eq!(compressed.len(), 1);
            assert_eq!(Pre::new(&[name]).run(&compressed[0]).unwrap(), [message], "{name}");
            assert_eq!(Pre::new(&["decompress"]).run(&compressed[0]).unwrap(), [message], "{name}");
        }
    }
}

#[test]
fn decompressors_refuse_what_is_cut_short_or_no_such_data() {
    for name in COMPRESSORS {
        let compressed = post(&[name], &[&b"pumping ".repeat(30)]).unwrap().remove(0);
        for length in 0..compressed.len() {
            // A snappy stream has no end mark: its identifier alone is an empty stream.
            if *name == "snappy" && length == 10 {
                continue;
            }
            let error = Pre::new(&[name])
                .run(&compressed[..length])
                .expect_err(&format!("{name} {length}"));
            assert!(error.contains(name), "{error}");
        }
        assert!(Pre::new(&[name]).run("plain text here").unwrap_err().contains(name));
    }
}

#[test]
fn decompressed_messages_have_a_largest_size() {
    let limits = Limits {
        decompressed_bytes: 100_000,
        ..Limits::default()
    };
    for name in COMPRESSORS {
        let fitting = post(&[name], &[&vec![0; 100_000]]).unwrap().remove(0);
        let larger = post(&[name], &[&vec![0; 100_001]]).unwrap().remove(0);
        for step in [name, "decompress"] {
            assert_eq!(
                Pre::limited(&[step], &limits).run(&fitting).unwrap()[0].len(),
                100_000,
                "{name}"
            );
            let error = Pre::limited(&[step], &limits).run(&larger).unwrap_err();
            assert!(error.contains("larger than 100000 bytes"), "{name}: {error}");
        }
    }
}

#[test]
fn gzip_members_are_joined_but_not_by_detection() {
    let members = post(&["gzip"], &[b"tank", b"er"]).unwrap().concat();
    assert_eq!(Pre::new(&["gzip"]).text(&members), "tanker,");
    assert_eq!(Pre::new(&["decompress"]).text(&members), "tank,");
}

#[test]
fn detection_passes_the_rest_unchanged() {
    let mut pre = Pre::new(&["decompress"]);
    for message in [&b""[..], b"[1,2]", b"\x1f\x8b\x08\x00\x00", b"{\"pump\":7}", b"x\x02345678"] {
        assert_eq!(pre.run(message).unwrap(), [message]);
    }
    for message in [
        &b"\x1f\x8b bad data"[..],
        b"x\x01 bad data",
        b"\xfd7zXZ\0 bad data",
        b"\xff bad data",
        b"\x04\x22\x4d\x18 bad data",
        b"\x28\xb5\x2f\xfd bad data",
    ] {
        assert!(pre.run(message).is_err(), "{message:?}");
    }
}

/// A GELF chunk.
fn chunk(id: u8, sequence: u8, count: u8, data: &str) -> Vec<u8> {
    [&[0x1e, 0x0f, 0, 0, 0, 0, 0, 0, 0, id, sequence, count][..], data.as_bytes()].concat()
}

#[test]
fn gelf_payloads_that_are_not_chunked() {
    let mut pre = Pre::new(&["gelf-chunking"]);
    assert_eq!(pre.text("{\"a\":1}"), "{\"a\":1},");
    assert_eq!(pre.text(b"\x1f\x3c[2]"), "[2],");
    assert_eq!(pre.text(chunk(7, 0, 1, "[3]")), "[3],");
    for wrong in [&b""[..], b"{", b"[1]", b"\x1e\x0f123", b"\x1f\x8bxxxxxxxxxxxxx"] {
        let error = pre.run(wrong).unwrap_err();
        assert!(
            error.starts_with(&format!("Invalid GELF header len: {}, prefix: ", wrong.len())),
            "{error}"
        );
    }
}

#[test]
fn gelf_chunks_are_joined_in_any_order() {
    let mut pre = Pre::new(&["gelf-chunking"]);
    assert_eq!(pre.text(chunk(1, 2, 3, "c")), "");
    assert_eq!(pre.text(chunk(2, 0, 2, "x")), "");
    assert_eq!(pre.text(chunk(1, 0, 3, "a")), "");
    assert_eq!(
        pre.text(chunk(1, 1, 9, "b")),
        "abc,",
        "the count of the first chunk stays in force"
    );
    assert_eq!(pre.text(chunk(2, 1, 2, "y")), "xy,");
    assert_eq!(pre.text(chunk(1, 1, 3, "b")), "", "the id was forgotten");
}

#[test]
fn gelf_chunks_that_do_not_fit() {
    let mut pre = Pre::new(&["gelf-chunking"]);
    for (sequence, count) in [(5, 2), (2, 2), (0, 0), (1, 1)] {
        assert_eq!(pre.text(chunk(1, sequence, count, "a")), "", "ignored");
    }
    pre.text(chunk(1, 0, 2, "a"));
    assert_eq!(pre.text(chunk(1, 0, 2, "a")), "", "repeated: the message is discarded");
    assert_eq!(pre.text(chunk(1, 1, 2, "b")), "");
    assert_eq!(pre.text(chunk(1, 0, 2, "a")), "ab,");
    pre.text(chunk(2, 0, 2, "a"));
    assert_eq!(pre.text(chunk(2, 7, 2, "a")), "", "out of range: the message is discarded");
    assert_eq!(pre.text(chunk(2, 1, 2, "b")), "");
}

#[test]
fn gelf_messages_live_for_two_generations() {
    const SECOND: u64 = 1_000_000_000;
    let mut pre = Pre::new(&["gelf-chunking"]);
    let mut at = |time: u64, chunk: Vec<u8>| {
        pre.1 = 100 * SECOND + time;
        pre.text(chunk)
    };
    at(0, chunk(9, 0, 1, ""));
    at(4 * SECOND, chunk(1, 0, 2, "a"));
    at(5 * SECOND, chunk(2, 0, 2, "x"));
    assert_eq!(at(5 * SECOND + 1, chunk(1, 1, 2, "b")), "ab,", "now in the older generation");
    at(10 * SECOND + 2, chunk(3, 0, 2, "p"));
    assert_eq!(at(10 * SECOND + 3, chunk(2, 1, 2, "y")), "", "its first chunk is gone");
    assert_eq!(at(11 * SECOND, chunk(3, 1, 2, "q")), "pq,");
}

#[test]
fn gelf_messages_that_are_held_have_a_bound() {
    let mut pre = Pre::limited(
        &["gelf-chunking"],
        &Limits {
            pending_bytes: 1000,
            ..Limits::default()
        },
    );
    pre.text(chunk(1, 0, 2, &"a".repeat(600)));
    pre.text(chunk(2, 0, 2, &"b".repeat(600)));
    pre.text(chunk(3, 0, 2, "c"));
    assert_eq!(pre.text(chunk(1, 1, 2, "a")), "");
    assert_eq!(pre.text(chunk(3, 1, 2, "d")), "cd,");
}

#[test]
fn gelf_over_tcp_loses_its_last_byte() {
    let mut pre = Pre::new(&["gelf-chunking-tcp"]);
    assert_eq!(pre.text("{\"a\":1}\0"), "{\"a\":1},");
    assert_eq!(pre.text(b"\x1f\x3c"), "");
    pre.text(chunk(1, 0, 2, "a"));
    assert_eq!(pre.text(chunk(1, 1, 2, "b!")), "ab,");
}

#[test]
fn gelf_messages_are_cut_into_chunks() {
    let large = vec![b'y'; 8181];
    let chunks = post(&["gelf-chunking"], &[b"[2]", b"", &large]).unwrap();
    assert_eq!(chunks[0], chunk(0, 0, 1, "[2]"));
    assert_eq!(chunks[1].len(), 8192);
    assert_eq!(chunks[1][..12], chunk(2, 0, 2, ""), "the empty message used an id");
    assert_eq!(chunks[2], chunk(2, 1, 2, "y"));
    assert_eq!(chunks.len(), 3);
    assert_eq!(post(&["gelf-chunking"], &[&vec![0; 1_047_040]]).unwrap().len(), 128);
    let error = post(&["gelf-chunking"], &[&vec![0; 1_047_041]]).unwrap_err();
    assert!(error.starts_with("Postprocessor error "), "{error}");
    let mut split = postprocessor("gelf-chunking").unwrap().create();
    let mut out = Vec::new();
    split.process(vec![0; 1_047_041].into(), 0, 0, &mut out).unwrap_err();
    split.process(Bytes::from_static(b"x"), 0, 0, &mut out).unwrap();
    assert_eq!(out, [chunk(0, 0, 1, "x")], "the id was not used up");
}

/// Cuts data at the given places, which are taken modulo what is left.
fn cut<'a>(mut data: &'a [u8], places: &[usize]) -> Vec<&'a [u8]> {
    let mut chunks = Vec::new();
    for place in places {
        let (chunk, rest) = data.split_at(place % (data.len() + 1));
        chunks.push(chunk);
        data = rest;
    }
    chunks.push(data);
    chunks
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_chunks_make_a_preprocessor_panic(chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 1..6), skip in 0..6usize) {
        const HEADS: &[&[u8]] = &[b"\x1f\x8b\x08\0\0\0\0\0\0\xff", b"\x78\x9c", b"\xfd7zXZ\0\0\x04", b"\xff\x06\0\0sNaPpY", b"\x04\x22\x4d\x18", b"\x28\xb5\x2f\xfd"];
        for name in preprocessor_names() {
            let mut pre = Pre::limited(&[name], &Limits { decompressed_bytes: 1 << 20, frame_bytes: 1 << 20, pending_bytes: 1 << 10 });
            for bytes in &chunks {
                let _ = pre.run(bytes);
                let _ = pre.run([HEADS[skip], bytes].concat());
                let _ = pre.run([&[0x1e, 0x0f, 0, 0, 0, 0, 0, 0, 0, 0][..], bytes].concat());
            }
            pre.finish();
        }
    }

    #[test]
    fn framed_messages_come_back_however_the_stream_is_cut(
        messages in prop::collection::vec(prop::collection::vec(any::<u8>().prop_filter("separator", |byte| *byte != b'\n'), 1..30), 0..8),
        places in prop::collection::vec(any::<usize>(), 0..12)
    ) {
        let slices: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
        for name in ["lines", "length-prefixed", "textual-length-prefix"] {
            let stream = post(&[name], &slices).unwrap().concat();
            let mut pre = Pre::new(&[name]);
            let read: Vec<Vec<u8>> = cut(&stream, &places).into_iter().flat_map(|chunk| pre.run(chunk).unwrap()).collect();
            prop_assert_eq!(&read, &messages, "{}", name);
        }
    }

    #[test]
    fn messages_come_back(message in prop::collection::vec(any::<u8>(), 1..20_000)) {
        for name in ["base64", "gzip", "zlib", "xz2", "snappy", "lz4", "zstd", "ingest-ns"] {
            let sent = post(&[name], &[&message]).unwrap().remove(0);
            prop_assert_eq!(Pre::new(&[name]).run(sent).unwrap(), [&message[..]], "{}", name);
        }
        let mut pre = Pre::new(&["gelf-chunking"]);
        let chunks = post(&["gelf-chunking"], &[&message]).unwrap();
        let read: Vec<Vec<u8>> = chunks.into_iter().rev().flat_map(|chunk| pre.run(chunk).unwrap()).collect();
        prop_assert_eq!(read, [message]);
    }
}
