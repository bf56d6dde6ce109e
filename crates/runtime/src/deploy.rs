//! Publishing definitions and deploying bindings (spec/runtime.md 2.8 to 2.10, 3.1).
//!
//! A deployment is begun, makes what is missing and links it. While it makes something, which may take long, it holds no lock; that nobody
//! takes away what it counts on, or makes the same, its entry among those under way and its turn (`turns`) see to.

mod make;

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use temblor_codec::MimeTable;
use temblor_config::{
    ArtefactKind, ArtefactUrl, BindingEntry, Document, Link, MappingEntry, OfframpEntry, OnrampEntry, OnrampPort, Settings,
};
use temblor_event::{Insight, InsightKind, UidSource};
use temblor_metrics::Metrics;
use temblor_pipeline::Query;
use temblor_script::Env;
use temblor_syntax::ast::Dialect;
use temblor_value::Str;
use tokio::time::sleep;

use self::make::Made;
use crate::activity::Activity;
use crate::clock::now_ns;
use crate::connectors::Connectors;
use crate::error::DeployError;
use crate::exit::Exit;
use crate::explain::warn_of_lost_replies;
use crate::flow::{Flow, Ticks, run_ticks};
use crate::ids::{PipelineIx, SinkIx};
use crate::registry::{BindingInstance, METRICS_PIPELINE, PASSTHROUGH, Registry, Repository, SYSTEM, find};
use crate::reload::Reload;
use crate::shared::FlowCell;
use crate::shutdown::{Phase, WholeShutdown};
use crate::sockets::Sockets;
use crate::turns::Turns;
use crate::undeploy::Leaving;
use crate::variables::Variables;
use crate::worker::Workers;

/// Query of the built-in pass-through pipelines.
const PASS_ON: &str = "select event from in into out;";

/// Time between two looks at what pipelines hold.
pub(crate) const LOOK: Duration = Duration::from_millis(10);

/// The built-in offramps.
const SYSTEM_OFFRAMPS: &str = "\
offramp:
  - id: system::stdout
    type: stdout
  - id: system::stderr
    type: stderr
";

/// What a runtime gets of the process it is part of.
#[derive(Default)]
pub struct Process {
    /// Where all that is counted can be read.
    pub metrics: Metrics,
    /// Its listening sockets.
    pub sockets: Sockets,
    /// What documents say of the process as a whole.
    pub settings: Arc<Settings>,
    /// Its environment.
    pub variables: Variables,
}

/// Everything a process runs.
pub struct Runtime {
    connectors: Connectors,
    /// `None`: a draft, of which nothing is opened and nothing runs.
    workers: Option<Arc<Workers>>,
    pub(crate) uids: UidSource,
    pub(crate) repository: Mutex<Repository>,
    registry: Mutex<Registry>,
    flow: Arc<FlowCell>,
    pub(crate) ticks: Arc<Ticks>,
    /// Held while a binding is undeployed, which takes time.
    pub(crate) undeploying: tokio::sync::Mutex<()>,
    /// Instances that somebody is about to open or to take out.
    pub(crate) turns: Arc<Turns>,
    shutdown: WholeShutdown,
    activity: Activity,
    exit: Exit,
    reload: Reload,
    sockets: Sockets,
    metrics: Metrics,
    settings: Arc<Settings>,
    variables: Variables,
    /// The content types that need no entry in a codec map.
    mime_table: MimeTable,
    hostname: Str,
}

impl Runtime {
    /// A runtime with the system artefacts, without any flow. Ticks run from now on.
    pub fn new(connectors: Connectors, workers: Arc<Workers>, env: &Env, process: Process) -> Result<Self, DeployError> {
        let runtime = Self::with_system_artefacts(connectors, Some(Arc::clone(&workers)), env, process)?;
        workers.spawn(run_ticks(
            Arc::clone(&runtime.flow),
            Arc::clone(&runtime.ticks),
            runtime.shutdown.receiver(),
        ));
        Ok(runtime)
    }

