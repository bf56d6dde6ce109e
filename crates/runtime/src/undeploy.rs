//! Undeploying a binding instance (spec/runtime.md 3.3, spec/proxy.md 2.17).
//!
//! In three steps, so that what is under way is finished over the links it began with:
//!
//! 1. The binding goes. Sources that no other binding reads stop taking in work; the binding's links stay for them, and for nobody else.
//! 2. They drain, in the direction of the data: sources finish what they have begun, then pipelines that no deployed binding mentions let go of
//!    what they hold (ticks bring them the signal to drain). What sources have not answered when the time is over is ended with the
//!    reason `undeployed`, and what pipelines still hold is lost.
//! 3. The links go, then those pipelines, and the sinks that no deployed binding mentions are flushed and closed.
//!
//! Instances keep their positions; what was there is replaced by something that does nothing, and ends even where somebody still knows the
//! links of before. Instances named `system` are never removed.

use std::sync::Arc;
use std::time::Duration;

use temblor_config::{ArtefactKind, ArtefactUrl, Endpoint, Link, MappingEntry, OnrampPort};
use temblor_pipeline::InstanceCx;
use temblor_pipeline::op::wal::NoFolders;
use temblor_value::Str;
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

use crate::activity::Activity;
use crate::deploy::{LOOK, Runtime};
use crate::error::DeployError;
use crate::explain::Unopened;
use crate::facts::Facts;
use crate::flow::Flow;
use crate::ids::{PipelineIx, SinkIx, SourceIx};
use crate::registry::{PASSTHROUGH, PipelineInstance, Registry, Repository, SYSTEM, find};
use crate::shutdown::Phase;
use crate::sink::Sink;

/// Time that the last answers have to be written.
const GRACE: Duration = Duration::from_millis(500);

/// A deployed binding as it is shown.
#[derive(Clone, Debug)]
pub struct Deployed {
    /// Its id.
    pub id: Str,
    /// Its description.
    pub description: Str,
    /// Its links without placeholders, by where they come from.
    pub links: Vec<(ArtefactUrl, Vec<ArtefactUrl>)>,
}

/// What no deployed binding needs any more.
pub(crate) struct Leaving {
    sources: Vec<SourceIx>,
    pipelines: Vec<PipelineIx>,
    sinks: Vec<SinkIx>,
    /// Somebody who stays sends something to them.
    is_fed_by_others: bool,
}

impl Runtime {
    /// Ids of the published bindings.
    pub fn binding_ids(&self) -> Vec<String> {
        let repository = self.repository.lock();
        repository.bindings.iter().map(|(_, entry)| entry.id.to_string()).collect()
    }

    /// A binding instance, if it is deployed.
    pub fn deployed(&self, url: &ArtefactUrl) -> Option<Deployed> {
        let repository = self.repository.lock();
        let entry = find(&repository.bindings, url)?;
        let links = self.with_registry(|registry| {
            let deployed = registry.bindings.iter().find(|known| known.url.instance_eq(url));
            deployed.map(|binding| binding.links.clone())
        })?;
        let mut by_origin: Vec<(ArtefactUrl, Vec<ArtefactUrl>)> = Vec::new();
        for link in &links {
            let (from, to) = (link.from().url(), link.to().url());
            match by_origin.iter_mut().find(|(known, _)| *known == from) {
                Some((_, all)) => all.push(to),
                None => by_origin.push((from, vec![to])),
            }
        }
        Some(Deployed {
            id: entry.id.clone(),
            description: entry.description.clone(),
            links: by_origin,
        })
    }

