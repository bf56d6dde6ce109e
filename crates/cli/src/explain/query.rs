//! Queries.

use std::fmt::Write as _;

use temblor_event::UidSource;
use temblor_pipeline::body::BodyUse;
use temblor_pipeline::graph::{Graph, Mode};
use temblor_pipeline::op::Sharing;
use temblor_pipeline::op::wal::NoFolders;
use temblor_pipeline::{InstanceCx, Query, QueryErrors};
use temblor_script::Env;

use super::line;
use crate::diagnostics::Form;
use crate::output::{is_coloured, report};
use crate::source_file::SourceFile;

/// What the graph of the query does.
pub(super) fn explain(file: &SourceFile, env: &Env, form: Form) -> Result<String, String> {
    let render = |errors: &QueryErrors| form.render(errors.sources(), errors.diagnostics(), is_coloured());
    let query = Query::compile(&file.name, &file.text, env).map_err(|errors| render(&errors))?;
    if let Some(warnings) = query.warnings() {
        report(&render(warnings));
    }
    let cx = InstanceCx {
        url: query.config_id().unwrap_or("<generated>").to_owned(),
        uids: &UidSource::default(),
        logs: &NoFolders,
    };
    let (graph, _) = query.instantiate(&cx).map_err(|errors| render(&errors))?;
    let mut text = format!("query {}\n", file.name);
    text += &line("id", query.config_id().unwrap_or("not set"));
    let interval = query.metrics_interval_s().map(|seconds| format!("every {seconds} s"));
    text += &line("metrics", interval.as_deref().unwrap_or("none"));
    text += &line("workers", workers(graph.mode()));
    text += "\nnodes\n";
    for (name, sharing) in graph.sharing() {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {name:<20} {}", class(sharing));
    }
    for (name, input) in graph.inputs() {
        let _ = write!(text, "\ninput {name}\n{}", body(&graph.body_use(input), &graph));
    }
    Ok(text)
}

fn workers(mode: Mode) -> &'static str {
    match mode {
        Mode::Parallel => "any number at once",
        Mode::Serial => "one at a time",
    }
}

pub(super) fn class(sharing: Sharing) -> &'static str {
    match sharing {
        Sharing::Stateless => "stateless",
        Sharing::Atomic => "atomic",
        Sharing::Stateful => "stateful",
    }
}

fn body(found: &BodyUse, graph: &Graph) -> String {
    let read = found.reader.as_deref().map(|node| format!("read by {node}"));
    let copied = found.copier.as_deref().map(|node| format!("copied at {node}"));
    let outputs: Vec<String> = found
        .outputs
        .iter()
        .filter_map(|(output, is_untouched)| {
            let name = graph.outputs().get(usize::from(output.0))?;
            let how = if *is_untouched { "untouched" } else { "replaced" };
            Some(format!("{name} ({how})"))
        })
        .collect();
    let outputs = if outputs.is_empty() {
        "none".to_owned()
    } else {
        outputs.join(", ")
    };
    line("body", read.as_deref().unwrap_or("not read"))
        + &line("copies", copied.as_deref().unwrap_or("none"))
        + &line("outputs", &outputs)
}