    /// A runtime that links what is deployed and opens nothing: no socket, no file, no thread, no clock.
    pub(crate) fn draft(connectors: Connectors, env: &Env) -> Result<Self, DeployError> {
        Self::with_system_artefacts(connectors, None, env, Process::default())
    }

    fn with_system_artefacts(
        connectors: Connectors,
        workers: Option<Arc<Workers>>,
        env: &Env,
        process: Process,
    ) -> Result<Self, DeployError> {
        let Process {
            metrics,
            sockets,
            settings,
            variables,
        } = process;
        let runtime = Self {
            connectors,
            workers,
            uids: UidSource::default(),
            repository: Mutex::default(),
            registry: Mutex::default(),
            flow: Arc::default(),
            ticks: Arc::default(),
            undeploying: tokio::sync::Mutex::default(),
            turns: Arc::default(),
            shutdown: WholeShutdown::default(),
            activity: Activity::default(),
            exit: Exit::default(),
            reload: Reload::default(),
            sockets,
            metrics,
            settings,
            variables,
            mime_table: match env.dialect {
                Dialect::Modern => MimeTable::Modern,
                Dialect::V09 => MimeTable::V09,
            },
            hostname: env.host.hostname(),
        };
        for id in [METRICS_PIPELINE, PASSTHROUGH] {
            let query = Query::compile(id, PASS_ON, env).map_err(|error| DeployError::Pipeline(error.to_string()))?;
            runtime.publish_pipeline(id, query)?;
        }
        let metrics = ArtefactUrl::of_artefact(ArtefactKind::Pipeline, METRICS_PIPELINE)?.with_instance(SYSTEM)?;
        let metrics = runtime.make_pipeline(&metrics)?;
        runtime.registry.lock().pipelines.push(metrics);
        runtime.add_system_offramps()?;
        Ok(runtime)
    }

    /// Changes what is deployed. No other lock of the runtime may be taken within.
    pub(crate) fn with_registry<R>(&self, change: impl FnOnce(&mut Registry) -> R) -> R {
        change(&mut self.registry.lock())
    }

    /// Calls `look` with all instances and their links.
    pub(crate) fn inspect<R>(&self, look: impl FnOnce(&Registry, &Flow) -> R) -> R {
        look(&self.registry.lock(), &self.flow.load())
    }

    /// The current links.
    pub fn flow(&self) -> &Arc<FlowCell> {
        &self.flow
    }

    /// Where connectors ask for the end of the process.
    pub fn exit(&self) -> &Exit {
        &self.exit
    }

    /// Where parts are asked to look at their files.
    pub fn reload(&self) -> &Reload {
        &self.reload
    }

    /// The sockets that sources listen at.
    pub fn sockets(&self) -> &Sockets {
        &self.sockets
    }

    /// What is still under way.
    pub fn activity(&self) -> &Activity {
        &self.activity
    }

    /// Publishes and starts the offramps that are always there (spec/runtime.md 2.10), in the order that gives them the first uids of
    /// sinks. A process without their types has none.
    fn add_system_offramps(&self) -> Result<(), DeployError> {
        if self.connectors.sink("stdout").is_none() || self.connectors.sink("stderr").is_none() {
            return Ok(());
        }
        let document =
            Document::parse("system", SYSTEM_OFFRAMPS.as_bytes()).map_err(|error| DeployError::System(error.to_string()))?;
        for entry in document.offramps {
            let url = entry.url()?.with_instance(SYSTEM)?.with_port("in")?;
            self.publish_offramp(entry)?;
            let sink = self.make_sink(&url)?;
            self.registry.lock().sinks.push(sink);
        }
        Ok(())
    }

    /// Publishes a pipeline.
    pub fn publish_pipeline(&self, id: &str, query: Query) -> Result<(), DeployError> {
        let url = ArtefactUrl::of_artefact(ArtefactKind::Pipeline, id)?;
        add(&mut self.repository.lock().pipelines, url, Arc::new(query))
    }

