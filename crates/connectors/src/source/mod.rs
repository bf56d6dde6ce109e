//! Onramps.

pub mod blaster;
pub mod cb;
pub mod crononome;
pub mod file;
pub mod metronome;
mod pump;
mod reader;
pub mod stdin;
#[cfg(test)]
mod tests;

use temblor_event::Segments;
use temblor_runtime::ramp::Ramp;
use temblor_runtime::shutdown::Phase;
use temblor_runtime::source::{Source, SourceCx, StartError};
use temblor_value::Str;

use self::pump::Pump;

/// A source that is one task on one worker.
struct TaskSource<F> {
    cx: SourceCx,
    run: F,
}

/// A source whose events `run` makes, as soon as the process has its place: of two processes of which one takes over from the other, one sends
/// events. It counts as work under way until it ends, and must therefore end when the process drains.
fn task<F, R>(cx: SourceCx, run: F) -> Box<dyn Source>
where
    F: FnOnce() -> R + Send + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    Box::new(TaskSource { cx, run })
}

impl<F, R> Source for TaskSource<F>
where
    F: FnOnce() -> R + Send,
    R: Future<Output = ()> + Send + 'static,
{
    fn start(self: Box<Self>) -> Result<(), StartError> {
        let Self { cx, run } = *self;
        let future = run();
        let (sockets, mut shutdown) = (cx.sockets.clone(), cx.shutdown.clone());
        let active = cx.activity.begin();
        // The first worker drives the ticks; sources begin with the second one and go round.
        cx.workers.spawn_on(cx.ix.0 as usize + 1, async move {
            tokio::select! {
                biased;
                () = shutdown.reached(Phase::Draining) => {}
                () = sockets.opened() => future.await,
            }
            drop(active);
        });
        Ok(())
    }
}

/// The pump of an onramp whose events come from `scheme` on this machine.
fn pump(ramp: &Ramp, cx: &SourceCx, scheme: &'static str, path: Segments) -> Pump {
    Pump::new(ramp, cx.clone(), Str::from_static(scheme), path)
}
