//! Module `chash` (spec/stdlib.md 7.3): consistent hashing. Results are stored by users' systems and must never change.

use temblor_script::func::{Arity, CallCx, FnError, FunctionDef};
use temblor_value::Value;

use crate::args::{self, failure};
use crate::growth::Text;
use crate::modules::siphash;
use crate::table::{doc, ex, pure};
use crate::text::{self, Binaries, Fields, Form, Layout};

const MODULE: &str = "chash";

/// The keys of `jump`.
const KEYS: (u64, u64) = (8_390_880_576_440_238_080, 128_034_676_764_530);

/// The functions of the module.
pub(crate) const FUNCTIONS: &[FunctionDef] = &[
    pure(
        MODULE,
        "jump",
        Arity::exactly(2),
        jump,
        doc(
            "jump(key, slots)",
            "The slot of the string `key`, 0 up to but not including `slots`. When `slots` grows, few keys change their slot. No \
             slots at all are a runtime error.",
            &[ex("core::chash::jump(\"cart-17\",12)", "10")],
        ),
    ),
    pure(
        MODULE,
        "jump_with_keys",
        Arity::exactly(4),
        jump_with_keys,
        doc(
            "jump_with_keys(k1, k2, key, slots)",
            "`jump` with the two integers `k1` and `k2` as keys of the hash.",
            &[ex("core::chash::jump_with_keys(11,97,\"cart-17\",12)", "4")],
        ),
    ),
    pure(
        MODULE,
        "sorted_serialize",
        Arity::exactly(1),
        sorted_serialize,
        doc(
            "sorted_serialize(value)",
            "JSON text of any value without white space, the fields of all records sorted by name: equal records have equal texts.",
            &[ex(
                "core::chash::sorted_serialize({\"b\":[2,1],\"a\":null})",
                "\"{\\\"a\\\":null,\\\"b\\\":[2,1]}\"",
            )],
        ),
    ),
];

fn jump(_: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    slot(KEYS, &args[0], &args[1])
}

fn jump_with_keys(_: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    let keys = (args::uint(&args[0])?, args::uint(&args[1])?);
    slot(keys, &args[2], &args[3])
}

fn slot(keys: (u64, u64), key: &Value, slots: &Value) -> Result<Value, FnError> {
    let (key, slots) = (args::string(key)?, args::u32(slots)?);
    if slots == 0 {
        return Err(failure("there are no slots to choose from"));
    }
    Ok(Value::from(jump_hash(siphash::one_three_str(keys, key), slots)))
}

/// Jump consistent hash (Lamping and Veach) with the arithmetic that the specification fixes.
fn jump_hash(mut hash: u64, slots: u32) -> i64 {
    let slots = i64::from(slots);
    let (mut slot, mut next) = (-1_i64, 0_i64);
    while next < slots {
        slot = next;
        hash = hash.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(1);
        next = ((slot + 1) as f64 * (f64::from(1_u32 << 31) / ((hash >> 33) + 1) as f64)) as i64;
    }
    slot
}

fn sorted_serialize(cx: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    let mut out = Text::new(cx.limits);
    let form = Form {
        binaries: Binaries::Base64,
        fields: Fields::Sorted,
        layout: Layout::Compact,
    };
    text::write(cx, &args[0], form, &mut out)?;
    Ok(Value::from(out.finish()?))
}
