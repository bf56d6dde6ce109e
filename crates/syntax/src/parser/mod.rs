//! Recursive descent over the tokens (spec/script.md 11, spec/query.md 2).
//!
//! Knows the grammar only: names, placement of `emit`, sizes of binary parts and the like are checked by whoever resolves the tree. Each
//! method that reads a construct reports its own error and returns [`Failed`]; the caller of a list of statements decides where to go on.

mod block;
mod expr;
mod module;
mod path;
mod pattern;
mod query;
mod recovery;
mod stmt;
mod text;

use std::ops::Range;

pub use text::BraceCandidate;

use self::recovery::Expected;
use crate::ast::{Dialect, ModuleFile, Name, Query, QueryModuleFile, Script};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::lexer::{self, FileKind, Lexed};
use crate::source::SourceMap;
use crate::span::{SourceId, Span};
use crate::token::{Keyword, Symbol, Token, TokenKind};

/// Limits of source texts (spec/script.md 14).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseLimits {
    /// How deep brackets, blocks, patterns, interpolations and modules may be nested; taken as 64 if lower and as
    /// [`ParseLimits::MAX_DEPTH`] if higher.
    pub source_depth: u32,
}

impl ParseLimits {
    /// Nesting that the call stack of an ordinary thread can bear.
    pub const MAX_DEPTH: u32 = 512;
    const MIN_DEPTH: u32 = 64;
}

impl Default for ParseLimits {
    fn default() -> Self {
        Self { source_depth: 256 }
    }
}

/// What parsing a text gave.
#[derive(Debug)]
pub struct Parsed<T> {
    /// The tree; `None` if there are errors.
    pub tree: Option<T>,
    /// Errors, the one that matters most first, then warnings by position.
    pub diagnostics: Vec<Diagnostic>,
    /// Braced texts that may call for warning W1 of spec/dialects.md 4, in order; whether their names are known is left to the caller.
    pub braces: Vec<BraceCandidate>,
}

/// Reads a script.
pub fn parse_script(sources: &SourceMap, id: SourceId, dialect: Dialect, limits: &ParseLimits) -> Parsed<Script> {
    parse(sources, id, dialect, *limits, FileKind::Script, Parser::script_file)
}

/// Reads a file that a script uses.
pub fn parse_module(sources: &SourceMap, id: SourceId, dialect: Dialect, limits: &ParseLimits) -> Parsed<ModuleFile> {
    parse(sources, id, dialect, *limits, FileKind::Script, Parser::module_file)
}

/// Reads a query.
pub fn parse_query(sources: &SourceMap, id: SourceId, dialect: Dialect, limits: &ParseLimits) -> Parsed<Query> {
    parse(sources, id, dialect, *limits, FileKind::Query, Parser::query_file)
}

/// Reads a file that a query uses.
pub fn parse_query_module(sources: &SourceMap, id: SourceId, dialect: Dialect, limits: &ParseLimits) -> Parsed<QueryModuleFile> {
    parse(sources, id, dialect, *limits, FileKind::Script, Parser::query_module_file)
}

fn parse<'a, T>(
    sources: &'a SourceMap,
    id: SourceId,
    dialect: Dialect,
    limits: ParseLimits,
    kind: FileKind,
    file: fn(&mut Parser<'a>) -> Parse<T>,
) -> Parsed<T> {
    let text = sources.text(id);
    let mut lexed = lexer::tokenize(sources, id, dialect, kind);
    let mut errors = std::mem::take(&mut lexed.errors);
    let mut warnings = std::mem::take(&mut lexed.warnings);
    if !errors.is_empty() {
        // Tokens that are not what was meant would only yield errors that nobody needs.
        return Parsed {
            tree: None,
            diagnostics: errors,
            braces: Vec::new(),
        };
    }
    let mut parser = Parser::new(id, text, lexed, limits);
    let tree = file(&mut parser).ok();
    errors.append(&mut parser.errors);
    warnings.append(&mut parser.warnings);
    warnings.sort_by_key(|warning| warning.span.map(|span| span.start));
    let tree = tree.filter(|_| errors.is_empty());
    errors.append(&mut warnings);
    Parsed {
        tree,
        diagnostics: errors,
        braces: parser.braces,
    }
}

/// The construct could not be read; the error has been reported.
struct Failed;

type Parse<T> = Result<T, Failed>;

/// Where an expression stands (spec/script.md 5): what it may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layer {
    Action,
    Value,
}

struct Parser<'a> {
    source: SourceId,
    text: &'a str,
    dialect: Dialect,
    /// Tokens without comments; the last one is the end.
    tokens: Vec<Token>,
    /// Documentation lines, each with the index of the token behind it.
    docs: Vec<(usize, TokenKind)>,
    /// Index of the next token.
    at: usize,
    /// What was looked for at the next token, in vain.
    expected: Vec<Expected>,
    /// Nesting of the construct that is read.
    depth: u32,
    /// Deepest nesting within the expression that is read, chains of operators included: they make deep trees, too.
    deepest: u32,
    limit: u32,
    errors: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
    braces: Vec<BraceCandidate>,
    /// A path or a call has been read.
    has_names: bool,
    /// The text is itself a braced piece of a string.
    is_piece: bool,
}

