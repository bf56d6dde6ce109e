//! Modules, module files and `use` (spec/script.md 6.4 and 7).

use super::recovery::Expected;
use super::stmt::Until;
use super::{Parse, Parser};
use crate::ast::{Item, Module, ModuleFile, Name, Use};
use crate::token::{Keyword, Symbol, TokenKind};

impl Parser<'_> {
    /// A file that a script uses.
    pub(super) fn module_file(&mut self) -> Parse<ModuleFile> {
        let docs = self.module_docs();
        let items = self.statements(Until::End, Self::definition, is_use)?;
        Ok(ModuleFile {
            docs,
            items,
            dialect: self.dialect,
            span: self.span(0..self.text.len()),
        })
    }

    /// A definition; `None` if none starts here.
    pub(super) fn item(&mut self) -> Parse<Option<Item>> {
        let item = match self.peek() {
            Some(TokenKind::Keyword(Keyword::Const)) => Item::Const(self.const_()?),
            Some(TokenKind::Keyword(Keyword::Fn)) => Item::Function(self.function()?),
            Some(TokenKind::Keyword(Keyword::Intrinsic)) => Item::Intrinsic(self.intrinsic()?),
            Some(TokenKind::Keyword(Keyword::Mod)) => Item::Module(self.module()?),
            Some(TokenKind::Keyword(Keyword::Use)) => Item::Use(self.use_()?),
            _ => {
                let words = [Keyword::Const, Keyword::Fn, Keyword::Intrinsic, Keyword::Mod, Keyword::Use];
                self.expected.extend(words.map(Expected::Keyword));
                return Ok(None);
            }
        };
        Ok(Some(item))
    }

    fn definition(&mut self) -> Parse<Item> {
        match self.item()? {
            Some(item) => Ok(item),
            None => self.unexpected(),
        }
    }

    fn module(&mut self) -> Parse<Module> {
        let start = self.start();
        let (name, docs) = self.module_head()?;
        let items = self.statements(Until::Keyword, Self::definition, is_use)?;
        self.leave();
        Ok(Module {
            name,
            docs,
            items,
            span: self.since(start),
        })
    }

    /// `mod NAME with` and its documentation. Enters a level.
    pub(super) fn module_head(&mut self) -> Parse<(Name, Option<String>)> {
        self.advance();
        self.enter()?;
        let name = self.name()?;
        self.expect_keyword(Keyword::With)?;
        Ok((name, self.module_docs()))
    }

    /// A `use` with its strict layout: all on one line, and nothing but a comment behind it.
    pub(super) fn use_(&mut self) -> Parse<Use> {
        let start = self.start();
        self.advance();
        let mut path = Vec::new();
        loop {
            path.push(self.name_on_line()?);
            if self.breaks_line() || !self.eat(Symbol::ColonColon) {
                break;
            }
        }
        let alias = if !self.breaks_line() && self.eat_keyword(Keyword::As) {
            Some(self.name_on_line()?)
        } else {
            None
        };
        let span = self.since(start);
        // The semicolon may be missing behind an alias.
        if self.breaks_line() {
            if alias.is_none() {
                self.expected.push(Expected::Symbol(Symbol::Semicolon));
                return self.unexpected_newline();
            }
        } else if !self.eat(Symbol::Semicolon) && alias.is_none() {
            return self.unexpected();
        }
        if !self.breaks_line() {
            self.expected.push(Expected::Newline);
            return self.unexpected();
        }
        Ok(Use {
            path: crate::ast::Qualified { parts: path },
            alias,
            span,
        })
    }

    fn name_on_line(&mut self) -> Parse<Name> {
        if self.breaks_line() {
            self.expected.push(Expected::Name);
            return self.unexpected_newline();
        }
        self.name()
    }

    /// Whether an LF stands before the next token.
    fn breaks_line(&self) -> bool {
        let next = if self.is_end() {
            self.text.len()
        } else {
            self.start() as usize
        };
        self.text.get(self.end() as usize..next).is_some_and(|gap| gap.contains('\n'))
    }
}

fn is_use(item: &Item) -> bool {
    matches!(item, Item::Use(_))
}
