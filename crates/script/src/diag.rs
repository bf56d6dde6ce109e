//! Errors and warnings at load (spec/script.md 9.2 and 10.1, spec/query.md 11).
//!
//! One function for each; the markers are those of the specification.

use temblor_syntax::ast::{BytesPart, Extractor, Name, Qualified, Use};
use temblor_syntax::codes::{self, Code};
use temblor_syntax::span::Span;
use temblor_syntax::suggest::nearest;
use temblor_syntax::{BraceCandidate, Diagnostic, Excerpt};
use temblor_value::Kind;

use crate::extract::ExtractError;
use crate::func::{AggregateDef, Registry};

/// Label on the place where a name was given before.
const DECLARED_FIRST: &str = "first here";

/// The tree of a parsed text, its warnings added to `warnings`; its diagnostics if it was refused.
pub(crate) fn accept<T>(tree: Option<T>, found: Vec<Diagnostic>, warnings: &mut Vec<Diagnostic>) -> Result<T, Vec<Diagnostic>> {
    match tree {
        Some(tree) if !found.iter().any(Diagnostic::is_error) => {
            warnings.extend(found);
            Ok(tree)
        }
        _ => Err(found),
    }
}

fn error(code: Code, at: Span, message: String) -> Box<Diagnostic> {
    Box::new(Diagnostic::error(code, at, message))
}

/// An error that shows the lines of its own range only.
fn narrow(code: Code, at: Span, message: String) -> Box<Diagnostic> {
    Box::new(Diagnostic::error(code, at, message).with_excerpt(Excerpt::Range(at)))
}

fn hinted(diagnostic: Diagnostic, near: Option<&str>) -> Box<Diagnostic> {
    Box::new(match near {
        Some(word) => diagnostic.with_hint(format!("Did you mean to use `{word}`?")),
        None => diagnostic,
    })
}

/// The range of a qualified name.
fn place(name: &Qualified) -> Option<Span> {
    let first = name.parts.first()?.span;
    Some(first.to(name.parts.last()?.span))
}

/// A qualified name as written.
pub(crate) fn written(name: &Qualified) -> String {
    let parts: Vec<&str> = name.parts.iter().map(|part| part.text.as_str()).collect();
    parts.join("::")
}

/// `use` of a file that no folder holds.
pub(crate) fn module_not_found(used: &Use, path: &str, searched: &[String], registry: &Registry) -> Diagnostic {
    let folders = if searched.is_empty() {
        "the module path names no folder".to_owned()
    } else {
        format!("the folders searched are: {}", searched.join(", "))
    };
    let diagnostic = Diagnostic::error(
        codes::MODULE_NOT_FOUND,
        place(&used.path).unwrap_or(used.span),
        format!("Module `{path}` not found; {folders}"),
    );
    let near = nearest(path, registry.libraries().map(|(path, _)| path), 2);
    *hinted(diagnostic, near.map(|path| path.replace('/', "::")).as_deref())
}

/// Files that use each other.
pub(crate) fn cyclic_modules(reading: &[String], file: &str) -> Diagnostic {
    let chain: Vec<&str> = reading.iter().map(String::as_str).chain([file]).collect();
    Diagnostic::error(
        codes::CYCLIC_MODULES,
        None,
        format!("Cyclic dependency of modules: {}", chain.join(" -> ")),
    )
}

/// More nesting than the stack takes.
pub(crate) fn too_deep(at: Span) -> Box<Diagnostic> {
    error(codes::SOURCE_DEPTH, at, "The text is nested too deeply".to_owned())
}

/// A constant declared twice, `first` at first.
pub(crate) fn constant_twice(name: &Name, first: Span, at: Span) -> Box<Diagnostic> {
    let message = format!("Can't declare the constant `{}` twice", name.text);
    Box::new(Diagnostic::error(codes::CONST_TWICE, at, message).with_label(first, DECLARED_FIRST))
}

/// A function defined twice, `first` at first.
pub(crate) fn function_twice(name: &Name, first: Span) -> Box<Diagnostic> {
    let message = format!("There is a function {} already defined in this module", name.text);
    Box::new(Diagnostic::error(codes::FUNCTION_TWICE, name.span, message).with_label(first, DECLARED_FIRST))
}

/// Two parameters of one name.
pub(crate) fn parameter_twice(first: &Name, name: &Name) -> Box<Diagnostic> {
    let message = format!("The function has two parameters `{}`", name.text);
    let diagnostic = *narrow(codes::PARAMETER_TWICE, name.span, message);
    Box::new(diagnostic.with_label(first.span, DECLARED_FIRST))
}

/// A value that must be known at load.
pub(crate) fn not_constant(at: Span) -> Box<Diagnostic> {
    narrow(
        codes::NOT_CONSTANT,
        at,
        "The expression isn't constant and can not be computed while loading".to_owned(),
    )
}

