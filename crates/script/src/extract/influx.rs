//! `influx`: strings that are one line of the `InfluxDB` line protocol (spec/extractors.md 3.10).

use temblor_codec::influx;
use temblor_value::Value;

use super::{Extract, text};

/// The extractor; its format is ignored.
pub(super) struct Influx;

impl Extract for Influx {
    fn accepts(&self, target: &Value) -> bool {
        text(target).is_some_and(|line| matches!(influx::check_line(line), Ok(true)))
    }

    fn extract(&self, target: &Value, ingest_ns: u64) -> Option<Value> {
        influx::decode_line(text(target)?, ingest_ns).ok().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_a_line_apart() {
        let line = Value::from("tank,site=north level=7.5 17");
        let record = Influx.extract(&line, 5);
        assert_eq!(record.as_ref().and_then(|r| r.get("timestamp")), Some(&Value::from(17)));
        assert!(Influx.accepts(&line));
    }

    #[test]
    fn lines_without_a_time_get_that_of_the_event() {
        let record = Influx.extract(&Value::from("tank level=1"), 5);
        assert_eq!(record.as_ref().and_then(|r| r.get("timestamp")), Some(&Value::from(5)));
    }

    #[test]
    fn blank_lines_comments_and_broken_lines_do_not_match() {
        for line in ["", "   ", "# tank level=1", "tank", "tank level=abc"] {
            assert!(!Influx.accepts(&Value::from(line)), "{line}");
            assert_eq!(Influx.extract(&Value::from(line), 5), None, "{line}");
        }
    }
}
