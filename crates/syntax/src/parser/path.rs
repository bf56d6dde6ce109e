//! Paths and qualified names (spec/script.md 4 and 11.4).

use super::recovery::Expected;
use super::{Parse, Parser};
use crate::ast::{Path, Qualified, Root, Step, StepKind};
use crate::token::{Keyword, Symbol, TokenKind};

impl Parser<'_> {
    /// A path; nothing else may stand here.
    pub(super) fn path(&mut self) -> Parse<Path> {
        if let Some(path) = self.reserved_path()? {
            return Ok(path);
        }
        let start = self.start();
        let name = self.qualified()?;
        self.name_path(start, name)
    }

    /// A path that starts at a keyword or `$`; `None` if none starts here.
    pub(super) fn reserved_path(&mut self) -> Parse<Option<Path>> {
        let start = self.start();
        let root = match self.peek() {
            Some(TokenKind::Keyword(Keyword::Event)) => Root::Event,
            Some(TokenKind::Keyword(Keyword::State)) => Root::State,
            Some(TokenKind::Keyword(Keyword::Args)) => Root::Args,
            Some(TokenKind::Keyword(Keyword::Group)) => Root::Group,
            Some(TokenKind::Keyword(Keyword::Window)) => Root::Window,
            Some(TokenKind::Symbol(Symbol::Dollar)) => Root::Meta,
            _ => {
                for keyword in [Keyword::Event, Keyword::State, Keyword::Args, Keyword::Group, Keyword::Window] {
                    self.expected.push(Expected::Keyword(keyword));
                }
                self.expected.push(Expected::Symbol(Symbol::Dollar));
                return Ok(None);
            }
        };
        self.advance();
        self.has_names = true;
        let mut steps = Vec::new();
        if root == Root::Meta {
            let Some(name) = self.eat_name() else {
                return Ok(Some(Path {
                    root,
                    steps,
                    span: self.since(start),
                }));
            };
            steps.push(Step {
                span: name.span,
                kind: StepKind::Field(name.text),
            });
        }
        self.steps(&mut steps)?;
        Ok(Some(Path {
            root,
            steps,
            span: self.since(start),
        }))
    }

    /// The path whose names have been read.
    pub(super) fn name_path(&mut self, start: u32, mut name: Qualified) -> Parse<Path> {
        self.has_names = true;
        let root = match name.parts.pop() {
            Some(only) if name.parts.is_empty() => Root::Name(only),
            last => {
                name.parts.extend(last);
                Root::Const(name)
            }
        };
        let mut steps = Vec::new();
        self.steps(&mut steps)?;
        Ok(Path {
            root,
            steps,
            span: self.since(start),
        })
    }

    /// Names joined by `::`.
    pub(super) fn qualified(&mut self) -> Parse<Qualified> {
        let mut parts = vec![self.name()?];
        while self.eat(Symbol::ColonColon) {
            parts.push(self.name()?);
        }
        Ok(Qualified { parts })
    }

    fn steps(&mut self, steps: &mut Vec<Step>) -> Parse<()> {
        loop {
            if self.eat(Symbol::Dot) {
                let name = self.name()?;
                steps.push(Step {
                    span: name.span,
                    kind: StepKind::Field(name.text),
                });
            } else if self.eat(Symbol::BracketOpen) {
                steps.push(self.element()?);
            } else {
                return Ok(());
            }
        }
    }

    /// What stands in the brackets of a step, up to the closing one.
    fn element(&mut self) -> Parse<Step> {
        self.enter()?;
        let start = self.start();
        let first = self.value()?;
        let kind = if self.eat(Symbol::Colon) {
            StepKind::Range(Box::new((first, self.value()?)))
        } else {
            StepKind::Index(Box::new(first))
        };
        let span = self.since(start);
        self.expect(Symbol::BracketClose)?;
        self.leave();
        Ok(Step { kind, span })
    }
}