impl<'a> Parser<'a> {
    fn new(source: SourceId, text: &'a str, lexed: Lexed, limits: ParseLimits) -> Self {
        let mut tokens = Vec::with_capacity(lexed.tokens.len());
        let mut docs = Vec::new();
        for token in lexed.tokens {
            match token.kind {
                TokenKind::ItemDoc(_) | TokenKind::ModuleDoc(_) => docs.push((tokens.len(), token.kind)),
                TokenKind::Comment | TokenKind::LineDirective => {}
                _ => tokens.push(token),
            }
        }
        Self {
            source,
            text,
            dialect: lexed.dialect,
            tokens,
            docs,
            at: 0,
            expected: Vec::new(),
            depth: 0,
            deepest: 0,
            limit: limits.source_depth.clamp(ParseLimits::MIN_DEPTH, ParseLimits::MAX_DEPTH),
            errors: Vec::new(),
            warnings: Vec::new(),
            braces: Vec::new(),
            has_names: false,
            is_piece: false,
        }
    }

    /// The next token, as long as there is one.
    fn peek(&self) -> Option<&TokenKind> {
        self.tokens.get(self.at).map(|token| &token.kind)
    }

    fn peek_second(&self) -> Option<&TokenKind> {
        self.tokens.get(self.at + 1).map(|token| &token.kind)
    }

    fn here(&self) -> Span {
        self.tokens
            .get(self.at)
            .map_or_else(|| self.span(self.text.len()..self.text.len()), |token| token.span)
    }

    /// First byte of the next token.
    fn start(&self) -> u32 {
        self.here().start
    }

    /// Byte behind the last token read.
    fn end(&self) -> u32 {
        self.at
            .checked_sub(1)
            .and_then(|last| self.tokens.get(last))
            .map_or(0, |token| token.span.end)
    }

    /// From `start` to the last token read.
    fn since(&self, start: u32) -> Span {
        Span::new(self.source, start, self.end().max(start))
    }

    fn span(&self, range: Range<usize>) -> Span {
        Span::new(self.source, range.start as u32, range.end as u32)
    }

    fn advance(&mut self) {
        // The end stays the next token for good.
        if self.at + 1 < self.tokens.len() {
            self.at += 1;
            self.expected.clear();
        }
    }

    fn is_end(&self) -> bool {
        matches!(self.peek(), Some(TokenKind::End) | None)
    }

    fn at_symbol(&mut self, symbol: Symbol) -> bool {
        let is_here = matches!(self.peek(), Some(TokenKind::Symbol(here)) if *here == symbol);
        if !is_here {
            self.expected.push(Expected::Symbol(symbol));
        }
        is_here
    }

    fn at_keyword(&mut self, keyword: Keyword) -> bool {
        let is_here = matches!(self.peek(), Some(TokenKind::Keyword(here)) if *here == keyword);
        if !is_here {
            self.expected.push(Expected::Keyword(keyword));
        }
        is_here
    }

    fn eat(&mut self, symbol: Symbol) -> bool {
        let is_here = self.at_symbol(symbol);
        if is_here {
            self.advance();
        }
        is_here
    }

    fn eat_keyword(&mut self, keyword: Keyword) -> bool {
        let is_here = self.at_keyword(keyword);
        if is_here {
            self.advance();
        }
        is_here
    }

    fn expect(&mut self, symbol: Symbol) -> Parse<()> {
        if self.eat(symbol) { Ok(()) } else { self.unexpected() }
    }

    fn expect_keyword(&mut self, keyword: Keyword) -> Parse<()> {
        if self.eat_keyword(keyword) {
            Ok(())
        } else {
            self.unexpected()
        }
    }

    fn name(&mut self) -> Parse<Name> {
        match self.eat_name() {
            Some(name) => Ok(name),
            None => self.unexpected(),
        }
    }

    fn eat_name(&mut self) -> Option<Name> {
        let span = self.here();
        let Some(TokenKind::Name(text)) = self.tokens.get_mut(self.at).map(|token| &mut token.kind) else {
            self.expected.push(Expected::Name);
            return None;
        };
        let text = std::mem::take(text);
        self.advance();
        Some(Name { text, span })
    }

    /// Items up to `close`, separated by commas; one may stand at the end. The opening bracket has been read.
    fn list<T>(&mut self, close: Symbol, item: fn(&mut Self) -> Parse<T>) -> Parse<Vec<T>> {
        let mut items = Vec::new();
        if self.eat(close) {
            return Ok(items);
        }
        self.enter()?;
        loop {
            items.push(item(self)?);
            let has_comma = self.eat(Symbol::Comma);
            if self.eat(close) {
                break;
            }
            if !has_comma {
                return self.unexpected();
            }
        }
        self.leave();
        Ok(items)
    }

    /// Goes one level down.
    fn enter(&mut self) -> Parse<()> {
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
        if self.depth > self.limit { self.too_deep() } else { Ok(()) }
    }

    /// Goes one level up. Not called on the way out of an error; recovery starts at the top.
    fn leave(&mut self) {
        self.depth -= 1;
    }

    fn too_deep<T>(&mut self) -> Parse<T> {
        let message = format!("the text is nested too deeply: the limit is {} levels", self.limit);
        let error = Diagnostic::error(codes::SOURCE_DEPTH, self.here(), message);
        self.errors.push(error);
        Err(Failed)
    }
}

#[cfg(test)]
mod tests;
