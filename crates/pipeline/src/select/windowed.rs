//! Selects with windows (spec/query.md 9.6 to 9.8).
//!
//! Algorithm, per event and group: every window from the first on is asked whether it closes, up to the first that does not. The event goes
//! into the first window, before or after that window emits. Each window that closes emits and hands its state to the next one, which
//! merges it. A tick does the same without an event, for windows that the clock closes. An error ends the walk for this event; what
//! was counted or taken in before stays, and nothing the event caused is emitted. When nothing more is to come, every window that took
//! something in since its last emission emits it and hands it to the next one.

use std::sync::Arc;

use hashbrown::HashSet;
use smallvec::SmallVec;
use temblor_event::{End, Event, EventId, Lease, OpMeta, Payload, Reason, Signal, Tickets, Uid};
use temblor_script::func::Aggregate;
use temblor_script::select::{ReadScope, SelectPrograms};
use temblor_script::{EventInfo, Scratch};
use temblor_syntax::{Diagnostic, Excerpt, codes};
use temblor_value::Value;

use super::groups::{Group, Groups, groups};
use super::store::{Place, Store};
use super::window::{Emission, Progress, WindowSpec};
use crate::op::script::info;
use crate::op::{OpCx, OpError, OpTraits, StatefulOperator};
use crate::port::PortId;
use crate::report::Reporter;

/// See the module's documentation.
pub(super) struct Windowed {
    programs: Arc<SelectPrograms>,
    windows: Vec<Window>,
    reporter: Reporter,
    uid: Uid,
    /// Number of the next id.
    number: u64,
    /// The group of a select without `group by`.
    all: Group,
    /// What the event at hand emits.
    results: Vec<Event>,
}

/// A window with its groups.
struct Window {
    spec: WindowSpec,
    store: Store<Held>,
}

/// State of one group in one window.
struct Held {
    group: Group,
    progress: Progress,
    parts: Parts,
}

/// What was taken in since the last emission.
struct Parts {
    id: EventId,
    transactional: bool,
    tickets: Tickets,
    lease: Lease,
    aggregates: Vec<Box<dyn Aggregate>>,
}

/// What makes windows close: an event or a signal.
#[derive(Clone, Copy)]
struct Trigger<'a> {
    value: &'a Value,
    meta: &'a Value,
    op_meta: &'a OpMeta,
    info: EventInfo<'a>,
    /// The event; `None` on a signal.
    event: Option<&'a Event>,
    /// The event's tickets.
    tickets: &'a Tickets,
}

/// What a signal has in the place of an event.
struct NoEvent {
    value: Value,
    meta: Value,
    op_meta: OpMeta,
    tickets: Tickets,
}

impl Default for NoEvent {
    fn default() -> Self {
        Self {
            value: Value::Null,
            meta: Value::object(),
            op_meta: OpMeta::default(),
            tickets: Tickets::default(),
        }
    }
}

impl NoEvent {
    fn at(&self, now_ns: u64) -> Trigger<'_> {
        Trigger {
            value: &self.value,
            meta: &self.meta,
            op_meta: &self.op_meta,
            info: info(now_ns, None),
            event: None,
            tickets: &self.tickets,
        }
    }
}

type Places = SmallVec<[Place; 2]>;

impl Windowed {
    pub(super) fn new(programs: Arc<SelectPrograms>, windows: Vec<WindowSpec>, reporter: Reporter, uid: Uid) -> Self {
        let window = |spec| Window {
            spec,
            store: Store::default(),
        };
        Self {
            programs,
            windows: windows.into_iter().map(window).collect(),
            reporter,
            uid,
            number: 0,
            all: Group::of_all(),
            results: Vec::new(),
        }
    }

    /// Handles an event; false if `where` is.
    fn take(&mut self, event: &Event, tickets: &Tickets, scratch: &mut Scratch) -> Result<bool, OpError> {
        let trigger = Trigger {
            value: event.value(),
            meta: event.meta(),
            op_meta: &event.op_meta,
            info: info(event.ingest_ns, event.origin.as_deref()),
            event: Some(event),
            tickets,
        };
        let programs = Arc::clone(&self.programs);
        let incoming = trigger.scope(&Value::Null, &Value::Null, None);
        if let Some(filter) = &programs.filter
            && !filter
                .test(&incoming, scratch)
                .map_err(|trap| self.reporter.select_error(&trap))?
        {
            return Ok(false);
        }
        self.evict(event.ingest_ns);
        let groups = match &programs.group_by {
            Some(dimension) => groups(dimension, &incoming, scratch).map_err(|trap| self.reporter.select_error(&trap))?,
            None => Groups::from_iter([self.all.clone()]),
        };
        for group in &groups {
            let places = self.enter(group)?;
            self.walk(group, &places, trigger, scratch)?;
        }
        Ok(true)
    }

