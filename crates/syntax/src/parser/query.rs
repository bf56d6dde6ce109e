//! Queries and the modules of queries (spec/query.md 2).

use super::recovery::Expected;
use super::stmt::Until;
use super::{Parse, Parser};
use crate::ast::{
    ConfigDirective, Create, DefineOperator, DefineScript, DefineWindow, Dialect, Dimension, Params, PortRef, Qualified, Query,
    QueryItem, QueryModuleFile, QueryStmt, QueryStmtKind, Select, WindowKind,
};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::dialect;
use crate::token::{Keyword, Symbol, TokenKind};

impl Parser<'_> {
    /// A whole query.
    pub(super) fn query_file(&mut self) -> Parse<Query> {
        let config = self.config()?;
        let stmts = self.statements(Until::End, Self::query_statement, |stmt| {
            matches!(stmt.kind, QueryStmtKind::Item(QueryItem::Use(_)))
        })?;
        Ok(Query {
            config,
            stmts,
            dialect: self.dialect,
            span: self.span(0..self.text.len()),
        })
    }

    /// A file that a query uses.
    pub(super) fn query_module_file(&mut self) -> Parse<QueryModuleFile> {
        let docs = self.module_docs();
        let items = self.statements(Until::End, Self::module_item, is_use)?;
        Ok(QueryModuleFile {
            docs,
            items,
            dialect: self.dialect,
            span: self.span(0..self.text.len()),
        })
    }

    fn config(&mut self) -> Parse<Vec<ConfigDirective>> {
        let leading = dialect::leading(self.source, self.text).lines;
        let mut config = Vec::new();
        while matches!(self.peek(), Some(TokenKind::Config)) {
            let start = self.start();
            self.advance();
            let is_misplaced = matches!(self.peek(), Some(TokenKind::Name(name)) if name == "dialect")
                && !leading.iter().any(|line| line.contains(&(start as usize)));
            if is_misplaced {
                // It would have no effect: something other than comments and directives stands above it.
                let message = "the directive dialect must stand among the leading lines of the file";
                self.errors.push(Diagnostic::error(codes::DIALECT_FORM, self.here(), message));
            }
            let name = self.name()?;
            self.expect(Symbol::Assign)?;
            let value = self.operation()?;
            config.push(ConfigDirective {
                name,
                value,
                span: self.since(start),
            });
        }
        self.expected.push(Expected::Config);
        Ok(config)
    }

    fn query_statement(&mut self) -> Parse<QueryStmt> {
        let start = self.start();
        let kind = if self.eat_keyword(Keyword::Select) {
            QueryStmtKind::Select(Box::new(self.select()?))
        } else if self.eat_keyword(Keyword::Create) {
            self.create()?
        } else {
            match self.query_item()? {
                Some(item) => QueryStmtKind::Item(item),
                None => return self.unexpected(),
            }
        };
        Ok(QueryStmt {
            kind,
            span: self.since(start),
        })
    }

    /// A definition that may stand at top level; `None` if none starts here.
    fn query_item(&mut self) -> Parse<Option<QueryItem>> {
        let start = self.start();
        if self.at_keyword(Keyword::Mod) {
            let (name, docs) = self.module_head()?;
            let items = self.statements(Until::Keyword, Self::module_item, is_use)?;
            self.leave();
            return Ok(Some(QueryItem::Module {
                name,
                docs,
                items,
                span: self.since(start),
            }));
        }
        if self.at_keyword(Keyword::Use) {
            return Ok(Some(QueryItem::Use(self.use_()?)));
        }
        if self.eat_keyword(Keyword::Define) {
            return self.define(start).map(Some);
        }
        Ok(None)
    }

    /// What may stand in a module.
    fn module_item(&mut self) -> Parse<QueryItem> {
        if let Some(item) = self.query_item()? {
            return Ok(item);
        }
        if self.at_keyword(Keyword::Const) {
            self.const_().map(QueryItem::Const)
        } else if self.at_keyword(Keyword::Fn) {
            self.function().map(QueryItem::Function)
        } else if self.at_keyword(Keyword::Intrinsic) {
            self.intrinsic().map(QueryItem::Intrinsic)
        } else {
            self.unexpected()
        }
    }

    fn define(&mut self, start: u32) -> Parse<QueryItem> {
        if self.eat_keyword(Keyword::Tumbling) {
            self.define_window(start, WindowKind::Tumbling)
        } else if self.eat_keyword(Keyword::Sliding) {
            self.define_window(start, WindowKind::Sliding)
        } else if self.eat_keyword(Keyword::Script) {
            self.define_script(start)
        } else {
            self.define_operator(start)
        }
    }

    fn define_window(&mut self, start: u32, kind: WindowKind) -> Parse<QueryItem> {
        self.expect_keyword(Keyword::Window)?;
        let name = self.name()?;
        self.expect_keyword(Keyword::With)?;
        let params = self.bindings()?;
        let script = if self.eat_keyword(Keyword::Script) {
            Some(self.operation()?)
        } else {
            None
        };
        self.expect_keyword(Keyword::End)?;
        self.warn_of_settings(&params);
        Ok(QueryItem::Window(DefineWindow {
            kind,
            name,
            params,
            script,
            span: self.since(start),
        }))
    }

    /// Settings that mean something else in dialect 0.9 (spec/dialects.md 4, W4 and W5).
    fn warn_of_settings(&mut self, params: &Params) {
        if self.dialect != Dialect::V09 {
            return;
        }
        let place = |name: &str| {
            params
                .bindings
                .iter()
                .find(|(one, _)| one.text == name)
                .map(|(one, _)| one.span)
        };
        if let (Some(_), Some(interval)) = (place("size"), place("interval")) {
            let message =
                "in dialect 0.9 the `interval` counts and the size is ignored; the default dialect takes only one of both";
            self.warnings.push(Diagnostic::warning(codes::WINDOW_BOTH, interval, message));
        }
        if let Some(span) = place("emit_empty_windows") {
            let message = "`emit_empty_windows` has no effect in dialect 0.9";
            self.warnings.push(Diagnostic::warning(codes::EMIT_EMPTY, span, message));
        }
    }

    fn define_operator(&mut self, start: u32) -> Parse<QueryItem> {
        let namespace = self.name()?;
        self.expect(Symbol::ColonColon)?;
        let kind = self.name()?;
        self.expect_keyword(Keyword::Operator)?;
        let name = self.name()?;
        let params = self.optional_params()?;
        Ok(QueryItem::Operator(DefineOperator {
            kind: (namespace, kind),
            name,
            params,
            span: self.since(start),
        }))
    }

    fn define_script(&mut self, start: u32) -> Parse<QueryItem> {
        let name = self.name()?;
        let params = if self.eat_keyword(Keyword::With) {
            Some(self.bindings()?)
        } else {
            None
        };
        self.expect_keyword(Keyword::Script)?;
        let script = self.script(Until::Keyword)?;
        Ok(QueryItem::Script(DefineScript {
            name,
            params,
            script,
            span: self.since(start),
        }))
    }

    fn create(&mut self) -> Parse<QueryStmtKind> {
        if self.eat_keyword(Keyword::Stream) {
            return self.name().map(QueryStmtKind::CreateStream);
        }
        let make = if self.eat_keyword(Keyword::Operator) {
            QueryStmtKind::CreateOperator
        } else if self.eat_keyword(Keyword::Script) {
            QueryStmtKind::CreateScript
        } else {
            return self.unexpected();
        };
        let name = self.name()?;
        let from = if self.eat_keyword(Keyword::From) {
            Some(self.qualified()?)
        } else {
            None
        };
        let params = self.optional_params()?;
        Ok(make(Create { name, from, params }))
    }

    /// `with … end`, which may be missing.
    fn optional_params(&mut self) -> Parse<Option<Params>> {
        if !self.eat_keyword(Keyword::With) {
            return Ok(None);
        }
        let params = self.bindings()?;
        self.expect_keyword(Keyword::End)?;
        Ok(Some(params))
    }

    /// One or more `name = value`, separated by commas; one may stand at the end.
    fn bindings(&mut self) -> Parse<Params> {
        let mut bindings = Vec::new();
        loop {
            let Some(name) = self.eat_name() else {
                if bindings.is_empty() {
                    return self.unexpected();
                }
                break;
            };
            self.expect(Symbol::Assign)?;
            bindings.push((name, self.operation()?));
            if !self.eat(Symbol::Comma) {
                break;
            }
        }
        Ok(Params { bindings })
    }

    fn select(&mut self) -> Parse<Select> {
        let target = self.value()?;
        self.expect_keyword(Keyword::From)?;
        let from = self.port()?;
        let windows = if self.eat(Symbol::BracketOpen) {
            self.windows()?
        } else {
            Vec::new()
        };
        let where_ = if self.eat_keyword(Keyword::Where) {
            Some(self.value()?)
        } else {
            None
        };
        let group_by = if self.eat_keyword(Keyword::Group) {
            self.expect_keyword(Keyword::By)?;
            Some(self.dimension()?)
        } else {
            None
        };
        self.expect_keyword(Keyword::Into)?;
        let into = self.port()?;
        let having = if self.eat_keyword(Keyword::Having) {
            Some(self.value()?)
        } else {
            None
        };
        Ok(Select {
            target,
            from,
            windows,
            where_,
            group_by,
            into,
            having,
        })
    }

    /// At least one window.
    fn windows(&mut self) -> Parse<Vec<Qualified>> {
        if self.at_symbol(Symbol::BracketClose) {
            self.expected.clear();
            self.expected.push(Expected::Name);
            return self.unexpected();
        }
        self.list(Symbol::BracketClose, Self::qualified)
    }

    fn port(&mut self) -> Parse<PortRef> {
        let start = self.start();
        let node = self.name()?;
        let port = if self.eat(Symbol::Slash) { Some(self.name()?) } else { None };
        Ok(PortRef {
            node,
            port,
            span: self.since(start),
        })
    }

    fn dimension(&mut self) -> Parse<Dimension> {
        let start = self.start();
        if self.eat_keyword(Keyword::Set) {
            self.expect(Symbol::ParenOpen)?;
            if self.at_symbol(Symbol::ParenClose) {
                self.expected.clear();
                self.expected.push(Expected::Operation);
                return self.unexpected();
            }
            let dimensions = self.list(Symbol::ParenClose, Self::dimension)?;
            return Ok(Dimension::Set(dimensions, self.since(start)));
        }
        if self.eat_keyword(Keyword::Each) {
            self.expect(Symbol::ParenOpen)?;
            self.enter()?;
            let value = self.operation()?;
            self.expect(Symbol::ParenClose)?;
            self.leave();
            return Ok(Dimension::Each(value, self.since(start)));
        }
        self.operation().map(Dimension::Expr)
    }
}

fn is_use(item: &QueryItem) -> bool {
    matches!(item, QueryItem::Use(_))
}
