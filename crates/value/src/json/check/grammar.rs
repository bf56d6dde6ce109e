//! The grammar of JSON texts as arithmetic on sets of places, 64 bytes at a time.
//!
//! Must not know: values, errors. Invariant: what it calls a document is one for the reader of `reader.rs`, whose own functions judge every
//! escape and every number or literal that is more than a short integer; of everything else it may be unsure.
//!
//! Algorithm. Strings are where the number of quotes before is odd; the rest are brackets, colons, commas, blanks, and runs of other bytes, which
//! are numbers and literals (*scalars*). The first place behind a token that is not blank comes from an addition: a run of blanks is a run of
//! ones, and what is added at its begin comes out at its end. With that every rule on neighbours is one operation for all tokens of the block:
//!
//! - behind a value stands a comma, a colon or a closing bracket; behind a colon or a comma a value; behind an opening bracket a value or a
//!   closing bracket;
//! - an *item* is what stands behind a comma or an opening bracket. A colon stands behind an item that is a string, and nowhere else.
//!
//! What is left depends on the container: an object has no item without a colon, an array none with one. Brackets are gone through one by
//! one, with a stack of bits for the containers; for each the places since the bracket before are looked at, again with one operation.

use fearless_simd::{Level, Simd, dispatch};

use super::Nothing;
use super::classes::{BLOCK, Classes};
use crate::json::reader::{end_of_escape, end_of_scalar, is_blank};

/// Containers within each other that are followed; a bit for each.
const MAX_LEVELS: u32 = 64;
/// Bytes of a number from which it is read instead of being taken for an integer within range.
const LONG_SCALAR: u32 = 16;

/// Whether the text is certainly a document, an array or an object at its top. False says nothing.
pub(super) fn is_surely_document(text: &str) -> bool {
    dispatch!(Level::new(), simd => judge(simd, text))
}

#[expect(
    clippy::inline_always,
    reason = "vector code is only generated where the caller's level is known"
)]
#[inline(always)]
fn judge<S: Simd>(simd: S, text: &str) -> bool {
    let bytes = text.as_bytes();
    let first = bytes.iter().find(|&&byte| !is_blank(byte));
    if !matches!(first, Some(b'{' | b'[')) {
        return false;
    }
    let mut judge = Judge::new(text);
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    for block in blocks {
        match judge.block(&Classes::of(simd, block)) {
            Verdict::GoOn => {}
            Verdict::Unsure => return false,
            Verdict::End(end) => return is_all_blank(bytes, end),
        }
    }
    let mut last = [b' '; BLOCK];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    match judge.block(&Classes::of(simd, &last)) {
        Verdict::End(end) => is_all_blank(bytes, end),
        Verdict::GoOn | Verdict::Unsure => false,
    }
}

fn is_all_blank(bytes: &[u8], from: usize) -> bool {
    bytes.get(from..).unwrap_or_default().iter().all(|&byte| is_blank(byte))
}

/// What a block says of the text.
enum Verdict {
    /// Nothing is wrong so far.
    GoOn,
    /// Something is wrong, or out of the ordinary.
    Unsure,
    /// The outermost container ends before this place.
    End(usize),
}

/// How far the text is judged; all that one block must know of those before.
struct Judge<'a> {
    text: &'a str,
    /// Where the block at hand begins.
    base: usize,
    /// All ones within a string.
    in_string: u64,
    /// That string is an item.
    in_item_string: bool,
    /// Where the last escape ended.
    escaped_until: usize,
    after_values: Follow,
    after_colons: Follow,
    after_commas: Follow,
    after_opening: Follow,
    after_item_strings: Follow,
    /// 1 if the byte before is one of a scalar.
    in_scalar: u64,
    /// Where the last scalar began.
    scalar_start: usize,
    /// Where the last scalar ended that was read.
    read_until: usize,
    /// Bytes of scalar just before.
    scalar_length: u32,
    /// 1 if the byte before is the sign of a number.
    after_minus: u64,
    /// 1 if the byte before is a zero that a number began with.
    after_zero: u64,
    /// The open containers, the innermost lowest: a 1 for an object.
    kinds: u64,
    depth: u32,
}

