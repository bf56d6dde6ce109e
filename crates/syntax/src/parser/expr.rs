//! Expressions and actions (spec/script.md 3.1, 5 and 11.3–11.4).

use super::recovery::Expected;
use super::{Layer, Parse, Parser};
use crate::ast::{
    BinaryOp, BytesPart, Call, Clause, Emit, Expr, ExprKind, Field, For, Literal, Match, Merge, Patch, PatchOp, PatchOpKind,
    Round, UnaryOp,
};
use crate::token::{Keyword, Symbol, TokenKind};

/// Level of the tightest binary operators; the loosest is 1.
const TIGHTEST: u8 = 10;

/// The binary operator a token stands for, with its level (spec/script.md 3.1).
fn binary_operator(token: Option<&TokenKind>) -> Option<(BinaryOp, u8)> {
    Some(match token? {
        TokenKind::Keyword(keyword) => match keyword {
            Keyword::Or => (BinaryOp::Or, 1),
            Keyword::Xor => (BinaryOp::Xor, 2),
            Keyword::And => (BinaryOp::And, 3),
            _ => return None,
        },
        TokenKind::Symbol(symbol) => match symbol {
            Symbol::Caret => (BinaryOp::BitXor, 4),
            Symbol::Ampersand => (BinaryOp::BitAnd, 5),
            Symbol::Eq => (BinaryOp::Eq, 6),
            Symbol::Ne => (BinaryOp::Ne, 6),
            Symbol::Lt => (BinaryOp::Lt, 7),
            Symbol::Le => (BinaryOp::Le, 7),
            Symbol::Gt => (BinaryOp::Gt, 7),
            Symbol::Ge => (BinaryOp::Ge, 7),
            Symbol::Shl => (BinaryOp::Shl, 8),
            Symbol::Shr => (BinaryOp::ShrSigned, 8),
            Symbol::ShrUnsigned => (BinaryOp::ShrUnsigned, 8),
            Symbol::Plus => (BinaryOp::Add, 9),
            Symbol::Minus => (BinaryOp::Sub, 9),
            Symbol::Star => (BinaryOp::Mul, TIGHTEST),
            Symbol::Slash => (BinaryOp::Div, TIGHTEST),
            Symbol::Percent => (BinaryOp::Rem, TIGHTEST),
            _ => return None,
        },
        _ => return None,
    })
}

