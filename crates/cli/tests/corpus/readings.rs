//! What other servers would make of the bytes that reached the upstream.
//!
//! A message is smuggled where two readers of the same bytes see different requests. So the bytes are read by all of a family of readers
//! that differ in what they let pass: which of two lengths counts, what ends a line, what a folded line or a blank before a colon means,
//! how a chunk size may be written. All must see the same requests.

/// How a reader deals with what is not well-formed.
#[derive(Clone, Copy, Debug)]
struct Habits {
    /// A length goes before a transfer coding.
    length_first: bool,
    /// Of repeated lengths the last one counts.
    last_length: bool,
    /// A line feed alone ends a line.
    bare_line_feed: bool,
    /// Blanks before a colon belong to nothing; otherwise the field is another one.
    trims_names: bool,
    /// Any coding that contains the word is chunked; otherwise exactly the word.
    contains_chunked: bool,
    /// What follows the digits of a chunk size is passed over; otherwise a size with anything but an extension behind it is 0.
    lenient_sizes: bool,
}

/// A request as a reader sees it: first line and body.
type Read = (Vec<u8>, Vec<u8>);

/// Finds two readers that see different requests.
pub(crate) fn disagreement(bytes: &[u8]) -> Option<String> {
    let mut first: Option<(Habits, Vec<Read>)> = None;
    for number in 0..64_u8 {
        let bit = |at: u8| number >> at & 1 == 1;
        let habits = Habits {
            length_first: bit(0),
            last_length: bit(1),
            bare_line_feed: bit(2),
            trims_names: bit(3),
            contains_chunked: bit(4),
            lenient_sizes: bit(5),
        };
        let seen = requests(bytes, habits);
        match &first {
            None => first = Some((habits, seen)),
            Some((_, other)) if *other == seen => {}
            Some((before, other)) => return Some(format!("{before:?} sees {other:?}\n{habits:?} sees {seen:?}")),
        }
    }
    None
}

/// The complete requests of a stream.
fn requests(mut bytes: &[u8], habits: Habits) -> Vec<Read> {
    let mut found = Vec::new();
    while let Some((request, rest)) = request(bytes, habits) {
        found.push(request);
        bytes = rest;
    }
    found
}

fn request(bytes: &[u8], habits: Habits) -> Option<(Read, &[u8])> {
    let (start, mut rest) = line(bytes, habits)?;
    let mut lengths = Vec::new();
    let mut is_chunked = false;
    loop {
        let (field, after) = line(rest, habits)?;
        rest = after;
        if field.is_empty() {
            break;
        }
        let text = String::from_utf8_lossy(field).to_ascii_lowercase();
        let Some((name, value)) = text.split_once(':') else { continue };
        let name = if habits.trims_names { name.trim() } else { name };
        let value = value.trim();
        if name == "content-length" {
            lengths.push(value.parse::<usize>().unwrap_or(0));
        } else if name == "transfer-encoding" {
            is_chunked |= value == "chunked" || habits.contains_chunked && value.contains("chunked");
        }
    }
    let length = if habits.last_length { lengths.last() } else { lengths.first() };
    let (body, rest) = match length {
        Some(length) if !is_chunked || habits.length_first => (rest.get(..*length)?.to_vec(), &rest[*length..]),
        _ if is_chunked => chunks(rest, habits)?,
        _ => (Vec::new(), rest),
    };
    Some(((start.to_vec(), body), rest))
}

fn chunks(mut bytes: &[u8], habits: Habits) -> Option<(Vec<u8>, &[u8])> {
    let mut body = Vec::new();
    loop {
        let (size, rest) = line(bytes, habits)?;
        let digits = size.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        let is_clean = matches!(size.get(digits), None | Some(b';'));
        let size = if is_clean || habits.lenient_sizes {
            usize::from_str_radix(std::str::from_utf8(&size[..digits]).ok()?, 16).unwrap_or(0)
        } else {
            0
        };
        if size == 0 {
            bytes = rest;
            break;
        }
        body.extend_from_slice(rest.get(..size)?);
        bytes = line(&rest[size..], habits)?.1;
    }
    loop {
        let (trailer, rest) = line(bytes, habits)?;
        bytes = rest;
        if trailer.is_empty() {
            return Some((body, bytes));
        }
    }
}

fn line(bytes: &[u8], habits: Habits) -> Option<(&[u8], &[u8])> {
    let end = bytes
        .iter()
        .enumerate()
        .position(|(at, byte)| *byte == b'\n' && (habits.bare_line_feed || at > 0 && bytes[at - 1] == b'\r'))?;
    let line = &bytes[..end];
    Some((line.strip_suffix(b"\r").unwrap_or(line), &bytes[end + 1..]))
}

/// The readers find what they are there for.
pub(crate) fn readers_disagree_where_they_should() -> Result<(), String> {
    let smuggled: [&[u8]; 6] = [
        b"POST / HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 0\r\nContent-Length: 18\r\n\r\nGET /xyz HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length : 19\r\n\r\nGET /xyz HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n\r\n5\r\nGET /\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nA: b\nContent-Length: 4\r\n\r\nabcdGET / HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2 \r\nab\r\n0\r\n\r\n",
    ];
    for bytes in smuggled {
        if disagreement(bytes).is_none() {
            return Err(format!("all readers agree on {}", bytes.escape_ascii()));
        }
    }
    let clear = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2;a\r\nab\r\n0\r\nT: 1\r\n\r\nGET /x HTTP/1.1\r\n\r\n";
    match disagreement(clear) {
        None => Ok(()),
        Some(difference) => Err(difference),
    }
}
