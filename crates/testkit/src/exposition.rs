//! The text in which a program shows its numbers, read strictly: Prometheus text 0.0.4 or `OpenMetrics` 1.0, by their public descriptions.

use std::collections::{BTreeMap, HashSet};

/// One sample: its labels in the order in which they stand, and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Name, with the suffix of its kind.
    pub name: String,
    /// Names and values.
    pub labels: Vec<(String, String)>,
    /// Value.
    pub value: f64,
}

/// A text that keeps all rules.
#[derive(Clone, Debug, Default)]
pub struct Exposition {
    /// Kinds of families, by the name of the `TYPE` line.
    kinds: BTreeMap<String, String>,
    samples: Vec<Sample>,
}

impl Exposition {
    /// Reads Prometheus text 0.0.4.
    ///
    /// # Errors
    /// The first line that breaks a rule, and the rule.
    pub fn of_text(text: &str) -> Result<Self, String> {
        Self::read(text, false)
    }

    /// Reads `OpenMetrics` 1.0.
    ///
    /// # Errors
    /// As above.
    pub fn of_open_metrics(text: &str) -> Result<Self, String> {
        let rest = text.strip_suffix("# EOF\n").ok_or("there is no `# EOF` at the end")?;
        Self::read(rest, true)
    }

    fn read(text: &str, is_open: bool) -> Result<Self, String> {
        if !text.is_empty() && !text.ends_with('\n') {
            return Err("the last line has no end".to_owned());
        }
        let mut exposition = Self::default();
        let mut present: Option<String> = None;
        let mut helped = HashSet::new();
        for line in text.lines() {
            let wrong = |rule: &str| format!("{rule}: {line}");
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, _) = rest.split_once(' ').ok_or_else(|| wrong("help without text"))?;
                if !helped.insert(name.to_owned()) {
                    return Err(wrong("a second help"));
                }
                continue;
            }
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').ok_or_else(|| wrong("type without kind"))?;
                if !["counter", "gauge", "histogram", "unknown"].contains(&kind) || !is_name(name) {
                    return Err(wrong("unknown kind or bad name"));
                }
                if is_open && kind == "counter" && name.ends_with("_total") {
                    return Err(wrong("the family of a counter is named without suffix"));
                }
                if exposition.kinds.insert(name.to_owned(), kind.to_owned()).is_some() {
                    return Err(wrong("a family stands in two places"));
                }
                present = Some(name.to_owned());
                continue;
            }
            if line.starts_with('#') || line.is_empty() {
                return Err(wrong("neither comment nor sample"));
            }
            let sample = sample(line).ok_or_else(|| wrong("no sample"))?;
            let family = present.as_ref().ok_or_else(|| wrong("a sample without family"))?;
            let kind = &exposition.kinds[family];
            if !belongs(&sample.name, family, kind, is_open) {
                return Err(wrong("a sample of another family"));
            }
            if kind == "counter" && (sample.value < 0.0 || sample.value.is_nan()) {
                return Err(wrong("a counter below 0"));
            }
            exposition.samples.push(sample);
        }
        exposition.check_unique()?;
        exposition.check_histograms()?;
        Ok(exposition)
    }

    fn check_unique(&self) -> Result<(), String> {
        let mut seen = HashSet::new();
        for sample in &self.samples {
            let mut labels = sample.labels.clone();
            labels.sort();
            if labels.windows(2).any(|two| two[0].0 == two[1].0) {
                return Err(format!("a label twice: {sample:?}"));
            }
            if !seen.insert((sample.name.clone(), labels)) {
                return Err(format!("a sample twice: {sample:?}"));
            }
        }
        Ok(())
    }

    fn check_histograms(&self) -> Result<(), String> {
        for (family, _) in self.kinds.iter().filter(|(_, kind)| *kind == "histogram") {
            let of = |suffix: &str| {
                let name = format!("{family}_{suffix}");
                self.samples.iter().filter(move |sample| sample.name == name)
            };
            for count in of("count") {
                let mut last = (f64::NEG_INFINITY, 0.0);
                for bucket in of("bucket") {
                    let (bounds, others): (Vec<_>, Vec<_>) = bucket.labels.iter().cloned().partition(|(name, _)| name == "le");
                    if others != count.labels {
                        continue;
                    }
                    let bound = bounds
                        .first()
                        .and_then(|(_, text)| number(text))
                        .ok_or("a bucket without bound")?;
                    if bound <= last.0 || bucket.value < last.1 {
                        return Err(format!("buckets do not ascend: {bucket:?}"));
                    }
                    last = (bound, bucket.value);
                }
                if last != (f64::INFINITY, count.value) {
                    return Err(format!("the last bucket is not the count: {count:?}"));
                }
                if !of("sum").any(|sum| sum.labels == count.labels) {
                    return Err(format!("no sum: {count:?}"));
                }
            }
        }
        Ok(())
    }

    /// The sum of all samples of that name that have these labels among theirs; 0 if there is none.
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let has = |sample: &&Sample| {
            labels
                .iter()
                .all(|(name, value)| sample.labels.iter().any(|known| known.0 == *name && known.1 == *value))
        };
        let named = self.samples.iter().filter(|sample| sample.name == name);
        named.filter(has).map(|sample| sample.value).sum()
    }

    /// All samples.
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// Names of all families, as their `TYPE` lines have them.
    pub fn families(&self) -> impl Iterator<Item = &str> {
        self.kinds.keys().map(String::as_str)
    }
}

