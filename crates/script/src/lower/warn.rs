//! Warnings about `match` and record patterns (spec/script.md 9.2).

use temblor_syntax::span::Span;

use super::Lowerer;
use crate::diag;
use crate::ir::{Clause, FieldTest, FieldTestKind, Pattern};

impl Lowerer<'_> {
    /// Warns of a `match` without a clause that takes everything, and of one with several.
    pub(crate) fn warn_defaults(&mut self, clauses: &[Clause], at: Span) {
        let defaults = clauses
            .iter()
            .filter(|clause| clause.guard.is_none() && matches!(clause.pattern, Pattern::Default | Pattern::Any))
            .count();
        match defaults {
            0 => self.warnings.push(diag::no_default(at)),
            1 => {}
            _ => self.warnings.push(diag::several_defaults(at)),
        }
    }

    /// Warns of fields whose presence or absence is tested beside something else.
    pub(crate) fn warn_fields(&mut self, fields: &[FieldTest], at: Span) {
        let mut seen: Vec<&str> = Vec::new();
        for field in fields {
            let key = field.key.as_str();
            if seen.contains(&key) {
                continue;
            }
            seen.push(key);
            let same = || fields.iter().filter(|other| other.key == field.key);
            let present = same().any(|test| matches!(test.kind, FieldTestKind::Present));
            let absent = same().any(|test| matches!(test.kind, FieldTestKind::Absent));
            if present && same().any(|test| !matches!(test.kind, FieldTestKind::Present)) {
                self.warnings.push(diag::present_and_test(key, at));
            }
            if absent && same().any(|test| !matches!(test.kind, FieldTestKind::Absent)) {
                self.warnings.push(diag::absent_and_test(key, at));
            }
        }
    }
}
