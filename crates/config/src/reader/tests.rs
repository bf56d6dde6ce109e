use std::sync::Arc;
use std::time::Duration;

use temblor_value::{Str, Value};

use super::*;
use crate::error::ConfigError;
use crate::path::KeyPath;
use crate::yaml;

fn config(text: &str) -> Value {
    yaml::parse(&Arc::from("f.yaml"), text.as_bytes())
        .expect("the text is a document")
        .to_value()
}

/// Reads the key `k` of the text as `T`.
fn read<T: for<'a> FromConfig<'a>>(text: &str) -> Result<Option<T>, String> {
    let value = config(text);
    let mut reader = ConfigReader::new(Some(&value)).expect("a record");
    reader.optional::<T>("k").map_err(|error: ConfigError| error.to_string())
}

fn refused<T: for<'a> FromConfig<'a> + std::fmt::Debug>(text: &str) -> String {
    read::<T>(text).expect_err("the value is refused")
}

#[test]
fn text_takes_any_scalar_in_its_canonical_form() {
    for (written, text) in [
        ("false", "false"),
        ("5000", "5000"),
        ("0x10", "16"),
        ("1.50", "1.5"),
        ("2.0", "2.0"),
        ("007", "007"),
        ("word", "word"),
        ("'8'", "8"),
        ("-.inf", "-.inf"),
    ] {
        assert_eq!(
            read::<Str>(&format!("k: {written}")),
            Ok(Some(Str::new(text))),
            "for {written}"
        );
    }
    assert_eq!(refused::<Str>("k: [a]"), "k: invalid type: a list, expected text");
}

#[test]
fn exact_text_takes_text_only() {
    assert_eq!(read("k: a"), Ok(Some(ExactText(Str::new("a")))));
    assert_eq!(refused::<ExactText>("k: 5"), "k: invalid type: integer 5, expected text");
}

#[test]
fn quoted_numbers_are_no_numbers() {
    assert_eq!(read("k: 8080"), Ok(Some(8080_u16)));
    assert_eq!(
        refused::<u16>("k: \"8080\""),
        "k: invalid type: text \"8080\", expected an integer from 0 to 65535"
    );
    assert_eq!(
        refused::<u16>("k: 65536"),
        "k: invalid type: integer 65536, expected an integer from 0 to 65535"
    );
    assert_eq!(
        refused::<u64>("k: -1"),
        "k: invalid type: integer -1, expected an integer from 0 to 18446744073709551615"
    );
    assert_eq!(read("k: 18446744073709551615"), Ok(Some(u64::MAX)));
    assert_eq!(read("k: -5"), Ok(Some(-5_i32)));
    assert!(refused::<u32>("k: 1.0").contains("float 1.0"));
    assert!(refused::<bool>("k: yes").contains("expected a bool"));
    assert_eq!(read("k: 3"), Ok(Some(3.0_f64)));
}

#[test]
fn null_is_absence_and_required_keys_are_named() {
    assert_eq!(read::<u16>("k: ~"), Ok(None));
    assert_eq!(read::<u16>("other: 1"), Ok(None));
    let value = config("k: ~");
    let mut reader = ConfigReader::new(Some(&value)).expect("a record");
    assert_eq!(reader.or("k", 7_u16), Ok(7));
    let error = reader.required::<Str>("k").expect_err("it is missing");
    assert_eq!(error.to_string(), "missing field `k`");
    let _ = reader.finish_open();
}

#[test]
fn a_required_config_must_be_there() {
    let error = ConfigReader::new(None).expect_err("no config");
    assert!(error.to_string().contains("missing config"), "{error}");
    assert!(error.to_string().contains("requires a config"), "{error}");
    let empty = config("{}");
    assert!(ConfigReader::new(Some(&empty)).is_ok());
    let list = config("[1]");
    assert!(ConfigReader::new(Some(&list)).is_err());
}

