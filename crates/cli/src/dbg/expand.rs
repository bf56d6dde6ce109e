//! Tokens with every `use` replaced by the module it names (spec/script.md 7.2 and 7.6).
//!
//! The compiler works on trees and needs no such text; this is only for looking at. It works on tokens, so that also texts with syntax
//! errors can be looked at.

use temblor_script::Env;
use temblor_syntax::ast::Dialect;
use temblor_syntax::codes;
use temblor_syntax::highlight::Style;
use temblor_syntax::lexer::FileKind;
use temblor_syntax::token::{Keyword, Symbol, Token, TokenKind};
use temblor_syntax::{Diagnostic, SourceId, SourceMap, Span};

use super::tokens::{Row, of_file};

/// The tokens of a text and of all it uses.
pub(super) fn rows(sources: &mut SourceMap, id: SourceId, kind: FileKind, env: &Env) -> Result<Vec<Row>, Box<Diagnostic>> {
    let mut expander = Expander {
        sources,
        kind,
        env,
        reading: Vec::new(),
        rows: Vec::new(),
    };
    expander.file(id, env.dialect)?;
    Ok(expander.rows)
}

struct Expander<'a> {
    sources: &'a mut SourceMap,
    kind: FileKind,
    env: &'a Env,
    /// Files being read, outermost first.
    reading: Vec<String>,
    rows: Vec<Row>,
}

/// A `use` line.
struct Use {
    path: Vec<String>,
    name: String,
    /// Number of its tokens.
    length: usize,
    at: Span,
}

struct Found {
    file: String,
    text: String,
    dialect: Dialect,
}

impl Use {
    /// The line that starts with the first of `tokens`.
    fn starting(tokens: &[Token]) -> Option<Self> {
        let mut rest = tokens.iter().map(|token| &token.kind).peekable();
        rest.next_if(|kind| **kind == TokenKind::Keyword(Keyword::Use))?;
        let mut length = 2;
        let TokenKind::Name(first) = rest.next()? else { return None };
        let mut path = vec![first.clone()];
        while rest.next_if(|kind| **kind == TokenKind::Symbol(Symbol::ColonColon)).is_some() {
            let TokenKind::Name(next) = rest.next()? else { return None };
            path.push(next.clone());
            length += 2;
        }
        let mut name = path.last()?.clone();
        if rest.next_if(|kind| **kind == TokenKind::Keyword(Keyword::As)).is_some() {
            let TokenKind::Name(alias) = rest.next()? else { return None };
            name.clone_from(alias);
            length += 2;
        }
        if rest.next_if(|kind| **kind == TokenKind::Symbol(Symbol::Semicolon)).is_some() {
            length += 1;
        }
        let at = tokens.first()?.span.to(tokens.get(length - 1)?.span);
        Some(Self { path, name, length, at })
    }
}

impl Expander<'_> {
    fn file(&mut self, id: SourceId, dialect: Dialect) -> Result<(), Box<Diagnostic>> {
        let (tokens, dialect) = of_file(self.sources, id, dialect, self.kind);
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            match Use::starting(&tokens[at..]) {
                Some(used) => {
                    self.module(&used, dialect)?;
                    at += used.length;
                }
                None => {
                    self.rows.push(Row::of(token, self.sources));
                    at += 1;
                }
            }
        }
        Ok(())
    }

    fn module(&mut self, used: &Use, dialect: Dialect) -> Result<(), Box<Diagnostic>> {
        let Found { file, text, dialect } = self.find(used, dialect)?;
        let id = self.sources.add(file.clone(), text);
        self.added(used, &TokenKind::Keyword(Keyword::Mod), "mod");
        self.added(used, &TokenKind::Name(String::new()), &used.name);
        self.added(used, &TokenKind::Keyword(Keyword::With), "with");
        self.directive(used, Span::new(id, 0, 0));
        self.reading.push(file);
        // What a file that is used uses is looked for in the same way.
        let read = self.file(id, dialect);
        self.reading.pop();
        read?;
        self.directive(used, Span::new(used.at.source, used.at.end, used.at.end));
        self.added(used, &TokenKind::Keyword(Keyword::End), "end");
        self.added(used, &TokenKind::Symbol(Symbol::Semicolon), ";");
        Ok(())
    }

    /// A token that stands for the `use` line.
    fn added(&mut self, used: &Use, kind: &TokenKind, text: &str) {
        let line = Token {
            kind: kind.clone(),
            span: used.at,
        };
        self.rows.push(Row {
            text: text.to_owned(),
            ..Row::of(&line, self.sources)
        });
    }

    /// The line directive that gives the next token its place: byte, line, column, number of the text, file.
    fn directive(&mut self, used: &Use, to: Span) {
        let place = self.sources.location(to);
        let number = to.source.0;
        let text = format!("#!line {} {} {} {number} {}", to.start, place.line, place.column, place.file);
        self.added(used, &TokenKind::LineDirective, &text);
        if let Some(row) = self.rows.last_mut() {
            row.style = Some(Style::Comment);
        }
    }

    fn find(&self, used: &Use, dialect: Dialect) -> Result<Found, Box<Diagnostic>> {
        let parts: Vec<&str> = used.path.iter().map(String::as_str).collect();
        let path = parts.join("/");
        let found = match (self.env.loader.load(&parts), self.env.registry.library(&path)) {
            (Ok(loaded), _) => Found {
                file: loaded.file,
                text: loaded.text,
                dialect,
            },
            (Err(_), Some(text)) => Found {
                file: format!("{path}.tremor"),
                text: text.to_owned(),
                dialect: Dialect::Modern,
            },
            (Err(missing), None) => {
                let message = format!(
                    "Module `{path}` not found; the folders searched are: {}",
                    missing.searched.join(", ")
                );
                return Err(Box::new(Diagnostic::error(codes::MODULE_NOT_FOUND, used.at, message)));
            }
        };
        if self.reading.contains(&found.file) {
            let message = format!(
                "Cyclic dependency of modules: {} -> {}",
                self.reading.join(" -> "),
                found.file
            );
            return Err(Box::new(Diagnostic::error(codes::CYCLIC_MODULES, None, message)));
        }
        if self.reading.len() >= self.env.limits.source_depth {
            let message = "The text is nested too deeply";
            return Err(Box::new(Diagnostic::error(codes::SOURCE_DEPTH, used.at, message)));
        }
        Ok(found)
    }
}
