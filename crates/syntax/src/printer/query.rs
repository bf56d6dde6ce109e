//! Queries.

use super::Printer;
use crate::ast::{
    Create, DefineOperator, DefineScript, DefineWindow, Dimension, Params, PortRef, Query, QueryItem, QueryStmt, QueryStmtKind,
    Select, WindowKind,
};

impl Printer {
    pub(super) fn query(&mut self, query: &Query) {
        for directive in &query.config {
            self.push("#!config ");
            self.name(&directive.name);
            self.push(" = ");
            self.operation(&directive.value);
            self.newline();
        }
        self.lines(&query.stmts, Self::query_stmt);
    }

    pub(super) fn query_items(&mut self, items: &[QueryItem]) {
        self.lines(items, Self::query_item);
    }

    fn query_stmt(&mut self, stmt: &QueryStmt) {
        match &stmt.kind {
            QueryStmtKind::Item(item) => self.query_item(item),
            QueryStmtKind::CreateStream(name) => {
                self.push("create stream ");
                self.name(name);
            }
            QueryStmtKind::CreateOperator(create) => self.create("create operator ", create),
            QueryStmtKind::CreateScript(create) => self.create("create script ", create),
            QueryStmtKind::Select(select) => self.select(select),
        }
    }

    fn query_item(&mut self, item: &QueryItem) {
        match item {
            QueryItem::Module { name, docs, items, .. } => self.module(name, docs.as_ref(), |printer| printer.query_items(items)),
            QueryItem::Use(tree) => self.use_(tree),
            QueryItem::Window(window) => self.define_window(window),
            QueryItem::Operator(operator) => self.define_operator(operator),
            QueryItem::Script(script) => self.define_script(script),
            QueryItem::Const(tree) => self.const_(tree),
            QueryItem::Function(tree) => self.function(tree),
            QueryItem::Intrinsic(tree) => self.intrinsic(tree),
        }
    }

    fn define_window(&mut self, window: &DefineWindow) {
        self.push(match window.kind {
            WindowKind::Tumbling => "define tumbling window ",
            WindowKind::Sliding => "define sliding window ",
        });
        self.name(&window.name);
        self.bindings(&window.params);
        if let Some(script) = &window.script {
            self.push("script ");
            self.operation(script);
            self.newline();
        }
        self.push("end");
    }

    fn define_operator(&mut self, operator: &DefineOperator) {
        self.push("define ");
        self.name(&operator.kind.0);
        self.push("::");
        self.name(&operator.kind.1);
        self.push(" operator ");
        self.name(&operator.name);
        self.optional_params(operator.params.as_ref());
    }

    fn define_script(&mut self, script: &DefineScript) {
        self.push("define script ");
        self.name(&script.name);
        match &script.params {
            Some(params) => self.bindings(params),
            None => self.newline(),
        }
        self.push("script");
        self.block(|printer| printer.stmts(&script.script.stmts));
        self.push("end");
    }

    fn create(&mut self, what: &str, create: &Create) {
        self.push(what);
        self.name(&create.name);
        if let Some(from) = &create.from {
            self.push(" from ");
            self.qualified(from);
        }
        self.optional_params(create.params.as_ref());
    }

    fn optional_params(&mut self, params: Option<&Params>) {
        if let Some(params) = params {
            self.bindings(params);
            self.push("end");
        }
    }

    /// `with` and the bindings; ends at the start of a line.
    fn bindings(&mut self, params: &Params) {
        self.newline();
        self.push("with");
        self.block(|printer| {
            for (at, (name, value)) in params.bindings.iter().enumerate() {
                if at > 0 {
                    printer.push(",");
                    printer.newline();
                }
                printer.name(name);
                printer.push(" = ");
                printer.operation(value);
            }
        });
    }

    fn select(&mut self, select: &Select) {
        self.push("select ");
        self.value(&select.target);
        self.push(" from ");
        self.port(&select.from);
        if !select.windows.is_empty() {
            self.push("[");
            self.list(&select.windows, Self::qualified);
            self.push("]");
        }
        if let Some(condition) = &select.where_ {
            self.push(" where ");
            self.value(condition);
        }
        if let Some(dimension) = &select.group_by {
            self.push(" group by ");
            self.dimension(dimension);
        }
        self.push(" into ");
        self.port(&select.into);
        if let Some(condition) = &select.having {
            self.push(" having ");
            self.value(condition);
        }
    }

    fn port(&mut self, port: &PortRef) {
        self.name(&port.node);
        if let Some(name) = &port.port {
            self.push("/");
            self.name(name);
        }
    }

    fn dimension(&mut self, dimension: &Dimension) {
        match dimension {
            Dimension::Expr(expr) => self.operation(expr),
            Dimension::Set(dimensions, _) => {
                self.push("set(");
                self.list(dimensions, Self::dimension);
                self.push(")");
            }
            Dimension::Each(expr, _) => {
                self.push("each(");
                self.operation(expr);
                self.push(")");
            }
        }
    }
}