    /// Deploys a binding beside other changes, on a thread that may wait for what is opened; gives what is deployed then. What another change
    /// has in hand is waited for, for `patience` at most.
    ///
    /// # Errors
    /// As [`Runtime::deploy`]; it is deployed already; another change takes too long.
    pub async fn deploy_in_turn(self: Arc<Self>, mapping: MappingEntry, patience: Duration) -> Result<Deployed, DeployError> {
        let is_new = || match self.deployed(&mapping.url) {
            Some(_) => Err(DeployError::Exists(mapping.url.clone())),
            None => Ok(()),
        };
        is_new()?;
        let links = self.links_of(&mapping)?;
        let mut touched: Vec<ArtefactUrl> = links.iter().flat_map(|link| [link.from().url(), link.to().url()]).collect();
        touched.push(mapping.url.clone());
        let begin = || {
            is_new()?;
            let mut taken = self.begin(&mapping, &links)?;
            taken.push(mapping.url.clone());
            Ok(taken)
        };
        let turn = match timeout(patience, self.turns.take(&touched, begin)).await {
            Ok(turn) => turn?,
            Err(_) => return Err(DeployError::Busy(mapping.url)),
        };
        let runtime = Arc::clone(&self);
        apart(move || {
            let _turn = turn;
            runtime.carry_out(&mapping, &links)?;
            runtime.deployed(&mapping.url).ok_or(DeployError::NotFound(mapping.url))
        })
        .await
    }

    /// Undeploys a binding instance; what its sources have begun may take so long.
    ///
    /// # Errors
    /// It is not deployed.
    pub async fn undeploy(self: Arc<Self>, url: &ArtefactUrl, limit: Duration) -> Result<(), DeployError> {
        let _undeploying = self.undeploying.lock().await;
        let (leaving, turn) = self.turns.begin(|| {
            let leaving = self.detach(url)?;
            let mut taken = self.with_registry(|registry| leaving.urls(registry));
            taken.push(url.clone());
            Ok((leaving, taken))
        })?;
        {
            let drained = self.drain_out(&leaving);
            tokio::pin!(drained);
            if timeout(limit, drained.as_mut()).await.is_err() {
                self.with_registry(|registry| leaving.advance_sources(registry, Phase::Undeployed));
                // What is left after that has nobody who waits for it.
                let _ = timeout(GRACE, drained).await;
            }
        }
        let runtime = Arc::clone(&self);
        apart(move || {
            let _turn = turn;
            runtime.remove(leaving)
        })
        .await
    }

    /// Step 1.
    fn detach(&self, url: &ArtefactUrl) -> Result<Leaving, DeployError> {
        self.with_registry(|registry| {
            let at = registry.bindings.iter().position(|known| known.url.instance_eq(url));
            let at = at.ok_or_else(|| DeployError::NotFound(url.clone()))?;
            let links = registry.bindings.remove(at).links;
            let mut leaving = Leaving::of(registry, &links);
            for ix in &leaving.pipelines {
                if let Some(instance) = registry.pipelines.get_mut(ix.0 as usize) {
                    instance.is_leaving = true;
                }
            }
            leaving.is_fed_by_others = links.iter().any(|link| leaving.is_fed_by_another(registry, link));
            registry.kept = links.into_iter().filter(|link| leaving.may_keep(registry, link)).collect();
            self.flow().store(Arc::new(registry.flow()));
            leaving.advance_sources(registry, Phase::Draining);
            Ok(leaving)
        })
    }

    /// Step 2, however long it takes.
    async fn drain_out(&self, leaving: &Leaving) {
        let activities: Vec<Activity> = self.with_registry(|registry| {
            let sources = leaving.sources.iter().filter_map(|ix| registry.sources.get(ix.0 as usize));
            sources.map(|source| source.activity.clone()).collect()
        });
        for activity in &activities {
            activity.ended().await;
        }
        if leaving.is_fed_by_others {
            self.with_registry(|registry| {
                let kept = std::mem::take(&mut registry.kept);
                let is_own = |link: &Link| leaving.has_end(registry, &link.from().url());
                registry.kept = kept.into_iter().filter(is_own).collect();
                self.flow().store(Arc::new(registry.flow()));
            });
            while self.flow().has_former() {
                sleep(LOOK).await;
            }
        }
        while !self.ticks.between(|| leaving.is_empty(&self.flow().load())) {
            sleep(LOOK).await;
        }
    }

