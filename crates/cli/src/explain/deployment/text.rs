//! For people.

use std::fmt::Write as _;
use std::time::Duration;

use temblor_pipeline::graph::Mode;
use temblor_runtime::explain::{Artefact, Balancing, Bodies, Explanation, NodeReport, PipelineReport, Remark, Untouched};
use temblor_runtime::facts::{Bound, BoundValue};
use temblor_value::{Value, json};

use super::super::query::class;
use super::{Answer, answer};

/// Longest line that bounds are put on.
const WIDTH: usize = 100;

/// One onramp.
pub(super) fn section(explained: &Explanation) -> String {
    let mut text = heading("onramp", &explained.onramp);
    text += &request(explained);
    text += &responses(explained);
    text += &replies(explained);
    text += &field("bounds", &bounds(&explained.onramp.facts.bounds));
    text += &field("pool", &pool(&explained.balancing));
    for (offramp, _) in &explained.offramps {
        let mut lines = vec![artefact(offramp)];
        lines.extend(bounds(&offramp.facts.bounds));
        text += &field("offramp", &lines);
    }
    for pipeline in &explained.pipelines {
        text += &field("pipeline", &pipeline_lines(pipeline));
    }
    text
}

fn heading(kind: &str, one: &Artefact) -> String {
    format!("{kind} {}\n", artefact(one))
}

fn artefact(one: &Artefact) -> String {
    let facts = &one.facts;
    let mut parts = vec![one.name.clone()];
    match &facts.address {
        Some(address) => parts.push(address.clone()),
        None => parts.push(format!("type {}", one.type_)),
    }
    if !facts.protocols.is_empty() {
        parts.push(facts.protocols.join(", "));
    }
    if facts.address.is_some() && !one.is_linked {
        parts.push("not linked".to_owned());
    }
    parts.join("  ")
}

/// A named part over several lines; nothing if there are none.
fn field(name: &str, lines: &[String]) -> String {
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        let name = if number == 0 { name } else { "" };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {name:<9} {line}");
    }
    text
}

fn remark(remark: &Remark) -> String {
    format!("{}{}", remark.text, remark.place())
}

fn request(explained: &Explanation) -> String {
    field("request", &bodies(&explained.request, &remark(&explained.request.why)))
}

/// Offramps whose responses are treated alike stand together.
fn responses(explained: &Explanation) -> String {
    let mut groups: Vec<(&Bodies, Vec<&str>)> = Vec::new();
    for (offramp, bodies) in &explained.offramps {
        let Some(bodies) = bodies else { continue };
        match groups.iter_mut().find(|(known, _)| *known == bodies) {
            Some((_, names)) => names.push(&offramp.name),
            None => groups.push((bodies, vec![&offramp.name])),
        }
    }
    let each = groups.into_iter().map(|(of_group, names)| {
        let why = format!("{}; from {}", remark(&of_group.why), names.join(", "));
        field("response", &bodies(of_group, &why))
    });
    each.collect()
}

fn bodies(bodies: &Bodies, why: &str) -> Vec<String> {
    let mut lines = vec![format!("{:<8} {why}", bodies.handling.name())];
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    for exception in &bodies.exceptions {
        let how = format!("{} ({})", exception.handling.name(), remark(&exception.why));
        match groups.iter_mut().find(|(known, _)| *known == how) {
            Some((_, types)) => types.push(&exception.content_type),
            None => groups.push((how, vec![&exception.content_type])),
        }
    }
    lines.extend(groups.into_iter().map(|(how, types)| format!("{}: {how}", types.join(", "))));
    lines.extend(match &bodies.untouched {
        Untouched::Original(None) => Some("untouched: original bytes".to_owned()),
        Untouched::Original(Some(part)) => Some(format!("untouched: original bytes; replaced by {}", remark(part))),
        Untouched::Encoded(names) => Some(format!("untouched: encoded anew by {} (encode: always)", names.join(", "))),
        Untouched::Replaced(part) => Some(format!("untouched: never; replaced by {}", remark(part))),
        Untouched::Nowhere => None,
    });
    lines
}

fn replies(explained: &Explanation) -> String {
    if !explained.onramp.facts.answers {
        return field("replies", &["none: nobody waits for them".to_owned()]);
    }
    let unanswered = match explained.unanswered.as_slice() {
        [] => String::new(),
        pipelines => format!("; what is not answered goes to {} first", pipelines.join(", ")),
    };
    let count = match explained.findings.len() {
        0 => "no notes".to_owned(),
        1 => "1 note".to_owned(),
        count => format!("{count} notes"),
    };
    let notes: Vec<(&str, String, String)> = explained
        .findings
        .iter()
        .map(|finding| {
            let name = finding.leads_to.name();
            let leads_to = match answer(explained, finding) {
                Answer::Status(status) => format!("{status} {name}"),
                Answer::OfEvent => format!("{name}: the status of its error event"),
                Answer::Close => format!("connection closed, {name}"),
                Answer::Other => name.to_owned(),
            };
            (finding.code.name(), remark(&finding.remark), leads_to)
        })
        .collect();
    let width = notes.iter().map(|(_, text, _)| text.chars().count()).max().unwrap_or(0);
    let mut text = field("replies", &[count + &unanswered]);
    for (code, note, leads_to) in notes {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "    {code}  {note:<width$}  -> {leads_to}");
    }
    text
}

