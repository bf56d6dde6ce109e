//! The mini-language of `string::format` (spec/stdlib.md 5.12).

use temblor_script::func::{CallCx, FnError};
use temblor_value::Value;

use crate::args::failure;
use crate::growth::Text;
use crate::text::{self, MINIMAL};

/// `string::format`: the first argument is the format, the others fill its placeholders.
pub(super) fn format(cx: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    let [Value::Str(format), arguments @ ..] = args else {
        return Err(failure("the format is not a string"));
    };
    let mut out = Text::new(cx.limits);
    let mut arguments = arguments.iter();
    let mut characters = format.chars().enumerate();
    while let Some((position, character)) = characters.next() {
        match (character, characters.clone().next().map(|(_, next)| next)) {
            ('{', Some('}')) => {
                characters.next();
                let argument = arguments
                    .next()
                    .ok_or_else(|| failure(format!("no argument is left for the placeholder at position {position}")))?;
                argument_text(cx, argument, &mut out)?;
            }
            ('{' | '}', Some(next)) if next == character => {
                characters.next();
                out.push(character)?;
            }
            ('{' | '}', _) => {
                return Err(failure(format!(
                    "invalid specifier: the `{character}` at position {position} has no partner"
                )));
            }
            ('\\', Some(next)) => {
                characters.next();
                if !matches!(next, '{' | '}') {
                    out.push('\\')?;
                }
                out.push(next)?;
            }
            ('\\', None) => {
                return Err(failure(format!(
                    "bad escape: nothing follows the `\\` at position {position}"
                )));
            }
            (plain, _) => out.push(plain)?,
        }
    }
    match arguments.len() {
        0 => Ok(Value::from(out.finish()?)),
        surplus => Err(failure(format!(
            "{surplus} arguments are left over behind the last placeholder"
        ))),
    }
}

fn argument_text(cx: &mut CallCx<'_>, argument: &Value, out: &mut Text<'_>) -> Result<(), FnError> {
    match argument {
        Value::Str(text) => out.push_str(text),
        other => text::write(cx, other, MINIMAL, out),
    }
}