#[test]
fn durations() {
    for (written, millis) in [
        ("0", 0),
        ("250", 250),
        ("250ms", 250),
        ("10s", 10_000),
        ("5m", 300_000),
        ("1h", 3_600_000),
    ] {
        assert_eq!(
            read(&format!("k: {written}")),
            Ok(Some(Duration::from_millis(millis))),
            "for {written}"
        );
    }
    for written in [
        "-1",
        "1.5",
        "10 s",
        "10d",
        "s",
        "\"10\"",
        "-5s",
        "true",
        "18446744073709551615h",
    ] {
        assert!(
            refused::<Duration>(&format!("k: {written}")).contains("250ms"),
            "for {written}"
        );
    }
}

#[test]
fn sizes() {
    for (written, bytes) in [
        ("0", 0),
        ("17", 17),
        ("64KiB", 65_536),
        ("1MiB", 1_048_576),
        ("2GiB", 2_147_483_648),
    ] {
        assert_eq!(read(&format!("k: {written}")), Ok(Some(ByteSize(bytes))), "for {written}");
    }
    for written in ["-1", "64KB", "64 KiB", "1.5MiB", "18446744073709551615GiB"] {
        assert!(
            refused::<ByteSize>(&format!("k: {written}")).contains("64KiB"),
            "for {written}"
        );
    }
}

#[test]
fn percent() {
    for (written, number) in [("0", 0.0), ("12.5", 12.5), ("100", 100.0)] {
        assert_eq!(
            read::<Percent>(&format!("k: {written}")).map(|p| p.map(Percent::get)),
            Ok(Some(number))
        );
    }
    for written in ["-1", "100.1", ".nan", "50%"] {
        assert!(
            refused::<Percent>(&format!("k: {written}")).contains("from 0 to 100"),
            "for {written}"
        );
    }
}

#[test]
fn statuses() {
    let set = read::<Statuses>("k: [429, \"500-503\", \"7xx\"]")
        .expect("a set")
        .expect("it is there");
    for (status, is_in) in [
        (428, false),
        (429, true),
        (500, true),
        (503, true),
        (504, false),
        (700, true),
        (799, true),
        (800, false),
    ] {
        assert_eq!(set.contains(status), is_in, "for {status}");
    }
    for written in [
        "503",
        "[99]",
        "[1000]",
        "[5x]",
        "[xx]",
        "[55xx]",
        "[\"503-500\"]",
        "[0xx]",
        "[\"+50-599\"]",
        "[1.5]",
    ] {
        assert!(
            refused::<Statuses>(&format!("k: {written}")).contains("expected a"),
            "for {written}"
        );
    }
    assert!(refused::<Statuses>("k: [503, 0]").starts_with("k[1]: "));
}

#[test]
fn addresses() {
    let set = read::<Addresses>("k: [10.0.0.7/8, 192.0.2.1, \"fd00::/8\", \"::1\"]")
        .expect("a set")
        .expect("it is there");
    for (address, is_in) in [
        ("10.255.0.1", true),
        ("::ffff:10.1.1.1", true),
        ("192.0.2.1", true),
        ("192.0.2.2", false),
        ("fd12::1", true),
        ("::1", true),
        ("::2", false),
    ] {
        assert_eq!(set.contains(address.parse().expect("an address")), is_in, "for {address}");
    }
    assert_eq!(set.networks().len(), 4);
    for written in ["10.0.0.0/8", "[host]", "[10]", "[10.0.0.0/33]"] {
        assert!(read::<Addresses>(&format!("k: {written}")).is_err(), "for {written}");
    }
}

