//! Diagnostics as text and as JSON (spec/script.md 10.5).

use std::fmt::Write as _;
use std::ops::Range;

use crate::ast::Dialect;
use crate::diagnostic::{Diagnostic, Excerpt, Severity};
use crate::highlight::{self, RESET, Style};
use crate::lexer::{self, FileKind};
use crate::source::SourceMap;
use crate::span::{SourceId, Span};

const BOLD: &str = "\u{1b}[1m";
const RED: &str = "\u{1b}[31m";
const YELLOW: &str = "\u{1b}[33m";
/// What stands before everything below a source line.
const MARGIN: &str = "      | ";

/// A report in the form of spec/script.md 10.5: header with the code at its end, source lines, carets with the message, hint, blank line.
pub fn render(sources: &SourceMap, diagnostic: &Diagnostic, colour: bool) -> String {
    let mut report = Report {
        sources,
        colour,
        out: String::new(),
    };
    report.header(diagnostic);
    match diagnostic.span {
        Some(span) => report.body(diagnostic, span),
        None => report.message(diagnostic, "", 1),
    }
    for note in &diagnostic.notes {
        report.line("      = ", note);
    }
    report.out.push('\n');
    report.out
}

struct Report<'a> {
    sources: &'a SourceMap,
    colour: bool,
    out: String,
}

/// The part of one line that carets stand under.
struct Underline {
    /// Index of the line.
    line: usize,
    /// Blanks before the carets; tabs of the line stay tabs, so that the carets stand where they should.
    blanks: String,
    /// Number of carets.
    carets: usize,
}

impl Report<'_> {
    fn header(&mut self, diagnostic: &Diagnostic) {
        let place = diagnostic.span.map(|span| {
            let location = self.sources.location(span);
            format!("{}:{}:{} ", location.file, location.line, location.column)
        });
        let header = match (diagnostic.severity, place) {
            (Severity::Error, Some(place)) => format!("Error in {place}"),
            (Severity::Error, None) => "Error: ".to_owned(),
            (Severity::Warning, place) => format!("Warning: {}", place.unwrap_or_default()),
        };
        let header = self.painted(BOLD, &format!("{header}[{}]", diagnostic.code));
        self.out.push_str(&header);
        self.out.push('\n');
    }

    fn body(&mut self, diagnostic: &Diagnostic, span: Span) {
        let main = self.underline(span);
        let lines = self.lines(diagnostic, span, main.line);
        let styles = self.styles(span.source);
        for index in lines.clone() {
            let Some(line) = self.sources.line_text(span.source, index) else {
                continue;
            };
            let start = self.sources.line_start(span.source, index) as usize;
            // Behind the last LF no line begins, unless something is missing just there.
            if start > 0 && start == self.sources.text(span.source).len() && index != main.line {
                continue;
            }
            let line = line.strip_suffix('\r').unwrap_or(line);
            let number = format!("{:>5}", self.sources.line_number(span.source, index));
            let number = self.painted(BOLD, &number);
            let line = if self.colour {
                highlight::paint(line, start, &styles)
            } else {
                line.to_owned()
            };
            let _ = writeln!(self.out, "{number} | {line}");
            if index == main.line {
                self.message(diagnostic, &main.blanks, main.carets);
            }
            for (place, text) in diagnostic.labels.iter().filter(|(place, _)| place.source == span.source) {
                let underline = self.underline(*place);
                if underline.line == index {
                    let _ = writeln!(
                        self.out,
                        "{MARGIN}{}{} {text}",
                        underline.blanks,
                        "-".repeat(underline.carets)
                    );
                }
            }
        }
        for (place, text) in &diagnostic.labels {
            if place.source != span.source || !lines.contains(&self.underline(*place).line) {
                let location = self.sources.location(*place);
                let text = format!("{}:{}:{} {text}", location.file, location.line, location.column);
                self.line("      = ", &text);
            }
        }
    }

    /// Carets, message and hint.
    fn message(&mut self, diagnostic: &Diagnostic, blanks: &str, carets: usize) {
        let colour = if diagnostic.is_error() { RED } else { YELLOW };
        let indentation = format!("{MARGIN}{blanks}{} ", " ".repeat(carets));
        let mut lines = diagnostic.message.lines();
        let first = self.painted(colour, &format!("{} {}", "^".repeat(carets), lines.next().unwrap_or("")));
        let _ = writeln!(self.out, "{MARGIN}{blanks}{first}");
        for line in lines {
            let line = self.painted(colour, line);
            let _ = writeln!(self.out, "{indentation}{line}");
        }
        if let Some(hint) = &diagnostic.hint {
            let hint = self.painted(YELLOW, &format!("NOTE: {hint}"));
            let _ = writeln!(self.out, "{indentation}{hint}");
        }
    }

    /// A remark; its further lines are indented like its first.
    fn line(&mut self, start: &str, text: &str) {
        for (at, line) in text.lines().enumerate() {
            let start = if at == 0 { start } else { "        " };
            let _ = writeln!(self.out, "{start}{line}");
        }
    }

    /// Indexes of the lines to show; `caret` is among them.
    fn lines(&self, diagnostic: &Diagnostic, span: Span, caret: usize) -> Range<usize> {
        let first = self.sources.line_index(span.source, span.start);
        match diagnostic.excerpt {
            Excerpt::Range(range) if range.source == span.source => {
                let start = self.sources.line_index(range.source, range.start).min(first);
                start..self.last_line(range).max(caret) + 1
            }
            Excerpt::Range(_) => first..caret + 1,
            Excerpt::Around { before, after } => first.saturating_sub(before as usize)..caret + 1 + after as usize,
        }
    }

    /// The line on which the last character of a range stands.
    fn last_line(&self, span: Span) -> usize {
        self.sources
            .line_index(span.source, span.end.saturating_sub(1).max(span.start))
    }

    fn underline(&self, span: Span) -> Underline {
        let line = self.last_line(span);
        let text = self.sources.line_text(span.source, line).unwrap_or("");
        let line_start = self.sources.line_start(span.source, line);
        let start = (span.start.saturating_sub(line_start) as usize).min(text.len());
        let end = ((span.end.saturating_sub(line_start)) as usize).min(text.len()).max(start);
        let blanks: String = text
            .get(..start)
            .unwrap_or("")
            .chars()
            .map(|c| if c == '\t' { '\t' } else { ' ' })
            .collect();
        let carets = text.get(start..end).unwrap_or("").chars().count().max(1);
        Underline { line, blanks, carets }
    }

    fn styles(&self, id: SourceId) -> Vec<(Range<usize>, Style)> {
        if !self.colour {
            return Vec::new();
        }
        let tokens = lexer::tokenize(self.sources, id, Dialect::Modern, FileKind::Query).tokens;
        highlight::styles(&tokens).collect()
    }

    fn painted(&self, colour: &str, text: &str) -> String {
        if self.colour {
            format!("{colour}{text}{RESET}")
        } else {
            text.to_owned()
        }
    }
}

