//! Statements and definitions of scripts.

use super::Printer;
use crate::ast::{Const, Expr, FnBody, Function, Intrinsic, Item, Name, Stmt, Use};

impl Printer {
    pub(super) fn stmts(&mut self, stmts: &[Stmt]) {
        self.lines(stmts, |printer, stmt| match stmt {
            Stmt::Item(item) => printer.item(item),
            Stmt::Expr(expr) => printer.value(expr),
        });
    }

    pub(super) fn items(&mut self, items: &[Item]) {
        self.lines(items, Self::item);
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Const(tree) => self.const_(tree),
            Item::Function(tree) => self.function(tree),
            Item::Intrinsic(tree) => self.intrinsic(tree),
            Item::Module(tree) => self.module(&tree.name, tree.docs.as_ref(), |printer| printer.items(&tree.items)),
            Item::Use(tree) => self.use_(tree),
        }
    }

    pub(super) fn const_(&mut self, tree: &Const) {
        self.docs("##", tree.docs.as_ref());
        self.push("const ");
        self.name(&tree.name);
        self.push(" = ");
        self.atom(&tree.value);
    }

    pub(super) fn function(&mut self, tree: &Function) {
        self.docs("##", tree.docs.as_ref());
        self.push("fn ");
        self.name(&tree.name);
        self.params(&tree.params, tree.is_open);
        match &tree.body {
            FnBody::Plain(actions) => {
                self.push(" with");
                self.block(|printer| printer.lines(actions, Self::value));
            }
            FnBody::Matching { clauses, default } => {
                self.push(" of");
                self.block(|printer| {
                    for clause in clauses {
                        printer.push("case (");
                        printer.list(&clause.elements, Self::element);
                        printer.push(")");
                        printer.guard(clause.guard.as_ref());
                        printer.effectors(&clause.effectors);
                        printer.newline();
                    }
                    printer.default(default);
                });
            }
        }
        self.push("end");
    }

    fn default(&mut self, effectors: &[Expr]) {
        self.push("default");
        self.effectors(effectors);
    }

    fn params(&mut self, params: &[Name], is_open: bool) {
        self.push("(");
        self.list(params, Self::name);
        if is_open {
            self.push(if params.is_empty() { "..." } else { ", ..." });
        }
        self.push(")");
    }

    pub(super) fn intrinsic(&mut self, tree: &Intrinsic) {
        self.docs("##", tree.docs.as_ref());
        self.push("intrinsic fn ");
        self.name(&tree.name);
        self.params(&tree.params, tree.is_open);
        self.push(" as ");
        self.qualified(&tree.target);
    }

    pub(super) fn module(&mut self, name: &Name, docs: Option<&String>, items: impl FnOnce(&mut Self)) {
        self.push("mod ");
        self.name(name);
        self.push(" with");
        self.block(|printer| {
            printer.module_docs(docs);
            items(printer);
        });
        self.push("end");
    }

    pub(super) fn use_(&mut self, tree: &Use) {
        self.push("use ");
        self.qualified(&tree.path);
        if let Some(alias) = &tree.alias {
            self.push(" as ");
            self.name(alias);
        }
        self.push(";");
    }

    pub(super) fn module_docs(&mut self, docs: Option<&String>) {
        self.docs("###", docs);
    }

    fn docs(&mut self, hashes: &str, docs: Option<&String>) {
        for line in docs.into_iter().flat_map(|docs| docs.split('\n')) {
            self.push(hashes);
            if !line.is_empty() {
                self.push(" ");
                self.push(line);
            }
            self.newline();
        }
    }
}
