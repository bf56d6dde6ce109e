//! Lines of a text, without copying them: a text is read in blocks of whole lines, and lines are slices of their block.

use std::io::{self, Read};

use bytes::Bytes;
use memchr::{memchr, memrchr};

/// Bytes asked of the input at a time. A longer line makes a longer block.
const BLOCK: usize = 64 << 10;

/// Reads a text in blocks that end with a line.
pub(crate) struct Blocks<R> {
    input: R,
    /// Begin of a line whose end was not read yet.
    rest: Vec<u8>,
    is_ended: bool,
}

impl<R: Read> Blocks<R> {
    /// The blocks of `input`.
    pub(crate) fn new(input: R) -> Self {
        Self {
            input,
            rest: Vec::new(),
            is_ended: false,
        }
    }

    /// The next lines; `None` at the end. A line that is not UTF-8 is the end, too (spec/artefacts.md 8.7).
    pub(crate) fn next(&mut self) -> io::Result<Option<Bytes>> {
        let mut block = std::mem::take(&mut self.rest);
        while !self.is_ended {
            let before = block.len();
            block.resize(before + BLOCK, 0);
            let count = self.read(&mut block[before..])?;
            block.truncate(before + count);
            if count == 0 {
                self.is_ended = true;
            } else if let Some(at) = memrchr(b'\n', &block[before..]) {
                self.rest = block.split_off(before + at + 1);
                break;
            }
        }
        if let Err(error) = std::str::from_utf8(&block) {
            self.is_ended = true;
            self.rest = Vec::new();
            block.truncate(memrchr(b'\n', &block[..error.valid_up_to()]).map_or(0, |at| at + 1));
        }
        Ok((!block.is_empty()).then(|| Bytes::from(block)))
    }

    fn read(&mut self, place: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.input.read(place) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }
}

/// The lines of a block, without `\n` or `\r\n`. The last one may lack its end.
pub(crate) fn lines(mut block: Bytes) -> impl Iterator<Item = Bytes> {
    std::iter::from_fn(move || {
        if block.is_empty() {
            return None;
        }
        let mut line = match memchr(b'\n', &block) {
            Some(at) => {
                let line = block.split_to(at + 1);
                line.slice(..at)
            }
            None => return Some(std::mem::take(&mut block)),
        };
        if line.last() == Some(&b'\r') {
            line.truncate(line.len() - 1);
        }
        Some(line)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(input: impl Read) -> Vec<String> {
        let mut blocks = Blocks::new(input);
        let mut found = Vec::new();
        while let Some(block) = blocks.next().unwrap() {
            found.extend(lines(block).map(|line| String::from_utf8(line.to_vec()).unwrap()));
        }
        found
    }

    #[test]
    fn line_ends_are_removed_and_empty_lines_stay() {
        assert_eq!(read_all(&b"a\r\n\nb\n\rc\nlast"[..]), ["a", "", "b", "\rc", "last"]);
        assert_eq!(read_all(&b"a\n"[..]), ["a"]);
        assert!(read_all(&b""[..]).is_empty());
    }

    #[test]
    fn a_line_that_is_not_utf_8_ends_the_text() {
        assert_eq!(read_all(&b"one\ntwo\nth\xffree\nfour\n"[..]), ["one", "two"]);
        assert!(read_all(&b"\xff"[..]).is_empty());
    }

    #[test]
    fn lines_longer_than_a_block_stay_whole() {
        let long = "x".repeat(3 * BLOCK + 17);
        let text = format!("short\n{long}\nnext\n{long}");
        assert_eq!(read_all(text.as_bytes()), ["short", &long, "next", &long]);
    }

    #[test]
    fn small_reads_make_no_difference() {
        struct OneByOne<'a>(&'a [u8]);
        impl Read for OneByOne<'_> {
            fn read(&mut self, place: &mut [u8]) -> io::Result<usize> {
                let Some((first, rest)) = self.0.split_first() else {
                    return Ok(0);
                };
                place[0] = *first;
                self.0 = rest;
                Ok(1)
            }
        }
        assert_eq!(read_all(OneByOne("ä\nö\n\nü".as_bytes())), ["ä", "ö", "", "ü"]);
    }
}