/// A diagnostic as one line of JSON: `severity`, `code`, `title`, `message`, place (`file`, `line`, `column`, `end_line`, `end_column`;
/// missing without one), `labels` (places with `text`), `notes`, `hint` (missing without one). Lines and columns start at 1, the end
/// column is the one behind the last character.
pub fn render_json(sources: &SourceMap, diagnostic: &Diagnostic) -> String {
    let mut out = String::from("{");
    let severity = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    json_field(&mut out, "severity", severity);
    json_field(&mut out, "code", diagnostic.code.id());
    json_field(&mut out, "title", diagnostic.code.title());
    json_field(&mut out, "message", &diagnostic.message);
    if let Some(span) = diagnostic.span {
        json_place(&mut out, sources, span);
    }
    out.push_str("\"labels\":[");
    for (at, (span, text)) in diagnostic.labels.iter().enumerate() {
        out.push_str(if at > 0 { ",{" } else { "{" });
        json_place(&mut out, sources, *span);
        json_field(&mut out, "text", text);
        out.pop();
        out.push('}');
    }
    out.push_str("],\"notes\":[");
    for (at, note) in diagnostic.notes.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        json_text(&mut out, note);
    }
    out.push_str("],");
    if let Some(hint) = &diagnostic.hint {
        json_field(&mut out, "hint", hint);
    }
    out.pop();
    out.push('}');
    out
}

/// A place with a comma behind it.
fn json_place(out: &mut String, sources: &SourceMap, span: Span) {
    let location = sources.location(span);
    let (end_line, end_column) = sources.line_col(span.source, span.end);
    json_field(out, "file", &location.file);
    let _ = write!(
        out,
        "\"line\":{},\"column\":{},\"end_line\":{end_line},\"end_column\":{end_column},",
        location.line, location.column
    );
}

/// A field with a comma behind it.
fn json_field(out: &mut String, name: &str, value: &str) {
    json_text(out, name);
    out.push(':');
    json_text(out, value);
    out.push(',');
}

fn json_text(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests;
