//! Building patterns and the heads of `match` and `for`.

use temblor_syntax::ast::{BinaryOp, CompareOp};
use temblor_syntax::span::Span;
use temblor_value::{Hint, Key, Str, Value};

use super::expr::{condition, expr};
use crate::ir::walk::size_of_all;
use crate::ir::{self, FieldTestKind as IrTest};
use crate::node::literals::LiteralTable;
use crate::node::looping::{RoundClause, Rounds};
use crate::node::matching::{Clause, Clauses, Group};
use crate::node::path::TakeLocal;
use crate::node::pattern::{Anything, Array, Element, Equals, Extracts, FieldTest, FieldTestKind, Pattern, Record, Tuple};

/// Unguarded literals in a row from which on they become a table.
const TABLE: usize = 4;

/// What a row of literal cases is held against: the target, or a field of it.
type Subject = Option<Str>;

/// Builds the patterns and guards of a `match` and gives the bodies back.
pub(crate) fn clauses(clauses: Vec<ir::Clause>, at: Span) -> (Clauses, Vec<Vec<ir::Expr>>) {
    let mut bodies = Vec::with_capacity(clauses.len());
    let mut groups = Vec::new();
    let binds = clauses.iter().map(|clause| clause.binds).collect();
    let mut row: Vec<ir::Clause> = Vec::new();
    for (index, mut clause) in clauses.into_iter().enumerate() {
        bodies.push(std::mem::take(&mut clause.body));
        let subject = literal(&clause).map(|(subject, _)| subject.cloned());
        let follows = match (row.last().and_then(literal), &subject) {
            (Some((before, _)), Some(subject)) => before == subject.as_ref(),
            _ => false,
        };
        if !follows {
            flush(&mut row, index, &mut groups, at);
        }
        if subject.is_some() {
            row.push(clause);
        } else {
            groups.push(one(index, clause, at));
        }
    }
    flush(&mut row, bodies.len(), &mut groups, at);
    let groups = groups.into();
    (Clauses { groups, binds, at }, bodies)
}

/// The body of a clause that gives nothing but the name it binds.
pub(crate) fn own_name(body: &[ir::Expr], binds: Option<usize>) -> Option<TakeLocal> {
    match body {
        [
            ir::Expr {
                kind:
                    ir::Kind::Path(ir::Path {
                        root: ir::Root::Local { slot, .. },
                        steps,
                        ..
                    }),
                ..
            },
        ] if steps.is_empty() && binds == Some(*slot) => Some(TakeLocal(*slot)),
        _ => None,
    }
}

/// The literal that an unguarded clause without binding compares with, and with what.
fn literal(clause: &ir::Clause) -> Option<(Option<&Str>, &Value)> {
    if clause.binds.is_some() || clause.guard.is_some() {
        return None;
    }
    match &clause.pattern {
        ir::Pattern::Value(value) => Some((None, value.as_const()?)),
        ir::Pattern::Record(record) => match record.fields.as_slice() {
            [
                ir::FieldTest {
                    key,
                    kind: IrTest::Compare(CompareOp::Eq, value),
                    ..
                },
            ] => Some((Some(key), value.as_const()?)),
            _ => None,
        },
        _ => None,
    }
}

fn one(index: usize, clause: ir::Clause, at: Span) -> Group {
    Group::One(Clause {
        index,
        pattern: pattern(clause.pattern, at),
        binds: clause.binds,
        guard: clause.guard.map(|guard| condition(guard, at)),
    })
}

/// Ends a row of literal cases, the last of which stands before clause `end`.
fn flush(row: &mut Vec<ir::Clause>, end: usize, groups: &mut Vec<Group>, at: Span) {
    let start = end - row.len();
    if row.len() < TABLE {
        groups.extend(
            row.drain(..)
                .enumerate()
                .map(|(offset, clause)| one(start + offset, clause, at)),
        );
        return;
    }
    let mut table = LiteralTable::default();
    let mut subject: Subject = None;
    for (offset, clause) in row.drain(..).enumerate() {
        if let Some((of, value)) = literal(&clause) {
            table.push(value, start + offset);
            subject = of.cloned();
        }
    }
    groups.push(match subject {
        None => Group::Table(table),
        Some(key) => Group::FieldTable {
            key: Key::new(key),
            table,
        },
    });
}

