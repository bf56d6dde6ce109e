use temblor_value::Value;

use super::*;

fn id(source: u64, number: u64) -> EventId {
    EventId::new(Uid(source), number)
}

#[test]
fn text_form_lists_tracked_ranges_in_order() {
    let mut merged = id(9, 0);
    assert_eq!(merged.to_string(), "9:0:0");
    merged.track(&id(2, 7));
    merged.track(&id(1, 4));
    merged.track(&id(2, 3));
    assert_eq!(
        merged.to_string(),
        "9:0:0 [min=1:0:4, max=1:0:4], [min=2:0:3, max=2:0:7], [min=9:0:0, max=9:0:0]"
    );
}

#[test]
fn min_and_max_by_source() {
    let plain = id(1, 42);
    assert_eq!(plain.max_by_source(Uid(1)), Some((0, 42)));
    assert_eq!(plain.max_by_source(Uid(2)), None);
    let mut merged = id(5, 0);
    merged.track(&id(1, 3));
    merged.track(&id(1, 8));
    assert_eq!(merged.min_by_source(Uid(1)), Some((0, 3)));
    assert_eq!(merged.max_by_source(Uid(1)), Some((0, 8)));
    assert_eq!(merged.max_by_source(Uid(5)), Some((0, 0)));
    let mut outer = id(6, 1);
    outer.track(&merged);
    assert_eq!(
        outer.max_by_source(Uid(1)),
        Some((0, 8)),
        "what the other tracks is tracked as well"
    );
}

#[test]
fn uid_ranges_start_where_the_specification_says() {
    let uids = UidSource::default();
    assert_eq!(uids.next(UidKind::Source), Uid(1));
    assert_eq!(uids.next(UidKind::Source), Uid(2));
    assert_eq!(uids.next(UidKind::Node), Uid((1 << 47) + 1));
    assert_eq!(uids.next(UidKind::Sink), Uid((1 << 51) + 1));
}

#[test]
fn higher_rank_wins_and_of_equal_ranks_the_later() {
    let mut place = None;
    End::offer(&mut place, End::new(Reason::Dropped));
    End::offer(&mut place, End::new(Reason::NoReply));
    assert_eq!(place.as_ref().map(|end| end.reason), Some(Reason::Dropped));
    End::offer(&mut place, End::with_detail(Reason::ScriptError, "a"));
    End::offer(&mut place, End::with_detail(Reason::SelectError, "b"));
    assert_eq!(place.map(|end| end.reason), Some(Reason::SelectError));
}

#[test]
fn writing_data_drops_the_original_bytes() {
    let original = Original::exact(bytes::Bytes::from_static(b"{}"), "json");
    let mut payload = Payload::with_original(temblor_value::Value::Null, original, temblor_value::Value::Null);
    payload.edit(|_, _| ((), false));
    assert!(payload.original().is_some(), "reading keeps them");
    assert_eq!(payload.message("json").map(|bytes| &bytes[..]), Some(&b"{}"[..]));
    assert_eq!(payload.message("yaml"), None);
    payload.edit(|value, _| {
        *value = temblor_value::Value::from(1_i64);
        ((), true)
    });
    assert!(payload.original().is_none());
    assert_eq!(payload.message("json"), None);
    assert_eq!(payload.value().as_i64(), Some(1));
}

struct Lodging(u8);

impl StreamPlace for Lodging {
    fn is_whole(&self) -> bool {
        self.0 == 7
    }
}

struct Other;

impl StreamPlace for Other {
    fn is_whole(&self) -> bool {
        false
    }
}

#[test]
fn a_stream_is_shared_by_clones_and_never_looked_into() {
    let stream = Stream::new(Some("binary"), Some(1234), std::sync::Arc::new(Lodging(7)));
    let mut payload = Payload::stream(stream, Value::Null);
    let copy = payload.clone();
    let Data::Stream(stream) = copy.data() else {
        panic!("no stream")
    };
    assert_eq!(stream.place::<Lodging>().map(|place| place.0), Some(7));
    assert!(stream.place::<Other>().is_none() && stream.is_whole());
    payload.edit(|value, _| {
        assert!(value.is_null());
        ((), false)
    });
    assert!(matches!(payload.data(), Data::Stream(_)), "reading keeps it");
    payload.replace(Value::from(1_i64));
    assert!(matches!(payload.data(), Data::Value(_, None)));
}

#[test]
fn views_show_form_and_length_of_what_was_not_decoded() {
    let shown = |payload: Payload| temblor_value::json::to_string(&payload.shown());
    let raw = Original::new(bytes::Bytes::from_static(b"12"), "json");
    assert_eq!(
        shown(Payload::raw(raw, Value::Null)),
        r#"{"$body":{"form":"bytes","bytes":2}}"#
    );
    let stream = |codec, length| Payload::stream(Stream::new(codec, length, std::sync::Arc::new(Other)), Value::Null);
    assert_eq!(
        shown(stream(Some("binary"), Some(1234))),
        r#"{"$body":{"form":"stream","bytes":1234}}"#
    );
    assert_eq!(
        shown(stream(Some("binary"), None)),
        r#"{"$body":{"form":"stream","bytes":null}}"#
    );
    assert_eq!(shown(stream(None, None)), "null");
    assert_eq!(shown(Payload::new(Value::from(1_i64), Value::Null)), "1");
}

#[test]
fn origin_text() {
    let origin = |port, path: &[&str]| {
        Origin {
            scheme: "tremor-rest".into(),
            host: "h".into(),
            port,
            path: path.iter().map(|part| (*part).into()).collect(),
        }
        .to_string()
    };
    assert_eq!(origin(None, &[]), "tremor-rest://h");
    assert_eq!(origin(Some(8), &[""]), "tremor-rest://h:8/");
    assert_eq!(origin(None, &["a", "b"]), "tremor-rest://h/a/b");
}