    /// Step 3.
    fn remove(&self, leaving: Leaving) -> Result<(), DeployError> {
        let repository = self.repository.lock();
        let gone = self.with_registry(|registry| {
            registry.kept.clear();
            self.take_out(&repository, registry, leaving)
        })?;
        drop(repository);
        gone.end();
        Ok(())
    }

    /// Takes instances out of the registry and the flow; gives what is to be ended when no lock is held.
    pub(crate) fn take_out(
        &self,
        repository: &Repository,
        registry: &mut Registry,
        leaving: Leaving,
    ) -> Result<Gone, DeployError> {
        leaving.advance_sources(registry, Phase::Undeployed);
        for ix in &leaving.sources {
            if let Some(source) = registry.sources.get_mut(ix.0 as usize) {
                source.waiting = None;
                source.metrics = None;
                source.facts.own = Facts::default();
            }
        }
        let mut sinks = Vec::new();
        for ix in &leaving.sinks {
            if let Some(instance) = registry.sinks.get_mut(ix.0 as usize) {
                instance.metrics = None;
                instance.facts.own = Facts::default();
                sinks.push(std::mem::replace(&mut instance.sink, Arc::new(Unopened)));
            }
        }
        for ix in &leaving.pipelines {
            if let Some(instance) = registry.pipelines.get_mut(ix.0 as usize) {
                let passthrough = ArtefactUrl::of_artefact(ArtefactKind::Pipeline, PASSTHROUGH)?;
                let query = find(&repository.pipelines, &passthrough).ok_or(DeployError::NotFound(passthrough))?;
                let cx = InstanceCx {
                    url: instance.url.to_string(),
                    uids: &self.uids,
                    logs: &NoFolders,
                };
                let made = query.instantiate(&cx);
                let (graph, state) = made.map_err(|error| DeployError::Pipeline(error.to_string()))?;
                let mut empty = PipelineInstance::new(instance.url.clone(), query, graph, state, Activity::default());
                empty.is_gone = true;
                *instance = empty;
            }
        }
        let flow = self.flow().load();
        self.flow().store(Arc::new(registry.flow()));
        Ok(Gone {
            flow,
            pipelines: leaving.pipelines,
            sinks,
        })
    }
}

/// What was taken out, and the flow in which it was last.
pub(crate) struct Gone {
    flow: Arc<Flow>,
    pipelines: Vec<PipelineIx>,
    sinks: Vec<Arc<dyn Sink>>,
}

impl Gone {
    /// Ends the pipelines, then flushes and closes the sinks. May wait for files.
    pub(crate) fn end(self) {
        for ix in self.pipelines {
            let lost = self.flow.held(ix);
            if lost > 0
                && let Some(node) = self.flow.pipeline(ix)
            {
                tracing::warn!(target: "tremor_runtime::pipeline", "[Pipeline::{}] it was undeployed with {lost} events that could not be delivered", node.url);
            }
            self.flow.end(ix);
        }
        for sink in self.sinks {
            sink.stop();
        }
    }
}

/// Runs what may wait for files and locks on a thread where that disturbs nobody.
async fn apart<T: Send + 'static>(change: impl FnOnce() -> Result<T, DeployError> + Send + 'static) -> Result<T, DeployError> {
    let task = spawn_blocking(change);
    task.await.unwrap_or_else(|error| Err(DeployError::System(error.to_string())))
}

