//! Random definitions, scripts and queries.

use super::*;

impl Maker<'_> {
    pub(super) fn docs(&mut self) -> Option<String> {
        self.some(|maker| {
            maker
                .many(1, |maker| ["about this", "", "x # y"][maker.pick(3) as usize])
                .join("\n")
        })
    }

    fn const_(&mut self) -> Const {
        Const {
            docs: self.docs(),
            name: self.name(),
            value: self.value(),
            span: NOWHERE,
        }
    }

    fn function(&mut self) -> Function {
        let mut params = self.many(0, Self::name);
        let mut is_open = self.coin();
        let body = if self.coin() {
            FnBody::Plain(self.many(1, Self::action))
        } else {
            is_open = false;
            if params.is_empty() {
                params.push(self.name());
            }
            let clauses = self.many(0, |maker| FnClause {
                elements: maker.many(1, Self::element),
                guard: maker.some(Self::value),
                effectors: maker.effectors(true),
                span: NOWHERE,
            });
            FnBody::Matching {
                clauses,
                default: self.effectors(true),
            }
        };
        Function {
            docs: self.docs(),
            name: self.name(),
            params,
            is_open,
            body,
            span: NOWHERE,
        }
    }

    fn intrinsic(&mut self) -> Intrinsic {
        Intrinsic {
            docs: self.docs(),
            name: self.name(),
            params: self.many(0, Self::name),
            is_open: self.coin(),
            target: self.qualified(1),
            span: NOWHERE,
        }
    }

    fn use_(&mut self) -> Use {
        Use {
            path: self.qualified(1),
            alias: self.some(Self::name),
            span: NOWHERE,
        }
    }

    pub(super) fn item(&mut self) -> Item {
        self.depth += 1;
        let item = match self.pick(5) {
            0 if self.depth < 4 => Item::Module(Module {
                name: self.name(),
                docs: self.docs(),
                items: self.many(1, Self::item),
                span: NOWHERE,
            }),
            1 => Item::Function(self.function()),
            2 => Item::Intrinsic(self.intrinsic()),
            3 => Item::Use(self.use_()),
            _ => Item::Const(self.const_()),
        };
        self.depth -= 1;
        item
    }

    pub(super) fn script(&mut self, dialect: Dialect) -> Script {
        let stmts = self.many(1, |maker| {
            if maker.coin() {
                Stmt::Item(maker.item())
            } else {
                Stmt::Expr(maker.action())
            }
        });
        Script {
            docs: None,
            stmts,
            dialect,
            span: NOWHERE,
        }
    }

    fn params(&mut self) -> Params {
        Params {
            bindings: self.many(1, |maker| (maker.name(), maker.value())),
        }
    }

    pub(super) fn query_item(&mut self, dialect: Dialect, is_top: bool) -> QueryItem {
        self.depth += 1;
        let item = match self.pick(if is_top { 5 } else { 8 }) {
            0 if self.depth < 4 => QueryItem::Module {
                name: self.name(),
                docs: self.docs(),
                items: self.many(1, |maker| maker.query_item(dialect, false)),
                span: NOWHERE,
            },
            1 => QueryItem::Window(DefineWindow {
                kind: if self.coin() {
                    WindowKind::Sliding
                } else {
                    WindowKind::Tumbling
                },
                name: self.name(),
                params: self.params(),
                script: self.some(Self::value),
                span: NOWHERE,
            }),
            2 => QueryItem::Script(DefineScript {
                name: self.name(),
                params: self.some(Self::params),
                script: self.script(dialect),
                span: NOWHERE,
            }),
            3 => QueryItem::Use(self.use_()),
            5 => QueryItem::Const(self.const_()),
            6 => QueryItem::Function(self.function()),
            7 => QueryItem::Intrinsic(self.intrinsic()),
            _ => QueryItem::Operator(DefineOperator {
                kind: (self.name(), self.name()),
                name: self.name(),
                params: self.some(Self::params),
                span: NOWHERE,
            }),
        };
        self.depth -= 1;
        item
    }

    fn port(&mut self) -> PortRef {
        PortRef {
            node: self.name(),
            port: self.some(Self::name),
            span: NOWHERE,
        }
    }

    fn dimension(&mut self) -> Dimension {
        self.depth += 1;
        let dimension = match self.pick(3) {
            0 if self.depth < 5 => Dimension::Set(self.many(1, Self::dimension), NOWHERE),
            1 => Dimension::Each(self.value(), NOWHERE),
            _ => Dimension::Expr(self.value()),
        };
        self.depth -= 1;
        dimension
    }

    fn query_stmt(&mut self, dialect: Dialect) -> QueryStmt {
        let kind = match self.pick(5) {
            0 => QueryStmtKind::Item(self.query_item(dialect, true)),
            1 => QueryStmtKind::CreateStream(self.name()),
            2 => QueryStmtKind::CreateOperator(self.create()),
            3 => QueryStmtKind::CreateScript(self.create()),
            _ => QueryStmtKind::Select(Box::new(Select {
                target: self.value(),
                from: self.port(),
                windows: self.many(0, |maker| maker.qualified(1)),
                where_: self.some(Self::value),
                group_by: self.some(Self::dimension),
                into: self.port(),
                having: self.some(Self::value),
            })),
        };
        QueryStmt { kind, span: NOWHERE }
    }

    fn create(&mut self) -> Create {
        Create {
            name: self.name(),
            from: self.some(|maker| maker.qualified(1)),
            params: self.some(Self::params),
        }
    }

    pub(super) fn query(&mut self, dialect: Dialect) -> Query {
        let config = self.many(0, |maker| ConfigDirective {
            name: maker.name(),
            value: maker.value(),
            span: NOWHERE,
        });
        Query {
            config,
            stmts: self.many(1, |maker| maker.query_stmt(dialect)),
            dialect,
            span: NOWHERE,
        }
    }
}
