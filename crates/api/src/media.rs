//! What a reader wants to have (RFC 9110 12.5.1).

use temblor_metrics::Format;

/// The media type of a range and its weight in thousandths; parameters other than `q` are passed over.
fn range(text: &str) -> (String, u32) {
    let mut parts = text.split(';').map(str::trim);
    let name = parts.next().unwrap_or("").to_ascii_lowercase();
    let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    let weight = weight.map_or(1.0, |weight| weight.parse().unwrap_or(0.0));
    (name, (f64::clamp(weight, 0.0, 1.0) * 1000.0) as u32)
}

fn ranges(accept: &str) -> impl Iterator<Item = (String, u32)> + '_ {
    accept.split(',').map(range)
}

/// The text of metrics for an `accept` field: `OpenMetrics` only if it is asked for by name and the plain text is not preferred.
pub(crate) fn metrics_format(accept: &str) -> Format {
    let weight = |names: &[&str]| {
        ranges(accept)
            .find(|(name, _)| names.contains(&name.as_str()))
            .map(|(_, weight)| weight)
    };
    let open = weight(&["application/openmetrics-text"]).unwrap_or(0);
    let plain = weight(&["text/plain"])
        .or_else(|| weight(&["text/*"]))
        .or_else(|| weight(&["*/*"]))
        .unwrap_or(0);
    if open > 0 && open >= plain {
        Format::OpenMetrics
    } else {
        Format::Text
    }
}

/// Whether YAML is preferred to JSON.
pub(crate) fn wants_yaml(accept: &str) -> bool {
    let weight = |wanted: &str| {
        ranges(accept)
            .find(|(name, _)| name == wanted)
            .map_or(0, |(_, weight)| weight)
    };
    weight("application/yaml") > weight("application/json")
}

/// Whether trickle is asked for, and neither JSON nor YAML would do (spec/runtime.md 6.1).
pub(crate) fn wants_only_trickle(accept: &str) -> bool {
    let takes = |names: &[&str]| ranges(accept).any(|(name, weight)| weight > 0 && names.contains(&name.as_str()));
    takes(&["application/vnd.trickle"]) && !takes(&["application/json", "application/yaml", "application/*", "*/*"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_metrics_is_given_to_who_asks_for_it() {
        for (accept, format) in [
            ("", Format::Text),
            ("*/*", Format::Text),
            ("text/plain", Format::Text),
            ("application/openmetrics-text", Format::OpenMetrics),
            (
                "application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                Format::OpenMetrics,
            ),
            ("application/openmetrics-text;q=0.3, text/plain;q=0.5", Format::Text),
            ("Application/OpenMetrics-Text; q=0", Format::Text),
        ] {
            assert_eq!(metrics_format(accept), format, "{accept}");
        }
    }

    #[test]
    fn trickle_is_wanted_by_who_takes_nothing_else() {
        assert!(wants_only_trickle("application/vnd.trickle") && wants_only_trickle("Application/vnd.Trickle;q=0.1, text/html"));
        for other in [
            "",
            "*/*",
            "application/json",
            "application/vnd.trickle, */*;q=0.1",
            "application/vnd.trickle;q=0",
        ] {
            assert!(!wants_only_trickle(other), "{other}");
        }
    }

    #[test]
    fn yaml_is_given_to_who_prefers_it() {
        assert!(wants_yaml("application/yaml"));
        assert!(wants_yaml("application/json;q=0.1, application/yaml;q=0.2"));
        assert!(!wants_yaml("*/*") && !wants_yaml("application/yaml;q=0.1, application/json"));
    }
}
