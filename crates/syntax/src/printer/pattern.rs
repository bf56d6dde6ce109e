//! Patterns.

use super::Printer;
use crate::ast::{CompareOp, Element, ElementKind, Extractor, FieldTest, FieldTestKind, Pattern, PatternKind, RecordPattern};

impl Printer {
    pub(super) fn pattern(&mut self, pattern: &Pattern) {
        match &pattern.kind {
            PatternKind::Any => self.push("_"),
            PatternKind::Value(value) => self.value(value),
            PatternKind::Extract(extractor) => self.extract("~ ", extractor),
            PatternKind::Record(record) => self.record_pattern(record),
            PatternKind::Array(elements) => self.array_pattern(elements),
            PatternKind::Tuple { elements, is_open } => {
                self.push("%(");
                self.list(elements, Self::element);
                if *is_open {
                    self.push(if elements.is_empty() { "..." } else { ", ..." });
                }
                self.push(")");
            }
            PatternKind::Bind(name, pattern) => {
                self.name(name);
                self.push(" = ");
                self.pattern(pattern);
            }
        }
    }

    pub(super) fn element(&mut self, element: &Element) {
        match &element.kind {
            ElementKind::Any => self.push("_"),
            ElementKind::Value(value) => self.value(value),
            ElementKind::Extract(extractor) => self.extract("~ ", extractor),
            ElementKind::Record(record) => self.record_pattern(record),
        }
    }

    fn array_pattern(&mut self, elements: &[Element]) {
        self.push("%[");
        self.list(elements, Self::element);
        self.push("]");
    }

    fn record_pattern(&mut self, record: &RecordPattern) {
        self.push("%{");
        self.list(&record.fields, Self::field_test);
        self.push("}");
    }

    fn field_test(&mut self, test: &FieldTest) {
        match &test.kind {
            FieldTestKind::Present => self.push("present "),
            FieldTestKind::Absent => self.push("absent "),
            _ => {}
        }
        self.name(&test.name);
        match &test.kind {
            FieldTestKind::Present | FieldTestKind::Absent => {}
            FieldTestKind::Compare(op, value) => {
                self.push(match op {
                    CompareOp::Eq => " == ",
                    CompareOp::Ne => " != ",
                    CompareOp::Lt => " < ",
                    CompareOp::Le => " <= ",
                    CompareOp::Gt => " > ",
                    CompareOp::Ge => " >= ",
                });
                self.value(value);
            }
            FieldTestKind::Extract(extractor) => self.extract(" ~= ", extractor),
            FieldTestKind::Record(record) => {
                self.push(" ~= ");
                self.record_pattern(record);
            }
            FieldTestKind::Array(elements) => {
                self.push(" ~= ");
                self.array_pattern(elements);
            }
        }
    }

    fn extract(&mut self, operator: &str, extractor: &Extractor) {
        self.push(operator);
        self.name(&extractor.name);
        self.push("|");
        self.format(&extractor.format);
        self.push("|");
    }

    /// A format. The leading white space of a plain one would be cut; a continuation keeps it (spec/script.md 1.11).
    fn format(&mut self, format: &str) {
        let text = format.trim_start();
        let blanks = &format[..format.len() - text.len()];
        if !blanks.is_empty() && text.is_empty() {
            // Nothing but blanks: of three times n in the first piece and n in the second one, n of the first are left.
            let count = blanks.chars().count();
            self.out.extend(std::iter::repeat_n(' ', 2 * count));
            self.push(blanks);
            self.push("\\\n");
            self.out.extend(std::iter::repeat_n(' ', count));
            return;
        }
        if !blanks.is_empty() {
            self.push(blanks);
            self.push("\\\n");
        }
        for c in text.chars() {
            if matches!(c, '\\' | '|') {
                self.out.push('\\');
            }
            self.out.push(c);
        }
    }
}
