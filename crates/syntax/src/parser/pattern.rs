//! Patterns (spec/script.md 5.5 and 11.5).

use super::recovery::Expected;
use super::{Failed, Parse, Parser};
use crate::ast::{CompareOp, Element, ElementKind, Extractor, FieldTest, FieldTestKind, Pattern, PatternKind, RecordPattern};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::token::{Keyword, Symbol, TokenKind};

impl Parser<'_> {
    pub(super) fn pattern(&mut self) -> Parse<Pattern> {
        self.expected
            .extend([Symbol::ArrayPattern, Symbol::TuplePattern].map(Expected::Symbol));
        match self.peek() {
            Some(TokenKind::Symbol(Symbol::ArrayPattern)) => self.array_pattern(),
            Some(TokenKind::Symbol(Symbol::TuplePattern)) => self.tuple(),
            Some(TokenKind::Name(_)) if matches!(self.peek_second(), Some(TokenKind::Symbol(Symbol::Assign))) => self.binding(),
            _ => self.lone_element(),
        }
    }

    fn lone_element(&mut self) -> Parse<Pattern> {
        let Element { kind, span } = self.element_pattern()?;
        let kind = match kind {
            ElementKind::Any => PatternKind::Any,
            ElementKind::Value(value) => PatternKind::Value(value),
            ElementKind::Extract(extractor) => PatternKind::Extract(extractor),
            ElementKind::Record(record) => PatternKind::Record(record),
        };
        Ok(Pattern { kind, span })
    }

    fn array_pattern(&mut self) -> Parse<Pattern> {
        let start = self.start();
        let kind = PatternKind::Array(self.array_elements()?);
        Ok(Pattern {
            kind,
            span: self.since(start),
        })
    }

    /// `%[ … ]`, which comes next.
    fn array_elements(&mut self) -> Parse<Vec<Element>> {
        self.advance();
        self.list(Symbol::BracketClose, Self::element_pattern)
    }

    /// `name = pattern`; one name only.
    fn binding(&mut self) -> Parse<Pattern> {
        let start = self.start();
        let name = self.name()?;
        self.expect(Symbol::Assign)?;
        self.enter()?;
        let pattern = Box::new(self.pattern()?);
        self.leave();
        let span = self.since(start);
        if matches!(pattern.kind, PatternKind::Bind(..)) {
            self.errors.push(Diagnostic::error(
                codes::NESTED_BINDING,
                span,
                "a pattern can bind one name only",
            ));
            return Err(Failed);
        }
        Ok(Pattern {
            kind: PatternKind::Bind(name, pattern),
            span,
        })
    }

    fn tuple(&mut self) -> Parse<Pattern> {
        let start = self.start();
        self.advance();
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
        Ok(Pattern {
            kind: PatternKind::Tuple { elements, is_open },
            span: self.since(start),
        })
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
        let kind = self.element_kind()?;
        Ok(Element {
            kind,
            span: self.since(start),
        })
    }

    fn element_kind(&mut self) -> Parse<ElementKind> {
        if self.eat(Symbol::Underscore) {
            Ok(ElementKind::Any)
        } else if self.eat(Symbol::Tilde) {
            self.extractor().map(ElementKind::Extract)
        } else if self.at_symbol(Symbol::RecordPattern) {
            self.record_pattern().map(ElementKind::Record)
        } else {
            self.value().map(ElementKind::Value)
        }
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
        if self.eat_keyword(Keyword::Present) {
            return Ok(FieldTest {
                name: self.name()?,
                kind: FieldTestKind::Present,
                span: self.since(start),
            });
        }
        if self.eat_keyword(Keyword::Absent) {
            return Ok(FieldTest {
                name: self.name()?,
                kind: FieldTestKind::Absent,
                span: self.since(start),
            });
        }
        let mut name = self.name()?;
        let kind = if self.eat(Symbol::Assign) {
            // The name in front has no effect (spec/script.md 5.5.2).
            name = self.name()?;
            self.expect(Symbol::TildeEq)?;
            FieldTestKind::Extract(self.extractor()?)
        } else {
            self.test()?
        };
        Ok(FieldTest {
            name,
            kind,
            span: self.since(start),
        })
    }

    /// What follows the name of a field.
    fn test(&mut self) -> Parse<FieldTestKind> {
        if self.eat(Symbol::TildeEq) {
            return self.inner_test();
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
                return self.value().map(|value| FieldTestKind::Compare(op, value));
            }
        }
        self.unexpected()
    }

    /// What follows `~=`.
    fn inner_test(&mut self) -> Parse<FieldTestKind> {
        if self.at_symbol(Symbol::RecordPattern) {
            self.record_pattern().map(FieldTestKind::Record)
        } else if self.at_symbol(Symbol::ArrayPattern) {
            self.array_elements().map(FieldTestKind::Array)
        } else {
            self.extractor().map(FieldTestKind::Extract)
        }
    }
}