    fn evict(&mut self, now_ns: u64) {
        for window in &mut self.windows {
            if let Some(period_ns) = window.spec.eviction_ns {
                window.store.evict(now_ns, period_ns);
            }
        }
    }

    /// The group's places in all windows, made where missing.
    fn enter(&mut self, group: &Group) -> Result<Places, OpError> {
        self.enter_within(group, |spec| spec.max_groups)
    }

    fn enter_within(&mut self, group: &Group, max_groups: impl Fn(&WindowSpec) -> u64) -> Result<Places, OpError> {
        let Self {
            windows,
            programs,
            number,
            uid,
            reporter,
            ..
        } = self;
        let mut places = Places::new();
        for window in windows {
            let make = || Held::new(group, Parts::new(programs, fresh_id(*uid, number)));
            match window.store.enter(&group.name, max_groups(&window.spec), make) {
                Some(place) => places.push(place),
                None => return Err(reporter.fatal(&too_many_groups(&window.spec, group))),
            }
        }
        Ok(places)
    }

    /// Steps 1 to 5 of spec/query.md 9.8 for one group.
    fn walk(&mut self, group: &Group, places: &Places, trigger: Trigger<'_>, scratch: &mut Scratch) -> Result<(), OpError> {
        let closing = self.ask(places, trigger, scratch)?;
        let includes = closing.first().is_none_or(|emission| *emission == Emission::Including);
        if includes {
            self.accumulate(group, places, trigger, scratch)?;
        }
        let mut finer: Option<Parts> = None;
        for (at, emission) in closing.iter().enumerate() {
            if *emission == Emission::Including {
                self.merge(at, places, finer.take())?;
            }
            self.emit(at, group, places, trigger, scratch)?;
            let closed = self.restart(at, places);
            self.merge(at, places, finer.take())?;
            finer = closed;
        }
        if !includes {
            self.accumulate(group, places, trigger, scratch)?;
        }
        if !closing.is_empty() {
            self.merge(closing.len(), places, finer)?;
        }
        Ok(())
    }

    /// Asks the windows from the first on, as long as they close.
    fn ask(&mut self, places: &Places, trigger: Trigger<'_>, scratch: &mut Scratch) -> Result<SmallVec<[Emission; 2]>, OpError> {
        let mut closing = SmallVec::new();
        for (window, place) in self.windows.iter_mut().zip(places) {
            let spec = &window.spec;
            let Some(held) = window.store.get_mut(*place) else { break };
            let emission = if trigger.event.is_some() {
                let amount = amount(spec, trigger, scratch, &self.reporter)?;
                spec.rule.on_arrival(&mut held.progress, amount)
            } else if !spec.rule.is_closed_by_tick() {
                Emission::None
            } else if closing.is_empty() {
                spec.rule.on_tick(&mut held.progress, trigger.info.ingest_ns)
            } else {
                spec.rule.on_arrival(&mut held.progress, trigger.info.ingest_ns)
            };
            if emission == Emission::None {
                break;
            }
            closing.push(emission);
        }
        Ok(closing)
    }

    /// Takes the event into the first window; nothing on a tick.
    fn accumulate(&mut self, group: &Group, places: &Places, trigger: Trigger<'_>, scratch: &mut Scratch) -> Result<(), OpError> {
        let (Some(event), Some(window), Some(place)) = (trigger.event, self.windows.first_mut(), places.first()) else {
            return Ok(());
        };
        let Some(held) = window.store.get_mut(*place) else {
            return Ok(());
        };
        let parts = &mut held.parts;
        parts.id.track(&event.id);
        parts.transactional |= event.transactional;
        parts.tickets.add(trigger.tickets);
        parts.lease.add(&event.lease);
        let scope = trigger.scope(&group.value, &window.spec.name, None);
        for (site, state) in self.programs.aggregates.iter().zip(&mut parts.aggregates) {
            site.accumulate(&scope, scratch, state.as_mut())
                .map_err(|trap| self.reporter.select_error(&trap))?;
        }
        Ok(())
    }

    /// Merges the closing state of a finer window into window `at`, if both are there.
    fn merge(&mut self, at: usize, places: &Places, finer: Option<Parts>) -> Result<(), OpError> {
        let (Some(finer), Some(window), Some(place)) = (finer, self.windows.get_mut(at), places.get(at)) else {
            return Ok(());
        };
        let Some(held) = window.store.get_mut(*place) else {
            return Ok(());
        };
        let parts = &mut held.parts;
        parts.id.track(&finer.id);
        parts.transactional |= finer.transactional;
        parts.tickets.add(&finer.tickets);
        parts.lease.add(&finer.lease);
        let states = parts.aggregates.iter_mut().zip(&finer.aggregates);
        for (site, (state, finer)) in self.programs.aggregates.iter().zip(states) {
            site.merge(state.as_mut(), finer.as_ref())
                .map_err(|trap| self.reporter.select_error(&trap))?;
        }
        Ok(())
    }

