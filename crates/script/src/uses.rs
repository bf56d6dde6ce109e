//! What a program uses of an event, for link time (design 2.10, spec/proxy.md 3.2).

use temblor_syntax::span::Span;
use temblor_value::Str;

use crate::ir::{Expr, Kind, Path, Root, StepKind};

/// Which metadata is touched, by first key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum MetaUse {
    /// None.
    #[default]
    Nothing,
    /// These keys only, each once.
    Keys(Vec<Str>),
    /// All of it, or keys that are not known at load.
    Everything,
}

/// Metadata that is read or assigned, by the first two keys of each path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MetaPaths {
    /// These paths; without a second key all below the first.
    These(Vec<(Str, Option<Str>)>),
    /// All of it, or paths that are not known at load.
    Everything,
}

impl Default for MetaPaths {
    fn default() -> Self {
        Self::These(Vec::new())
    }
}

impl MetaPaths {
    fn add(&mut self, path: &Path) {
        let field = |at: usize| match path.steps.get(at).map(|step| &step.kind) {
            Some(StepKind::Field(key)) => Some(key.clone()),
            _ => None,
        };
        match (field(0), &mut *self) {
            (Some(first), Self::These(paths)) => paths.push((first, field(1))),
            (None, _) => *self = Self::Everything,
            (Some(_), Self::Everything) => {}
        }
    }

    /// Takes in what `other` touches.
    pub fn join(&mut self, other: &Self) {
        match (&mut *self, other) {
            (Self::These(paths), Self::These(more)) => {
                for path in more {
                    if !paths.contains(path) {
                        paths.push(path.clone());
                    }
                }
            }
            _ => *self = Self::Everything,
        }
    }

    /// Whether what stands under `second` below `first` may be touched.
    pub fn touches(&self, first: &str, second: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::These(paths) => paths
                .iter()
                .any(|(key, below)| key == first && below.as_ref().is_none_or(|below| below == second)),
        }
    }
}

/// What a program reads, writes and gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Uses {
    /// Reads `event` other than as the result: `event;` as last expression, `emit event` and `emit => "p"` are no reads.
    pub reads_event: bool,
    /// Assigns `event`, as a whole or in a part.
    pub writes_event: bool,
    /// Metadata it reads.
    pub reads_meta: MetaUse,
    /// Metadata it assigns.
    pub writes_meta: MetaUse,
    /// Metadata it reads or assigns, by the first two keys.
    pub meta_paths: MetaPaths,
    /// Reads or assigns `state`.
    pub state: bool,
    /// Ports known at load that results may go to, each once; `None` is the default port.
    pub ports: Vec<Option<Str>>,
    /// A port is computed per event, so any is possible.
    pub computes_port: bool,
    /// Has a `drop`.
    pub can_drop: bool,
    /// May end with the event as result.
    pub can_emit_event: bool,
    /// May end with a value other than the event.
    pub can_emit_value: bool,
    /// Calls script or library functions.
    pub calls: bool,
    /// Where it does so.
    pub sites: Sites,
}

/// Where in its text a program uses what, for each kind of use the first place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sites {
    /// Of [`Uses::reads_event`].
    pub reads_event: Option<Span>,
    /// Of [`Uses::writes_event`].
    pub writes_event: Option<Span>,
    /// Of [`Uses::can_emit_value`].
    pub emits_value: Option<Span>,
    /// Of [`Uses::can_drop`].
    pub drops: Option<Span>,
    /// Of each of [`Uses::ports`], in their order.
    pub ports: Vec<Span>,
}

impl Sites {
    fn note(place: &mut Option<Span>, at: Span) {
        let is_first = place.is_none_or(|known| known.source == at.source && at.start < known.start);
        if is_first {
            *place = Some(at);
        }
    }
}

impl MetaUse {
    fn add(&mut self, path: &Path) {
        let Some(StepKind::Field(key)) = path.steps.first().map(|step| &step.kind) else {
            *self = Self::Everything;
            return;
        };
        match self {
            Self::Nothing => *self = Self::Keys(vec![key.clone()]),
            Self::Keys(keys) if !keys.contains(key) => keys.push(key.clone()),
            Self::Keys(_) | Self::Everything => {}
        }
    }

    /// Whether the metadata below `key` may be touched.
    pub fn touches(&self, key: &str) -> bool {
        match self {
            Self::Nothing => false,
            Self::Keys(keys) => keys.iter().any(|known| known == key),
            Self::Everything => true,
        }
    }
}

impl Uses {
    /// Whether every result is the event as it came, or none.
    pub fn returns_event_untouched(&self) -> bool {
        !self.writes_event && !self.can_emit_value
    }

    /// The uses of a whole script; `body` is pruned.
    pub(crate) fn of_script(body: &[Expr]) -> Self {
        let mut uses = Self::default();
        for expr in body {
            uses.collect(expr);
        }
        if let Some(last) = body.last() {
            uses.result(last);
        }
        uses
    }

    /// The uses of an expression.
    pub(crate) fn of_expr(expr: &Expr) -> Self {
        let mut uses = Self::default();
        uses.collect(expr);
        uses
    }

    /// Notes what the last expression gives.
    fn result(&mut self, last: &Expr) {
        match &last.kind {
            Kind::Emit { .. } | Kind::Drop | Kind::ReturnEvent => {}
            Kind::Match(inner) if inner.is_action => {
                for clause in &inner.clauses {
                    if let Some(last) = clause.body.last() {
                        self.result(last);
                    }
                }
            }
            _ => {
                self.can_emit_value = true;
                Sites::note(&mut self.sites.emits_value, last.at.0);
                self.port(None, last.at.0);
            }
        }
    }

    fn port(&mut self, port: Option<Str>, at: Span) {
        if !self.ports.contains(&port) {
            self.ports.push(port);
            self.sites.ports.push(at);
        }
    }

    fn read(&mut self, path: &Path) {
        match path.root {
            Root::Event => {
                self.reads_event = true;
                Sites::note(&mut self.sites.reads_event, path.at.0);
            }
            Root::Meta => {
                self.reads_meta.add(path);
                self.meta_paths.add(path);
            }
            Root::State => self.state = true,
            _ => {}
        }
    }

    fn collect(&mut self, expr: &Expr) {
        match &expr.kind {
            Kind::Path(path) | Kind::Present { path, .. } => self.read(path),
            Kind::Let { target, .. } => match target.root {
                Root::Event => {
                    self.writes_event = true;
                    Sites::note(&mut self.sites.writes_event, expr.at.0);
                }
                Root::Meta => {
                    self.writes_meta.add(target);
                    self.meta_paths.add(target);
                }
                Root::State => self.state = true,
                _ => {}
            },
            Kind::Emit { value, port } => {
                match port.as_ref().map(|port| port.as_const()) {
                    None => self.port(None, expr.at.0),
                    Some(Some(name)) => self.port(name.as_str().map(Str::new), expr.at.0),
                    Some(None) => self.computes_port = true,
                }
                match value {
                    Some(_) => {
                        self.can_emit_value = true;
                        Sites::note(&mut self.sites.emits_value, expr.at.0);
                    }
                    None => self.can_emit_event = true,
                }
            }
            Kind::ReturnEvent => {
                self.can_emit_event = true;
                self.port(None, expr.at.0);
            }
            Kind::Drop => {
                self.can_drop = true;
                Sites::note(&mut self.sites.drops, expr.at.0);
            }
            Kind::Native { .. } | Kind::Call { .. } => self.calls = true,
            _ => {}
        }
        expr.children(&mut |child| self.collect(child));
    }
}