    /// Publishes an onramp.
    pub fn publish_onramp(&self, entry: OnrampEntry) -> Result<(), DeployError> {
        add(&mut self.repository.lock().onramps, entry.url()?, entry)
    }

    /// Publishes an offramp.
    pub fn publish_offramp(&self, entry: OfframpEntry) -> Result<(), DeployError> {
        add(&mut self.repository.lock().offramps, entry.url()?, entry)
    }

    /// Publishes a binding.
    pub fn publish_binding(&self, entry: BindingEntry) -> Result<(), DeployError> {
        add(&mut self.repository.lock().bindings, entry.url()?, entry)
    }

    /// Deploys a binding: makes the instances it needs, links them, starts sources last. What was made is undone if a step fails. Opening may
    /// take as long as what is opened takes; no lock is held meanwhile. For when nobody else changes bindings ([`Runtime::deploy_in_turn`]).
    ///
    /// # Errors
    /// The process ends; something is unknown, refused or cannot be opened or started.
    pub fn deploy(&self, mapping: &MappingEntry) -> Result<(), DeployError> {
        let links = self.links_of(mapping)?;
        self.begin(mapping, &links)?;
        self.carry_out(mapping, &links)
    }

    /// The links of a binding.
    pub(crate) fn links_of(&self, mapping: &MappingEntry) -> Result<Vec<Link>, DeployError> {
        let repository = self.repository.lock();
        let binding = find(&repository.bindings, &mapping.url).ok_or_else(|| DeployError::NotFound(mapping.url.clone()))?;
        Ok(binding.deployment_links(&mapping.values)?)
    }

    /// From now on a deployment with these links is under way: what there is of its instances stays. Gives those that have to be made.
    pub(crate) fn begin(&self, mapping: &MappingEntry, links: &[Link]) -> Result<Vec<ArtefactUrl>, DeployError> {
        self.with_registry(|registry| {
            if self.shutdown.phase() > Phase::Running {
                return Err(DeployError::Draining);
            }
            registry.deploying.push(BindingInstance {
                url: mapping.url.clone(),
                links: links.to_vec(),
                values: mapping.values.clone(),
            });
            let ends = links.iter().flat_map(|link| [link.to().url(), link.from().url()]);
            Ok(ends.filter(|url| !registry.has(url)).collect())
        })
    }

    /// The rest of a deployment that was begun.
    pub(crate) fn carry_out(&self, mapping: &MappingEntry, links: &[Link]) -> Result<(), DeployError> {
        let result = self.make_missing(links).and_then(|made| self.link(mapping, links, made));
        if result.is_err() {
            self.give_up(mapping, links)?;
        }
        result
    }

    fn link(&self, mapping: &MappingEntry, links: &[Link], made: Made) -> Result<(), DeployError> {
        let mut registry = self.registry.lock();
        if self.shutdown.phase() > Phase::Running {
            drop(registry);
            made.give_up();
            return Err(DeployError::Draining);
        }
        made.enter(&mut registry);
        let fed = fed_sinks(&registry, links);
        let binding = registry.end_deploying(&mapping.url);
        registry.bindings.extend(binding);
        let flow = Arc::new(registry.flow());
        self.flow.store(Arc::clone(&flow));
        if self.workers.is_none() {
            return Ok(());
        }
        warn_of_lost_replies(&registry, &flow, links);
        for (ix, kind) in fed {
            let Some(uid) = flow.sink(ix).map(|node| node.uid) else {
                continue;
            };
            flow.feedback_from_sink(ix, Insight::breaker(kind, uid, now_ns()));
        }
        let started = start_sources(&mut registry);
        if started.is_err() {
            registry.bindings.pop();
        }
        started
    }

    /// Ends a deployment that failed; what only it wanted goes.
    fn give_up(&self, mapping: &MappingEntry, links: &[Link]) -> Result<(), DeployError> {
        let repository = self.repository.lock();
        let gone = self.with_registry(|registry| {
            registry.end_deploying(&mapping.url);
            let leaving = Leaving::of(registry, links);
            self.take_out(&repository, registry, leaving)
        })?;
        drop(repository);
        gone.end();
        Ok(())
    }

