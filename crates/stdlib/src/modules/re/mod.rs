//! Module `re` (spec/stdlib.md 5.10): regular expressions in the syntax of the `regex` crate; the pattern comes first.

mod template;

use std::cell::RefCell;
use std::collections::HashMap;

use regex::Regex;
use temblor_script::func::{Arity, CallCx, FnError, FunctionDef};
use temblor_value::{Str, Value};

use crate::args::{self, failure};
use crate::growth::{self, Text};
use crate::table::{doc, ex, pure};

use template::Template;

const MODULE: &str = "re";

/// Compiled patterns that a thread keeps; scripts use a handful.
const KEPT_PATTERNS: usize = 64;

/// The functions of the module.
pub(crate) const FUNCTIONS: &[FunctionDef] = &[
    pure(
        MODULE,
        "replace",
        Arity::exactly(3),
        |cx, args| replaced(cx, args, 1),
        doc(
            "replace(pattern, input, to)",
            "`input` with the first match of `pattern` replaced by `to`, in which `$1` or `${name}` stand for groups and `$$` for a dollar sign.",
            &[ex("core::re::replace(\"[0-9]+\",\"a12b3\",\"#\")", "\"a#b3\"")],
        ),
    ),
    pure(
        MODULE,
        "replace_all",
        Arity::exactly(3),
        |cx, args| replaced(cx, args, usize::MAX),
        doc(
            "replace_all(pattern, input, to)",
            "`input` with all matches of `pattern` replaced by `to`, in which `$1` or `${name}` stand for groups and `$$` for a dollar sign.",
            &[
                ex("core::re::replace_all(\"[0-9]+\",\"a12b3\",\"#\")", "\"a#b#\""),
                ex("core::re::replace_all(\"(.)(.)\",\"abcd\",\"$2$1\")", "\"badc\""),
            ],
        ),
    ),
    pure(
        MODULE,
        "is_match",
        Arity::exactly(2),
        is_match,
        doc(
            "is_match(pattern, input)",
            "Whether `pattern` matches anywhere in `input`.",
            &[ex("core::re::is_match(\"^[a-c]+$\",\"abba\")", "true")],
        ),
    ),
    pure(
        MODULE,
        "split",
        Arity::exactly(2),
        split,
        doc(
            "split(pattern, input)",
            "The pieces of `input` between the matches of `pattern`, empty ones too.",
            &[ex("core::re::split(\" *, *\",\"a ,b,,c\")", "[\"a\",\"b\",\"\",\"c\"]")],
        ),
    ),
];

/// The compiled pattern. Patterns are constants as a rule but reach us as text with each event, and compiling costs far more than
/// matching; so each thread keeps what it compiled.
fn compiled(pattern: &Str) -> Result<Regex, FnError> {
    thread_local! {
        static COMPILED: RefCell<HashMap<Str, Regex>> = RefCell::default();
    }
    COMPILED.with_borrow_mut(|compiled| {
        if let Some(regex) = compiled.get(pattern.as_str()) {
            return Ok(regex.clone());
        }
        let regex = Regex::new(pattern).map_err(|error| failure(error.to_string()))?;
        if compiled.len() >= KEPT_PATTERNS {
            compiled.clear();
        }
        compiled.insert(Str::new(pattern), regex.clone());
        Ok(regex)
    })
}

/// Replaces the first `most` matches.
fn replaced(cx: &mut CallCx<'_>, args: &[Value], most: usize) -> Result<Value, FnError> {
    let (pattern, input, to) = (args::string(&args[0])?, args::string(&args[1])?, args::string(&args[2])?);
    let regex = compiled(pattern)?;
    let template = Template::parse(to);
    let mut out = Text::new(cx.limits);
    let mut done = 0;
    for captures in regex.captures_iter(input).take(most) {
        cx.charge(1)?;
        let whole = captures.get_match();
        out.push_str(&input[done..whole.start()])?;
        template.expand(&captures, &mut out)?;
        done = whole.end();
    }
    out.push_str(&input[done..])?;
    Ok(Value::from(out.finish()?))
}

fn is_match(_: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    let (pattern, input) = (args::string(&args[0])?, args::string(&args[1])?);
    Ok(Value::from(compiled(pattern)?.is_match(input)))
}

fn split(cx: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    let (pattern, input) = (args::string(&args[0])?, args::string(&args[1])?);
    let regex = compiled(pattern)?;
    let mut pieces = Vec::new();
    let mut done = 0;
    for separator in regex.find_iter(input) {
        growth::push(cx, &mut pieces, Value::from(input.slice(done..separator.start())))?;
        done = separator.end();
    }
    growth::push(cx, &mut pieces, Value::from(input.slice(done..input.len())))?;
    Ok(Value::from(pieces))
}
