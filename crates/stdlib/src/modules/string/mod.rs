//! Module `string` (spec/stdlib.md 5.12). A character is a Unicode code point.

mod format;

use std::ops::Range;

use temblor_script::func::{Arity, CallCx, FnError, FunctionDef};
use temblor_value::{Blob, Str, Value};

use crate::args;
use crate::growth::{self, Text};
use crate::table::{doc, ex, pure};

const MODULE: &str = "string";

/// The most bytes that a byte can grow to when its character changes case.
const CASE_GROWTH: usize = 3;

/// The functions of the module.
pub(crate) const FUNCTIONS: &[FunctionDef] = &[
    pure(
        MODULE,
        "format",
        Arity::at_least(1),
        format::format,
        doc(
            "format(format, ...)",
            "`format` with each `{}` replaced by the next argument: a string as it is, any other value as JSON. `{{` and `}}` give \
             single braces, a backslash makes the next character literal. Too few or too many arguments are a runtime error.",
            &[
                ex("core::string::format(\"{}={}\",\"k\",2)", "\"k=2\""),
                ex("core::string::format(\"{{{}}}\",7)", "\"{7}\""),
            ],
        ),
    ),
    pure(
        MODULE,
        "is_empty",
        Arity::exactly(1),
        is_empty,
        doc(
            "is_empty(text)",
            "Whether `text` has no characters.",
            &[ex("core::string::is_empty(\" \")", "false")],
        ),
    ),
    pure(
        MODULE,
        "len",
        Arity::exactly(1),
        len,
        doc(
            "len(text)",
            "Number of characters of `text`.",
            &[ex("core::string::len(\"añ€\")", "3")],
        ),
    ),
    pure(
        MODULE,
        "bytes",
        Arity::exactly(1),
        bytes,
        doc(
            "bytes(text)",
            "Number of UTF-8 bytes of `text`.",
            &[ex("core::string::bytes(\"añ€\")", "6")],
        ),
    ),
    pure(
        MODULE,
        "replace",
        Arity::exactly(3),
        replace,
        doc(
            "replace(text, what, to)",
            "`text` with all occurrences of the plain text `what` replaced by `to`. An empty `what` occurs around every character.",
            &[
                ex("core::string::replace(\"aaa\",\"aa\",\"b\")", "\"ba\""),
                ex("core::string::replace(\"ab\",\"\",\"-\")", "\"-a-b-\""),
            ],
        ),
    ),
    pure(
        MODULE,
        "trim",
        Arity::exactly(1),
        |_, args| trimmed(&args[0], true, true),
        doc(
            "trim(text)",
            "`text` without white space at both ends.",
            &[ex("core::string::trim(\" a b\\n\")", "\"a b\"")],
        ),
    ),
    pure(
        MODULE,
        "trim_start",
        Arity::exactly(1),
        |_, args| trimmed(&args[0], true, false),
        doc(
            "trim_start(text)",
            "`text` without white space at its start.",
            &[ex("core::string::trim_start(\" a \")", "\"a \"")],
        ),
    ),
    pure(
        MODULE,
        "trim_end",
        Arity::exactly(1),
        |_, args| trimmed(&args[0], false, true),
        doc(
            "trim_end(text)",
            "`text` without white space at its end.",
            &[ex("core::string::trim_end(\" a \")", "\" a\"")],
        ),
    ),
    pure(
        MODULE,
        "lowercase",
        Arity::exactly(1),
        lowercase,
        doc(
            "lowercase(text)",
            "`text` in lower case by the full Unicode mapping.",
            &[ex("core::string::lowercase(\"ΌΔΟΣ\")", "\"όδος\"")],
        ),
    ),
    pure(
        MODULE,
        "uppercase",
        Arity::exactly(1),
        uppercase,
        doc(
            "uppercase(text)",
            "`text` in upper case by the full Unicode mapping; it may become longer.",
            &[ex("core::string::uppercase(\"straße\")", "\"STRASSE\"")],
        ),
    ),
    pure(
        MODULE,
        "capitalize",
        Arity::exactly(1),
        capitalize,
        doc(
            "capitalize(text)",
            "`text` with its first character in upper case.",
            &[ex("core::string::capitalize(\"éa B\")", "\"Éa B\"")],
        ),
    ),
    pure(
        MODULE,
        "substr",
        Arity::exactly(3),
        substr,
        doc(
            "substr(text, start, end)",
            "The characters of `text` from position `start` up to but not including `end`. A `start` behind the text counts as 0, an \
             `end` behind it as its length; if then `start` is above `end`, the result is the whole text.",
            &[
                ex("core::string::substr(\"crème\",1,4)", "\"rèm\""),
                ex("core::string::substr(\"abc\",2,1)", "\"abc\""),
            ],
        ),
    ),
    pure(
        MODULE,
        "split",
        Arity::exactly(2),
        split,
        doc(
            "split(text, separator)",
            "The pieces of `text` between the occurrences of `separator`, empty ones too.",
            &[
                ex("core::string::split(\",a,\",\",\")", "[\"\",\"a\",\"\"]"),
                ex("core::string::split(\"ab\",\"\")", "[\"\",\"a\",\"b\",\"\"]"),
            ],
        ),
    ),
    pure(
        MODULE,
        "contains",
        Arity::exactly(2),
        contains,
        doc(
            "contains(text, part)",
            "Whether `part` occurs in `text`.",
            &[ex("core::string::contains(\"kiwi\",\"iw\")", "true")],
        ),
    ),
    pure(
        MODULE,
        "from_utf8_lossy",
        Arity::exactly(1),
        from_utf8_lossy,
        doc(
            "from_utf8_lossy(binary)",
            "The text that `binary` holds as UTF-8; what is not valid becomes replacement characters.",
            &[ex("core::string::from_utf8_lossy(<<104,255>>)", "\"h\u{fffd}\"")],
        ),
    ),
    pure(
        MODULE,
        "into_binary",
        Arity::exactly(1),
        into_binary,
        doc(
            "into_binary(text)",
            "The UTF-8 bytes of `text`.",
            &[ex("core::string::into_binary(\"hi\") == <<104,105>>", "true")],
        ),
    ),
];

