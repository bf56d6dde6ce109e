use temblor_syntax::ast::{BinaryOp, UnaryOp};
use temblor_value::{ObjectMap, Str, Value};

use super::*;

const MAX: u64 = u64::MAX;

fn run(op: BinaryOp, left: impl Into<Value>, right: impl Into<Value>) -> Result<Value, OpError> {
    binary(op, &left.into(), &right.into(), &Limits::default())
}

fn is(op: BinaryOp, left: impl Into<Value>, right: impl Into<Value>, result: impl Into<Value>) {
    assert_eq!(run(op, left, right), Ok(result.into()), "{op:?}");
}

fn fails(op: BinaryOp, left: impl Into<Value>, right: impl Into<Value>) {
    assert_eq!(run(op, left, right), Err(OpError::Invalid), "{op:?}");
}

#[test]
fn integers_are_calculated_on_the_level_of_their_operands() {
    is(BinaryOp::Add, i64::MAX, 1i64, 1u64 << 63);
    is(BinaryOp::Add, MAX, 1i64, 0i64);
    is(BinaryOp::Add, -1i64, i64::MIN, i64::MAX);
    is(BinaryOp::Add, -1i64, MAX, 1.844_674_407_370_955_2e19);
    is(BinaryOp::Sub, 3i64, 5i64, -2i64);
    is(BinaryOp::Sub, 0i64, i64::MAX, -i64::MAX);
    fails(BinaryOp::Sub, 0i64, MAX);
    is(BinaryOp::Mul, i64::MAX, 2i64, MAX - 1);
}

#[test]
fn division_gives_floats_and_remainder_refuses_zero() {
    is(BinaryOp::Div, 7i64, 2i64, 3.5);
    assert!(matches!(run(BinaryOp::Div, 1i64, 0i64), Ok(Value::F64(x)) if x.is_infinite()));
    is(BinaryOp::Rem, -7i64, 2i64, -1i64);
    is(BinaryOp::Rem, i64::MIN, -1i64, 0i64);
    fails(BinaryOp::Rem, 7i64, 0i64);
    fails(BinaryOp::Rem, -7i64, 0i64);
    fails(BinaryOp::Rem, 7.0, 2i64);
    fails(BinaryOp::Rem, MAX, -2i64);
}

#[test]
fn shifts_lose_bits_and_check_their_count() {
    is(BinaryOp::Shl, 1i64, 63i64, 1u64 << 63);
    is(BinaryOp::Shl, -1i64, 1i64, -2i64);
    is(BinaryOp::ShrSigned, -8i64, 1i64, -4i64);
    is(BinaryOp::ShrUnsigned, -8i64, 1i64, 9_223_372_036_854_775_804_i64);
    is(BinaryOp::ShrUnsigned, -8i64, 0i64, -8i64);
    assert_eq!(run(BinaryOp::Shl, 1i64, 64i64), Err(OpError::Shift));
    assert_eq!(run(BinaryOp::Shl, 1i64, -1i64), Err(OpError::Shift));
    fails(BinaryOp::Shl, 1i64, 1.0);
}

#[test]
fn logic_takes_two_of_a_kind() {
    is(BinaryOp::BitAnd, 6i64, 3i64, 2i64);
    is(BinaryOp::BitXor, true, true, false);
    is(BinaryOp::BitXor, -1i64, 0i64, -1i64);
    fails(BinaryOp::BitAnd, true, 1i64);
    fails(BinaryOp::BitAnd, MAX, -1i64);
    fails(BinaryOp::And, Value::Null, true);
}

#[test]
fn order_has_no_tolerance_and_refuses_other_kinds() {
    is(BinaryOp::Eq, 0.1 + 0.2, 0.3, true);
    is(BinaryOp::Gt, 0.1 + 0.2, 0.3, true);
    is(BinaryOp::Lt, "a", "b", true);
    is(BinaryOp::Lt, -1i64, MAX, true);
    is(BinaryOp::Lt, i64::MAX, MAX, true);
    is(BinaryOp::Le, f64::NAN, 1.0, false);
    fails(BinaryOp::Lt, true, false);
    fails(BinaryOp::Ge, Value::Null, Value::Null);
}

#[test]
fn prefixes_take_numbers_or_booleans() {
    assert_eq!(unary(UnaryOp::BitNot, &Value::from(0i64)), Ok(Value::from(MAX)));
    assert_eq!(unary(UnaryOp::BitNot, &Value::from(-1i64)), Ok(Value::from(0i64)));
    assert_eq!(unary(UnaryOp::Minus, &Value::from(i64::MIN)), Err(OpError::Invalid));
    assert_eq!(unary(UnaryOp::Not, &Value::from(1i64)), Err(OpError::Invalid));
    assert_eq!(unary(UnaryOp::Plus, &Value::from("a")), Err(OpError::Invalid));
}

#[test]
fn joined_strings_keep_within_the_limit() {
    let limits = Limits {
        value_bytes: 3,
        ..Limits::default()
    };
    let joined = |l: &str, r: &str| binary(BinaryOp::Add, &Value::from(l), &Value::from(r), &limits);
    assert_eq!(joined("a", "bc"), Ok(Value::from("abc")));
    assert_eq!(joined("ab", "cd"), Err(OpError::Limit(LimitReached::Bytes)));
}

#[test]
fn merge_removes_nulls_and_keeps_those_in_added_records() {
    let record = |fields: &[(&str, Value)]| -> ObjectMap {
        let mut map = ObjectMap::new();
        for (key, value) in fields {
            map.insert(Str::new(key), value.clone());
        }
        map
    };
    let mut target = record(&[
        ("a", Value::from(1i64)),
        ("b", Value::from(record(&[("x", Value::from(1i64))]))),
    ]);
    let added = Value::from(record(&[("n", Value::Null)]));
    merge::merge_into(
        &mut target,
        &record(&[
            ("a", Value::Null),
            ("b", Value::from(record(&[("y", Value::from(2i64))]))),
            ("c", added.clone()),
        ]),
    );
    let inner = Value::from(record(&[("x", Value::from(1i64)), ("y", Value::from(2i64))]));
    assert_eq!(Value::from(target), Value::from(record(&[("b", inner), ("c", added)])));
}
