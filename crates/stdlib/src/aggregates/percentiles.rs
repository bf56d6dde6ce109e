//! The list of percentiles of `hdr` and `dds` (spec/stdlib.md 8.2): given as texts, which are the keys of the result.

use temblor_script::func::FnError;
use temblor_value::{ObjectMap, Str, Value};

use crate::args::failure;

const DEFAULT: [(&str, f64); 7] = [
    ("0.5", 0.5),
    ("0.9", 0.9),
    ("0.95", 0.95),
    ("0.99", 0.99),
    ("0.999", 0.999),
    ("0.9999", 0.9999),
    ("0.99999", 0.99999),
];

/// The percentiles asked for; nothing before the first event that was taken in.
#[derive(Clone, Default)]
pub(super) struct Percentiles(Option<Vec<(Str, f64)>>);

impl Percentiles {
    /// Takes the list of an event, unless there is one already.
    ///
    /// # Errors
    /// A text that is no number; the next event may try again.
    pub(super) fn fix(&mut self, list: Option<&Value>) -> Result<(), FnError> {
        if self.0.is_none() {
            self.0 = Some(match list.and_then(Value::as_array) {
                Some(list) => read(list)?,
                None => default(),
            });
        }
        Ok(())
    }

    /// Takes over the list of a state that is merged in.
    pub(super) fn adopt(&mut self, other: &Self) {
        if other.0.is_some() {
            self.0.clone_from(&other.0);
        }
    }

    /// The field `percentiles` of a result.
    pub(super) fn record(&self, mut of: impl FnMut(f64) -> Result<Value, FnError>) -> Result<Value, FnError> {
        let mut record = ObjectMap::new();
        match &self.0 {
            Some(list) => {
                for (text, share) in list {
                    record.insert(text.clone(), of(*share)?);
                }
            }
            None => {
                for (text, share) in DEFAULT {
                    record.insert(Str::from_static(text), of(share)?);
                }
            }
        }
        Ok(Value::from(record))
    }
}

/// The texts among the elements with their numbers; other elements are dropped.
fn read(list: &[Value]) -> Result<Vec<(Str, f64)>, FnError> {
    let texts = list.iter().filter_map(|element| match element {
        Value::Str(text) => Some(text),
        _ => None,
    });
    texts
        .map(|text| match text.parse() {
            Ok(share) => Ok((Str::new(text), share)),
            Err(_) => Err(failure(format!("the percentile `{text}` is not a number"))),
        })
        .collect()
}

fn default() -> Vec<(Str, f64)> {
    DEFAULT
        .into_iter()
        .map(|(text, share)| (Str::from_static(text), share))
        .collect()
}