impl Parser<'_> {
    /// `action`: what may change things, or an operation.
    pub(super) fn action(&mut self) -> Parse<Expr> {
        match self.peek() {
            Some(TokenKind::Keyword(Keyword::Match)) => self.match_(Layer::Action),
            Some(TokenKind::Keyword(Keyword::For)) => self.for_(Layer::Action),
            Some(TokenKind::Keyword(Keyword::Let)) => self.let_(),
            Some(TokenKind::Keyword(Keyword::Emit)) => self.emit(),
            Some(TokenKind::Keyword(Keyword::Drop)) => {
                let span = self.here();
                self.advance();
                Ok(Expr {
                    kind: ExprKind::Drop,
                    span,
                })
            }
            _ => {
                self.expected.push(Expected::Action);
                self.operation()
            }
        }
    }

    /// `value`: an operation, or a `match` or `for` without actions.
    pub(super) fn value(&mut self) -> Parse<Expr> {
        match self.peek() {
            Some(TokenKind::Keyword(Keyword::Match)) => self.match_(Layer::Value),
            Some(TokenKind::Keyword(Keyword::For)) => self.for_(Layer::Value),
            _ => {
                self.expected.push(Expected::Value);
                self.operation()
            }
        }
    }

    /// `op_or`: operators and their operands.
    pub(super) fn operation(&mut self) -> Parse<Expr> {
        self.binary(1)
    }

    /// Operators of `level` and tighter ones.
    fn binary(&mut self, level: u8) -> Parse<Expr> {
        let outer = std::mem::replace(&mut self.deepest, self.depth);
        let start = self.start();
        let mut left = self.signs()?;
        while let Some((op, op_level)) = binary_operator(self.peek()).filter(|(_, op_level)| *op_level >= level) {
            self.advance();
            let left_deepest = std::mem::replace(&mut self.deepest, self.depth);
            let right = if op_level == TIGHTEST {
                self.signs()?
            } else {
                self.binary(op_level + 1)?
            };
            // The operator puts one more level above both sides.
            self.deepest = self.deepest.max(left_deepest);
            self.sink(1)?;
            left = Expr {
                kind: ExprKind::Binary {
                    op,
                    operands: Box::new((left, right)),
                },
                span: self.since(start),
            };
        }
        self.expected.push(Expected::Operator);
        self.deepest = self.deepest.max(outer);
        Ok(left)
    }

    /// Puts levels above the expression that was read. Chains of operators are no nesting in the text, so they may be longer.
    fn sink(&mut self, levels: u32) -> Parse<()> {
        self.deepest += levels;
        if self.deepest > self.limit * 4 {
            self.too_deep()
        } else {
            Ok(())
        }
    }

    /// Prefix operators and what they stand before: first signs, then negations.
    fn signs(&mut self) -> Parse<Expr> {
        let mut operators = Vec::new();
        self.expected.push(Expected::Operation);
        loop {
            let op = match self.peek() {
                Some(TokenKind::Symbol(Symbol::Plus)) => UnaryOp::Plus,
                Some(TokenKind::Symbol(Symbol::Minus)) => UnaryOp::Minus,
                _ => break,
            };
            operators.push((op, self.start()));
            self.advance();
            self.expected.push(Expected::Operation);
        }
        loop {
            let op = match self.peek() {
                Some(TokenKind::Keyword(Keyword::Not)) => UnaryOp::Not,
                Some(TokenKind::Symbol(Symbol::Bang)) => UnaryOp::BitNot,
                _ => break,
            };
            operators.push((op, self.start()));
            self.advance();
            self.expected.push(Expected::NotOperand);
        }
        let mut operand = self.presence()?;
        self.sink(operators.len() as u32)?;
        for (op, start) in operators.into_iter().rev() {
            operand = Expr {
                kind: ExprKind::Unary {
                    op,
                    operand: Box::new(operand),
                },
                span: self.since(start),
            };
        }
        Ok(operand)
    }

    fn presence(&mut self) -> Parse<Expr> {
        let start = self.start();
        let is_present = match self.peek() {
            Some(TokenKind::Keyword(Keyword::Present)) => true,
            Some(TokenKind::Keyword(Keyword::Absent)) => false,
            _ => return self.atom(),
        };
        self.advance();
        let path = self.path()?;
        let kind = if is_present {
            ExprKind::Present(path)
        } else {
            ExprKind::Absent(path)
        };
        Ok(Expr {
            kind,
            span: self.since(start),
        })
    }

    /// `atom`: an operand without operators around it.
    pub(super) fn atom(&mut self) -> Parse<Expr> {
        let start = self.start();
        let kind = match self.peek() {
            Some(TokenKind::Symbol(Symbol::ParenOpen)) => return self.parenthesised(),
            Some(TokenKind::Symbol(Symbol::BracketOpen)) => {
                self.advance();
                ExprKind::Array(self.list(Symbol::BracketClose, Self::value)?)
            }
            Some(TokenKind::Symbol(Symbol::BraceOpen)) => {
                self.advance();
                ExprKind::Record(self.list(Symbol::BraceClose, Self::field)?)
            }
            Some(TokenKind::Symbol(Symbol::Shl)) => {
                self.advance();
                ExprKind::Bytes(self.list(Symbol::Shr, Self::bytes_part)?)
            }
            Some(TokenKind::TextOpen { .. }) => ExprKind::Text(self.text()?.0),
            Some(TokenKind::Keyword(Keyword::Patch)) => return self.patch(),
            Some(TokenKind::Keyword(Keyword::Merge)) => return self.merge(),
            Some(TokenKind::Keyword(Keyword::Recur)) => {
                self.advance();
                self.expect(Symbol::ParenOpen)?;
                ExprKind::Recur(self.list(Symbol::ParenClose, Self::value)?)
            }
            Some(TokenKind::Name(_)) => self.call_or_path()?,
            Some(token) => {
                if let Some(literal) = literal(token) {
                    self.advance();
                    ExprKind::Literal(literal)
                } else if let Some(path) = self.reserved_path()? {
                    ExprKind::Path(path)
                } else {
                    self.expected.push(Expected::Atom);
                    return self.unexpected();
                }
            }
            None => return self.unexpected(),
        };
        Ok(Expr {
            kind,
            span: self.since(start),
        })
    }

    fn parenthesised(&mut self) -> Parse<Expr> {
        self.advance();
        self.enter()?;
        let value = self.value()?;
        self.expect(Symbol::ParenClose)?;
        self.leave();
        Ok(value)
    }

    fn call_or_path(&mut self) -> Parse<ExprKind> {
        let start = self.start();
        let name = self.qualified()?;
        if self.eat(Symbol::ParenOpen) {
            self.has_names = true;
            let args = self.list(Symbol::ParenClose, Self::value)?;
            return Ok(ExprKind::Call(Call { function: name, args }));
        }
        Ok(ExprKind::Path(self.name_path(start, name)?))
    }

    fn field(&mut self) -> Parse<Field> {
        let (key, key_span) = self.text()?;
        self.expect(Symbol::Colon)?;
        Ok(Field {
            key,
            key_span,
            value: self.value()?,
        })
    }

    fn bytes_part(&mut self) -> Parse<BytesPart> {
        let start = self.start();
        self.expected.push(Expected::Atom);
        let value = self.atom()?;
        let mut size = None;
        if self.eat(Symbol::Colon) {
            let Some(TokenKind::Int(bits)) = self.peek() else {
                self.expected.push(Expected::Int);
                return self.unexpected();
            };
            size = Some((*bits, self.here()));
            self.advance();
        }
        let kind = if self.eat(Symbol::Slash) { Some(self.name()?) } else { None };
        Ok(BytesPart {
            value,
            size,
            kind,
            span: self.since(start),
        })
    }

    fn merge(&mut self) -> Parse<Expr> {
        let start = self.start();
        self.advance();
        self.enter()?;
        let target = self.value()?;
        self.expect_keyword(Keyword::Of)?;
        let value = self.value()?;
        self.expect_keyword(Keyword::End)?;
        self.leave();
        Ok(Expr {
            kind: ExprKind::Merge(Box::new(Merge { target, value })),
            span: self.since(start),
        })
    }

    fn patch(&mut self) -> Parse<Expr> {
        let start = self.start();
        self.advance();
        self.enter()?;
        let target = self.value()?;
        let head_span = self.since(start);
        self.expect_keyword(Keyword::Of)?;
        let mut ops = Vec::new();
        loop {
            ops.push(self.patch_op()?);
            let has_comma = self.eat(Symbol::Comma);
            if self.eat_keyword(Keyword::End) {
                break;
            }
            if !has_comma {
                return self.unexpected();
            }
        }
        self.leave();
        Ok(Expr {
            kind: ExprKind::Patch(Box::new(Patch { target, ops, head_span })),
            span: self.since(start),
        })
    }

    fn patch_op(&mut self) -> Parse<PatchOp> {
        let start = self.start();
        let kind = if self.eat_keyword(Keyword::Insert) {
            self.pair(PatchOpKind::Insert)?
        } else if self.eat_keyword(Keyword::Update) {
            self.pair(PatchOpKind::Update)?
        } else if self.eat_keyword(Keyword::Upsert) {
            self.pair(PatchOpKind::Upsert)?
        } else if self.eat_keyword(Keyword::Move) {
            self.pair(PatchOpKind::Move)?
        } else if self.eat_keyword(Keyword::Copy) {
            self.pair(PatchOpKind::Copy)?
        } else if self.eat_keyword(Keyword::Erase) {
            PatchOpKind::Erase(self.value()?)
        } else if self.eat_keyword(Keyword::Merge) {
            if self.eat(Symbol::Arrow) {
                PatchOpKind::MergeAll(self.value()?)
            } else {
                self.pair(PatchOpKind::Merge)?
            }
        } else {
            return self.unexpected();
        };
        Ok(PatchOp {
            kind,
            span: self.since(start),
        })
    }

    fn pair(&mut self, make: fn(Expr, Expr) -> PatchOpKind) -> Parse<PatchOpKind> {
        let key = self.value()?;
        self.expect(Symbol::Arrow)?;
        Ok(make(key, self.value()?))
    }

    fn let_(&mut self) -> Parse<Expr> {
        let start = self.start();
        self.advance();
        self.enter()?;
        let target = self.path()?;
        self.expect(Symbol::Assign)?;
        let value = Box::new(self.action()?);
        self.leave();
        Ok(Expr {
            kind: ExprKind::Let { target, value },
            span: self.since(start),
        })
    }

    fn emit(&mut self) -> Parse<Expr> {
        let start = self.start();
        self.advance();
        let has_value = !self.at_symbol(Symbol::Arrow) && !self.ends_action();
        let value = if has_value { Some(self.value()?) } else { None };
        let port = if self.eat(Symbol::Arrow) { Some(self.text()?) } else { None };
        Ok(Expr {
            kind: ExprKind::Emit(Box::new(Emit { value, port })),
            span: self.since(start),
        })
    }

    /// Whether the next token can only stand behind an action.
    fn ends_action(&mut self) -> bool {
        matches!(
            self.peek(),
            Some(
                TokenKind::End
                    | TokenKind::Symbol(Symbol::Semicolon | Symbol::Comma)
                    | TokenKind::Keyword(Keyword::End | Keyword::Case | Keyword::Default)
            )
        )
    }

    fn match_(&mut self, layer: Layer) -> Parse<Expr> {
        let start = self.start();
        self.advance();
        self.enter()?;
        let target = self.value()?;
        self.expect_keyword(Keyword::Of)?;
        let mut clauses = Vec::new();
        loop {
            if self.at_keyword(Keyword::Case) || self.at_keyword(Keyword::Default) {
                clauses.push(self.clause(layer)?);
            } else if clauses.is_empty() {
                return self.unexpected();
            } else {
                self.expect_keyword(Keyword::End)?;
                break;
            }
        }
        self.leave();
        let kind = ExprKind::Match(Box::new(Match {
            target,
            clauses,
            is_action: layer == Layer::Action,
        }));
        Ok(Expr {
            kind,
            span: self.since(start),
        })
    }

    fn clause(&mut self, layer: Layer) -> Parse<Clause> {
        let start = self.start();
        let (mut pattern, mut guard) = (None, None);
        if self.eat_keyword(Keyword::Case) {
            pattern = Some(self.pattern()?);
            guard = self.guard()?;
        } else {
            self.advance();
        }
        self.expect(Symbol::Arrow)?;
        let effectors = self.effectors(layer)?;
        Ok(Clause {
            pattern,
            guard,
            effectors,
            span: self.since(start),
        })
    }

    fn for_(&mut self, layer: Layer) -> Parse<Expr> {
        let start = self.start();
        self.advance();
        self.enter()?;
        let target = self.value()?;
        self.expect_keyword(Keyword::Of)?;
        let mut rounds = Vec::new();
        while self.at_keyword(Keyword::Case) {
            rounds.push(self.round(layer)?);
        }
        if rounds.is_empty() {
            return self.unexpected();
        }
        self.expect_keyword(Keyword::End)?;
        self.leave();
        let kind = ExprKind::For(Box::new(For {
            target,
            rounds,
            is_action: layer == Layer::Action,
        }));
        Ok(Expr {
            kind,
            span: self.since(start),
        })
    }

    fn round(&mut self, layer: Layer) -> Parse<Round> {
        let start = self.start();
        self.advance();
        self.expect(Symbol::ParenOpen)?;
        let key = self.name()?;
        self.expect(Symbol::Comma)?;
        let value = self.name()?;
        self.expect(Symbol::ParenClose)?;
        let guard = self.guard()?;
        self.expect(Symbol::Arrow)?;
        let effectors = self.effectors(layer)?;
        Ok(Round {
            key,
            value,
            guard,
            effectors,
            span: self.since(start),
        })
    }

    pub(super) fn guard(&mut self) -> Parse<Option<Expr>> {
        if self.eat_keyword(Keyword::When) {
            self.value().map(Some)
        } else {
            Ok(None)
        }
    }

    /// One or more expressions, separated by commas.
    pub(super) fn effectors(&mut self, layer: Layer) -> Parse<Vec<Expr>> {
        let one = match layer {
            Layer::Action => Self::action,
            Layer::Value => Self::value,
        };
        let mut effectors = vec![one(self)?];
        while self.eat(Symbol::Comma) {
            effectors.push(one(self)?);
        }
        Ok(effectors)
    }
}

fn literal(token: &TokenKind) -> Option<Literal> {
    Some(match token {
        TokenKind::Int(value) => Literal::Int(*value),
        TokenKind::Float(value) => Literal::Float(*value),
        TokenKind::Keyword(Keyword::Null) => Literal::Null,
        TokenKind::Keyword(Keyword::True) => Literal::Bool(true),
        TokenKind::Keyword(Keyword::False) => Literal::Bool(false),
        _ => return None,
    })
}
