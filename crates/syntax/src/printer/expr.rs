//! Expressions, actions and paths.

use std::fmt::Write as _;

use super::Printer;
use crate::ast::{
    BinaryOp, BytesPart, Dialect, Emit, Expr, ExprKind, Field, For, Literal, Match, Patch, PatchOpKind, Path, Root, StepKind,
    Text, TextPart, UnaryOp,
};

/// Level of `match` and `for`, which are no operands.
const VALUE: u8 = 0;
/// Level of an operation, from the loosest operator on (spec/script.md 3.1).
const OPERATION: u8 = 1;
const SIGN: u8 = 11;
const NOT: u8 = 12;
const PRESENCE: u8 = 13;
const ATOM: u8 = 14;

fn operator(op: BinaryOp) -> (u8, &'static str) {
    match op {
        BinaryOp::Or => (1, "or"),
        BinaryOp::Xor => (2, "xor"),
        BinaryOp::And => (3, "and"),
        BinaryOp::BitXor => (4, "^"),
        BinaryOp::BitAnd => (5, "&"),
        BinaryOp::Eq => (6, "=="),
        BinaryOp::Ne => (6, "!="),
        BinaryOp::Lt => (7, "<"),
        BinaryOp::Le => (7, "<="),
        BinaryOp::Gt => (7, ">"),
        BinaryOp::Ge => (7, ">="),
        BinaryOp::Shl => (8, "<<"),
        BinaryOp::ShrSigned => (8, ">>"),
        BinaryOp::ShrUnsigned => (8, ">>>"),
        BinaryOp::Add => (9, "+"),
        BinaryOp::Sub => (9, "-"),
        BinaryOp::Mul => (10, "*"),
        BinaryOp::Div => (10, "/"),
        BinaryOp::Rem => (10, "%"),
    }
}

fn level(expr: &Expr) -> u8 {
    match &expr.kind {
        ExprKind::Match(_) | ExprKind::For(_) | ExprKind::Let { .. } | ExprKind::Emit(_) | ExprKind::Drop => VALUE,
        ExprKind::Binary { op, .. } => operator(*op).0,
        ExprKind::Unary {
            op: UnaryOp::Plus | UnaryOp::Minus,
            ..
        } => SIGN,
        ExprKind::Unary {
            op: UnaryOp::Not | UnaryOp::BitNot,
            ..
        } => NOT,
        ExprKind::Present(_) | ExprKind::Absent(_) => PRESENCE,
        _ => ATOM,
    }
}

impl Printer {
    /// An expression where a value or an action may stand.
    pub(super) fn value(&mut self, expr: &Expr) {
        self.expr(expr, VALUE);
    }

    /// An expression where only an operation may stand.
    pub(super) fn operation(&mut self, expr: &Expr) {
        self.expr(expr, OPERATION);
    }

    pub(super) fn atom(&mut self, expr: &Expr) {
        self.expr(expr, ATOM);
    }

    /// An expression in parentheses if it is looser than `at_least`.
    fn expr(&mut self, expr: &Expr, at_least: u8) {
        if level(expr) >= at_least {
            return self.bare(expr);
        }
        self.push("(");
        self.bare(expr);
        self.push(")");
    }