    /// Evaluates target and `having` on what window `at` holds and adds the result.
    fn emit(
        &mut self,
        at: usize,
        group: &Group,
        places: &Places,
        trigger: Trigger<'_>,
        scratch: &mut Scratch,
    ) -> Result<(), OpError> {
        let (Some(window), Some(place)) = (self.windows.get_mut(at), places.get(at)) else {
            return Ok(());
        };
        let Some(held) = window.store.get_mut(*place) else {
            return Ok(());
        };
        let parts = &held.parts;
        let scope = trigger.scope(&group.value, &window.spec.name, Some(&parts.aggregates));
        let evaluated = self.programs.target.eval(&scope, scratch).and_then(|value| {
            let Some(having) = &self.programs.having else {
                return Ok(Some(value));
            };
            let result = ReadScope {
                event: &value,
                meta: &Value::Null,
                ..scope
            };
            Ok(having.test(&result, scratch)?.then_some(value))
        });
        if let Some(value) = evaluated.map_err(|trap| self.reporter.select_error(&trap))? {
            let payload = Payload::new(value, trigger.meta.clone());
            let mut event = Event::new(parts.id.clone(), payload, trigger.info.ingest_ns);
            event.op_meta = trigger.op_meta.clone();
            event.transactional = parts.transactional;
            event.tickets = parts.tickets.clone();
            event.lease = parts.lease.clone();
            self.results.push(event);
        } else {
            parts.tickets.offer(&End::new(Reason::Filtered));
        }
        Ok(())
    }

    /// Empties window `at` after its emission; gives what it held if a coarser window takes it.
    fn restart(&mut self, at: usize, places: &Places) -> Option<Parts> {
        let has_coarser = at + 1 < self.windows.len();
        let place = places.get(at)?;
        let held = self.windows.get_mut(at)?.store.get_mut(*place)?;
        let id = fresh_id(self.uid, &mut self.number);
        if has_coarser {
            return Some(std::mem::replace(&mut held.parts, Parts::new(&self.programs, id)));
        }
        held.parts.reset(id);
        None
    }

    /// Closes what is due at a tick. An error of one group does not touch the others.
    fn tick(&mut self, now_ns: u64, scratch: &mut Scratch) -> Result<(), OpError> {
        self.evict(now_ns);
        let nothing = NoEvent::default();
        let trigger = nothing.at(now_ns);
        let mut failed = Ok(());
        let Some(first) = self.windows.first().filter(|window| window.spec.rule.is_closed_by_tick()) else {
            return failed;
        };
        for place in first.store.places() {
            let held = self.windows.first_mut().and_then(|window| window.store.get_mut(place));
            let Some(group) = held.map(|held| held.group.clone()) else {
                continue;
            };
            let walked = self
                .places_on_tick(place, &group)
                .and_then(|places| self.walk(&group, &places, trigger, scratch));
            failed = failed.and(walked);
        }
        failed
    }

    /// Emits what all windows hold. An error of one group does not touch the others.
    fn drain(&mut self, now_ns: u64, scratch: &mut Scratch) -> Result<(), OpError> {
        let nothing = NoEvent::default();
        let trigger = nothing.at(now_ns);
        let mut failed = Ok(());
        for group in self.held_groups() {
            failed = failed.and(self.drain_group(&group, trigger, scratch));
        }
        failed
    }

    fn drain_group(&mut self, group: &Group, trigger: Trigger<'_>, scratch: &mut Scratch) -> Result<(), OpError> {
        // A group that a coarse window holds may have gone from a full finer one.
        let places = self.enter_within(group, |_| u64::MAX)?;
        let mut failed = Ok(());
        let mut finer = None;
        for at in 0..self.windows.len() {
            failed = failed.and(self.merge(at, &places, finer.take()));
            let held = self.windows.get_mut(at).zip(places.get(at));
            let Some(held) = held.and_then(|(window, place)| window.store.get_mut(*place)) else {
                continue;
            };
            if held.parts.is_empty() {
                continue;
            }
            held.progress = Progress::default();
            failed = failed.and(self.emit(at, group, &places, trigger, scratch));
            finer = self.restart(at, &places);
        }
        failed
    }

    /// Groups of which a window holds something, each once, those of finer windows first.
    fn held_groups(&self) -> Vec<Group> {
        let held = self.windows.iter().flat_map(|window| window.store.groups());
        let mut seen = HashSet::new();
        held.filter(|held| !held.parts.is_empty() && seen.insert(held.group.name.clone()))
            .map(|held| held.group.clone())
            .collect()
    }

