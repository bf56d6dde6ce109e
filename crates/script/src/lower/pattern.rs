//! Lowering patterns (spec/script.md 5.5).

use std::sync::Arc;

use temblor_syntax::ast::{self, Dialect, ElementKind, PatternKind};
use temblor_value::Str;

use super::{Lowered, Lowerer};
use crate::diag;
use crate::extract::{self, ExtractCx};
use crate::ir::{Element, FieldTest, FieldTestKind, Matcher, Pattern, Place, RecordPattern, Slot};

impl Lowerer<'_> {
    /// Lowers the pattern of a clause. A name that it binds is entered, for the caller to leave behind the clause.
    pub(crate) fn clause_pattern(&mut self, clause: &ast::Clause) -> Lowered<(Pattern, Option<Slot>)> {
        let Some(pattern) = &clause.pattern else {
            return Ok((Pattern::Default, None));
        };
        if let PatternKind::Bind(name, inner) = &pattern.kind {
            if let PatternKind::Bind(..) = inner.kind {
                return Err(diag::double_binding(pattern.span));
            }
            let slot = self.scope.enter(&name.text);
            return Ok((self.pattern(inner)?, Some(slot)));
        }
        Ok((self.pattern(pattern)?, None))
    }

    fn pattern(&mut self, pattern: &ast::Pattern) -> Lowered<Pattern> {
        Ok(match &pattern.kind {
            PatternKind::Any => Pattern::Any,
            PatternKind::Value(value) => Pattern::Value(self.expr(value)?),
            PatternKind::Extract(extractor) => Pattern::Extract(self.extractor(extractor)?),
            PatternKind::Record(record) => Pattern::Record(self.record_pattern(record)?),
            PatternKind::Array(elements) => Pattern::Array(self.elements(elements)?),
            PatternKind::Tuple { elements, is_open } => Pattern::Tuple {
                elements: self.elements(elements)?,
                is_open: *is_open,
            },
            PatternKind::Bind(..) => return Err(diag::double_binding(pattern.span)),
        })
    }

    /// Lowers the elements of an array or tuple pattern.
    pub(crate) fn elements(&mut self, elements: &[ast::Element]) -> Lowered<Vec<Element>> {
        elements
            .iter()
            .map(|element| {
                Ok(match &element.kind {
                    ElementKind::Any => Element::Any,
                    ElementKind::Value(value) => Element::Value(self.expr(value)?),
                    ElementKind::Extract(extractor) => Element::Extract(self.extractor(extractor)?),
                    ElementKind::Record(record) => Element::Record(self.record_pattern(record)?),
                })
            })
            .collect()
    }

    fn record_pattern(&mut self, record: &ast::RecordPattern) -> Lowered<RecordPattern> {
        self.deeper(record.span, |this| {
            let fields = record
                .fields
                .iter()
                .map(|field| this.field_test(field))
                .collect::<Lowered<Vec<_>>>()?;
            this.warn_fields(&fields, record.span);
            Ok(RecordPattern {
                fields,
                is_lenient: this.dialect == Dialect::V09,
            })
        })
    }

    fn field_test(&mut self, field: &ast::FieldTest) -> Lowered<FieldTest> {
        let kind = match &field.kind {
            ast::FieldTestKind::Present => FieldTestKind::Present,
            ast::FieldTestKind::Absent => FieldTestKind::Absent,
            ast::FieldTestKind::Compare(op, value) => FieldTestKind::Compare(*op, self.expr(value)?),
            ast::FieldTestKind::Extract(extractor) => FieldTestKind::Extract(self.extractor(extractor)?),
            ast::FieldTestKind::Record(record) => FieldTestKind::Record(self.record_pattern(record)?),
            ast::FieldTestKind::Array(elements) => FieldTestKind::Array(self.elements(elements)?),
        };
        Ok(FieldTest {
            key: Str::new(&field.name.text),
            kind,
            at: Place(field.span),
        })
    }

    fn extractor(&self, extractor: &ast::Extractor) -> Lowered<Matcher> {
        let name = &extractor.name.text;
        let patterns = if name.eq_ignore_ascii_case("grok") {
            self.env.host.grok_patterns()
        } else {
            None
        };
        let cx = ExtractCx {
            dialect: self.dialect,
            limits: &self.env.limits,
            grok_patterns: patterns.as_deref(),
        };
        match extract::compile(name, &extractor.format, &cx) {
            Ok(code) => Ok(Matcher {
                name: name.clone(),
                format: extractor.format.clone(),
                code: Arc::from(code),
            }),
            Err(error) => Err(diag::extractor(extractor, &error)),
        }
    }
}
