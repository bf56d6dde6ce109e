//! Scripts, their statements, constants and functions (spec/script.md 6 and 11.2).

use super::recovery::Expected;
use super::{Layer, Parse, Parser};
use crate::ast::{Const, FnBody, FnClause, Function, Intrinsic, Item, Name, Script, Stmt};
use crate::span::Span;
use crate::token::{Keyword, Symbol, TokenKind};

/// Where a list of statements ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Until {
    /// At the end of the text; errors do not stop the list.
    End,
    /// At the keyword `end`, which is read.
    Keyword,
}

impl Parser<'_> {
    /// A whole file with a script.
    pub(super) fn script_file(&mut self) -> Parse<Script> {
        let docs = self.module_docs();
        let mut script = self.script(Until::End)?;
        script.docs = docs;
        script.span = self.span(0..self.text.len());
        Ok(script)
    }

    /// The statements of a script.
    pub(super) fn script(&mut self, until: Until) -> Parse<Script> {
        let start = self.start();
        let stmts = self.statements(until, Self::statement, |stmt| matches!(stmt, Stmt::Item(Item::Use(_))))?;
        // Behind the statements the keyword `end` has been read.
        let last = if until == Until::Keyword {
            self.at.saturating_sub(2)
        } else {
            self.at.saturating_sub(1)
        };
        let end = self.tokens.get(last).map_or(start, |token| token.span.end).max(start);
        Ok(Script {
            docs: None,
            stmts,
            dialect: self.dialect,
            span: Span::new(self.source, start, end),
        })
    }

    /// One or more of something, separated by semicolons; one may stand at the end. `ends_itself`: needs no semicolon behind it.
    pub(super) fn statements<T>(
        &mut self,
        until: Until,
        one: fn(&mut Self) -> Parse<T>,
        ends_itself: fn(&T) -> bool,
    ) -> Parse<Vec<T>> {
        let mut all = Vec::new();
        loop {
            match self.separated(until, one, ends_itself) {
                Ok((item, is_last)) => {
                    all.push(item);
                    if is_last {
                        return Ok(all);
                    }
                }
                Err(failed) => {
                    if until == Until::Keyword || !self.recover() {
                        return Err(failed);
                    }
                }
            }
        }
    }

    /// One item and the semicolon behind it; true: it was the last one.
    fn separated<T>(&mut self, until: Until, one: fn(&mut Self) -> Parse<T>, ends_itself: fn(&T) -> bool) -> Parse<(T, bool)> {
        let item = one(self)?;
        let may_go_on = ends_itself(&item) || self.eat(Symbol::Semicolon);
        let is_last = match until {
            Until::End => self.is_end(),
            Until::Keyword => self.eat_keyword(Keyword::End),
        };
        if !is_last && !may_go_on {
            return self.unexpected();
        }
        Ok((item, is_last))
    }

    fn statement(&mut self) -> Parse<Stmt> {
        match self.item()? {
            Some(item) => Ok(Stmt::Item(item)),
            None => self.action().map(Stmt::Expr),
        }
    }

    /// `const`, whose keyword comes next.
    pub(super) fn const_(&mut self) -> Parse<Const> {
        let (start, docs) = (self.start(), self.item_docs());
        self.advance();
        let name = self.name()?;
        self.expect(Symbol::Assign)?;
        self.expected.push(Expected::Atom);
        let value = self.atom()?;
        Ok(Const {
            docs,
            name,
            value,
            span: self.since(start),
        })
    }

    /// `fn`, whose keyword comes next.
    pub(super) fn function(&mut self) -> Parse<Function> {
        let (start, docs) = (self.start(), self.item_docs());
        self.advance();
        self.enter()?;
        let name = self.name()?;
        let (params, is_open) = self.params()?;
        let body = if self.eat_keyword(Keyword::With) {
            FnBody::Plain(self.statements(Until::Keyword, Self::action, |_| false)?)
        } else if !is_open && self.eat_keyword(Keyword::Of) {
            self.matching_body(&params)?
        } else {
            return self.unexpected();
        };
        self.leave();
        Ok(Function {
            docs,
            name,
            params,
            is_open,
            body,
            span: self.since(start),
        })
    }

    /// Clauses, the default one and `end`.
    fn matching_body(&mut self, params: &[Name]) -> Parse<FnBody> {
        let mut clauses = Vec::new();
        while !params.is_empty() && self.at_keyword(Keyword::Case) {
            clauses.push(self.fn_clause()?);
        }
        self.expect_keyword(Keyword::Default)?;
        let default = self.effectors(Layer::Action)?;
        self.expect_keyword(Keyword::End)?;
        Ok(FnBody::Matching { clauses, default })
    }

    fn fn_clause(&mut self) -> Parse<FnClause> {
        let start = self.start();
        self.advance();
        self.expect(Symbol::ParenOpen)?;
        let mut elements = vec![self.element_pattern()?];
        while self.eat(Symbol::Comma) {
            elements.push(self.element_pattern()?);
        }
        self.expect(Symbol::ParenClose)?;
        let guard = self.guard()?;
        let effectors = self.effectors(Layer::Action)?;
        Ok(FnClause {
            elements,
            guard,
            effectors,
            span: self.since(start),
        })
    }

    /// `intrinsic fn`, whose first keyword comes next.
    pub(super) fn intrinsic(&mut self) -> Parse<Intrinsic> {
        let (start, docs) = (self.start(), self.item_docs());
        self.advance();
        self.expect_keyword(Keyword::Fn)?;
        let name = self.name()?;
        let (params, is_open) = self.params()?;
        self.expect_keyword(Keyword::As)?;
        let target = self.qualified()?;
        Ok(Intrinsic {
            docs,
            name,
            params,
            is_open,
            target,
            span: self.since(start),
        })
    }

    /// Parameters in parentheses; true: more arguments are taken.
    fn params(&mut self) -> Parse<(Vec<Name>, bool)> {
        let mut params = Vec::new();
        self.expect(Symbol::ParenOpen)?;
        if self.eat(Symbol::ParenClose) {
            return Ok((params, false));
        }
        loop {
            let is_open = self.dots()?;
            if !is_open {
                params.push(self.name()?);
            }
            if is_open || !self.eat(Symbol::Comma) {
                self.expect(Symbol::ParenClose)?;
                return Ok((params, is_open));
            }
        }
    }

    /// The `##` lines directly before the next token.
    fn item_docs(&self) -> Option<String> {
        let first = self.docs.partition_point(|(before, _)| *before < self.at);
        let lines = self.docs[first..].iter().take_while(|(before, _)| *before == self.at);
        join(lines.filter_map(|(_, kind)| match kind {
            TokenKind::ItemDoc(line) => Some(line.as_str()),
            _ => None,
        }))
    }

    /// The `###` lines directly before the next token, up to the first `##` line.
    pub(super) fn module_docs(&self) -> Option<String> {
        let first = self.docs.partition_point(|(before, _)| *before < self.at);
        let lines = self.docs[first..].iter().take_while(|(before, _)| *before == self.at);
        join(lines.map_while(|(_, kind)| match kind {
            TokenKind::ModuleDoc(line) => Some(line.as_str()),
            _ => None,
        }))
    }
}

fn join<'a>(lines: impl Iterator<Item = &'a str>) -> Option<String> {
    let lines: Vec<&str> = lines.collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}