    /// The group's places; ticks keep nothing from eviction.
    fn places_on_tick(&mut self, first: Place, group: &Group) -> Result<Places, OpError> {
        let found = self.windows.iter().skip(1).map(|window| window.store.find(&group.name));
        match std::iter::once(Some(first)).chain(found).collect::<Option<Places>>() {
            Some(places) => Ok(places),
            None => self.enter(group),
        }
    }

    fn send_results(&mut self, cx: &mut OpCx<'_>) {
        for event in self.results.drain(..) {
            cx.emit(PortId::DEFAULT, event);
        }
    }
}

impl Held {
    fn new(group: &Group, parts: Parts) -> Self {
        let mut group = group.clone();
        group.value.detach();
        Self {
            group,
            progress: Progress::default(),
            parts,
        }
    }
}

impl Parts {
    fn new(programs: &SelectPrograms, id: EventId) -> Self {
        Self {
            id,
            transactional: false,
            tickets: Tickets::default(),
            lease: Lease::default(),
            aggregates: programs.aggregates.iter().map(|site| (site.function.create)()).collect(),
        }
    }

    /// Nothing was taken in.
    fn is_empty(&self) -> bool {
        self.id.tracked().is_empty()
    }

    fn reset(&mut self, id: EventId) {
        self.id = id;
        self.transactional = false;
        self.tickets = Tickets::default();
        self.lease = Lease::default();
        self.aggregates.iter_mut().for_each(|state| state.reset());
    }
}

impl<'a> Trigger<'a> {
    fn scope(self, group: &'a Value, window: &'a Value, aggregates: Option<&'a [Box<dyn Aggregate>]>) -> ReadScope<'a> {
        ReadScope {
            event: self.value,
            meta: self.meta,
            group,
            window,
            info: self.info,
            aggregates,
        }
    }
}

fn fresh_id(uid: Uid, number: &mut u64) -> EventId {
    let id = EventId::new(uid, *number);
    *number += 1;
    id
}

/// Weight or time of an event for a window.
fn amount(spec: &WindowSpec, trigger: Trigger<'_>, scratch: &mut Scratch, reporter: &Reporter) -> Result<u64, OpError> {
    let Some(script) = &spec.script else {
        return Ok(if spec.rule.is_time() { trigger.info.ingest_ns } else { 1 });
    };
    let scope = trigger.scope(&Value::Null, &Value::Null, None);
    let value = script.eval(&scope, scratch).map_err(|trap| reporter.select_error(&trap))?;
    value.as_u64().ok_or_else(|| reporter.fatal(&bad_amount(spec, &value)))
}

fn name(spec: &WindowSpec) -> &str {
    spec.name.as_str().unwrap_or_default()
}

#[cold]
fn bad_amount(spec: &WindowSpec, got: &Value) -> Diagnostic {
    let message = format!(
        "The script of the window `{}` gives no valid value: it must be an unsigned integer, it is of type {}",
        name(spec),
        got.kind()
    );
    Diagnostic::error(codes::WINDOW_VALUE, spec.at, message).with_excerpt(Excerpt::Range(spec.at))
}

#[cold]
fn too_many_groups(spec: &WindowSpec, group: &Group) -> Diagnostic {
    let message = format!(
        "Maximum of {} groups reached in the window `{}`, there is no room for {}",
        spec.max_groups,
        name(spec),
        group.name
    );
    Diagnostic::error(codes::GROUP_LIMIT, spec.at, message).with_excerpt(Excerpt::Range(spec.at))
}

impl StatefulOperator for Windowed {
    fn on_event(&mut self, cx: &mut OpCx<'_>, _port: PortId, mut event: Event) -> Result<(), OpError> {
        self.results.clear();
        let tickets = cx.hold(&mut event);
        if !self.take(&event, &tickets, cx.scratch())? {
            cx.end(End::new(Reason::Filtered));
        }
        self.send_results(cx);
        Ok(())
    }

    fn on_signal(&mut self, cx: &mut OpCx<'_>, signal: Signal) -> Result<(), OpError> {
        self.results.clear();
        let result = match signal {
            Signal::Tick { ingest_ns } => self.tick(ingest_ns, cx.scratch()),
            Signal::Drain { ingest_ns } => self.drain(ingest_ns, cx.scratch()),
        };
        self.send_results(cx);
        result
    }

    fn held(&self) -> u64 {
        let held = self.windows.iter().flat_map(|window| window.store.groups());
        held.filter(|held| !held.parts.is_empty()).count() as u64
    }

    fn traits(&self) -> OpTraits {
        OpTraits {
            handles_signals: true,
            reads_event: true,
            always_replaces_event: !self.programs.target.is_event(),
            holds_events: true,
            ..OpTraits::PLAIN
        }
    }
}
