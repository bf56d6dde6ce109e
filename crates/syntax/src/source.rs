//! The texts that diagnostics point into.
//!
//! Knows file names as they are shown and where lines start; never opens a file. Columns count code points, as users see them.

use std::sync::Arc;

use crate::lexer::trivia;
use crate::span::{SourceId, Span};

/// All source texts of one compilation. Cloning shares the texts.
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    sources: Vec<Source>,
    main: Option<SourceId>,
}

/// A place as shown to users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// File as given on the command line or found on the module path.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in code points, from 1.
    pub column: u32,
}

#[derive(Clone, Debug)]
struct Source {
    name: Arc<str>,
    text: Arc<str>,
    /// First byte of each line; never empty, starts with 0.
    line_starts: Arc<[u32]>,
    /// Line directives in order (spec/script.md 7.6).
    marks: Arc<[Mark]>,
}

/// What a line directive says of the lines below it.
#[derive(Clone, Debug)]
struct Mark {
    /// Index of the line behind the directive, from 0.
    index: u32,
    /// Number that this line is to have, from 1.
    line: u32,
    file: Arc<str>,
}

impl Source {
    fn line_index(&self, byte: u32) -> usize {
        self.line_starts.partition_point(|start| *start <= byte).saturating_sub(1)
    }

    fn mark_of(&self, index: usize) -> Option<&Mark> {
        let count = self.marks.partition_point(|mark| mark.index as usize <= index);
        count.checked_sub(1).and_then(|at| self.marks.get(at))
    }

    fn line_number(&self, index: usize) -> u32 {
        match self.mark_of(index) {
            Some(mark) => mark.line.saturating_add(index as u32 - mark.index),
            None => index as u32 + 1,
        }
    }

    fn line_text(&self, index: usize) -> Option<&str> {
        let start = *self.line_starts.get(index)? as usize;
        let end = self
            .line_starts
            .get(index + 1)
            .map_or(self.text.len(), |next| *next as usize - 1);
        self.text.get(start..end)
    }
}

impl SourceMap {
    /// An empty map.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a text under the name that reports show. The first one added is the main file until [`SourceMap::mark_main`] says otherwise.
    /// Of texts above 4 GiB only the first 4 GiB are kept, since places are 32 bits wide.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> SourceId {
        let mut text = text.into();
        if text.len() >= u32::MAX as usize {
            let mut end = u32::MAX as usize - 1;
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            text.truncate(end);
        }
        let line_starts: Vec<u32> = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at as u32 + 1))
            .collect();
        let marks = marks(&text);
        let id = SourceId(self.sources.len() as u32);
        self.sources.push(Source {
            name: Arc::from(name.into()),
            text: Arc::from(text),
            line_starts: Arc::from(line_starts),
            marks: Arc::from(marks),
        });
        self.main.get_or_insert(id);
        id
    }

    /// Makes `id` the main file.
    pub fn mark_main(&mut self, id: SourceId) {
        self.main = Some(id);
    }

    /// The main file; `None` while the map is empty.
    pub fn main(&self) -> Option<SourceId> {
        self.main
    }

    /// The name given to [`SourceMap::add`]; empty for a foreign id.
    pub fn name(&self, id: SourceId) -> &str {
        self.source(id).map_or("", |source| &source.name)
    }

    /// The whole text; empty for a foreign id.
    pub fn text(&self, id: SourceId) -> &str {
        self.source(id).map_or("", |source| &source.text)
    }

    /// The text of a range; empty where the range does not fit.
    pub fn slice(&self, span: Span) -> &str {
        self.text(span.source)
            .get(span.start as usize..span.end as usize)
            .unwrap_or("")
    }

    /// Line and column of a byte, both from 1, columns in code points. Line directives above the byte are obeyed.
    pub fn line_col(&self, id: SourceId, byte: u32) -> (u32, u32) {
        let Some(source) = self.source(id) else { return (1, 1) };
        let byte = byte.min(source.text.len() as u32);
        let index = source.line_index(byte);
        let start = source.line_starts.get(index).copied().unwrap_or(0);
        let before = source.text.get(start as usize..byte as usize).unwrap_or("");
        (source.line_number(index), before.chars().count() as u32 + 1)
    }

    /// File, line and column of the start of a range. The file is the one of the line directive above it, if there is one.
    pub fn location(&self, span: Span) -> Location {
        let (line, column) = self.line_col(span.source, span.start);
        let file = self.source(span.source).map(|source| {
            source
                .mark_of(source.line_index(span.start))
                .map_or(&source.name, |mark| &mark.file)
        });
        Location {
            file: file.map_or_else(String::new, ToString::to_string),
            line,
            column,
        }
    }

    /// Index of the line of a byte, from 0, as the text has it (without line directives).
    pub(crate) fn line_index(&self, id: SourceId, byte: u32) -> usize {
        self.source(id).map_or(0, |source| source.line_index(byte))
    }

    /// Number that the line with this index is shown with.
    pub(crate) fn line_number(&self, id: SourceId, index: usize) -> u32 {
        self.source(id).map_or(1, |source| source.line_number(index))
    }

    /// The line with this index, without LF; `None` outside of the text.
    pub(crate) fn line_text(&self, id: SourceId, index: usize) -> Option<&str> {
        self.source(id)?.line_text(index)
    }

    /// First byte of the line with this index.
    pub(crate) fn line_start(&self, id: SourceId, index: usize) -> u32 {
        self.source(id)
            .and_then(|source| source.line_starts.get(index).copied())
            .unwrap_or(0)
    }

    fn source(&self, id: SourceId) -> Option<&Source> {
        self.sources.get(id.0 as usize)
    }
}

fn marks(text: &str) -> Vec<Mark> {
    if !text.contains("#!line") {
        return Vec::new();
    }
    let line = |(index, line): (usize, &str)| {
        let directive = trivia::line_directive(line.trim())?.ok()?;
        Some(Mark {
            index: index as u32 + 1,
            line: directive.line,
            file: Arc::from(directive.file),
        })
    };
    text.split('\n').enumerate().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_code_points() {
        let mut map = SourceMap::new();
        let id = map.add("quay", "a\nß\t海x\n");
        let at = |needle: char| map.line_col(id, map.text(id).find(needle).unwrap_or(0) as u32);
        assert_eq!(at('a'), (1, 1));
        assert_eq!(at('x'), (2, 4));
        assert_eq!(map.line_col(id, 999), (3, 1));
        assert_eq!(map.line_text(id, 1), Some("ß\t海x"));
        assert_eq!(map.line_text(id, 3), None);
    }

    #[test]
    fn line_directives_move_positions() {
        let mut map = SourceMap::new();
        let id = map.add(
            "all",
            "one\n#!line 10 7 0 1 lib/quay.tremor\ntwo\nthree\n#!line 0 0 0 0 main\nfour",
        );
        let place = |needle: &str| {
            let start = map.text(id).find(needle).unwrap_or(0) as u32;
            let location = map.location(Span::new(id, start, start));
            (location.file, location.line)
        };
        assert_eq!(place("one"), ("all".to_owned(), 1));
        assert_eq!(place("two"), ("lib/quay.tremor".to_owned(), 7));
        assert_eq!(place("three"), ("lib/quay.tremor".to_owned(), 8));
        assert_eq!(place("four"), ("main".to_owned(), 1));
    }

    #[test]
    fn foreign_ids_are_harmless() {
        let map = SourceMap::new();
        assert_eq!(map.text(SourceId(7)), "");
        assert_eq!(map.line_col(SourceId(7), 3), (1, 1));
    }
}
