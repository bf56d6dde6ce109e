//! Deployments: loaded and linked, not started.

mod json;
mod text;

use std::process::ExitCode;

use temblor_pipeline::QueryErrors;
use temblor_runtime::explain::{Draft, Explanation, Finding, LeadsTo};
use temblor_script::limits::Limits;

use crate::args::{ExplainOptions, Globals};
use crate::output::{is_coloured, print, report};
use crate::server::environment;
use crate::{connectors, logging};

/// Explains the onramps of a deployment.
pub(super) fn explain(options: &ExplainOptions, globals: &Globals) -> Result<ExitCode, String> {
    logging::start();
    let (env, _) = environment(&options.files, globals.dialect, &globals.instance, Limits::default())?;
    let form = globals.diagnostics;
    let mut show = |errors: &QueryErrors| report(&form.render(errors.sources(), errors.diagnostics(), is_coloured()));
    let draft = Draft::load(connectors::all(), &options.files, &env, &mut show).map_err(|error| error.to_string())?;
    let all = draft.explain(options.compat.is_some());
    let wanted = chosen(&all, options.onramp.as_deref())?;
    let render = if options.json { json::record } else { text::section };
    let parts: Vec<String> = wanted.into_iter().map(render).collect();
    print(&parts.join(if options.json { "" } else { "\n" }))?;
    Ok(ExitCode::SUCCESS)
}

/// The onramps of an id, or of an id and instance.
fn chosen<'a>(all: &'a [Explanation], id: Option<&str>) -> Result<Vec<&'a Explanation>, String> {
    if all.is_empty() {
        return Err("Nothing to explain: the files deploy no onramp.".to_owned());
    }
    let Some(id) = id else { return Ok(all.iter().collect()) };
    let name = |one: &'a Explanation| one.onramp.name.as_str();
    let found: Vec<&Explanation> = all
        .iter()
        .filter(|one| name(one) == id || name(one).split('/').next() == Some(id))
        .collect();
    if found.is_empty() {
        let names: Vec<&str> = all.iter().map(name).collect();
        return Err(format!("No onramp `{id}` is deployed; deployed are {}.", names.join(", ")));
    }
    Ok(found)
}

/// What the client of an onramp gets where a finding leads to an own answer.
enum Answer {
    /// The status.
    Status(u16),
    /// That of the event that ends.
    OfEvent,
    /// The connection is closed.
    Close,
    /// No own answer.
    Other,
}

fn answer(explained: &Explanation, finding: &Finding) -> Answer {
    if finding.leads_to == LeadsTo::End(temblor_event::Reason::Offramp) {
        return Answer::OfEvent;
    }
    let name = finding.leads_to.name();
    let known = explained.onramp.facts.own_answers.iter().find(|(reason, _)| *reason == name);
    match known {
        Some((_, Some(status))) => Answer::Status(*status),
        Some((_, None)) => Answer::Close,
        None => Answer::Other,
    }
}
