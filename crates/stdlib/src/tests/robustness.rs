//! No argument makes a function or aggregate panic.

use proptest::prelude::*;

use super::*;

fn value() -> impl Strategy<Value = Value> {
    let integer = prop_oneof![any::<i64>(), -3..300_i64, Just(i64::MIN), Just(i64::MAX)].prop_map(Value::from);
    let large = any::<u64>().prop_map(Value::from);
    let float = prop_oneof![
        any::<f64>(),
        Just(f64::NAN),
        Just(f64::INFINITY),
        Just(f64::NEG_INFINITY),
        -3.0..3.0
    ]
    .prop_map(Value::from);
    let text = prop_oneof![
        "\\PC{0,12}".prop_map(String::from),
        "[a-c%${}\\\\0-9 .,:=+*()|-]{0,12}",
        "(%[-_0]?[A-Za-z0-9.:#+%]){0,4}",
    ]
    .prop_map(Value::from);
    let bytes = proptest::collection::vec(any::<u8>(), 0..9).prop_map(|bytes| binary(&bytes));
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        integer,
        large,
        float,
        text,
        bytes
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec(("[a-c]{0,2}", inner), 0..4).prop_map(|fields| fields
                .into_iter()
                .map(|(key, value)| (temblor_value::Str::from(key), value))
                .collect()),
        ]
    })
}

fn limits() -> Limits {
    Limits {
        value_bytes: 10_000,
        value_elements: 10_000,
        steps: 100_000,
        ..Limits::default()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn functions(arguments in proptest::collection::vec(value(), 4), ingest_ns: u64) {
        for function in crate::modules::TABLES.iter().copied().flatten() {
            let path = format!("{}::{}", function.module, function.name);
            for count in (0..=4).filter(|count| function.arity.accepts(*count)) {
                let _ = call_with(&limits(), EventInfo { ingest_ns, origin: None }, &path, &arguments[..count]);
            }
        }
    }

    #[test]
    fn aggregates(events in proptest::collection::vec(proptest::collection::vec(value(), 2), 0..12), split in 0..12_usize) {
        for aggregate in crate::aggregates::TABLES.iter().copied().flatten() {
            let (mut fine, mut coarse) = ((aggregate.create)(), (aggregate.create)());
            let count = usize::from(aggregate.arity.max.unwrap_or(2));
            for (index, arguments) in events.iter().enumerate() {
                let _ = fine.accumulate(&arguments[..count]);
                if index == split {
                    let _ = coarse.merge(fine.as_ref());
                    let _ = fine.emit();
                    fine.reset();
                }
            }
            let _ = coarse.merge(fine.as_ref());
            let _ = coarse.emit();
        }
    }
}
