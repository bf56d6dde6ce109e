//! Warning W1: braces in a string that 0.9 would have taken for an interpolation (spec/dialects.md 4.1).

use temblor_syntax::ast::{Name, Root};
use temblor_syntax::span::Span;

use super::{Lowerer, Site};
use crate::diag;

impl Lowerer<'_> {
    /// Warns of the first braced text of a literal whose names are all known here.
    pub(crate) fn warn_braces(&mut self, literal: Span) {
        let files = self.files;
        if self.probing {
            return;
        }
        for candidate in files.braces().of(literal) {
            let (warnings, aggregates) = (self.warnings.len(), self.aggregates.len());
            let scope = self.scope.clone();
            self.probing = true;
            let known = self.expr(&candidate.expr).is_ok();
            self.probing = false;
            self.scope = scope;
            self.warnings.truncate(warnings);
            self.aggregates.truncate(aggregates);
            if known {
                self.warnings.push(diag::braced_text(candidate));
                return;
            }
        }
    }

    /// Whether a root has a meaning here; asked for candidates only.
    pub(crate) fn is_known_root(&self, root: &Root) -> bool {
        match root {
            Root::Event | Root::Meta | Root::Const(_) => true,
            Root::State => matches!(self.site, Site::Script | Site::Function { .. }),
            Root::Args => self.has_args || matches!(self.site, Site::Function { .. }),
            Root::Group | Root::Window => matches!(self.site, Site::Select | Site::AggregateArgument),
            Root::Name(name) => self.is_known_name(name),
        }
    }

    fn is_known_name(&self, name: &Name) -> bool {
        self.tree.constant(self.module, &name.text).is_some()
            || self.scope.clause(&name.text).is_some()
            || self.scope.is_set(&name.text)
    }
}
