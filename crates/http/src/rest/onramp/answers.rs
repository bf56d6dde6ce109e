//! Setting `answers` of an onramp: other statuses for answers of our own, or none at all (spec/proxy.md 1.4).

use temblor_runtime::config::{ConfigError, ConfigReader, Field, FromConfig};
use temblor_value::Value;

use super::reason::OwnReason;
use crate::error::RefusalReason;
use crate::message::Status;

/// What a client gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// The answer, with this status.
    Status(Status),
    /// Nothing: the connection is closed.
    Close,
}

impl<'a> FromConfig<'a> for Choice {
    fn from_config(field: Field<'a>) -> Result<Self, ConfigError> {
        if field.value().as_str() == Some("close") {
            return Ok(Self::Close);
        }
        let code = match field.value() {
            Value::I64(_) | Value::U64(_) => field.value().as_u64(),
            _ => None,
        };
        code.filter(|code| (200..=599).contains(code))
            .and_then(|code| Status::new(code as u16))
            .map(Self::Status)
            .ok_or_else(|| field.mismatch("a status from 200 to 599 or `close`"))
    }
}

/// The setting; what is not named keeps its answer.
#[derive(Default)]
pub(super) struct Answers {
    own: Vec<(OwnReason, Choice)>,
    refusals: Vec<(RefusalReason, Choice)>,
}

impl Answers {
    /// Reads the record.
    pub(super) fn read(mut reader: ConfigReader<'_>) -> Result<Self, ConfigError> {
        let mut answers = Self::default();
        for reason in OwnReason::ALL.into_iter().filter(|reason| reason.is_configurable()) {
            if let Some(choice) = reader.optional(reason.name())? {
                answers.own.push((reason, choice));
            }
        }
        for reason in RefusalReason::ALL {
            if let Some(choice) = reader.optional(reason.name())? {
                answers.refusals.push((reason, choice));
            }
        }
        reader.finish_closed()?;
        Ok(answers)
    }

    /// What is set for an end.
    pub(super) fn of_own(&self, reason: OwnReason) -> Option<Choice> {
        find(&self.own, reason)
    }

    /// What is set for a refused request.
    pub(super) fn of_refusal(&self, reason: RefusalReason) -> Option<Choice> {
        find(&self.refusals, reason)
    }
}

fn find<T: PartialEq>(list: &[(T, Choice)], wanted: T) -> Option<Choice> {
    list.iter().find(|(known, _)| *known == wanted).map(|(_, choice)| *choice)
}

#[cfg(test)]
mod tests;