    /// Stops taking in work. What is under way goes on.
    pub fn drain(&self) {
        self.shutdown.advance(Phase::Draining);
    }

    /// Stops taking in work and waits until all work is done, and all pipelines have let go of what they held.
    pub async fn drained(&self) {
        self.drain();
        self.ticks.drain_all();
        loop {
            self.activity.ended().await;
            if self.is_empty() {
                return;
            }
            sleep(LOOK).await;
        }
    }

    /// Nothing is under way, and no pipeline holds anything.
    fn is_empty(&self) -> bool {
        self.ticks.between(|| {
            let flow = self.flow.load();
            // In this order: what is not under way can be set going by a tick only.
            self.activity.count() == 0 && (0..flow.pipelines.len()).all(|at| flow.held(PipelineIx(at as u32)) == 0)
        })
    }

    /// What pipelines hold and will lose.
    pub fn held(&self) -> u64 {
        let flow = self.flow.load();
        (0..flow.pipelines.len()).map(|at| flow.held(PipelineIx(at as u32))).sum()
    }

    /// Ends everything; what is still under way is cut off. May wait for files.
    pub fn stop(&self) {
        self.shutdown.advance(Phase::Stopped);
        let flow = self.flow.load();
        // The admin interface may hold the runtime until the process ends: what logs on disk have not noted yet would be lost.
        for at in 0..flow.pipelines.len() {
            flow.end(PipelineIx(at as u32));
        }
        for node in &flow.sinks {
            node.sink.stop();
        }
    }
}

fn add<T>(list: &mut Vec<(ArtefactUrl, T)>, url: ArtefactUrl, entry: T) -> Result<(), DeployError> {
    if list.iter().any(|(known, _)| *known == url) {
        return Err(DeployError::Exists(url));
    }
    list.push((url, entry));
    Ok(())
}

/// Sinks that these links give a new feeder, with the state they report to it (spec/artefacts.md 1.8). A linked sink reports only
/// once something takes its responses.
fn fed_sinks(registry: &Registry, links: &[Link]) -> Vec<(SinkIx, InsightKind)> {
    let answered = |ix: SinkIx| {
        let deployed = registry.bindings.iter().flat_map(|binding| &binding.links);
        deployed
            .chain(links)
            .any(|link| matches!(link, Link::OfframpToPipeline { from, .. } if registry.sink(&from.url()) == Some(ix)))
    };
    let fed = links.iter().filter_map(|link| match link {
        Link::PipelineToOfframp { to, .. } => registry.sink(&to.url()),
        _ => None,
    });
    fed.filter(|ix| !registry.sinks[ix.0 as usize].is_linked || answered(*ix))
        .map(|ix| {
            let is_active = registry.sinks[ix.0 as usize].sink.is_active();
            (ix, if is_active { InsightKind::Resume } else { InsightKind::Pause })
        })
        .collect()
}

/// Starts the sources that have all links they wait for.
fn start_sources(registry: &mut Registry) -> Result<(), DeployError> {
    let linked: Vec<(ArtefactUrl, OnrampPort)> = registry
        .bindings
        .iter()
        .flat_map(|binding| &binding.links)
        .filter_map(|link| match link {
            Link::OnrampToPipeline { from, port, .. } => Some((from.instance_url(), *port)),
            _ => None,
        })
        .collect();
    for source in registry.sources.iter_mut().filter(|source| !source.is_gone()) {
        let has = |wanted| {
            linked
                .iter()
                .any(|(url, port)| *port == wanted && url.instance_eq(&source.url))
        };
        if !has(OnrampPort::Out) || (source.needs_err && !has(OnrampPort::Err)) {
            continue;
        }
        if let Some(waiting) = source.waiting.take() {
            waiting.start().map_err(|error| DeployError::Start {
                url: source.url.to_string(),
                error,
            })?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