impl<'a> Judge<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            base: 0,
            in_string: 0,
            in_item_string: false,
            escaped_until: 0,
            after_values: Follow(0),
            after_colons: Follow(0),
            after_commas: Follow(0),
            after_opening: Follow(0),
            after_item_strings: Follow(0),
            in_scalar: 0,
            scalar_start: 0,
            read_until: 0,
            scalar_length: 0,
            after_minus: 0,
            after_zero: 0,
            kinds: 0,
            depth: 0,
        }
    }

    #[expect(clippy::inline_always, reason = "as the code that calls it")]
    #[inline(always)]
    fn block(&mut self, bytes: &Classes) -> Verdict {
        let mut quotes = bytes.quotes;
        let mut escapes = 0;
        if bytes.backslashes != 0 || self.escaped_until > self.base {
            match self.escapes(bytes.backslashes) {
                Some(found) => {
                    quotes &= !found.covered;
                    escapes = found.begins;
                }
                None => return Verdict::Unsure,
            }
        }
        let strings = parity(quotes) ^ self.in_string;
        self.in_string = ((strings as i64) >> 63) as u64;
        let (string_starts, string_ends) = (quotes & strings, quotes & !strings);
        let outside = !(strings | quotes);
        let mut wrong = strings & bytes.controls | escapes & !strings;

        let blanks = bytes.blanks & outside;
        let (opening, closing) = (bytes.opening & outside, bytes.closing & outside);
        let (colons, commas) = (bytes.colons & outside, bytes.commas & outside);
        let scalars = outside & !(blanks | opening | closing | colons | commas);
        let before = scalars << 1 | self.in_scalar;
        self.in_scalar = scalars >> 63;
        let (scalar_starts, scalar_ends) = (scalars & !before, before & !scalars);
        wrong |= self.simple_numbers(bytes, scalar_starts);
        let odd = self.odd_scalars(bytes, scalars, scalar_starts);
        if odd != 0 && !self.read_scalars(odd, scalar_starts) {
            return Verdict::Unsure;
        }
        if scalar_starts != 0 {
            self.scalar_start = self.base + highest(scalar_starts);
        }

        let values = string_starts | scalar_starts | opening;
        let behind_values = self.after_values.of(string_ends | closing, scalar_ends, blanks);
        let behind_commas = self.after_commas.of(commas, 0, blanks);
        let behind_opening = self.after_opening.of(opening, 0, blanks);
        wrong |= behind_values & !(commas | colons | closing);
        wrong |= (self.after_colons.of(colons, 0, blanks) | behind_commas) & !values;
        wrong |= behind_opening & !(values | closing);

        let items = (behind_commas | behind_opening) & !closing;
        let (ends, over) = sum(strings, items & string_starts, self.in_item_string);
        self.in_item_string = over;
        let behind_items = self.after_item_strings.of(ends & !strings, 0, blanks);
        wrong |= colons & !behind_items;
        let unkeyed = items & !string_starts | behind_items & !colons;
        self.brackets(opening, closing, bytes.curly, unkeyed, colons, wrong)
    }

    /// Goes through the brackets of the block, and on to the next block.
    #[expect(clippy::inline_always, reason = "as the code that calls it")]
    #[inline(always)]
    fn brackets(&mut self, opening: u64, closing: u64, curly: u64, unkeyed: u64, colons: u64, mut wrong: u64) -> Verdict {
        let (mut kinds, mut depth) = (self.kinds, self.depth);
        let mut brackets = opening | closing;
        let mut since = u64::MAX;
        while brackets != 0 {
            let bracket = brackets & brackets.wrapping_neg();
            brackets ^= bracket;
            let kind = u64::from(curly & bracket != 0);
            let is_object = 0_u64.wrapping_sub(kinds & 1);
            let upto = bracket | (bracket - 1);
            wrong |= since & upto & (unkeyed & is_object | colons & !is_object);
            since = !upto;
            if opening & bracket != 0 {
                if depth == MAX_LEVELS {
                    return Verdict::Unsure;
                }
                kinds = kinds << 1 | kind;
                depth += 1;
            } else {
                wrong |= (kinds ^ kind) & 1;
                kinds >>= 1;
                depth = depth.wrapping_sub(1);
                if depth == 0 {
                    // What is wrong behind may be no matter, but then the text is no document anyway.
                    return if wrong == 0 {
                        Verdict::End(self.base + lowest(bracket) + 1)
                    } else {
                        Verdict::Unsure
                    };
                }
            }
        }
        let is_object = 0_u64.wrapping_sub(kinds & 1);
        wrong |= since & (unkeyed & is_object | colons & !is_object);
        (self.kinds, self.depth) = (kinds, depth);
        self.base += BLOCK;
        if wrong == 0 { Verdict::GoOn } else { Verdict::Unsure }
    }

    /// Signs without a digit, and zeros before one.
    #[expect(clippy::inline_always, reason = "as the code that calls it")]
    #[inline(always)]
    fn simple_numbers(&mut self, bytes: &Classes, starts: u64) -> u64 {
        let minuses = bytes.minuses & starts;
        let behind_minus = minuses << 1 | self.after_minus;
        self.after_minus = minuses >> 63;
        let zeros = (starts | behind_minus) & bytes.zeros;
        let behind_zero = zeros << 1 | self.after_zero;
        self.after_zero = zeros >> 63;
        behind_minus & !bytes.digits | behind_zero & bytes.digits
    }

    /// A place in each scalar that is more than a short integer.
    #[expect(clippy::inline_always, reason = "as the code that calls it")]
    #[inline(always)]
    fn odd_scalars(&mut self, bytes: &Classes, scalars: u64, starts: u64) -> u64 {
        let others = scalars & !(bytes.digits | bytes.minuses & starts);
        let pairs = scalars & scalars >> 1;
        let fours = pairs & pairs >> 2;
        let eights = fours & fours >> 4;
        let long = eights & eights >> 8;
        let crossing = self.scalar_length + scalars.trailing_ones() >= LONG_SCALAR;
        self.scalar_length = scalars.leading_ones();
        others | long | u64::from(crossing) & scalars
    }

    /// Reads the scalars that have these places; false if one is wrong.
    fn read_scalars(&mut self, mut places: u64, starts: u64) -> bool {
        places &= !self.places_before(self.read_until);
        while places != 0 {
            let place = lowest(places);
            let before = starts & (u64::MAX >> (63 - place));
            let start = if before == 0 {
                self.scalar_start
            } else {
                self.base + highest(before)
            };
            match end_of_scalar(self.text, start, &mut Nothing) {
                Some(end) if end > self.base + place => self.read_until = end,
                _ => return false,
            }
            places &= !self.places_before(self.read_until);
        }
        true
    }

    /// Reads the escapes that begin in the block; `None` if one is wrong.
    fn escapes(&mut self, mut backslashes: u64) -> Option<Escapes> {
        let mut found = Escapes {
            begins: 0,
            covered: self.places_before(self.escaped_until),
        };
        backslashes &= !found.covered;
        while backslashes != 0 {
            let place = lowest(backslashes);
            self.escaped_until = end_of_escape(self.text, self.base + place)?;
            found.begins |= 1 << place;
            found.covered |= self.places_before(self.escaped_until) & (u64::MAX << place);
            backslashes &= !found.covered;
        }
        Some(found)
    }

    /// The places of the block that lie before a place of the text.
    fn places_before(&self, end: usize) -> u64 {
        match end.saturating_sub(self.base) {
            count @ 0..BLOCK => (1 << count) - 1,
            _ => u64::MAX,
        }
    }
}