/// A reference to a constant that does not exist.
pub(crate) fn unknown_constant(module: &[String], name: &Qualified) -> Box<Diagnostic> {
    let mut path = module.to_vec();
    path.extend(name.parts.iter().map(|part| part.text.clone()));
    let message = format!("The constant {} (absolute path) is not defined", path.join("::"));
    match place(name) {
        Some(at) => narrow(codes::UNKNOWN_CONST, at, message),
        None => Box::new(Diagnostic::error(codes::UNKNOWN_CONST, None, message)),
    }
}

/// A call into a module that is not there; it may be one of the standard library that is not used yet.
pub(crate) fn function_without_module(name: &Qualified, at: Span, registry: &Registry) -> Box<Diagnostic> {
    let diagnostic = *unknown_function(name, at, std::iter::empty());
    let modules = name.parts.split_last().map_or(&[][..], |(_, modules)| modules);
    let path: Vec<&str> = modules.iter().map(|part| part.text.as_str()).collect();
    let library = format!("std/{}", path.join("/"));
    match registry.library(&library) {
        Some(_) => Box::new(diagnostic.with_hint(format!("`use {};` makes this module known", library.replace('/', "::")))),
        None => Box::new(diagnostic),
    }
}

/// A call of a function that does not exist.
pub(crate) fn unknown_function<'n>(name: &Qualified, at: Span, known: impl Iterator<Item = &'n str>) -> Box<Diagnostic> {
    let path = match name.parts.as_slice() {
        [only] => format!("::{}", only.text),
        _ => written(name),
    };
    let diagnostic = Diagnostic::error(codes::UNKNOWN_FUNCTION, at, format!("Call to undefined function {path}"))
        .with_excerpt(Excerpt::Around { before: 3, after: 3 });
    let wanted = name.parts.last().map_or("", |part| part.text.as_str());
    hinted(diagnostic, nearest(wanted, known, 2))
}

/// A library function that does not exist.
pub(crate) fn unknown_native(registry: &Registry, module: &str, name: &str, at: Span) -> Box<Diagnostic> {
    if registry.has_module(module) {
        let message = format!("Call to undefined function {module}::{name}");
        let diagnostic =
            Diagnostic::error(codes::UNKNOWN_FUNCTION, at, message).with_excerpt(Excerpt::Around { before: 3, after: 3 });
        let near = nearest(name, registry.functions_of(module).map(|function| function.name), 2);
        return hinted(diagnostic, near);
    }
    let message = format!("Call to undefined module {module}");
    let diagnostic = Diagnostic::error(codes::UNKNOWN_MODULE, at, message);
    if module == "object" {
        return hinted(diagnostic, Some("record"));
    }
    hinted(diagnostic, nearest(module, registry.modules(), 2))
}

/// `emit`, `drop` or `recur` where it is not allowed.
pub(crate) fn misplaced(word: &'static str, at: Span) -> Box<Diagnostic> {
    let (code, place) = match word {
        "emit" => (codes::EMIT_MISPLACED, "inside of a function"),
        "drop" => (codes::DROP_MISPLACED, "inside of a function"),
        _ => (codes::RECUR_MISPLACED, "outside of the last position of a function"),
    };
    error(code, at, format!("Can not {word} {place}"))
}

/// `recur` with a wrong number of arguments.
pub(crate) fn recur_arity(expected: usize, given: usize, at: Span) -> Box<Diagnostic> {
    error(
        codes::RECUR_ARITY,
        at,
        format!("Wrong number of arguments for recur, expected {expected} but got {given}"),
    )
}

/// A constant element step that is neither string nor index.
pub(crate) fn element_type(got: Kind, at: Span) -> Box<Diagnostic> {
    let diagnostic = *narrow(
        codes::TYPE_CONFLICT,
        at,
        format!("Conflicting types, got {got} but expected one of integer, string"),
    );
    Box::new(match got {
        Kind::Float => diagnostic.with_hint("The functions of std::math round floats: floor, ceil, round, trunc"),
        Kind::Integer => diagnostic.with_hint("An index counts from 0 at the start of the array, it can not be negative"),
        _ => diagnostic,
    })
}

/// A type name of a bytes part that does not exist.
pub(crate) fn bytes_type(part: &BytesPart) -> Box<Diagnostic> {
    let name = part.kind.as_ref().map_or("", |name| name.text.as_str());
    narrow(codes::BYTES_KIND, part.span, format!("Not a valid data type: '{name}'"))
}

