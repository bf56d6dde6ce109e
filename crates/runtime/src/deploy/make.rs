//! Making instances: configuration read, files and sockets opened. No lock is held meanwhile, and nothing is linked.

use std::sync::Arc;

use temblor_config::{ArtefactKind, ArtefactUrl, Link, RampEntry};
use temblor_event::UidKind;
use temblor_pipeline::InstanceCx;
use temblor_pipeline::op::wal::NoFolders;

use super::Runtime;
use crate::connectors::SinkStart;
use crate::error::DeployError;
use crate::explain::Unopened;
use crate::facts::RampFacts;
use crate::ids::SourceIx;
use crate::log_store::LogFolders;
use crate::ramp::Ramp;
use crate::ramp_metrics::RampMetrics;
use crate::registry::{PipelineInstance, Registry, SinkInstance, SourceInstance, find};
use crate::source::{SourceControl, SourceCx};

/// Instances that belong to nothing yet.
#[derive(Default)]
pub(super) struct Made {
    pipelines: Vec<PipelineInstance>,
    sinks: Vec<SinkInstance>,
    /// With their positions.
    sources: Vec<(SourceIx, SourceInstance)>,
}

impl Made {
    fn has(&self, url: &ArtefactUrl) -> bool {
        let mut urls = self
            .pipelines
            .iter()
            .map(|made| &made.url)
            .chain(self.sinks.iter().map(|made| &made.url))
            .chain(self.sources.iter().map(|(_, made)| &made.url));
        urls.any(|known| known.instance_eq(url))
    }

    /// From now on they belong to the process.
    pub(super) fn enter(self, registry: &mut Registry) {
        registry.pipelines.extend(self.pipelines);
        registry.sinks.extend(self.sinks);
        for (ix, source) in self.sources {
            if let Some(place) = registry.sources.get_mut(ix.0 as usize) {
                *place = source;
            }
        }
    }

    /// Lets go of what was opened.
    pub(super) fn give_up(self) {
        for made in self.sinks {
            made.sink.stop();
        }
    }
}

impl Runtime {
    /// Makes the instances of these links that are not there.
    pub(super) fn make_missing(&self, links: &[Link]) -> Result<Made, DeployError> {
        let mut made = Made::default();
        for link in links {
            for end in [link.to(), link.from()] {
                if let Err(error) = self.make(end.kind(), &end.url(), &mut made) {
                    made.give_up();
                    return Err(error);
                }
            }
        }
        Ok(made)
    }

    fn make(&self, kind: ArtefactKind, url: &ArtefactUrl, made: &mut Made) -> Result<(), DeployError> {
        if made.has(url) || self.with_registry(|registry| registry.has(url)) {
            return Ok(());
        }
        match kind {
            ArtefactKind::Pipeline => made.pipelines.push(self.make_pipeline(url)?),
            ArtefactKind::Offramp => made.sinks.push(self.make_sink(url)?),
            ArtefactKind::Onramp => made.sources.push(self.make_source(url)?),
            ArtefactKind::Binding => {}
        }
        Ok(())
    }

    pub(super) fn make_pipeline(&self, url: &ArtefactUrl) -> Result<PipelineInstance, DeployError> {
        let query = find(&self.repository.lock().pipelines, url).cloned();
        let query = query.ok_or_else(|| DeployError::NotFound(url.clone()))?;
        let cx = InstanceCx {
            url: url.without_port().to_string(),
            uids: &self.uids,
            logs: if self.workers.is_some() { &LogFolders } else { &NoFolders },
        };
        let made = query.instantiate(&cx);
        let (graph, state) = made.map_err(|error| DeployError::Pipeline(error.to_string()))?;
        let instance = PipelineInstance::new(url.clone(), &query, graph, state, self.activity.part());
        self.metrics.register(&instance.numbers);
        Ok(instance)
    }

    pub(super) fn make_sink(&self, url: &ArtefactUrl) -> Result<SinkInstance, DeployError> {
        let entry = find(&self.repository.lock().offramps, url).cloned();
        let entry = entry.ok_or_else(|| DeployError::NotFound(url.clone()))?;
        let kind = self
            .connectors
            .sink(&entry.ramp.type_)
            .ok_or_else(|| DeployError::UnknownOfframp(entry.ramp.type_.to_string()))?;
        let failed = |error| DeployError::Start {
            url: url.to_string(),
            error,
        };
        let uid = self.uids.next(UidKind::Sink);
        let ramp = Ramp::resolve(&entry.ramp, url, kind.default_codec, self.mime_table).map_err(failed)?;
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
        Ok(SinkInstance {
            url: url.clone(),
            uid,
            sink,
            passes_bodies: kind.passes_bodies,
            is_linked: entry.ramp.linked,
            facts,
            metrics: Some(self.ramp_metrics(&entry.ramp, url, ArtefactKind::Offramp)),
        })
    }

    fn make_source(&self, url: &ArtefactUrl) -> Result<(SourceIx, SourceInstance), DeployError> {
        let entry = find(&self.repository.lock().onramps, url).cloned();
        let entry = entry.ok_or_else(|| DeployError::NotFound(url.clone()))?;
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
        let ramp = Ramp::resolve(&entry.ramp, url, kind.default_codec, self.mime_table).map_err(failed)?;
        let mut facts = RampFacts::of(&ramp);
        let mut plan = (kind.plan)(ramp).map_err(failed)?;
        facts.own = std::mem::take(&mut plan.facts);
        let mut instance = SourceInstance {
            url: url.clone(),
            uid,
            control,
            passes_bodies: kind.passes_bodies,
            needs_err: entry.err_required,
            facts,
            metrics: Some(self.ramp_metrics(&entry.ramp, url, ArtefactKind::Onramp)),
            waiting: None,
            shutdown,
            activity,
        };
        let ix = self.with_registry(|registry| registry.reserve(instance.vacant()));
        if let Some(workers) = &self.workers {
            let source = plan.open(SourceCx {
                ix,
                uid,
                url: url.to_string(),
                hostname: self.hostname.clone(),
                flow: Arc::clone(&self.flow),
                control: Arc::clone(&instance.control),
                workers: Arc::clone(workers),
                shutdown: instance.shutdown.receiver(),
                activity: instance.activity.clone(),
                exit: self.exit.clone(),
                reload: self.reload.clone(),
                sockets: self.sockets.clone(),
                metrics: self.metrics.clone(),
                settings: Arc::clone(&self.settings),
            });
            instance.waiting = Some(source.map_err(failed)?);
        }
        Ok((ix, instance))
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
}
