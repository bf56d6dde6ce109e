//! Whatever is written to a log is read back exactly.

use std::sync::Arc;

use proptest::prelude::*;
use temblor_codec::JSON;
use temblor_event::{Mark, OpMeta, Origin, Original, Tracked};
use temblor_value::{Blob, Str, json};

use super::super::record::{self, FRAME, Frame, Head, Salt, read_head, write};
use super::super::value::{Input, put_number, put_value};
use super::*;

const SALT: Salt = Salt(77);

fn read(body: &[u8]) -> Result<(Head, Event), Malformed> {
    record::read(body, &mut json::Scratch::default())
}

/// Exact equality: floats by their bits, records in their order.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::F64(one), Value::F64(other)) => one.to_bits() == other.to_bits(),
        (Value::I64(one), Value::I64(other)) => one == other,
        (Value::U64(one), Value::U64(other)) => one == other,
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other.iter()).all(|(one, other)| is_same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let mut pairs = one.iter().zip(other.iter());
            one.len() == other.len() && pairs.all(|(one, other)| one.0 == other.0 && is_same(one.1, other.1))
        }
        (one, other) => one.kind() == other.kind() && one == other,
    }
}

fn values() -> impl Strategy<Value = Value> {
    let plain = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-200_i64..200).prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<u64>().prop_map(|bits| Value::from(f64::from_bits(bits))),
        ".{0,40}".prop_map(|text| Value::from(text.as_str())),
        proptest::collection::vec(any::<u8>(), 0..40).prop_map(|bytes| Value::from(Blob::from(bytes))),
    ];
    plain.prop_recursive(5, 64, 8, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            proptest::collection::vec((".{0,20}", inner), 0..24)
                .prop_map(|entries| entries.iter().map(|(key, value)| (Str::new(key), value.clone())).collect()),
        ]
    })
}

fn ids() -> impl Strategy<Value = EventId> {
    let range = (any::<u64>(), 0_u64..3, any::<u32>(), any::<u32>()).prop_map(|(source, stream, min, more)| Tracked {
        source: Uid(source),
        stream,
        min: u64::from(min),
        max: u64::from(min) + u64::from(more),
    });
    let ranges = proptest::collection::vec(range, 0..4);
    (any::<u64>(), any::<u64>(), any::<u64>(), ranges)
        .prop_map(|(source, stream, number, ranges)| EventId::restore(Uid(source), stream, number, ranges))
}

fn origins() -> impl Strategy<Value = Option<Arc<Origin>>> {
    let texts = proptest::collection::vec(".{0,12}", 2..6);
    let origin = (texts, any::<Option<u16>>()).prop_map(|(texts, port)| {
        let mut texts = texts.iter().map(|text| Str::new(text));
        Arc::new(Origin {
            scheme: texts.next().unwrap_or_default(),
            host: texts.next().unwrap_or_default(),
            port,
            path: texts.collect(),
        })
    });
    proptest::option::of(origin)
}

fn events() -> impl Strategy<Value = Event> {
    let marks = proptest::collection::vec((any::<u64>(), any::<Option<u32>>()), 0..4);
    (
        ids(),
        values(),
        values(),
        any::<u64>(),
        origins(),
        marks,
        any::<(bool, bool)>(),
    )
        .prop_map(|(id, value, meta, ingest_ns, origin, marks, (transactional, is_batch))| {
            let mut op_meta = OpMeta::default();
            for (operator, mark) in marks {
                op_meta.set(Uid(operator), mark.map_or(Mark::Passed, Mark::Output));
            }
            let mut event = Event::new(id, Payload::new(value, meta), ingest_ns);
            event.origin = origin;
            event.op_meta = op_meta;
            event.transactional = transactional;
            event.is_batch = is_batch;
            event
        })
}

