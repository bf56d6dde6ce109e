//! What a deployment does with its events, known before the first one: for `explain` (spec/proxy.md 3.5) and for the reply-path check
//! that is made of every deployment (1.7).
//!
//! Pure analysis: nothing here runs an event, opens anything or knows a protocol. A [`Draft`] is a deployment that is linked like any
//! other and of which nothing is opened.

mod bodies;
mod paths;
mod pipelines;
mod replies;
#[cfg(test)]
mod tests;
mod unopened;
mod view;

use std::path::PathBuf;

use temblor_config::Link;
use temblor_pipeline::QueryErrors;
use temblor_script::Env;
use temblor_value::Str;

pub use self::bodies::{Bodies, Exception, Handling, Untouched};
pub use self::pipelines::{Balancing, NodeReport, PipelineReport};
pub use self::replies::{Code, Finding, LeadsTo};
pub(crate) use self::unopened::Unopened;
pub use self::view::Remark;

use self::paths::Paths;
use self::replies::Era;
use self::view::View;
use crate::boot::load;
use crate::connectors::Connectors;
use crate::deploy::Runtime;
use crate::error::BootError;
use crate::facts::Facts;
use crate::flow::Flow;
use crate::ids::SourceIx;
use crate::registry::Registry;

/// A deployment to be looked at.
pub struct Draft(Runtime);

/// An artefact as it is configured.
#[derive(Clone, Debug)]
pub struct Artefact {
    /// Id and instance, such as `edge/a`.
    pub name: String,
    /// The connector type.
    pub type_: Str,
    /// The reverse direction is in use.
    pub is_linked: bool,
    /// What its configuration says.
    pub facts: Facts,
}

/// One onramp, and what becomes of its events.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The onramp.
    pub onramp: Artefact,
    /// What is done with bodies of its events.
    pub request: Bodies,
    /// Offramps that its events reach, each with what is done with bodies of its responses; `None`: it gives none.
    pub offramps: Vec<(Artefact, Option<Bodies>)>,
    /// Pipelines that get requests which nobody answered (port `unanswered`), before an own answer is given.
    pub unanswered: Vec<String>,
    /// Findings of the reply-path check, ordered by code. Empty for an onramp to which nobody waits for replies.
    pub findings: Vec<Finding>,
    /// Balancers and the operators beside them, in the order in which events meet them.
    pub balancing: Vec<Balancing>,
    /// Pipelines that its events, and the responses to them, pass.
    pub pipelines: Vec<PipelineReport>,
}

impl Draft {
    /// Loads files as [`load`] does, and opens nothing of what they deploy.
    ///
    /// # Errors
    /// Those of loading; what could only be found by opening is not found.
    pub fn load(
        connectors: Connectors,
        files: &[PathBuf],
        env: &Env,
        report: &mut dyn FnMut(&QueryErrors),
    ) -> Result<Self, BootError> {
        let runtime = Runtime::draft(connectors, env).map_err(|error| BootError::Disagree(error.to_string()))?;
        load(&runtime, files, env, report)?;
        Ok(Self(runtime))
    }

    /// All onramps that are deployed, in the order of deployment. `compares_with_011`: findings about what tremor 0.11 did otherwise, too.
    pub fn explain(&self, compares_with_011: bool) -> Vec<Explanation> {
        let era = if compares_with_011 { Era::Tremor011 } else { Era::Present };
        self.0.inspect(|registry, flow| {
            let view = View::new(registry, flow);
            (0..registry.sources.len())
                .map(|at| explain_one(&view, SourceIx(at as u32), era))
                .collect()
        })
    }
}

fn explain_one(view: &View<'_>, source: SourceIx, era: Era) -> Explanation {
    let paths = Paths::from(view, source);
    let onramp = view.onramp(source);
    let answers = onramp.facts.answers;
    Explanation {
        request: bodies::of_requests(view, source),
        offramps: bodies::of_responses(view, &paths),
        unanswered: view.unanswered(source),
        findings: if answers {
            replies::check(view, source, &paths, era)
        } else {
            Vec::new()
        },
        balancing: pipelines::balancing(view, &paths),
        pipelines: pipelines::reports(view, &paths),
        onramp,
    }
}

/// Logs what the reply-path check finds of the onramps that `links` begin at. It stops nothing.
pub(crate) fn warn_of_lost_replies(registry: &Registry, flow: &Flow, links: &[Link]) {
    let view = View::new(registry, flow);
    for (at, source) in registry.sources.iter().enumerate() {
        let is_linked_here = links
            .iter()
            .any(|link| matches!(link, Link::OnrampToPipeline { from, .. } if from.url().instance_eq(&source.url)));
        if !is_linked_here || !source.facts.own.answers {
            continue;
        }
        let ix = SourceIx(at as u32);
        for finding in replies::check(&view, ix, &Paths::from(&view, ix), Era::Present) {
            tracing::warn!(
                target: "tremor_runtime::loader",
                code = finding.code.name(),
                "[Source::{}] {}{}: {}",
                source.url,
                finding.remark.text,
                finding.remark.place(),
                finding.leads_to.name(),
            );
        }
    }
}
