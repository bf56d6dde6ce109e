//! Braced texts that look like interpolations of the older dialect (spec/dialects.md 4.1), by the literal they stand in.

use hashbrown::HashMap;
use temblor_syntax::BraceCandidate;
use temblor_syntax::span::Span;

/// What the parser found, for warning W1.
#[derive(Clone, Debug, Default)]
pub struct Braces(HashMap<Span, Vec<BraceCandidate>>);

impl Braces {
    /// Adds what parsing a text gave.
    pub fn add(&mut self, found: Vec<BraceCandidate>) {
        for candidate in found {
            self.0.entry(candidate.literal).or_default().push(candidate);
        }
    }

    /// The candidates in a literal, in order.
    pub(crate) fn of(&self, literal: Span) -> &[BraceCandidate] {
        self.0.get(&literal).map_or(&[], Vec::as_slice)
    }
}