fn is_empty(_: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    Ok(Value::from(args::string(&args[0])?.is_empty()))
}

fn len(_: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    Ok(Value::from(args::string(&args[0])?.chars().count()))
}

fn bytes(_: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    Ok(Value::from(args::string(&args[0])?.len()))
}

fn replace(cx: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    let (text, what, to) = (args::string(&args[0])?, args::string(&args[1])?, args::string(&args[2])?);
    if to.len() > what.len() {
        let found = text.matches(what.as_str()).count();
        cx.check_bytes(found.saturating_mul(to.len() - what.len()).saturating_add(text.len()))?;
    }
    Ok(Value::from(text.replace(what.as_str(), to)))
}

fn trimmed(text: &Value, start: bool, end: bool) -> Result<Value, FnError> {
    let text = args::string(text)?;
    let from = if start { text.len() - text.trim_start().len() } else { 0 };
    let to = if end { text.trim_end().len().max(from) } else { text.len() };
    Ok(Value::from(text.slice(from..to)))
}

/// Checks the size of `text` in another case; the exact size is found out only where the limit may be near.
fn check_case(cx: &CallCx<'_>, text: &str, changed: impl Fn(char) -> usize) -> Result<(), FnError> {
    if cx.check_bytes(text.len().saturating_mul(CASE_GROWTH)).is_ok() {
        return Ok(());
    }
    cx.check_bytes(text.chars().map(changed).sum())
}

fn lowercase(cx: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    let text = args::string(&args[0])?;
    check_case(cx, text, |character| character.to_lowercase().map(char::len_utf8).sum())?;
    Ok(Value::from(text.to_lowercase()))
}

fn uppercase(cx: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    let text = args::string(&args[0])?;
    check_case(cx, text, |character| character.to_uppercase().map(char::len_utf8).sum())?;
    Ok(Value::from(text.to_uppercase()))
}

fn capitalize(cx: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    let text = args::string(&args[0])?;
    let mut rest = text.chars();
    let Some(first) = rest.next() else {
        return Ok(args[0].clone());
    };
    let mut out = Text::new(cx.limits);
    for character in first.to_uppercase() {
        out.push(character)?;
    }
    out.push_str(rest.as_str())?;
    Ok(Value::from(out.finish()?))
}

fn substr(_: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    let (text, start, end) = (args::string(&args[0])?, args::uint(&args[1])?, args::uint(&args[2])?);
    Ok(Value::from(text.slice(characters(text, start, end))))
}

/// The bytes of the characters from `start` to `end`, with the corrections that spec/stdlib.md 5.12 lists.
fn characters(text: &str, start: u64, end: u64) -> Range<usize> {
    let length = if text.is_ascii() { text.len() } else { text.chars().count() };
    let inside = |position: u64| usize::try_from(position).ok().filter(|position| *position < length);
    let (start, end) = (inside(start).unwrap_or(0), inside(end).unwrap_or(length));
    if start > end {
        return 0..text.len();
    }
    if length == text.len() {
        return start..end;
    }
    let mut places = text.char_indices().map(|(place, _)| place);
    let from = places.clone().nth(start).unwrap_or(text.len());
    let to = places.nth(end).unwrap_or(text.len());
    from..to
}

fn split(cx: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    let (text, separator) = (args::string(&args[0])?, args::string(&args[1])?);
    let mut pieces = Vec::new();
    let mut from = 0;
    for piece in text.split(separator.as_str()) {
        growth::push(cx, &mut pieces, Value::from(text.slice(from..from + piece.len())))?;
        from += piece.len() + separator.len();
    }
    Ok(Value::from(pieces))
}

fn contains(_: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    let (text, part) = (args::string(&args[0])?, args::string(&args[1])?);
    Ok(Value::from(text.contains(part.as_str())))
}

fn from_utf8_lossy(cx: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    let bytes = args::binary(&args[0])?;
    let mut out = Text::new(cx.limits);
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid())?;
        if !chunk.invalid().is_empty() {
            out.push(char::REPLACEMENT_CHARACTER)?;
        }
    }
    Ok(Value::from(out.finish()?))
}

fn into_binary(_: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    let text: &Str = args::string(&args[0])?;
    Ok(Value::from(Blob::from(text.as_bytes())))
}
