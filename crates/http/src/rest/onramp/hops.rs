//! How often a request was here, and how far it may still go (RFC 9110 7.6.2 and 7.6.3).

use crate::message::class::trim;
use crate::message::{Headers, Method, Name, RequestHead, Status};

/// What `Max-Forwards` allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hops {
    /// The field says nothing about this request.
    Any,
    /// No further one.
    None,
    /// So many behind this one.
    Some(u64),
}

/// What the field allows; it concerns TRACE and OPTIONS only, and one that is no number is left alone.
pub(super) fn left(head: &RequestHead) -> Hops {
    if !matches!(head.method, Method::Trace | Method::Options) {
        return Hops::Any;
    }
    let number = head
        .headers
        .get(Name::MaxForwards)
        .filter(|text| text.iter().all(u8::is_ascii_digit));
    let number: Option<u64> = number
        .and_then(|digits| std::str::from_utf8(digits).ok())
        .and_then(|digits| digits.parse().ok());
    match number {
        None => Hops::Any,
        Some(0) => Hops::None,
        Some(number) => Hops::Some(number - 1),
    }
}

/// Status of the answer to a request that goes no further; what TRACE would show is nobody's business.
pub(super) fn last_status(method: &Method) -> Status {
    Status::known(if *method == Method::Trace { 405 } else { 200 })
}

/// How many elements of `Via` name us.
pub(super) fn visits(headers: &Headers, name: &str) -> usize {
    let elements = headers.get_all(Name::Via).flat_map(|value| value.split(|&byte| byte == b','));
    elements
        .filter(|element| received_by(element).is_some_and(|by| by.eq_ignore_ascii_case(name.as_bytes())))
        .count()
}

/// The second word of an element: whom it speaks of.
fn received_by(element: &[u8]) -> Option<&[u8]> {
    let mut words = trim(element)
        .split(|byte| matches!(byte, b' ' | b'\t'))
        .filter(|word| !word.is_empty());
    words.nth(1)
}