fn is_name(text: &str) -> bool {
    let is_start = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_' || byte == b':';
    text.bytes().next().is_some_and(is_start) && text.bytes().all(|byte| is_start(byte) || byte.is_ascii_digit())
}

fn belongs(name: &str, family: &str, kind: &str, is_open: bool) -> bool {
    let suffixes: &[&str] = match kind {
        "histogram" => &["_bucket", "_sum", "_count"],
        "counter" if is_open => &["_total"],
        _ => &[""],
    };
    name.strip_prefix(family).is_some_and(|suffix| suffixes.contains(&suffix))
}

fn number(text: &str) -> Option<f64> {
    match text {
        "+Inf" => Some(f64::INFINITY),
        "-Inf" => Some(f64::NEG_INFINITY),
        "NaN" => Some(f64::NAN),
        text if text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte)) => text.parse().ok(),
        _ => None,
    }
}

fn sample(line: &str) -> Option<Sample> {
    let end = line.find(['{', ' '])?;
    let (name, mut rest) = line.split_at(end);
    let mut labels = Vec::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        while !rest.starts_with('}') {
            let (name, after) = rest.split_once("=\"")?;
            let (value, after) = quoted(after)?;
            if !is_name(name) || name.contains(':') {
                return None;
            }
            labels.push((name.to_owned(), value));
            rest = match after.strip_prefix(',') {
                Some(after) if !after.starts_with('}') => after,
                None if after.starts_with('}') => after,
                _ => return None,
            };
        }
        rest = &rest[1..];
    }
    let value = number(rest.strip_prefix(' ')?)?;
    is_name(name).then(|| Sample {
        name: name.to_owned(),
        labels,
        value,
    })
}

/// The text up to the closing quote, and what follows that.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(match chars.next()?.1 {
                'n' => '\n',
                escaped @ ('\\' | '"') => escaped,
                _ => return None,
            }),
            char => value.push(char),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "# HELP a_total A\n# TYPE a_total counter\na_total{x=\"1\\n\\\"\\\\\"} 2\na_total{x=\"2\"} 3\n# TYPE t_seconds histogram\nt_seconds_bucket{le=\"0.5\"} 1\nt_seconds_bucket{le=\"+Inf\"} 2\nt_seconds_sum 1.5\nt_seconds_count 2\n";

    #[test]
    fn a_good_text_is_read() {
        let read = Exposition::of_text(GOOD).unwrap();
        assert_eq!(read.value("a_total", &[]), 5.0);
        assert_eq!(read.value("a_total", &[("x", "1\n\"\\")]), 2.0);
        assert_eq!(read.families().collect::<Vec<_>>(), ["a_total", "t_seconds"]);
        let open = GOOD.replace("HELP a_total", "HELP a").replace("TYPE a_total", "TYPE a");
        assert!(Exposition::of_open_metrics(&format!("{open}# EOF\n")).is_ok());
    }

    #[test]
    fn broken_rules_are_found() {
        for (from, to) in [
            ("x=\"2\"", "x=\"1\\n\\\"\\\\\""),
            ("a_total{x=\"2\"}", "b_total{x=\"2\"}"),
            ("t_seconds_bucket{le=\"0.5\"} 1", "t_seconds_bucket{le=\"0.5\"} 3"),
            ("t_seconds_count 2", "t_seconds_count 3"),
            ("t_seconds_sum 1.5\n", ""),
            ("# TYPE a_total counter\n", ""),
            ("{x=\"2\"} 3", "{x=\"2\"} three"),
            ("{x=\"2\"} 3", "{x=\"2\",} 3"),
            ("{x=\"2\"} 3", "{x=\"2} 3"),
            ("{x=\"2\"} 3", "{x=\"2\"} -3"),
            ("t_seconds_count 2\n", "t_seconds_count 2"),
        ] {
            let bad = GOOD.replace(from, to);
            assert_ne!(bad, GOOD);
            assert!(Exposition::of_text(&bad).is_err(), "{bad}");
        }
        assert!(Exposition::of_open_metrics(GOOD).is_err());
    }
}
