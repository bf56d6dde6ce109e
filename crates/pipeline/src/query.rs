//! A query from its text to instances.

use std::sync::Arc;

use temblor_event::UidSource;
use temblor_script::Env;
use temblor_syntax::{Diagnostic, SourceMap};

use crate::errors::QueryErrors;
use crate::graph::{Graph, PipelineState};
use crate::op::wal::{LogStores, NoFolders};
use crate::outline::Outline;
use crate::plan::logical::Logical;
use crate::plan::{self, Plan, physical};
use crate::report::Reporter;

/// Nanoseconds of a second.
const NS_PER_S: u64 = 1_000_000_000;

/// A compiled query: all names of expressions resolved, all scripts compiled, all parameters constant. Instances are made of it.
pub struct Query {
    sources: Arc<SourceMap>,
    plan: Plan,
    warnings: Option<QueryErrors>,
}

/// What an instance of a query gets from outside.
pub struct InstanceCx<'a> {
    /// Value of the tag `pipeline` in its metrics (spec/operators-and-flow.md C.1).
    pub url: String,
    /// Where the uids of its nodes come from.
    pub uids: &'a UidSource,
    /// Opens the folders of its write-ahead logs.
    pub logs: &'a dyn LogStores,
}

impl Query {
    /// Compiles a text; `file` is the name that reports show.
    ///
    /// # Errors
    /// Everything that spec/query.md 11 lists for the stages parse and resolve.
    pub fn compile(file: &str, text: &str, env: &Env) -> Result<Self, QueryErrors> {
        let mut sources = SourceMap::new();
        let source = sources.add(file, text);
        let resolved = plan::resolve(&mut sources, source, env);
        let sources = Arc::new(sources);
        match resolved {
            Ok((plan, warnings)) => Ok(Self {
                warnings: (!warnings.is_empty()).then(|| QueryErrors::new(Arc::clone(&sources), warnings)),
                sources,
                plan,
            }),
            Err(errors) => Err(QueryErrors::new(sources, errors)),
        }
    }

    /// What was found strange without refusing it (spec/query.md 12), ordered by place.
    pub fn warnings(&self) -> Option<&QueryErrors> {
        self.warnings.as_ref()
    }

    /// Value of the directive `id`, if it is a string.
    pub fn config_id(&self) -> Option<&str> {
        self.plan.config("id")?.as_str()
    }

    /// Value of the directive `metrics_interval_s` in seconds, if it is an unsigned integer.
    pub fn metrics_interval_s(&self) -> Option<u64> {
        self.plan.config("metrics_interval_s")?.as_u64()
    }

    /// Makes an instance with a state of its own.
    ///
    /// # Errors
    /// Everything that spec/query.md 11 lists for the stage graph.
    pub fn instantiate(&self, cx: &InstanceCx<'_>) -> Result<(Graph, PipelineState), QueryErrors> {
        let logical = self.logical(cx.logs)?;
        let interval_ns = self.metrics_interval_s().map(|interval| interval.saturating_mul(NS_PER_S));
        Ok(physical::build(logical, cx, interval_ns))
    }

    /// Whether an instance can be made.
    ///
    /// # Errors
    /// As for [`Query::instantiate`].
    pub fn check(&self) -> Result<(), QueryErrors> {
        self.logical(&NoFolders).map(|_| ())
    }

    /// What the text says of the nodes.
    pub fn outline(&self) -> Outline {
        Outline::of(&self.plan, &self.sources)
    }

    /// The graph in dot syntax, before pass-throughs are bypassed (spec/operators-and-flow.md C.4).
    ///
    /// # Errors
    /// As for [`Query::instantiate`].
    pub fn dot(&self) -> Result<String, QueryErrors> {
        Ok(self.logical(&NoFolders)?.dot(&self.sources))
    }

    fn logical<'p>(&'p self, logs: &'p dyn LogStores) -> Result<Logical<'p>, QueryErrors> {
        let reporter = Reporter::new(Arc::clone(&self.sources));
        Logical::build(&self.plan, &self.sources, &reporter, logs)
            .map_err(|error: Box<Diagnostic>| QueryErrors::new(Arc::clone(&self.sources), vec![*error]))
    }
}
