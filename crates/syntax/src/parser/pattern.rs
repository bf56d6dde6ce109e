//! Patterns (spec/script.md 5.5 and 11.5).

use super::recovery::Expected;
use super::{Failed, Parse, Parser};
use crate::ast::{
    CompareOp, Element, ElementKind, Extractor, FieldTest, FieldTestKind, Name, Pattern, PatternKind, RecordPattern,
};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::token::{Keyword, Symbol, TokenKind};

impl Parser<'_> {
    pub(super) fn pattern(&mut self) -> Parse<Pattern> {
        let start = self.start();
        let is_binding = matches!(self.peek(), Some(TokenKind::Name(_)))
            && matches!(self.peek_second(), Some(TokenKind::Symbol(Symbol::Assign)));
        let kind = if is_binding {
            self.binding()?
        } else if self.eat(Symbol::ArrayPattern) {
            PatternKind::Array(self.list(Symbol::BracketClose, Self::element_pattern)?)
        } else if self.eat(Symbol::TuplePattern) {
            self.tuple()?
        } else {
            match self.element_pattern()?.kind {
                ElementKind::Any => PatternKind::Any,
                ElementKind::Value(value) => PatternKind::Value(value),
                ElementKind::Extract(extractor) => PatternKind::Extract(extractor),
                ElementKind::Record(record) => PatternKind::Record(record),
            }
        };
        Ok(Pattern {
            kind,
            span: self.since(start),
        })
    }

    /// `name = pattern`; one name only.
    fn binding(&mut self) -> Parse<PatternKind> {
        let name = self.name()?;
        self.expect(Symbol::Assign)?;
        self.enter()?;
        let pattern = self.pattern()?;
        self.leave();
        if matches!(pattern.kind, PatternKind::Bind(..)) {
            let message = "a pattern can bind one name only";
            self.errors
                .push(Diagnostic::error(codes::NESTED_BINDING, name.span.to(pattern.span), message));
            return Err(Failed);
        }
        Ok(PatternKind::Bind(name, Box::new(pattern)))
    }

    fn tuple(&mut self) -> Parse<PatternKind> {
        let mut elements = Vec::new();
        let mut is_open = false;
        self.enter()?;
        if !self.eat(Symbol::ParenClose) {
            loop {
                if self.dots()? {
                    is_open = true;
                    break;
                }
                elements.push(self.element_pattern()?);
                if !self.eat(Symbol::Comma) {
                    break;
                }
            }
            self.expect(Symbol::ParenClose)?;
        }
        self.leave();
        Ok(PatternKind::Tuple { elements, is_open })
    }

    /// Three dots, which are three tokens.
    pub(super) fn dots(&mut self) -> Parse<bool> {
        if !self.eat(Symbol::Dot) {
            return Ok(false);
        }
        self.expect(Symbol::Dot)?;
        self.expect(Symbol::Dot)?;
        Ok(true)
    }

    /// What may stand in array and tuple patterns and in the cases of matching functions.
    pub(super) fn element_pattern(&mut self) -> Parse<Element> {
        let start = self.start();
        let kind = if self.eat(Symbol::Underscore) {
            ElementKind::Any
        } else if self.eat(Symbol::Tilde) {
            ElementKind::Extract(self.extractor()?)
        } else if self.at_symbol(Symbol::RecordPattern) {
            ElementKind::Record(self.record_pattern()?)
        } else {
            ElementKind::Value(self.value()?)
        };
        Ok(Element {
            kind,
            span: self.since(start),
        })
    }

    fn extractor(&mut self) -> Parse<Extractor> {
        let start = self.start();
        let name = self.name()?;
        let Some(TokenKind::Format(format)) = self.tokens.get_mut(self.at).map(|token| &mut token.kind) else {
            self.expected.push(Expected::Format);
            return self.unexpected();
        };
        let format = std::mem::take(format);
        self.advance();
        Ok(Extractor {
            name,
            format,
            span: self.since(start),
        })
    }

    fn record_pattern(&mut self) -> Parse<RecordPattern> {
        let start = self.start();
        self.expect(Symbol::RecordPattern)?;
        let fields = self.list(Symbol::BraceClose, Self::field_test)?;
        Ok(RecordPattern {
            fields,
            span: self.since(start),
        })
    }

    fn field_test(&mut self) -> Parse<FieldTest> {
        let start = self.start();
        let (name, kind) = if self.eat_keyword(Keyword::Present) {
            (self.name()?, FieldTestKind::Present)
        } else if self.eat_keyword(Keyword::Absent) {
            (self.name()?, FieldTestKind::Absent)
        } else {
            self.named_test()?
        };
        Ok(FieldTest {
            name,
            kind,
            span: self.since(start),
        })
    }

    fn named_test(&mut self) -> Parse<(Name, FieldTestKind)> {
        let name = self.name()?;
        if self.eat(Symbol::TildeEq) {
            let kind = if self.at_symbol(Symbol::RecordPattern) {
                FieldTestKind::Record(self.record_pattern()?)
            } else if self.eat(Symbol::ArrayPattern) {
                FieldTestKind::Array(self.list(Symbol::BracketClose, Self::element_pattern)?)
            } else {
                FieldTestKind::Extract(self.extractor()?)
            };
            return Ok((name, kind));
        }
        if self.eat(Symbol::Assign) {
            // The name in front has no effect (spec/script.md 5.5.2).
            let name = self.name()?;
            self.expect(Symbol::TildeEq)?;
            return Ok((name, FieldTestKind::Extract(self.extractor()?)));
        }
        for (symbol, op) in [
            (Symbol::Eq, CompareOp::Eq),
            (Symbol::Ne, CompareOp::Ne),
            (Symbol::Lt, CompareOp::Lt),
            (Symbol::Le, CompareOp::Le),
            (Symbol::Gt, CompareOp::Gt),
            (Symbol::Ge, CompareOp::Ge),
        ] {
            if self.eat(symbol) {
                return Ok((name, FieldTestKind::Compare(op, self.value()?)));
            }
        }
        self.unexpected()
    }
}
