//! For programs: a record on a line. Times are milliseconds, sizes bytes; no limit is null.

use serde_json::{Map, Value, json};
use temblor_pipeline::graph::Mode;
use temblor_runtime::explain::{Artefact, Balancing, Bodies, Explanation, Finding, PipelineReport, Remark, Untouched};
use temblor_runtime::facts::{Bound, BoundValue};
use temblor_syntax::Location;

use super::super::query::class;
use super::{Answer, answer};

/// One onramp.
pub(super) fn record(explained: &Explanation) -> String {
    let findings = explained.findings.iter().map(|one| finding(explained, one));
    let mut record = artefact(&explained.onramp);
    record.insert("request".to_owned(), bodies(&explained.request));
    record.insert("replies".to_owned(), findings.collect());
    record.insert("unanswered".to_owned(), json!(explained.unanswered));
    record.insert("offramps".to_owned(), explained.offramps.iter().map(offramp).collect());
    record.insert("pool".to_owned(), explained.balancing.iter().map(balancing).collect());
    record.insert("pipelines".to_owned(), explained.pipelines.iter().map(pipeline).collect());
    format!("{}\n", Value::Object(record))
}

fn artefact(one: &Artefact) -> Map<String, Value> {
    let mut record = Map::new();
    let mut put = |name: &str, value: Value| record.insert(name.to_owned(), value);
    put("name", json!(one.name));
    put("type", json!(one.type_.as_str()));
    put("linked", json!(one.is_linked));
    put("address", json!(one.facts.address));
    put("protocols", json!(one.facts.protocols));
    put("bounds", bounds(&one.facts.bounds));
    record
}

fn bounds(bounds: &[Bound]) -> Value {
    let pairs = bounds.iter().map(|bound| {
        let value = match bound.value {
            BoundValue::Time(time) => json!(time.map(|time| time.as_millis() as u64)),
            BoundValue::Size(number) | BoundValue::Count(number) => json!(number),
        };
        (bound.setting.to_owned(), value)
    });
    Value::Object(pairs.collect())
}

fn offramp((one, of_responses): &(Artefact, Option<Bodies>)) -> Value {
    let mut record = artefact(one);
    record.insert("response".to_owned(), of_responses.as_ref().map_or(Value::Null, bodies));
    Value::Object(record)
}

fn place(at: Option<&Location>) -> Value {
    at.map_or(
        Value::Null,
        |at| json!({"file": at.file, "line": at.line, "column": at.column}),
    )
}

fn remark(remark: &Remark) -> Value {
    json!({"text": remark.text, "place": place(remark.at.as_ref())})
}

fn bodies(bodies: &Bodies) -> Value {
    let exceptions = bodies.exceptions.iter().map(|exception| {
        json!({
            "content_type": exception.content_type,
            "codec": exception.codec,
            "need": exception.handling.name(),
            "reason": remark(&exception.why),
        })
    });
    let (untouched, replaced, encoders) = match &bodies.untouched {
        Untouched::Original(part) => ("original", part.as_ref(), Vec::new()),
        Untouched::Encoded(names) => ("encoded", None, names.clone()),
        Untouched::Replaced(part) => ("never", Some(part), Vec::new()),
        Untouched::Nowhere => ("nowhere", None, Vec::new()),
    };
    json!({
        "need": bodies.handling.name(),
        "codec": bodies.codec,
        "reason": remark(&bodies.why),
        "exceptions": exceptions.collect::<Vec<Value>>(),
        "untouched": untouched,
        "replaced_by": replaced.map_or(Value::Null, remark),
        "encoded_by": encoders,
    })
}

fn finding(explained: &Explanation, finding: &Finding) -> Value {
    let status = match answer(explained, finding) {
        Answer::Status(status) => json!(status),
        Answer::Close => json!("close"),
        Answer::OfEvent | Answer::Other => Value::Null,
    };
    json!({
        "code": finding.code.name(),
        "text": finding.remark.text,
        "place": place(finding.remark.at.as_ref()),
        "leads_to": finding.leads_to.name(),
        "status": status,
    })
}

fn balancing(one: &Balancing) -> Value {
    let over = one.over.iter().map(|(port, sinks)| json!({"port": port, "offramps": sinks}));
    json!({
        "pipeline": one.pipeline,
        "node": one.node,
        "type": one.kind,
        "params": one.params.as_ref().map(plain),
        "over": over.collect::<Vec<Value>>(),
    })
}

/// A value of ours as one of this format's library.
fn plain(value: &temblor_value::Value) -> Value {
    serde_json::from_str(&temblor_value::json::to_string(value)).unwrap_or(Value::Null)
}

fn pipeline(pipeline: &PipelineReport) -> Value {
    let nodes = pipeline.nodes.iter().map(|node| {
        json!({
            "name": node.name,
            "kind": node.kind,
            "sharing": node.sharing.map(class),
            "place": place(node.at.as_ref()),
            "consumers": pairs(&node.consumers),
        })
    });
    json!({
        "name": pipeline.name,
        "mode": match pipeline.mode {
            Mode::Parallel => "parallel",
            Mode::Serial => "serial",
        },
        "island": pipeline.island,
        "inputs": pipeline.inputs.iter().map(|(port, first)| (port.clone(), json!(first))).collect::<Map<String, Value>>(),
        "nodes": nodes.collect::<Vec<Value>>(),
        "outputs": pairs(&pipeline.outputs),
    })
}

fn pairs(pairs: &[(String, Vec<String>)]) -> Value {
    Value::Object(pairs.iter().map(|(name, list)| (name.clone(), json!(list))).collect())
}