proptest! {
    #[test]
    fn events_come_back_as_they_were(
        number in any::<u64>(),
        confirmed in proptest::option::of(0..u64::MAX),
        event in events(),
    ) {
        let mut record = vec![1, 2, 3];
        let head = Head { number, confirmed };
        write(head, &event, SALT, &mut record).unwrap();
        prop_assert_eq!(&record[..3], &[1, 2, 3], "it is put behind what is there");
        let (frame, body) = record[3..].split_first_chunk::<FRAME>().unwrap();
        let frame = Frame::read(*frame);
        prop_assert_eq!(frame.body_len(), Some(body.len()));
        prop_assert!(frame.fits(body, SALT));
        prop_assert!(!frame.fits(body, Salt::NONE), "it is of another segment");
        prop_assert_eq!(read_head(body), Ok(head));
        let (read_head, read) = read(body).unwrap();
        prop_assert_eq!(read_head, head);
        prop_assert!(is_same(read.value(), event.value()), "{:?}", read);
        prop_assert!(is_same(read.meta(), event.meta()), "{:?}", read);
        prop_assert_eq!(&read.id, &event.id);
        prop_assert_eq!(format!("{:?}", read.op_meta), format!("{:?}", event.op_meta));
        prop_assert_eq!(&read.origin, &event.origin);
        let plain = |event: &Event| (event.ingest_ns, event.transactional, event.is_batch);
        prop_assert_eq!(plain(&read), plain(&event));
    }

    #[test]
    fn an_event_with_its_text_comes_back_with_it(value in values(), event in events()) {
        let text = json::to_string(&value);
        let payload = |original| Payload::with_original(json::from_str(&text).unwrap(), original, event.meta().clone());
        let mut event = event.clone();
        event.payload = payload(Original::exact(text.clone().into(), JSON));
        let mut record = Vec::new();
        let head = Head { number: 7, confirmed: None };
        write(head, &event, SALT, &mut record).unwrap();
        let (_, read) = read(&record[FRAME..]).unwrap();
        prop_assert!(is_same(read.value(), event.value()), "{:?}", read);
        prop_assert!(is_same(read.meta(), event.meta()), "{:?}", read);
        prop_assert_eq!(read.payload.message(JSON).map(|text| &text[..]), Some(text.as_bytes()));
        prop_assert_eq!(record.windows(text.len()).filter(|part| *part == text.as_bytes()).count() > 0, true);

        // Bytes of which less is known are not what is stored.
        event.payload = payload(Original::new("1".into(), JSON));
        record.clear();
        write(head, &event, SALT, &mut record).unwrap();
        let (_, again) = self::read(&record[FRAME..]).unwrap();
        prop_assert!(is_same(again.value(), event.value()), "{:?}", again);
        prop_assert!(again.payload.original().is_none());
    }

    #[test]
    fn any_bytes_are_read_or_refused(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&body);
        let _ = Input::new(&body).value();
    }

    #[test]
    fn a_shortened_body_is_refused(event in events(), cut in any::<prop::sample::Index>()) {
        let mut record = Vec::new();
        write(Head { number: 7, confirmed: None }, &event, SALT, &mut record).unwrap();
        let body = &record[FRAME..];
        prop_assert_eq!(read(&body[..cut.index(body.len())]).err(), Some(Malformed));
    }

    #[test]
    fn numbers_come_back(number in any::<u64>(), shift in 0..64_u32) {
        let number = number >> shift;
        let mut bytes = Vec::new();
        put_number(number, &mut bytes);
        prop_assert_eq!(Input::new(&bytes).number(), Ok(number));
        let needed = (u64::BITS - number.leading_zeros()).div_ceil(7).max(1);
        prop_assert_eq!(bytes.len(), needed as usize);
    }
}

#[test]
fn depth_is_no_matter() {
    let mut value = Value::from(1);
    for level in 0..200_000 {
        value = if level % 2 == 0 {
            Value::from(vec![value])
        } else {
            [(Str::from_static("a"), value)].into_iter().collect()
        };
    }
    let mut bytes = Vec::new();
    put_value(&value, &mut bytes);
    let again = Input::new(&bytes).value().unwrap();
    let mut written = Vec::new();
    put_value(&again, &mut written);
    assert!(written == bytes);
}

#[test]
fn zeros_and_wrong_numbers_are_no_record() {
    assert!(!Frame::read([0; FRAME]).fits(&[], Salt::NONE));
    assert_eq!(Frame::read([0xff; FRAME]).body_len(), None);
    // More than 64 bits, and a negative number below the lowest.
    assert_eq!(Input::new(&[0xff; 9]).number(), Err(Malformed));
    let too_large = [[0xff; 9].as_slice(), &[2]].concat();
    assert_eq!(Input::new(&too_large).number(), Err(Malformed));
    let largest = [[0xff; 9].as_slice(), &[1]].concat();
    assert_eq!(Input::new(&largest).number(), Ok(u64::MAX));
    assert_eq!(
        Input::new(&[[4].as_slice(), &largest].concat()).value().err(),
        Some(Malformed)
    );
}
