//! Scripts.

use temblor_script::{Compiled, Env, MetaUse, Uses, compile_script};
use temblor_syntax::highlight::Style;
use temblor_syntax::lexer::{FileKind, tokenize};
use temblor_syntax::token::{Symbol, TokenKind};
use temblor_syntax::{SourceId, SourceMap, Span};
use temblor_value::{Value, json};

use super::line;
use crate::diagnostics::Form;
use crate::output::{is_coloured, report};
use crate::source_file::SourceFile;

/// Most characters of a folded value that are shown.
const LONGEST_VALUE: usize = 60;

/// What the script does.
pub(super) fn explain(file: SourceFile, env: &Env, form: Form) -> Result<String, String> {
    let mut sources = SourceMap::new();
    let title = format!("script {}\n", file.name);
    let id = sources.add(file.name, file.text);
    let compiled = compile_script(&mut sources, id, env).map_err(|errors| form.render(&sources, &errors, is_coloured()))?;
    report(&form.render(&sources, &compiled.warnings, is_coloured()));
    let uses = compiled.program.uses();
    let mut text = title;
    text += &line("event", event(uses));
    text += &line("metadata", &metadata(uses));
    text += &line("state", if uses.state { "used" } else { "not used" });
    text += &line("ports", &ports(uses));
    text += &line("drop", if uses.can_drop { "can drop" } else { "never drops" });
    text += &line("result", result(uses));
    text += &folded(&compiled, &sources, id, env);
    Ok(text)
}

fn event(uses: &Uses) -> &'static str {
    match (uses.reads_event, uses.writes_event) {
        (true, true) => "read and written",
        (true, false) => "read",
        (false, true) => "written",
        (false, false) => "not touched",
    }
}

fn metadata(uses: &Uses) -> String {
    let parts = [("reads", &uses.reads_meta), ("writes", &uses.writes_meta)];
    let parts: Vec<String> = parts
        .into_iter()
        .filter_map(|(verb, used)| Some(format!("{verb} {}", keys(used)?)))
        .collect();
    if parts.is_empty() {
        "not touched".to_owned()
    } else {
        parts.join("; ")
    }
}

fn keys(used: &MetaUse) -> Option<String> {
    match used {
        MetaUse::Nothing => None,
        MetaUse::Everything => Some("all of it".to_owned()),
        MetaUse::Keys(keys) => {
            let keys: Vec<String> = keys.iter().map(|key| format!("${key}")).collect();
            Some(keys.join(", "))
        }
    }
}

fn ports(uses: &Uses) -> String {
    let known = uses.ports.iter().map(|port| port.as_deref().unwrap_or("out"));
    let computed = uses.computes_port.then_some("any (computed per event)");
    let ports: Vec<&str> = known.chain(computed).collect();
    if ports.is_empty() {
        "none".to_owned()
    } else {
        ports.join(", ")
    }
}

fn result(uses: &Uses) -> &'static str {
    match (uses.can_emit_event, uses.can_emit_value) {
        (true, true) => "the event or another value",
        (true, false) if uses.writes_event => "the event, changed",
        (true, false) => "the event as it came",
        (false, true) => "a value other than the event",
        (false, false) => "none",
    }
}

/// What was computed at load: constants that are not written as such.
fn folded(compiled: &Compiled, sources: &SourceMap, id: SourceId, env: &Env) -> String {
    let tokens = tokenize(sources, id, env.dialect, FileKind::Script).tokens;
    let is_computed = |span: Span| {
        let from = tokens.partition_point(|token| token.span.start < span.start);
        let inside = tokens[from..].iter().take_while(|token| token.span.end <= span.end);
        inside.into_iter().any(|token| match &token.kind {
            TokenKind::Symbol(symbol) => !matches!(
                symbol,
                Symbol::Minus
                    | Symbol::Comma
                    | Symbol::Colon
                    | Symbol::BracketOpen
                    | Symbol::BracketClose
                    | Symbol::BraceOpen
                    | Symbol::BraceClose
            ),
            kind => !matches!(Style::of(kind), None | Some(Style::Literal | Style::Text | Style::Comment)),
        })
    };
    let mut found: Vec<&(Span, Value)> = compiled
        .constants
        .iter()
        .filter(|(span, _)| span.source == id && is_computed(*span))
        .collect();
    found.sort_by_key(|(span, _)| span.start);
    if found.is_empty() {
        return line("folded", "nothing");
    }
    let lines = found.into_iter().enumerate().map(|(number, (span, value))| {
        let (at, column) = sources.line_col(id, span.start);
        let source: Vec<&str> = sources.slice(*span).split_whitespace().collect();
        let text = format!("{at}:{column} {} is {}", source.join(" "), shortened(&json::to_string(value)));
        line(if number == 0 { "folded" } else { "" }, &text)
    });
    lines.collect()
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST_VALUE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
