//! From trees back to text.
//!
//! The text is canonical: two trees that differ in their spans only print alike, two that differ in anything else do not. Reading it in
//! the tree's dialect gives the tree again; for that the tree must be one that the parser could have made (no `let` as an operand and
//! the like). Comments are not part of trees and so are lost; documentation is kept.

mod expr;
mod item;
mod pattern;
mod query;

use crate::ast::{Dialect, Expr, ModuleFile, Name, Qualified, Query, QueryModuleFile, Script};
use crate::lexer::is_bare_name;

/// Text of a script.
pub fn script(tree: &Script) -> String {
    let mut printer = Printer::new(tree.dialect);
    printer.module_docs(tree.docs.as_ref());
    printer.stmts(&tree.stmts);
    printer.finish()
}

/// Text of a module file.
pub fn module(tree: &ModuleFile) -> String {
    let mut printer = Printer::new(tree.dialect);
    printer.module_docs(tree.docs.as_ref());
    printer.items(&tree.items);
    printer.finish()
}

/// Text of a query.
pub fn query(tree: &Query) -> String {
    let mut printer = Printer::new(tree.dialect);
    printer.query(tree);
    printer.finish()
}

/// Text of a module file of a query.
pub fn query_module(tree: &QueryModuleFile) -> String {
    let mut printer = Printer::new(tree.dialect);
    printer.module_docs(tree.docs.as_ref());
    printer.query_items(&tree.items);
    printer.finish()
}

/// Text of an expression, whose strings are written for `dialect`. Equal texts mean equal expressions (spec/query.md 8.4).
pub fn expr(tree: &Expr, dialect: Dialect) -> String {
    let mut printer = Printer::new(dialect);
    printer.value(tree);
    printer.out
}

struct Printer {
    out: String,
    dialect: Dialect,
    indentation: usize,
}

impl Printer {
    fn new(dialect: Dialect) -> Self {
        Self {
            out: String::new(),
            dialect,
            indentation: 0,
        }
    }

    fn finish(mut self) -> String {
        if !self.out.ends_with('\n') {
            self.out.push('\n');
        }
        self.out
    }

    fn push(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn newline(&mut self) {
        self.out.push('\n');
        for _ in 0..self.indentation {
            self.out.push_str("  ");
        }
    }

    /// What `inside` prints stands one level further to the right; then a new line.
    fn block(&mut self, inside: impl FnOnce(&mut Self)) {
        self.indentation += 1;
        self.newline();
        inside(self);
        self.indentation -= 1;
        self.newline();
    }

    fn list<T>(&mut self, items: &[T], mut item: impl FnMut(&mut Self, &T)) {
        for (at, one) in items.iter().enumerate() {
            if at > 0 {
                self.push(", ");
            }
            item(self, one);
        }
    }

    /// Items on lines of their own with semicolons between them.
    fn lines<T>(&mut self, items: &[T], mut item: impl FnMut(&mut Self, &T)) {
        for (at, one) in items.iter().enumerate() {
            if at > 0 {
                // `use` has its semicolon already.
                if !self.out.ends_with(';') {
                    self.push(";");
                }
                self.newline();
            }
            item(self, one);
        }
    }

    fn name(&mut self, name: &Name) {
        self.bare_or_quoted(&name.text);
    }

    fn bare_or_quoted(&mut self, name: &str) {
        if is_bare_name(name) {
            self.push(name);
        } else {
            self.out.extend(["`", name, "`"]);
        }
    }

    fn qualified(&mut self, name: &Qualified) {
        for (at, part) in name.parts.iter().enumerate() {
            if at > 0 {
                self.push("::");
            }
            self.name(part);
        }
    }
}

#[cfg(test)]
mod tests;
