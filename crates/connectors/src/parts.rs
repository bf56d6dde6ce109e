//! The values of an event: its own one, or those of a batch (spec/artefacts.md 1.4).

use temblor_event::Event;
use temblor_value::Value;

/// Values with their metadata, in order.
pub(crate) enum Parts<'a> {
    /// An ordinary event, until it was given.
    One(Option<(&'a Value, &'a Value)>),
    /// The rest of a batch.
    Batch(std::slice::Iter<'a, Value>),
}

/// The values of an event.
pub(crate) fn parts(event: &Event) -> Parts<'_> {
    if event.is_batch {
        Parts::Batch(event.value().as_array().unwrap_or_default().iter())
    } else {
        Parts::One(Some((event.value(), event.meta())))
    }
}

impl<'a> Iterator for Parts<'a> {
    type Item = (&'a Value, &'a Value);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::One(part) => part.take(),
            Self::Batch(elements) => {
                let data = elements.next()?.get("data");
                let part = data.and_then(|data| Some((data.get("value")?, data.get("meta")?)));
                if part.is_none() {
                    // An element of another shape ends the batch.
                    *self = Self::One(None);
                }
                part
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{batch, event};
    use temblor_value::json;

    fn values(event: &Event) -> Vec<String> {
        parts(event)
            .map(|(value, meta)| format!("{} {}", json::to_string(value), json::to_string(meta)))
            .collect()
    }

    #[test]
    fn an_ordinary_event_has_its_own_value() {
        assert_eq!(values(&event("[1]")), ["[1] {}"]);
    }

    #[test]
    fn a_batch_has_its_elements_up_to_the_first_of_another_shape() {
        let element = |value: &str| format!(r#"{{"data": {{"value": {value}, "meta": {{"m": {value}}}}}}}"#);
        let text = format!("[{}, {}, 7, {}]", element("1"), element("2"), element("3"));
        assert_eq!(values(&batch(&text)), [r#"1 {"m":1}"#, r#"2 {"m":2}"#]);
        assert!(values(&batch("[]")).is_empty());
        assert!(values(&batch("3")).is_empty());
    }
}
