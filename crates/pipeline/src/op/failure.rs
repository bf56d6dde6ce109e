//! Failure classes, as parameters `on` name them (spec/proxy.md 4.1).

use temblor_event::{Attempt, Outcome};

/// What counts as a failure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FailureClasses(Vec<FailureClass>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FailureClass {
    Connect,
    Reset,
    Timeout,
    Overload,
    /// Statuses from the first to the second one.
    Statuses(u16, u16),
}

impl FailureClasses {
    /// Reads the names; `None` with the name that is none.
    ///
    /// # Errors
    /// The first text that names no class.
    pub fn parse<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, &'a str> {
        names
            .into_iter()
            .map(|name| FailureClass::parse(name).ok_or(name))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether an attempt failed in one of these ways.
    pub fn matches(&self, attempt: Attempt) -> bool {
        self.0.iter().any(|class| class.matches(attempt))
    }
}

impl FailureClass {
    fn parse(name: &str) -> Option<Self> {
        match name {
            "connect" => Some(Self::Connect),
            "reset" => Some(Self::Reset),
            "timeout" => Some(Self::Timeout),
            "overload" => Some(Self::Overload),
            _ => Self::parse_statuses(name),
        }
    }

    fn parse_statuses(text: &str) -> Option<Self> {
        let status = |text: &str| {
            let is_status = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
            is_status
                .then(|| text.parse::<u16>().ok())
                .flatten()
                .filter(|status| *status >= 100)
        };
        if let Some(class) = text.strip_suffix("xx") {
            let hundreds = class
                .parse::<u16>()
                .ok()
                .filter(|class| (1..=9).contains(class) && text.len() == 3)?;
            return Some(Self::Statuses(hundreds * 100, hundreds * 100 + 99));
        }
        let (first, last) = match text.split_once('-') {
            Some((first, last)) => (status(first)?, status(last)?),
            None => (status(text)?, status(text)?),
        };
        (first <= last).then_some(Self::Statuses(first, last))
    }

    fn matches(self, attempt: Attempt) -> bool {
        match (self, attempt.outcome) {
            (Self::Connect, Outcome::Dns | Outcome::Connect | Outcome::ConnectTimeout | Outcome::Tls | Outcome::Refused)
            | (Self::Reset, Outcome::Reset | Outcome::Protocol | Outcome::Truncated)
            | (Self::Timeout, Outcome::Timeout)
            | (Self::Overload, Outcome::Overload) => true,
            (Self::Statuses(first, last), Outcome::Ok | Outcome::Status) => {
                attempt.status.is_some_and(|status| (first..=last).contains(&status))
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(outcome: Outcome, status: Option<u16>) -> Attempt {
        Attempt {
            outcome,
            is_sent: true,
            status,
            elapsed_ms: 1.0,
        }
    }

    #[test]
    fn names_stand_for_outcomes() {
        let table: &[(&str, &[Outcome])] = &[
            (
                "connect",
                &[
                    Outcome::Dns,
                    Outcome::Connect,
                    Outcome::ConnectTimeout,
                    Outcome::Tls,
                    Outcome::Refused,
                ],
            ),
            ("reset", &[Outcome::Reset, Outcome::Protocol, Outcome::Truncated]),
            ("timeout", &[Outcome::Timeout]),
            ("overload", &[Outcome::Overload]),
        ];
        for (name, outcomes) in table {
            let classes = FailureClasses::parse([*name]).unwrap();
            for (_, others) in table {
                for outcome in *others {
                    assert_eq!(
                        classes.matches(attempt(*outcome, None)),
                        outcomes.contains(outcome),
                        "{name} {outcome:?}"
                    );
                }
            }
            for outcome in [
                Outcome::Build,
                Outcome::Decode,
                Outcome::TooLarge,
                Outcome::Cancelled,
                Outcome::Ok,
            ] {
                assert!(!classes.matches(attempt(outcome, None)), "{name} {outcome:?}");
            }
        }
    }

    #[test]
    fn statuses_are_one_a_range_or_a_hundred() {
        let matches = |text: &str, status| {
            let classes = FailureClasses::parse([text]).unwrap();
            classes.matches(attempt(Outcome::Status, Some(status)))
        };
        assert!(matches("503", 503) && !matches("503", 504));
        assert!(matches("500-502", 500) && matches("500-502", 502) && !matches("500-502", 503));
        assert!(matches("5xx", 500) && matches("5xx", 599) && !matches("5xx", 499));
        let classes = FailureClasses::parse(["404"]).unwrap();
        assert!(
            classes.matches(attempt(Outcome::Ok, Some(404))),
            "a status that is no failure to the offramp"
        );
    }

    #[test]
    fn other_texts_are_refused_by_name() {
        for text in ["", "50", "5000", "5x", "xx", "0xx", "600-500", "5xx-6xx", "Connect", "+50"] {
            assert_eq!(FailureClasses::parse(["reset", text]), Err(text));
        }
    }
}
