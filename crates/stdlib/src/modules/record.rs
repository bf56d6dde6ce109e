//! Module `record` (spec/stdlib.md 5.11). Records are values: every function makes a new one.

use temblor_script::func::{Arity, CallCx, FnError, FunctionDef};
use temblor_value::{ObjectMap, Str, Value};

use crate::args::{self, failure};
use crate::growth;
use crate::table::{doc, ex, pure};

const MODULE: &str = "record";

/// The functions of the module.
pub(crate) const FUNCTIONS: &[FunctionDef] = &[
    pure(
        MODULE,
        "len",
        Arity::exactly(1),
        len,
        doc(
            "len(record)",
            "Number of fields of `record`.",
            &[ex("core::record::len({\"a\":1})", "1")],
        ),
    ),
    pure(
        MODULE,
        "is_empty",
        Arity::exactly(1),
        is_empty,
        doc(
            "is_empty(record)",
            "Whether `record` has no fields.",
            &[ex("core::record::is_empty({})", "true")],
        ),
    ),
    pure(
        MODULE,
        "contains",
        Arity::exactly(2),
        contains,
        doc(
            "contains(record, key)",
            "Whether `record` has a field named `key`, even if its value is null.",
            &[ex("core::record::contains({\"a\":null},\"a\")", "true")],
        ),
    ),
    pure(
        MODULE,
        "keys",
        Arity::exactly(1),
        keys,
        doc(
            "keys(record)",
            "The names of the fields of `record` in order.",
            &[ex("core::record::keys({\"b\":1,\"a\":2})", "[\"b\",\"a\"]")],
        ),
    ),
    pure(
        MODULE,
        "values",
        Arity::exactly(1),
        values,
        doc(
            "values(record)",
            "The values of the fields of `record` in order.",
            &[ex("core::record::values({\"b\":1,\"a\":2})", "[1,2]")],
        ),
    ),
    pure(
        MODULE,
        "to_array",
        Arity::exactly(1),
        to_array,
        doc(
            "to_array(record)",
            "The fields of `record` as pairs of name and value in order.",
            &[ex("core::record::to_array({\"b\":1})", "[[\"b\",1]]")],
        ),
    ),
    pure(
        MODULE,
        "from_array",
        Arity::exactly(1),
        from_array,
        doc(
            "from_array(array)",
            "The record of the pairs of name and value in `array`; of equal names the later value wins at the first place. An element \
             that is no such pair is a runtime error.",
            &[ex("core::record::from_array([[\"a\",1],[\"a\",2]])", "{\"a\":2}")],
        ),
    ),
    pure(
        MODULE,
        "select",
        Arity::exactly(2),
        select,
        doc(
            "`select`(record, keys)",
            "The fields of `record` whose names are in the array `keys`, in the order of `record`.",
            &[ex("core::record::`select`({\"a\":1,\"b\":2},[\"b\",\"z\",3])", "{\"b\":2}")],
        ),
    ),
    pure(
        MODULE,
        "merge",
        Arity::exactly(2),
        merge,
        doc(
            "`merge`(left, right)",
            "The fields of `left`, then those of `right`. Of equal names the value of `right` wins; nested records are replaced as a whole.",
            &[ex(
                "core::record::`merge`({\"a\":{\"x\":1}},{\"a\":{\"y\":2}})",
                "{\"a\":{\"y\":2}}",
            )],
        ),
    ),
    pure(
        MODULE,
        "rename",
        Arity::exactly(2),
        rename,
        doc(
            "rename(record, names)",
            "`record` with every field that is a key in the record `names` named after the value there, if that is a string. Of \
             fields that get the same name the later value wins.",
            &[ex(
                "core::record::rename({\"a\":1,\"b\":2},{\"a\":\"b\",\"b\":\"a\"})",
                "{\"b\":1,\"a\":2}",
            )],
        ),
    ),
];

fn len(_: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    Ok(Value::from(args::record(&args[0])?.len()))
}

fn is_empty(_: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    Ok(Value::from(args::record(&args[0])?.is_empty()))
}

fn contains(_: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    let (record, key) = (args::record(&args[0])?, args::string(&args[1])?);
    Ok(Value::from(record.contains_key(key)))
}

fn keys(cx: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    let record = args::record(&args[0])?;
    let mut array = growth::array(cx, record.len())?;
    array.extend(record.iter().map(|(key, _)| Value::from(key.clone())));
    Ok(Value::from(array))
}

fn values(cx: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    let record = args::record(&args[0])?;
    let mut array = growth::array(cx, record.len())?;
    array.extend(record.iter().map(|(_, value)| value.clone()));
    Ok(Value::from(array))
}

fn to_array(cx: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    let record = args::record(&args[0])?;
    let mut array = growth::array(cx, record.len())?;
    array.extend(
        record
            .iter()
            .map(|(key, value)| Value::from(vec![Value::from(key.clone()), value.clone()])),
    );
    Ok(Value::from(array))
}

fn from_array(cx: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    let array = args::array(&args[0])?;
    cx.charge(array.len())?;
    let mut record = ObjectMap::new();
    for (index, element) in array.iter().enumerate() {
        let Some([Value::Str(key), value]) = element.as_array() else {
            return Err(failure(format!("element {index} is not an array of a string and a value")));
        };
        record.insert(key.clone(), value.clone());
        cx.limits.check_elements(record.len())?;
    }
    Ok(Value::from(record))
}

fn select(cx: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    let (record, keys) = (args::record(&args[0])?, args::array(&args[1])?);
    cx.charge(keys.len() + record.len())?;
    let mut wanted = ObjectMap::with_capacity(keys.len().min(record.len()));
    for key in keys {
        if let Value::Str(key) = key
            && record.contains_key(key)
        {
            wanted.insert(key.clone(), Value::Null);
        }
    }
    let mut selected = ObjectMap::with_capacity(wanted.len());
    for (key, value) in record {
        if wanted.contains_key(key) {
            selected.insert(key.clone(), value.clone());
        }
    }
    Ok(Value::from(selected))
}

fn merge(cx: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    let (left, right) = (args::record(&args[0])?, args::record(&args[1])?);
    cx.charge(left.len() + right.len())?;
    let mut merged = left.clone();
    for (key, value) in right {
        merged.insert(key.clone(), value.clone());
        cx.limits.check_elements(merged.len())?;
    }
    Ok(Value::from(merged))
}

fn rename(cx: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    let (record, names) = (args::record(&args[0])?, args::record(&args[1])?);
    cx.check_elements(record.len())?;
    let mut renamed = ObjectMap::with_capacity(record.len());
    for (key, value) in record {
        let name: &Str = match names.get(key) {
            Some(Value::Str(name)) => name,
            _ => key,
        };
        renamed.insert(name.clone(), value.clone());
    }
    Ok(Value::from(renamed))
}
