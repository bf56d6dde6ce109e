//! Deployments that fail, come too late or go again, with onramps of which one cannot start.

use std::num::NonZeroUsize;
use std::time::Duration;

use temblor_metrics::Format;
use temblor_script::host::NoHost;
use temblor_script::loader::NoModules;
use temblor_script::{Limits, Registry as Functions};
use temblor_syntax::ast::Dialect;

use super::*;
use crate::connectors::{SourcePlan, SourceType};
use crate::source::{Source, StartError};

struct Made {
    starts: bool,
}

impl Source for Made {
    fn start(self: Box<Self>) -> Result<(), StartError> {
        self.starts.then_some(()).ok_or_else(|| StartError("no".to_owned()))
    }
}

const GOOD: SourceType = SourceType {
    name: "good",
    default_codec: "json",
    passes_bodies: false,
    plan: |_| Ok(SourcePlan::new(|_| Ok(Box::new(Made { starts: true }) as Box<dyn Source>))),
};

const BAD: SourceType = SourceType {
    name: "bad",
    plan: |_| Ok(SourcePlan::new(|_| Ok(Box::new(Made { starts: false }) as Box<dyn Source>))),
    ..GOOD
};

const DOCUMENT: &str = "\
onramp:
  - {id: good, type: good, config: {}}
  - {id: bad, type: bad, config: {}}
binding:
  - id: fine
    links:
      /onramp/good/a/out: [/pipeline/system::passthrough/a/in]
  - id: broken
    links:
      /onramp/good/b/out: [/pipeline/system::passthrough/b/in]
      /onramp/bad/b/out: [/pipeline/system::passthrough/b/in]
mapping:
  /binding/fine/a: {}
  /binding/broken/b: {}
";

/// A runtime with everything published and nothing deployed, and the mappings.
fn published() -> (Arc<Runtime>, Vec<MappingEntry>) {
    let connectors = Connectors {
        sources: vec![GOOD, BAD],
        sinks: Vec::new(),
    };
    let env = Env {
        registry: Arc::new(Functions::new()),
        loader: Arc::new(NoModules),
        host: Arc::new(NoHost),
        limits: Limits::default(),
        dialect: Dialect::Modern,
    };
    let workers = Arc::new(Workers::start(NonZeroUsize::MIN).unwrap());
    let runtime = Runtime::new(connectors, workers, &env, Process::default()).unwrap();
    let document = Document::parse("d.yaml", DOCUMENT.as_bytes()).unwrap();
    for entry in document.onramps {
        runtime.publish_onramp(entry).unwrap();
    }
    for entry in document.bindings {
        runtime.publish_binding(entry).unwrap();
    }
    (Arc::new(runtime), document.mappings)
}

#[test]
fn of_a_deployment_whose_start_fails_nothing_is_left() {
    let (runtime, mappings) = published();
    runtime.deploy(&mappings[0]).unwrap();
    for _ in 0..2 {
        let error = runtime.deploy(&mappings[1]).unwrap_err();
        assert!(matches!(error, DeployError::Start { .. }), "{error}");
        assert!(runtime.deployed(&mappings[1].url).is_none());
    }
    runtime.inspect(|registry, flow| {
        let linked: Vec<bool> = flow.sources.iter().map(|source| !source.out.is_empty()).collect();
        let kept: Vec<bool> = registry.sources.iter().map(|source| !source.is_gone()).collect();
        assert_eq!(linked, [true, false, false, false, false]);
        assert_eq!(kept, linked);
        let phases = registry.sources.iter().map(|source| source.shutdown.receiver().phase());
        assert_eq!(phases.filter(|phase| *phase == Phase::Running).count(), 1);
    });
    assert!(runtime.deployed(&mappings[0].url).is_some());
}

#[test]
fn nothing_is_deployed_into_a_process_that_drains() {
    let (runtime, mappings) = published();
    runtime.drain();
    assert!(matches!(runtime.deploy(&mappings[0]), Err(DeployError::Draining)));
    assert!(runtime.deployed(&mappings[0].url).is_none());
}

#[tokio::test]
async fn numbers_of_what_is_undeployed_are_shown_no_more() {
    let (runtime, mappings) = published();
    let shows = || runtime.metrics.read().render(Format::Text).contains("onramp/good/a");
    let mapping = mappings[0].clone();
    for _ in 0..2 {
        assert!(!shows());
        Arc::clone(&runtime)
            .deploy_in_turn(mapping.clone(), Duration::MAX)
            .await
            .unwrap();
        assert!(shows());
        Arc::clone(&runtime)
            .undeploy(&mapping.url, Duration::from_mins(1))
            .await
            .unwrap();
    }
    assert!(!shows());
}

#[tokio::test(start_paused = true)]
async fn what_another_change_has_in_hand_is_waited_for_and_not_for_ever() {
    let (runtime, mappings) = published();
    let [fine, broken] = mappings.as_slice() else { panic!() };
    let in_hand = broken.url.clone();
    let ((), turn) = runtime.turns.begin(|| Ok(((), vec![in_hand]))).unwrap();
    let deploy = |mapping: &MappingEntry| Arc::clone(&runtime).deploy_in_turn(mapping.clone(), Duration::from_secs(9));
    assert!(matches!(deploy(broken).await, Err(DeployError::Busy(_))));
    assert!(deploy(fine).await.is_ok(), "it shares nothing with the other one");
    drop(turn);
    assert!(matches!(deploy(broken).await, Err(DeployError::Start { .. })));
}

#[test]
fn what_a_deployment_under_way_counts_on_stays() {
    let (runtime, mappings) = published();
    runtime.deploy(&mappings[0]).unwrap();
    let links = runtime.links_of(&mappings[0]).unwrap();
    let mut again = mappings[0].clone();
    again.url = again.url.with_instance("again").unwrap();
    assert_eq!(runtime.begin(&again, &links).unwrap(), [], "all of it is there");
    let undeploy = || {
        let executor = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        executor.block_on(Arc::clone(&runtime).undeploy(&mappings[0].url, Duration::from_mins(1)))
    };
    undeploy().unwrap();
    let is_there = || runtime.inspect(|registry, _| links.iter().all(|link| registry.has(&link.from().url())));
    assert!(is_there());
    // It fails, and nobody else wants them.
    runtime.give_up(&again, &links).unwrap();
    assert!(!is_there());
}
