//! Expressions that end in `end`: `match`, `for`, `patch`, `merge` (spec/script.md 5.4, 5.6–5.8).

use super::{Layer, Parse, Parser};
use crate::ast::{Clause, Expr, ExprKind, For, Match, Merge, Patch, PatchOp, PatchOpKind, Round};
use crate::span::Span;
use crate::token::{Keyword, Symbol};

impl Parser<'_> {
    pub(super) fn match_(&mut self, layer: Layer) -> Parse<Expr> {
        let start = self.start();
        let target = self.block_head()?;
        let clauses = self.clauses(layer)?;
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

    /// A keyword, a target and `of`. Enters a level, which the end of the block leaves.
    fn block_head(&mut self) -> Parse<Expr> {
        self.advance();
        self.enter()?;
        let target = self.value()?;
        self.expect_keyword(Keyword::Of)?;
        Ok(target)
    }

    /// Clauses up to `end`.
    fn clauses(&mut self, layer: Layer) -> Parse<Vec<Clause>> {
        let mut clauses = Vec::new();
        while self.at_keyword(Keyword::Case) || self.at_keyword(Keyword::Default) {
            clauses.push(self.clause(layer)?);
        }
        if clauses.is_empty() {
            return self.unexpected();
        }
        self.expect_keyword(Keyword::End)?;
        self.leave();
        Ok(clauses)
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
        let effectors = self.effectors(layer)?;
        Ok(Clause {
            pattern,
            guard,
            effectors,
            span: self.since(start),
        })
    }

    pub(super) fn for_(&mut self, layer: Layer) -> Parse<Expr> {
        let start = self.start();
        let target = self.block_head()?;
        let rounds = self.rounds(layer)?;
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

    /// Clauses of a `for` up to `end`.
    fn rounds(&mut self, layer: Layer) -> Parse<Vec<Round>> {
        let mut rounds = Vec::new();
        while self.at_keyword(Keyword::Case) {
            rounds.push(self.round(layer)?);
        }
        if rounds.is_empty() {
            return self.unexpected();
        }
        self.expect_keyword(Keyword::End)?;
        self.leave();
        Ok(rounds)
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
        let effectors = self.effectors(layer)?;
        Ok(Round {
            key,
            value,
            guard,
            effectors,
            span: self.since(start),
        })
    }

    pub(super) fn merge(&mut self) -> Parse<Expr> {
        let start = self.start();
        let target = self.block_head()?;
        let value = self.value()?;
        self.expect_keyword(Keyword::End)?;
        self.leave();
        Ok(Expr {
            kind: ExprKind::Merge(Box::new(Merge { target, value })),
            span: self.since(start),
        })
    }

    pub(super) fn patch(&mut self) -> Parse<Expr> {
        let start = self.start();
        let target = self.block_head()?;
        // The last token was `of`.
        let before_of = self.at.checked_sub(2).and_then(|at| self.tokens.get(at));
        let head_end = before_of.map_or(start, |token| token.span.end);
        let head_span = Span::new(self.source, start, head_end);
        let ops = self.patch_ops()?;
        Ok(Expr {
            kind: ExprKind::Patch(Box::new(Patch { target, ops, head_span })),
            span: self.since(start),
        })
    }

    /// Operations up to `end`.
    fn patch_ops(&mut self) -> Parse<Vec<PatchOp>> {
        let mut ops = Vec::new();
        loop {
            ops.push(self.patch_op()?);
            let has_comma = self.eat(Symbol::Comma);
            if self.eat_keyword(Keyword::End) {
                self.leave();
                return Ok(ops);
            }
            if !has_comma {
                return self.unexpected();
            }
        }
    }

    fn patch_op(&mut self) -> Parse<PatchOp> {
        let start = self.start();
        let kind = self.patch_op_kind()?;
        Ok(PatchOp {
            kind,
            span: self.since(start),
        })
    }

    fn patch_op_kind(&mut self) -> Parse<PatchOpKind> {
        let words = [
            (Keyword::Insert, PatchOpKind::Insert as fn(Expr, Expr) -> PatchOpKind),
            (Keyword::Update, PatchOpKind::Update),
            (Keyword::Upsert, PatchOpKind::Upsert),
            (Keyword::Move, PatchOpKind::Move),
            (Keyword::Copy, PatchOpKind::Copy),
        ];
        for (word, make) in words {
            if self.eat_keyword(word) {
                return self.pair(make);
            }
        }
        if self.eat_keyword(Keyword::Erase) {
            return self.value().map(PatchOpKind::Erase);
        }
        self.expect_keyword(Keyword::Merge)?;
        if self.eat(Symbol::Arrow) {
            return self.value().map(PatchOpKind::MergeAll);
        }
        self.pair(PatchOpKind::Merge)
    }

    fn pair(&mut self, make: fn(Expr, Expr) -> PatchOpKind) -> Parse<PatchOpKind> {
        let key = self.value()?;
        self.expect(Symbol::Arrow)?;
        self.value().map(|value| make(key, value))
    }

    pub(super) fn guard(&mut self) -> Parse<Option<Expr>> {
        if self.eat_keyword(Keyword::When) {
            self.value().map(Some)
        } else {
            Ok(None)
        }
    }

    /// The arrow and one or more expressions, separated by commas.
    pub(super) fn effectors(&mut self, layer: Layer) -> Parse<Vec<Expr>> {
        self.expect(Symbol::Arrow)?;
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