impl Leaving {
    /// What these links leave behind, whose binding is no longer among the deployed ones.
    pub(crate) fn of(registry: &Registry, links: &[Link]) -> Self {
        let ends = || links.iter().flat_map(|link| [link.from(), link.to()]);
        let is_system = |url: &ArtefactUrl| url.instance().is_some_and(|name| name.as_str() == SYSTEM);
        let of_kind = |kind: ArtefactKind| {
            let mut urls: Vec<ArtefactUrl> = Vec::new();
            for end in ends().filter(|end| end.kind() == kind) {
                let url = end.url();
                if !is_system(&url) && !urls.iter().any(|known| known.instance_eq(&url)) {
                    urls.push(url);
                }
            }
            urls
        };
        let is_used = |url: &ArtefactUrl, counts: &dyn Fn(&Link) -> bool| {
            let mut deployed = registry
                .bindings
                .iter()
                .chain(&registry.deploying)
                .flat_map(|binding| &binding.links);
            deployed.any(|link| counts(link) && (link.from().url().instance_eq(url) || link.to().url().instance_eq(url)))
        };
        // A source lives by what it sends its events to, not by the replies it could get.
        let reads = |link: &Link| matches!(link, Link::OnrampToPipeline { port, .. } if *port != OnrampPort::Unanswered);
        let sources = of_kind(ArtefactKind::Onramp).into_iter().filter(|url| !is_used(url, &reads));
        let pipelines = of_kind(ArtefactKind::Pipeline)
            .into_iter()
            .filter(|url| !is_used(url, &|_| true));
        let sinks = of_kind(ArtefactKind::Offramp)
            .into_iter()
            .filter(|url| !is_used(url, &|_| true));
        Self {
            sources: sources.filter_map(|url| registry.source(&url)).collect(),
            pipelines: pipelines.filter_map(|url| registry.pipeline(&url)).collect(),
            sinks: sinks.filter_map(|url| registry.sink(&url)).collect(),
            is_fed_by_others: false,
        }
    }

    /// The instances.
    fn urls(&self, registry: &Registry) -> Vec<ArtefactUrl> {
        let sources = self.sources.iter().filter_map(|ix| registry.sources.get(ix.0 as usize));
        let pipelines = self.pipelines.iter().filter_map(|ix| registry.pipelines.get(ix.0 as usize));
        let sinks = self.sinks.iter().filter_map(|ix| registry.sinks.get(ix.0 as usize));
        sources
            .map(|instance| instance.url.clone())
            .chain(pipelines.map(|instance| instance.url.clone()))
            .chain(sinks.map(|instance| instance.url.clone()))
            .collect()
    }

    /// Whether that instance is one of those that leave.
    fn has_end(&self, registry: &Registry, url: &ArtefactUrl) -> bool {
        match url.kind() {
            Some(ArtefactKind::Onramp) => registry.source(url).is_some_and(|ix| self.sources.contains(&ix)),
            Some(ArtefactKind::Pipeline) => registry.pipeline(url).is_some_and(|ix| self.pipelines.contains(&ix)),
            Some(ArtefactKind::Offramp) => registry.sink(url).is_some_and(|ix| self.sinks.contains(&ix)),
            _ => false,
        }
    }

    /// Does the link lead from an instance that stays to one that leaves, other than with replies?
    fn is_fed_by_another(&self, registry: &Registry, link: &Link) -> bool {
        let is_leaving = |end: &Endpoint| self.has_end(registry, &end.url());
        !matches!(link, Link::PipelineToOnramp { .. }) && is_leaving(link.to()) && !is_leaving(link.from())
    }

    /// Its ticks have nothing under way, and its pipelines hold nothing. To be asked when its sources have ended, and between two ticks: only a
    /// tick can set something going then.
    fn is_empty(&self, flow: &Flow) -> bool {
        let is_idle = |ix: &PipelineIx| flow.pipeline(*ix).is_none_or(|node| node.activity.count() == 0);
        self.pipelines.iter().all(is_idle) && self.pipelines.iter().all(|ix| flow.held(*ix) == 0)
    }

    /// Does a link of the binding stay until the sources have drained? One that feeds it from a source that stays does not.
    fn may_keep(&self, registry: &Registry, link: &Link) -> bool {
        match link {
            Link::OnrampToPipeline { from, .. } => registry.source(&from.url()).is_some_and(|ix| self.sources.contains(&ix)),
            _ => true,
        }
    }

    fn advance_sources(&self, registry: &Registry, phase: Phase) {
        for source in self.sources.iter().filter_map(|ix| registry.sources.get(ix.0 as usize)) {
            source.shutdown.advance(phase);
        }
    }
}
