//! Publishing definitions and deploying bindings (spec/runtime.md 2.8 to 2.10, 3.1).

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use temblor_config::{
    ArtefactKind, ArtefactUrl, BindingEntry, Document, Endpoint, Link, MappingEntry, OfframpEntry, OnrampEntry, OnrampPort,
    RampEntry, Settings,
};
use temblor_event::{Insight, InsightKind, UidKind, UidSource};
use temblor_metrics::Metrics;
use temblor_pipeline::op::wal::NoFolders;
use temblor_pipeline::{InstanceCx, Query};
use temblor_script::Env;
use temblor_value::Str;
use tokio::time::sleep;

use crate::activity::Activity;
use crate::clock::now_ns;
use crate::connectors::{Connectors, SinkStart};
use crate::error::DeployError;
use crate::exit::Exit;
use crate::explain::{Unopened, warn_of_lost_replies};
use crate::facts::RampFacts;
use crate::flow::{Flow, Ticks, run_ticks};
use crate::ids::{PipelineIx, SinkIx};
use crate::log_store::LogFolders;
use crate::ramp::Ramp;
use crate::ramp_metrics::RampMetrics;
use crate::registry::{
    METRICS_PIPELINE, PASSTHROUGH, PipelineInstance, Registry, Repository, SYSTEM, SinkInstance, SourceInstance, find,
};
use crate::reload::Reload;
use crate::shared::FlowCell;
use crate::shutdown::{Phase, WholeShutdown};
use crate::sockets::Sockets;
use crate::source::{SourceControl, SourceCx};
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
    /// Held while a binding is deployed or undeployed over the admin interface, which takes time.
    pub(crate) changes: tokio::sync::Mutex<()>,
    shutdown: WholeShutdown,
    activity: Activity,
    exit: Exit,
    reload: Reload,
    sockets: Sockets,
    metrics: Metrics,
    settings: Arc<Settings>,
    variables: Variables,
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
            changes: tokio::sync::Mutex::default(),
            shutdown: WholeShutdown::default(),
            activity: Activity::default(),
            exit: Exit::default(),
            reload: Reload::default(),
            sockets,
            metrics,
            settings,
            variables,
            hostname: env.host.hostname(),
        };
        for id in [METRICS_PIPELINE, PASSTHROUGH] {
            let query = Query::compile(id, PASS_ON, env).map_err(|error| DeployError::Pipeline(error.to_string()))?;
            runtime.publish_pipeline(id, query)?;
        }
        let metrics = ArtefactUrl::of_artefact(ArtefactKind::Pipeline, METRICS_PIPELINE)?.with_instance(SYSTEM)?;
        runtime.make_pipeline(&runtime.repository.lock(), &mut runtime.registry.lock(), &metrics)?;
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
            self.make_sink(&self.repository.lock(), &mut self.registry.lock(), &url)?;
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
    /// take as long as what is opened takes.
    ///
    /// # Errors
    /// The process ends; something is unknown, refused or cannot be opened or started.
    pub fn deploy(&self, mapping: &MappingEntry) -> Result<(), DeployError> {
        let repository = self.repository.lock();
        let binding = find(&repository.bindings, &mapping.url).ok_or_else(|| DeployError::NotFound(mapping.url.clone()))?;
        let links = binding.deployment_links(&mapping.values)?;
        let mut registry = self.registry.lock();
        if self.shutdown.phase() > Phase::Running {
            return Err(DeployError::Draining);
        }
        let mark = registry.mark();
        let made = links.iter().try_for_each(|link| {
            self.ensure(&repository, &mut registry, link.to())?;
            self.ensure(&repository, &mut registry, link.from())
        });
        if let Err(error) = made {
            registry.go_back(&mark);
            return Err(error);
        }
        let fed = fed_sinks(&registry, &links);
        registry.bindings.push((mapping.url.clone(), links.clone()));
        let flow = Arc::new(registry.flow(&[]));
        self.flow.store(Arc::clone(&flow));
        if self.workers.is_none() {
            return Ok(());
        }
        warn_of_lost_replies(&registry, &flow, &links);
        for (ix, kind) in fed {
            let Some(uid) = flow.sink(ix).map(|node| node.uid) else {
                continue;
            };
            flow.feedback_from_sink(ix, Insight::breaker(kind, uid, now_ns()));
        }
        let started = start_sources(&mut registry);
        if started.is_err() {
            registry.bindings.pop();
            let leaving = Leaving::since(&registry, &mark);
            let gone = self.take_out(&repository, &mut registry, leaving)?;
            drop(registry);
            drop(repository);
            gone.end();
        }
        started
    }

    fn ensure(&self, repository: &Repository, registry: &mut Registry, end: &Endpoint) -> Result<(), DeployError> {
        let url = end.url();
        match end.kind() {
            ArtefactKind::Pipeline if registry.pipeline(&url).is_none() => self.make_pipeline(repository, registry, &url),
            ArtefactKind::Offramp if registry.sink(&url).is_none() => self.make_sink(repository, registry, &url),
            ArtefactKind::Onramp if registry.source(&url).is_none() => self.make_source(repository, registry, &url),
            _ => Ok(()),
        }
    }

    fn make_pipeline(&self, repository: &Repository, registry: &mut Registry, url: &ArtefactUrl) -> Result<(), DeployError> {
        let query = find(&repository.pipelines, url).ok_or_else(|| DeployError::NotFound(url.clone()))?;
        let cx = InstanceCx {
            url: url.without_port().to_string(),
            uids: &self.uids,
            logs: if self.workers.is_some() { &LogFolders } else { &NoFolders },
        };
        let (graph, state) = query
            .instantiate(&cx)
            .map_err(|error| DeployError::Pipeline(error.to_string()))?;
        let instance = PipelineInstance::new(url.clone(), query, graph, state, self.activity.part());
        self.metrics.register(&instance.numbers);
        registry.pipelines.push(instance);
        Ok(())
    }

    fn make_sink(&self, repository: &Repository, registry: &mut Registry, url: &ArtefactUrl) -> Result<(), DeployError> {
        let entry = find(&repository.offramps, url).ok_or_else(|| DeployError::NotFound(url.clone()))?;
        let kind = self
            .connectors
            .sink(&entry.ramp.type_)
            .ok_or_else(|| DeployError::UnknownOfframp(entry.ramp.type_.to_string()))?;
        let failed = |error| DeployError::Start {
            url: url.to_string(),
            error,
        };
        let uid = self.uids.next(UidKind::Sink);
        let ramp = Ramp::resolve(&entry.ramp, url, kind.default_codec).map_err(failed)?;
        let mut facts = RampFacts::of(&ramp);
        let mut plan = (kind.plan)(ramp).map_err(failed)?;
        facts.own = std::mem::take(&mut plan.facts);
        let sink = match &self.workers {
            None => Arc::new(Unopened),
            Some(workers) => plan
                .open(SinkStart {
                    uid,
                    hostname: self.hostname.clone(),
                    variables: self.variables.clone(),
                    workers: Arc::clone(workers),
                    exit: self.exit.clone(),
                    reload: self.reload.clone(),
                    metrics: self.metrics.clone(),
                })
                .map_err(failed)?,
        };
        registry.sinks.push(SinkInstance {
            url: url.clone(),
            uid,
            sink,
            passes_bodies: kind.passes_bodies,
            is_linked: entry.ramp.linked,
            facts,
            metrics: Some(self.ramp_metrics(&entry.ramp, url, ArtefactKind::Offramp)),
        });
        Ok(())
    }

    fn make_source(&self, repository: &Repository, registry: &mut Registry, url: &ArtefactUrl) -> Result<(), DeployError> {
        let entry = find(&repository.onramps, url).ok_or_else(|| DeployError::NotFound(url.clone()))?;
        let kind = self
            .connectors
            .source(&entry.ramp.type_)
            .ok_or_else(|| DeployError::UnknownOnramp {
                url: url.to_string(),
                name: entry.ramp.type_.to_string(),
            })?;
        let failed = |error| DeployError::Start {
            url: url.to_string(),
            error,
        };
        let uid = self.uids.next(UidKind::Source);
        let (shutdown, activity) = (self.shutdown.part(), self.activity.part());
        let control = Arc::new(SourceControl::default());
        let ramp = Ramp::resolve(&entry.ramp, url, kind.default_codec).map_err(failed)?;
        let mut facts = RampFacts::of(&ramp);
        let mut plan = (kind.plan)(ramp).map_err(failed)?;
        facts.own = std::mem::take(&mut plan.facts);
        let waiting = match &self.workers {
            None => None,
            Some(workers) => Some(
                plan.open(SourceCx {
                    ix: crate::ids::SourceIx(registry.sources.len() as u32),
                    uid,
                    url: url.to_string(),
                    hostname: self.hostname.clone(),
                    flow: Arc::clone(&self.flow),
                    control: Arc::clone(&control),
                    workers: Arc::clone(workers),
                    shutdown: shutdown.receiver(),
                    activity: activity.clone(),
                    exit: self.exit.clone(),
                    reload: self.reload.clone(),
                    sockets: self.sockets.clone(),
                    metrics: self.metrics.clone(),
                    settings: Arc::clone(&self.settings),
                })
                .map_err(failed)?,
            ),
        };
        registry.sources.push(SourceInstance {
            url: url.clone(),
            uid,
            control,
            passes_bodies: kind.passes_bodies,
            needs_err: entry.err_required,
            facts,
            metrics: Some(self.ramp_metrics(&entry.ramp, url, ArtefactKind::Onramp)),
            waiting,
            shutdown,
            activity,
        });
        Ok(())
    }

    fn ramp_metrics(&self, ramp: &RampEntry, url: &ArtefactUrl, kind: ArtefactKind) -> Arc<RampMetrics> {
        let mut metrics = RampMetrics::new(&url.to_string(), ramp.id.clone(), ramp.metrics_interval_s);
        if kind == ArtefactKind::Onramp && ramp.linked {
            metrics = metrics.with_replies();
        }
        let metrics = Arc::new(metrics);
        self.metrics.register(&metrics);
        metrics
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

    /// Ends everything; what is still under way is cut off.
    pub fn stop(&self) {
        self.shutdown.advance(Phase::Stopped);
        // Not over the registry, which a deployment may hold for as long as it opens something.
        for node in &self.flow.load().sinks {
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
        let deployed = registry.bindings.iter().flat_map(|(_, known)| known);
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
        .flat_map(|(_, links)| links)
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