#[test]
fn nested_records_lists_and_maps_keep_their_paths() {
    let value = config("endpoint: {port: x}\nlist: [1, a]\nheaders: {a: 1, b: [2]}\n");
    let mut reader = ConfigReader::new(Some(&value)).expect("a record");
    let mut endpoint = reader.required::<ConfigReader<'_>>("endpoint").expect("a record");
    let error = endpoint.optional::<u16>("port").expect_err("no number");
    assert!(
        error.to_string().starts_with("endpoint.port: invalid type: text \"x\""),
        "{error}"
    );
    let error = reader.optional::<Vec<u16>>("list").expect_err("no number");
    assert!(error.to_string().starts_with("list[1]: "), "{error}");
    let error = reader.optional::<Pairs<Str>>("headers").expect_err("no text");
    assert!(error.to_string().starts_with("headers.b: "), "{error}");
    let _ = (endpoint.finish_open(), reader.finish_open());
}

#[test]
fn maps_keep_document_order() {
    let value = config("headers: {z: 1, a: yes}");
    let mut reader = ConfigReader::new(Some(&value)).expect("a record");
    let pairs = reader.required::<Pairs<Str>>("headers").expect("a map");
    assert_eq!(pairs.0, [(Str::new("z"), Str::new("1")), (Str::new("a"), Str::new("yes"))]);
    assert!(reader.finish_open().is_empty());
}

#[test]
fn closed_records_refuse_what_they_do_not_know() {
    let value = config("timeouts: {heda: 1s}");
    let mut reader = ConfigReader::new(Some(&value)).expect("a record");
    let mut timeouts = reader.required::<ConfigReader<'_>>("timeouts").expect("a record");
    let _ = (timeouts.optional::<Duration>("head"), timeouts.optional::<Duration>("body"));
    let error = timeouts.finish_closed().expect_err("an unknown key");
    assert_eq!(
        error.to_string(),
        "timeouts.heda: unknown field `heda`, expected one of `head`, `body`; did you mean `head`?"
    );
    let _ = reader.finish_open();
}

#[test]
fn open_records_warn_about_near_misses_only() {
    let value = config("timeuot: 5\ngroup_id: x\nport: 1\n");
    let mut reader = ConfigReader::new(Some(&value)).expect("a record");
    let _ = (reader.optional::<Duration>("timeout"), reader.optional::<u16>("port"));
    let warnings: Vec<String> = reader.finish_open().iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        ["timeuot: `timeuot` is not a known setting and has no effect; did you mean `timeout`?"]
    );
}

#[test]
fn old_names_are_taken_with_a_warning() {
    let value = config("endpoints: [a]\nsync: true\n");
    let mut reader = ConfigReader::new(Some(&value)).expect("a record");
    let nodes = reader.renamed::<Vec<Str>>("nodes", "endpoints").expect("a list");
    assert_eq!(nodes, Some(vec![Str::new("a")]));
    reader.obsolete("sync");
    let warnings = reader.finish_open();
    assert_eq!(warnings.len(), 2);
    assert!(warnings[0].message.contains("`endpoints`") && warnings[0].message.contains("`nodes`"));
    assert!(warnings[1].message.contains("`sync`"));

    let both = config("endpoints: [a]\nnodes: [b]\n");
    let mut reader = ConfigReader::new(Some(&both)).expect("a record");
    assert_eq!(
        reader.renamed::<Vec<Str>>("nodes", "endpoints"),
        Ok(Some(vec![Str::new("b")]))
    );
    assert_eq!(reader.finish_open().len(), 1);
}

#[test]
fn misplaced_keys_are_named_with_their_right_place() {
    let value = config("endpoint: {host: a, concurrency: 9}");
    let mut reader = ConfigReader::new(Some(&value)).expect("a record");
    let mut endpoint = reader.required::<ConfigReader<'_>>("endpoint").expect("a record");
    let _ = endpoint.optional::<Str>("host");
    endpoint.misplaced(&["concurrency", "method"], "directly below `config`");
    let warnings = endpoint.finish_open();
    assert_eq!(warnings.len(), 1);
    assert_eq!(warnings[0].path, KeyPath::root().key("endpoint").key("concurrency"));
    assert!(warnings[0].message.contains("directly below `config`"));
    let _ = reader.finish_open();
}