/// Builds the names and guards of a `for` and gives the bodies back.
pub(crate) fn rounds(rounds: Vec<ir::Round>, at: Span) -> (Rounds, Vec<Vec<ir::Expr>>) {
    let mut bodies = Vec::with_capacity(rounds.len());
    let mut cost = 1;
    let clauses = rounds
        .into_iter()
        .map(|round| {
            cost += size_of_all(round.guard.iter().chain(&round.body)).nodes;
            bodies.push(round.body);
            RoundClause {
                key: round.key,
                value: round.value,
                guard: round.guard.map(|guard| condition(guard, at)),
            }
        })
        .collect();
    (Rounds { clauses, cost, at }, bodies)
}

fn pattern(pattern: ir::Pattern, at: Span) -> Box<dyn Pattern> {
    match pattern {
        ir::Pattern::Default | ir::Pattern::Any => Box::new(Anything),
        ir::Pattern::Value(value) => Box::new(Equals(expr(value))),
        ir::Pattern::Extract(extractor) => Box::new(extracts(extractor)),
        ir::Pattern::Record(inner) => Box::new(record(inner, at)),
        ir::Pattern::Array(list) => Box::new(Array {
            elements: elements(list, at),
            at,
        }),
        ir::Pattern::Tuple { elements: list, is_open } => Box::new(Tuple {
            elements: elements(list, at),
            is_open,
        }),
    }
}

/// Builds the elements of an array or tuple pattern, or of the case of a matching function.
pub(crate) fn elements(list: Vec<ir::Element>, at: Span) -> Box<[Element]> {
    list.into_iter()
        .map(|element| match element {
            ir::Element::Any => Element::Any,
            ir::Element::Value(value) => Element::Value(Equals(expr(value))),
            ir::Element::Extract(extractor) => Element::Extract(extracts(extractor)),
            ir::Element::Record(inner) => Element::Record(record(inner, at)),
        })
        .collect()
}

fn extracts(extractor: ir::Matcher) -> Extracts {
    Extracts {
        text: format!("{}|{}|", extractor.name, extractor.format),
        code: extractor.code,
    }
}

fn record(pattern: ir::RecordPattern, at: Span) -> Record {
    let fields = pattern
        .fields
        .into_iter()
        .map(|field| FieldTest {
            key: Key::new(field.key),
            hint: Hint::default(),
            kind: match field.kind {
                IrTest::Present => FieldTestKind::Present,
                IrTest::Absent => FieldTestKind::Absent,
                IrTest::Compare(op, value) => compare(op, value, field.at.0),
                IrTest::Extract(extractor) => FieldTestKind::Extract(extracts(extractor)),
                IrTest::Record(inner) => FieldTestKind::Record(record(inner, at)),
                IrTest::Array(list) => FieldTestKind::Array(Array {
                    elements: elements(list, at),
                    at,
                }),
            },
        })
        .collect();
    Record {
        fields,
        is_lenient: pattern.is_lenient,
    }
}

fn compare(op: CompareOp, value: ir::Expr, at: Span) -> FieldTestKind {
    let value = expr(value);
    let op = match op {
        CompareOp::Eq => return FieldTestKind::Equal { value, negated: false },
        CompareOp::Ne => return FieldTestKind::Equal { value, negated: true },
        CompareOp::Lt => BinaryOp::Lt,
        CompareOp::Le => BinaryOp::Le,
        CompareOp::Gt => BinaryOp::Gt,
        CompareOp::Ge => BinaryOp::Ge,
    };
    FieldTestKind::Ordered { op, value, at }
}