/// Escapes of a block.
struct Escapes {
    /// Their backslashes.
    begins: u64,
    /// All they consist of.
    covered: u64,
}

/// Finds what stands behind tokens of one kind: 1 if it is to be looked for from the first byte of the next block on.
struct Follow(u64);

impl Follow {
    /// The first places behind `tokens` that are not blank; `also` are places right behind further tokens.
    #[expect(clippy::inline_always, reason = "as the code that calls it")]
    #[inline(always)]
    fn of(&mut self, tokens: u64, also: u64, blanks: u64) -> u64 {
        let behind = tokens << 1 | self.0 | also;
        self.0 = tokens >> 63;
        if behind & blanks == 0 {
            return behind;
        }
        let (past, over) = blanks.overflowing_add(behind & blanks);
        self.0 |= u64::from(over);
        (past | behind) & !blanks
    }
}

/// A bit for every place before and up to which the number of ones is odd.
#[expect(clippy::inline_always, reason = "as the code that calls it")]
#[inline(always)]
const fn parity(mut ones: u64) -> u64 {
    ones ^= ones << 1;
    ones ^= ones << 2;
    ones ^= ones << 4;
    ones ^= ones << 8;
    ones ^= ones << 16;
    ones ^ ones << 32
}

#[expect(clippy::inline_always, reason = "as the code that calls it")]
#[inline(always)]
const fn sum(a: u64, b: u64, carry: bool) -> (u64, bool) {
    let (sum, first) = a.overflowing_add(b);
    let (sum, second) = sum.overflowing_add(carry as u64);
    (sum, first | second)
}

/// The lowest place of a set that is not empty.
#[inline]
const fn lowest(places: u64) -> usize {
    places.trailing_zeros() as usize
}

/// The highest place of a set that is not empty.
#[inline]
const fn highest(places: u64) -> usize {
    63 - places.leading_zeros() as usize
}
