//! Operators, operands and actions (spec/script.md 3.1, 5 and 11.3–11.4).

use super::recovery::Expected;
use super::{Layer, Parse, Parser};
use crate::ast::{BinaryOp, BytesPart, Call, Emit, Expr, ExprKind, Field, Literal, Path, Qualified, UnaryOp};
use crate::span::Span;
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
            let right = self.right_side(op_level)?;
            // The operator puts one more level above both sides.
            self.deepest = self.deepest.max(left_deepest);
            self.sink(1)?;
            left = join(op, left, right, self.since(start));
        }
        self.expected.push(Expected::Operator);
        self.deepest = self.deepest.max(outer);
        Ok(left)
    }

    fn right_side(&mut self, level: u8) -> Parse<Expr> {
        if level == TIGHTEST {
            self.signs()
        } else {
            self.binary(level + 1)
        }
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
        self.expected.push(Expected::Operation);
        if self.sign().is_none() && self.negation().is_none() {
            return self.presence();
        }
        self.signed()
    }

    fn signed(&mut self) -> Parse<Expr> {
        let mut operators = Vec::new();
        while let Some(op) = self.sign() {
            operators.push((op, self.start()));
            self.advance();
            self.expected.push(Expected::Operation);
        }
        while let Some(op) = self.negation() {
            operators.push((op, self.start()));
            self.advance();
            self.expected.push(Expected::NotOperand);
        }
        let operand = self.presence()?;
        self.sink(operators.len() as u32)?;
        Ok(operators.into_iter().rev().fold(operand, |operand, (op, start)| Expr {
            kind: ExprKind::Unary {
                op,
                operand: Box::new(operand),
            },
            span: self.since(start),
        }))
    }

    fn sign(&self) -> Option<UnaryOp> {
        match self.peek() {
            Some(TokenKind::Symbol(Symbol::Plus)) => Some(UnaryOp::Plus),
            Some(TokenKind::Symbol(Symbol::Minus)) => Some(UnaryOp::Minus),
            _ => None,
        }
    }

    fn negation(&self) -> Option<UnaryOp> {
        match self.peek() {
            Some(TokenKind::Keyword(Keyword::Not)) => Some(UnaryOp::Not),
            Some(TokenKind::Symbol(Symbol::Bang)) => Some(UnaryOp::BitNot),
            _ => None,
        }
    }

    fn presence(&mut self) -> Parse<Expr> {
        match self.peek() {
            Some(TokenKind::Keyword(Keyword::Present)) => self.presence_of(ExprKind::Present),
            Some(TokenKind::Keyword(Keyword::Absent)) => self.presence_of(ExprKind::Absent),
            _ => self.atom(),
        }
    }

    fn presence_of(&mut self, make: fn(Path) -> ExprKind) -> Parse<Expr> {
        let start = self.start();
        self.advance();
        let kind = make(self.path()?);
        Ok(Expr {
            kind,
            span: self.since(start),
        })
    }

    /// `atom`: an operand without operators around it.
    ///
    /// Like all methods that nested text goes through it does no more than choose the next one: what they keep on the call stack is
    /// there once for each level.
    pub(super) fn atom(&mut self) -> Parse<Expr> {
        match self.peek() {
            Some(TokenKind::Symbol(Symbol::ParenOpen)) => self.parenthesised(),
            Some(TokenKind::Symbol(Symbol::BracketOpen)) => self.array(),
            Some(TokenKind::Symbol(Symbol::BraceOpen)) => self.record(),
            Some(TokenKind::Symbol(Symbol::Shl)) => self.bytes(),
            Some(TokenKind::TextOpen { .. }) => self.text_atom(),
            Some(TokenKind::Keyword(Keyword::Patch)) => self.patch(),
            Some(TokenKind::Keyword(Keyword::Merge)) => self.merge(),
            Some(TokenKind::Keyword(Keyword::Recur)) => self.recur(),
            Some(TokenKind::Name(_)) => self.call_or_path(),
            _ => self.literal_or_path(),
        }
    }

    fn literal_or_path(&mut self) -> Parse<Expr> {
        let span = self.here();
        if let Some(literal) = self.peek().and_then(literal) {
            self.advance();
            return Ok(Expr {
                kind: ExprKind::Literal(literal),
                span,
            });
        }
        let Some(path) = self.reserved_path()? else {
            self.expected.push(Expected::Atom);
            return self.unexpected();
        };
        Ok(Expr {
            span: path.span,
            kind: ExprKind::Path(path),
        })
    }

    fn array(&mut self) -> Parse<Expr> {
        let start = self.start();
        self.advance();
        let items = self.list(Symbol::BracketClose, Self::value)?;
        Ok(Expr {
            kind: ExprKind::Array(items),
            span: self.since(start),
        })
    }

    fn record(&mut self) -> Parse<Expr> {
        let start = self.start();
        self.advance();
        let fields = self.list(Symbol::BraceClose, Self::field)?;
        Ok(Expr {
            kind: ExprKind::Record(fields),
            span: self.since(start),
        })
    }

    fn bytes(&mut self) -> Parse<Expr> {
        let start = self.start();
        self.advance();
        let parts = self.list(Symbol::Shr, Self::bytes_part)?;
        Ok(Expr {
            kind: ExprKind::Bytes(parts),
            span: self.since(start),
        })
    }

    fn text_atom(&mut self) -> Parse<Expr> {
        let (text, span) = self.text()?;
        Ok(Expr {
            kind: ExprKind::Text(text),
            span,
        })
    }

    fn recur(&mut self) -> Parse<Expr> {
        let start = self.start();
        self.advance();
        self.expect(Symbol::ParenOpen)?;
        let args = self.list(Symbol::ParenClose, Self::value)?;
        Ok(Expr {
            kind: ExprKind::Recur(args),
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

    fn call_or_path(&mut self) -> Parse<Expr> {
        let start = self.start();
        let name = self.qualified()?;
        if self.eat(Symbol::ParenOpen) {
            return self.call(start, name);
        }
        let path = self.name_path(start, name)?;
        Ok(Expr {
            span: path.span,
            kind: ExprKind::Path(path),
        })
    }

    fn call(&mut self, start: u32, function: Qualified) -> Parse<Expr> {
        self.has_names = true;
        let args = self.list(Symbol::ParenClose, Self::value)?;
        Ok(Expr {
            kind: ExprKind::Call(Call { function, args }),
            span: self.since(start),
        })
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
}

fn join(op: BinaryOp, left: Expr, right: Expr, span: Span) -> Expr {
    Expr {
        kind: ExprKind::Binary {
            op,
            operands: Box::new((left, right)),
        },
        span,
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