/// A size of a bytes part outside of 1 to 64.
pub(crate) fn bytes_size(part: &BytesPart) -> Box<Diagnostic> {
    let size = part.size.as_ref().map_or(0, |(size, _)| *size);
    narrow(
        codes::BYTES_SIZE,
        part.span,
        format!("Not a valid size: {size}; a part with bits > 64 or bits < 1 does not exist"),
    )
}

/// An extractor that is unknown or whose format is refused.
pub(crate) fn extractor(extractor: &Extractor, error: &ExtractError) -> Box<Diagnostic> {
    let message = format!("Invalid tilde predicate pattern: {error}");
    let diagnostic = *narrow(codes::EXTRACTOR, extractor.span, message);
    Box::new(match error {
        ExtractError::Unknown(_) => {
            diagnostic.with_hint("The extractors are base64, cidr, datetime, dissect, glob, grok, influx, json, kv, re and rerg")
        }
        ExtractError::Bad(_) => diagnostic,
    })
}

/// `a = b = pattern`.
pub(crate) fn double_binding(at: Span) -> Box<Diagnostic> {
    narrow(codes::NESTED_BINDING, at, "A pattern can bind only one name".to_owned())
}

/// A bare name in a select.
pub(crate) fn local_in_select(name: &Name) -> Box<Diagnostic> {
    narrow(
        codes::LOCAL_IN_SELECT,
        name.span,
        format!("`{}`: local variables are not allowed here", name.text),
    )
}

/// An aggregate in the arguments of another.
pub(crate) fn nested_aggregate(at: Span) -> Box<Diagnostic> {
    narrow(
        codes::NESTED_AGGREGATE,
        at,
        "Aggregates can not be called inside of aggregates".to_owned(),
    )
}

/// An aggregate call with a wrong number of arguments.
pub(crate) fn aggregate_arity(function: &AggregateDef, given: usize, at: Span) -> Box<Diagnostic> {
    let arity = function.arity;
    let range = match arity.max {
        Some(max) => format!("{}..={max}", arity.min),
        None => format!("{}..", arity.min),
    };
    narrow(
        codes::ARITY,
        at,
        format!(
            "Bad arity for function {}::{}: expected {range} arguments but got {given}",
            function.module, function.name
        ),
    )
}

/// `event` or `$` in the target of a select with windows.
pub(crate) fn event_in_target(at: Span) -> Box<Diagnostic> {
    let diagnostic = narrow(
        codes::EVENT_IN_TARGET,
        at,
        "References to `event` or `$` are not allowed in this context".to_owned(),
    );
    Box::new(
        diagnostic
            .with_hint("Use aggr::win::last for the last event of the window, or dialect 0.9, which allows such references"),
    )
}

fn warning(code: Code, at: Span, message: String) -> Diagnostic {
    Diagnostic::warning(code, at, message).with_excerpt(Excerpt::Range(at))
}

/// A `match` without `default`.
pub(crate) fn no_default(at: Span) -> Diagnostic {
    warning(
        codes::NO_DEFAULT,
        at,
        "This match expression has no default clause, if the other clauses do not cover all possibilities it fails for an event"
            .to_owned(),
    )
}

/// A `match` with several clauses that take everything.
pub(crate) fn several_defaults(at: Span) -> Diagnostic {
    warning(
        codes::SEVERAL_DEFAULTS,
        at,
        "Any but the first of more then one default clauses is never reached".to_owned(),
    )
}

/// A field tested with `present` and in another way.
pub(crate) fn present_and_test(field: &str, at: Span) -> Diagnostic {
    warning(
        codes::PRESENT_AND_TEST,
        at,
        format!("The field is checked with both present and another test: {field}"),
    )
}

/// A field tested with `absent` and in another way.
pub(crate) fn absent_and_test(field: &str, at: Span) -> Diagnostic {
    warning(
        codes::ABSENT_AND_TEST,
        at,
        format!("The field is checked for absence and in another way, so this pattern never matches: {field}"),
    )
}

/// Braces in a string of the default dialect around names that are known (spec/dialects.md W1).
pub(crate) fn braced_text(candidate: &BraceCandidate) -> Diagnostic {
    let text = &candidate.text;
    warning(
        codes::BRACE_TEXT,
        candidate.span,
        format!("The braces are plain text here; tremor 0.9 inserted a value, which is written `#{{{text}}}` now"),
    )
}

/// The warning that an aggregate carries.
pub(crate) fn aggregate_warning(message: &str, at: Span) -> Diagnostic {
    warning(codes::AGGREGATE_COST, at, message.to_owned())
}

/// An aggregate where no window state is at hand.
pub(crate) fn aggregate_without_window(at: Span) -> Diagnostic {
    warning(
        codes::AGGREGATE_WITHOUT_WINDOW,
        at,
        "This aggregate has no window to work on, so it fails for every event".to_owned(),
    )
}