/// Bounds of one topic are joined; as many topics on a line as fit.
fn bounds(bounds: &[Bound]) -> Vec<String> {
    let mut topics: Vec<(&str, Vec<String>)> = Vec::new();
    for bound in bounds {
        let value = value(bound.value);
        match topics.last_mut() {
            Some((topic, values)) if *topic == bound.topic => values.push(value),
            _ => topics.push((bound.topic, vec![value])),
        }
    }
    let mut lines: Vec<String> = Vec::new();
    for (topic, values) in topics {
        let part = format!("{topic} {}", values.join("/"));
        match lines.last_mut() {
            Some(line) if line.len() + part.len() + 2 <= WIDTH => {
                line.push_str("  ");
                line.push_str(&part);
            }
            _ => lines.push(part),
        }
    }
    lines
}

fn value(value: BoundValue) -> String {
    match value {
        BoundValue::Time(Some(time)) => duration(time),
        BoundValue::Size(Some(bytes)) => size(bytes),
        BoundValue::Count(Some(count)) => count.to_string(),
        BoundValue::Time(None) | BoundValue::Size(None) | BoundValue::Count(None) => "none".to_owned(),
    }
}

fn duration(time: Duration) -> String {
    if time.subsec_nanos() == 0 {
        format!("{}s", time.as_secs())
    } else {
        format!("{}ms", time.as_millis())
    }
}

fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let unit = UNITS.iter().find(|(unit, _)| bytes >= *unit && bytes.is_multiple_of(*unit));
    match unit {
        Some((unit, name)) => format!("{}{name}", bytes / unit),
        None => format!("{bytes}B"),
    }
}

fn pool(balancing: &[Balancing]) -> Vec<String> {
    balancing.iter().map(operator).collect()
}

fn operator(one: &Balancing) -> String {
    let over: Vec<String> = one
        .over
        .iter()
        .map(|(port, sinks)| {
            if sinks.is_empty() {
                format!("port {port}")
            } else {
                sinks.join("+")
            }
        })
        .collect();
    let params = one.params.as_ref().map(params).filter(|text| !text.is_empty());
    let params = params.map_or_else(String::new, |text| format!(" ({text})"));
    format!("{} {} over {}{params}", one.kind, one.node, over.join(", "))
}

/// Parameters but for the outputs, which are shown with what is behind them.
fn params(params: &Value) -> String {
    let record = params.as_object();
    let shown = record
        .into_iter()
        .flat_map(|record| record.iter())
        .filter(|(name, _)| *name != "outputs");
    let shown: Vec<String> = shown
        .map(|(name, value)| format!("{name} {}", json::to_string(value)))
        .collect();
    shown.join(", ")
}

fn pipeline_lines(pipeline: &PipelineReport) -> Vec<String> {
    let mode = match pipeline.mode {
        Mode::Parallel => "parallel",
        Mode::Serial => "serial",
    };
    let island = pipeline
        .island
        .map_or_else(String::new, |number| format!(", island {number}"));
    let mut lines = vec![format!("{}  {mode}{island}", pipeline.name)];
    lines.extend(pipeline.inputs.iter().map(|(port, first)| format!("  {port} -> {first}")));
    let inner = pipeline.nodes.iter().filter(|node| node.kind != "output");
    let rows: Vec<[String; 4]> = inner.map(row).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths = [width(0), width(1), width(2)];
    lines.extend(rows.iter().map(|[name, kind, sharing, consumers]| {
        let line = format!(
            "  {name:<0$}  {kind:<1$}  {sharing:<2$}  {consumers}",
            widths[0], widths[1], widths[2]
        );
        line.trim_end().to_owned()
    }));
    lines.extend(pipeline.outputs.iter().map(|(port, targets)| {
        let targets = if targets.is_empty() {
            "not linked".to_owned()
        } else {
            targets.join(", ")
        };
        format!("  {port} -> {targets}")
    }));
    lines
}

fn row(node: &NodeReport) -> [String; 4] {
    let consumers: Vec<String> = node
        .consumers
        .iter()
        .map(|(port, names)| {
            let names = names.join(", ");
            if port == "out" {
                format!("-> {names}")
            } else {
                format!("{port} -> {names}")
            }
        })
        .collect();
    [
        node.name.clone(),
        node.kind.clone(),
        node.sharing.map_or("", class).to_owned(),
        consumers.join("; "),
    ]
}
