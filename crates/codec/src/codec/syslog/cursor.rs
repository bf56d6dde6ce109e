//! A place in a text that moves forward only when what it looks for is there.

/// The rest of a text.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    pub(super) rest: &'a str,
}

impl<'a> Cursor<'a> {
    /// The longest prefix whose characters all satisfy `belongs`; none if that is empty.
    pub(super) fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> Option<&'a str> {
        let end = self.rest.find(|c| !belongs(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!taken.is_empty()).then_some(taken)
    }

    /// Up to the next white space.
    pub(super) fn word(&mut self) -> Option<&'a str> {
        self.take_while(|c| !c.is_whitespace())
    }

    /// Up to the next white space or colon.
    pub(super) fn name(&mut self) -> Option<&'a str> {
        self.take_while(|c| !c.is_whitespace() && c != ':')
    }

    /// At least one digit.
    pub(super) fn digits(&mut self) -> Option<&'a str> {
        self.take_while(|c| c.is_ascii_digit())
    }

    /// Exactly this text.
    pub(super) fn literal(&mut self, text: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(text)?;
        Some(())
    }

    /// At least one space.
    pub(super) fn spaces(&mut self) -> Option<()> {
        self.take_while(is_space).map(drop)
    }

    /// Any number of spaces.
    pub(super) fn skip_spaces(&mut self) {
        self.rest = self.rest.trim_start_matches(is_space);
    }

    /// What `parse` finds; if it finds nothing, the place stays.
    pub(super) fn attempt<T>(&mut self, parse: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let mut ahead = *self;
        let found = parse(&mut ahead)?;
        *self = ahead;
        Some(found)
    }
}

fn is_space(c: char) -> bool {
    c == ' ' || c == '\t'
}