    fn bare(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Literal(literal) => self.literal(literal),
            ExprKind::Text(text) => self.text(text),
            ExprKind::Array(items) => {
                self.push("[");
                self.list(items, Self::value);
                self.push("]");
            }
            ExprKind::Record(fields) => {
                self.push("{");
                self.list(fields, Self::field);
                self.push("}");
            }
            ExprKind::Bytes(parts) => {
                self.push("<<");
                self.list(parts, Self::bytes_part);
                // A blank, so that no `>>>` comes about.
                self.push(if parts.is_empty() { ">>" } else { " >>" });
            }
            ExprKind::Path(path) => self.path(path),
            ExprKind::Present(path) => {
                self.push("present ");
                self.path(path);
            }
            ExprKind::Absent(path) => {
                self.push("absent ");
                self.path(path);
            }
            ExprKind::Unary { op, operand } => self.unary(*op, operand),
            ExprKind::Binary { op, operands } => {
                let (level, symbol) = operator(*op);
                self.expr(&operands.0, level);
                self.out.extend([" ", symbol, " "]);
                self.expr(&operands.1, level + 1);
            }
            ExprKind::Call(call) => {
                self.qualified(&call.function);
                self.args(&call.args);
            }
            ExprKind::Recur(args) => {
                self.push("recur");
                self.args(args);
            }
            ExprKind::Match(tree) => self.match_(tree),
            ExprKind::For(tree) => self.for_(tree),
            ExprKind::Patch(patch) => self.patch(patch),
            ExprKind::Merge(merge) => {
                self.push("merge ");
                self.value(&merge.target);
                self.push(" of ");
                self.value(&merge.value);
                self.push(" end");
            }
            ExprKind::Let { target, value } => {
                self.push("let ");
                self.path(target);
                self.push(" = ");
                self.value(value);
            }
            ExprKind::Emit(emit) => self.emit(emit),
            ExprKind::Drop => self.push("drop"),
        }
    }

    fn literal(&mut self, literal: &Literal) {
        // Writing to a string cannot fail.
        let _ = match literal {
            Literal::Null => write!(self.out, "null"),
            Literal::Bool(value) => write!(self.out, "{value}"),
            Literal::Int(value) => write!(self.out, "{value}"),
            // Too large for a double: reads as infinity again.
            Literal::Float(value) if value.is_infinite() => {
                write!(self.out, "{}1.0e999", if value.is_sign_negative() { "-" } else { "" })
            }
            Literal::Float(value) => {
                let text = format!("{value:?}");
                // An exponent needs a point.
                let text = if text.contains('.') {
                    text
                } else {
                    text.replacen('e', ".0e", 1)
                };
                write!(self.out, "{text}")
            }
        };
    }

    fn unary(&mut self, op: UnaryOp, operand: &Expr) {
        let (symbol, level) = match op {
            UnaryOp::Plus => ("+", SIGN),
            UnaryOp::Minus => ("-", SIGN),
            UnaryOp::Not => ("not ", NOT),
            UnaryOp::BitNot => ("!", NOT),
        };
        self.push(symbol);
        let at = self.out.len();
        self.expr(operand, level);
        // A minus sign directly before a digit would belong to the number.
        if op == UnaryOp::Minus && self.out[at..].starts_with(|c: char| c.is_ascii_digit()) {
            self.out.insert(at, ' ');
        }
    }

    fn args(&mut self, args: &[Expr]) {
        self.push("(");
        self.list(args, Self::value);
        self.push(")");
    }

    fn field(&mut self, field: &Field) {
        self.text(&field.key);
        self.push(": ");
        self.value(&field.value);
    }

    fn bytes_part(&mut self, part: &BytesPart) {
        self.push(" ");
        self.atom(&part.value);
        if let Some((size, _)) = part.size {
            let _ = write!(self.out, ":{size}");
        }
        if let Some(kind) = &part.kind {
            self.push("/");
            self.name(kind);
        }
    }

    pub(super) fn text(&mut self, text: &Text) {
        let quotes = if text.is_heredoc { "\"\"\"" } else { "\"" };
        self.push(quotes);
        if text.is_heredoc {
            self.push("\n");
        }
        for (at, part) in text.parts.iter().enumerate() {
            match part {
                TextPart::Literal(literal) => {
                    let is_before_value = matches!(text.parts.get(at + 1), Some(TextPart::Value(_)));
                    self.characters(literal, text.is_heredoc, is_before_value);
                }
                TextPart::Value(value) => {
                    self.push(if self.dialect == Dialect::V09 { "{" } else { "#{" });
                    let at = self.out.len();
                    self.operation(value);
                    // Two braces in a row would be an escape in dialect 0.9.
                    if self.out[at..].starts_with('{') {
                        self.out.insert(at, ' ');
                    }
                    self.push("}");
                }
            }
        }
        self.push(quotes);
    }

    fn characters(&mut self, text: &str, is_heredoc: bool, is_before_value: bool) {
        let mut rest = text.chars();
        while let Some(c) = rest.next() {
            let next = rest.clone().next();
            match c {
                '"' if is_heredoc && next.is_some_and(|next| next != '"') => self.out.push(c),
                '"' | '\\' => self.out.extend(['\\', c]),
                '\n' if is_heredoc => self.out.push(c),
                '\n' => self.push("\\n"),
                '\r' => self.push("\\r"),
                '\t' if !is_heredoc => self.push("\\t"),
                '{' | '}' if self.dialect == Dialect::V09 => self.out.extend(['\\', c]),
                '#' if self.dialect == Dialect::V09 && next.is_none() && is_before_value => self.push("\\#"),
                '#' if self.dialect == Dialect::Modern && next == Some('{') => self.push("\\#"),
                _ => self.out.push(c),
            }
        }
    }

    pub(super) fn path(&mut self, path: &Path) {
        let mut steps = path.steps.as_slice();
        match &path.root {
            Root::Event => self.push("event"),
            Root::State => self.push("state"),
            Root::Args => self.push("args"),
            Root::Group => self.push("group"),
            Root::Window => self.push("window"),
            Root::Name(name) => self.name(name),
            Root::Const(name) => self.qualified(name),
            Root::Meta => {
                self.push("$");
                // The first name follows without a point.
                if let [first, rest @ ..] = steps
                    && let StepKind::Field(name) = &first.kind
                {
                    self.bare_or_quoted(name);
                    steps = rest;
                }
            }
        }
        for step in steps {
            match &step.kind {
                StepKind::Field(name) => {
                    self.push(".");
                    self.bare_or_quoted(name);
                }
                StepKind::Index(index) => {
                    self.push("[");
                    self.value(index);
                    self.push("]");
                }
                StepKind::Range(range) => {
                    self.push("[");
                    self.value(&range.0);
                    self.push(":");
                    self.value(&range.1);
                    self.push("]");
                }
            }
        }
    }

    fn match_(&mut self, tree: &Match) {
        self.push("match ");
        self.value(&tree.target);
        self.push(" of");
        self.indentation += 1;
        for clause in &tree.clauses {
            self.newline();
            match &clause.pattern {
                Some(pattern) => {
                    self.push("case ");
                    self.pattern(pattern);
                }
                None => self.push("default"),
            }
            self.guard(clause.guard.as_ref());
            self.effectors(&clause.effectors);
        }
        self.indentation -= 1;
        self.newline();
        self.push("end");
    }

    fn for_(&mut self, tree: &For) {
        self.push("for ");
        self.value(&tree.target);
        self.push(" of");
        self.indentation += 1;
        for round in &tree.rounds {
            self.newline();
            self.push("case (");
            self.name(&round.key);
            self.push(", ");
            self.name(&round.value);
            self.push(")");
            self.guard(round.guard.as_ref());
            self.effectors(&round.effectors);
        }
        self.indentation -= 1;
        self.newline();
        self.push("end");
    }

    pub(super) fn guard(&mut self, guard: Option<&Expr>) {
        if let Some(guard) = guard {
            self.push(" when ");
            self.value(guard);
        }
    }

    /// The arrow and what follows it.
    pub(super) fn effectors(&mut self, effectors: &[Expr]) {
        self.push(" =>");
        let is_one = effectors.len() == 1;
        self.indentation += 1;
        for (at, effector) in effectors.iter().enumerate() {
            if at > 0 {
                self.push(",");
            }
            if is_one {
                self.push(" ");
            } else {
                self.newline();
            }
            self.value(effector);
        }
        self.indentation -= 1;
    }

    fn patch(&mut self, patch: &Patch) {
        self.push("patch ");
        self.value(&patch.target);
        self.push(" of");
        self.indentation += 1;
        for (at, op) in patch.ops.iter().enumerate() {
            if at > 0 {
                self.push(",");
            }
            self.newline();
            self.patch_op(&op.kind);
        }
        self.indentation -= 1;
        self.newline();
        self.push("end");
    }

    fn patch_op(&mut self, op: &PatchOpKind) {
        let (word, key, value) = match op {
            PatchOpKind::Insert(key, value) => ("insert", Some(key), Some(value)),
            PatchOpKind::Update(key, value) => ("update", Some(key), Some(value)),
            PatchOpKind::Upsert(key, value) => ("upsert", Some(key), Some(value)),
            PatchOpKind::Erase(key) => ("erase", Some(key), None),
            PatchOpKind::Move(key, value) => ("move", Some(key), Some(value)),
            PatchOpKind::Copy(key, value) => ("copy", Some(key), Some(value)),
            PatchOpKind::Merge(key, value) => ("merge", Some(key), Some(value)),
            PatchOpKind::MergeAll(value) => ("merge", None, Some(value)),
        };
        self.push(word);
        if let Some(key) = key {
            self.push(" ");
            self.value(key);
        }
        if let Some(value) = value {
            self.push(" => ");
            self.value(value);
        }
    }

    fn emit(&mut self, emit: &Emit) {
        self.push("emit");
        if let Some(value) = &emit.value {
            self.push(" ");
            self.value(value);
        }
        if let Some((port, _)) = &emit.port {
            self.push(" => ");
            self.text(port);
        }
    }
}
