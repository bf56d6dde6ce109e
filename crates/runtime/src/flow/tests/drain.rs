//! Pipelines to which nothing more is to come (spec/runtime.md 3.3), by a virtual clock.

use std::time::Duration;

use tokio::time::sleep;

use super::*;
use crate::flow::tick::{Ticks, run_ticks};
use crate::shared::FlowCell;
use crate::shutdown::{Phase, ShutdownSender};

const BATCH: &str = "define generic::batch operator batch with count = 9 end; create operator batch;\n\
                     select event from in into batch; select event from batch into out;";

/// Takes the time of a slow upstream for everything, and counts it then.
#[derive(Default)]
struct Slow(Arc<Mutex<usize>>);

impl Sink for Slow {
    fn deliver(&self, _port: &str, _event: Event, _cx: &SinkCx<'_>) -> Delivery {
        let delivered = Arc::clone(&self.0);
        Delivery::Exchange(Exchange {
            future: Box::pin(async move {
                sleep(Duration::from_secs(3)).await;
                *delivered.lock() += 1;
                Reply::default()
            }),
            answers: true,
            withdrawal: Withdrawal::Always,
            about: None,
        })
    }
}

struct World {
    cell: Arc<FlowCell>,
    ticks: Arc<Ticks>,
    sink: Arc<Slow>,
    shutdown: ShutdownSender,
}

/// Two pipelines that each hold an event, one of which is about to leave or not. The clock runs.
fn world(leaves: bool) -> World {
    let sink = Arc::new(Slow::default());
    let mut flow = Arc::into_inner(proxy(BATCH, PASS, &["out"], vec![Arc::clone(&sink) as Arc<dyn Sink>])).unwrap();
    flow.pipelines[0].is_leaving = leaves;
    let flow = Arc::new(flow);
    let mut dispatch = Dispatch::detached(Arc::clone(&flow));
    dispatch.send_out(
        SOURCE,
        Event::new(EventId::new(UID, 0), Payload::new(Value::Null, Value::object()), 1),
    );
    assert!(dispatch.run_on());
    let (cell, ticks, shutdown) = (Arc::new(FlowCell::default()), Arc::default(), ShutdownSender::default());
    cell.store(flow);
    tokio::spawn(run_ticks(Arc::clone(&cell), Arc::clone(&ticks), shutdown.receiver()));
    World {
        cell,
        ticks,
        sink,
        shutdown,
    }
}

impl World {
    /// What the first pipeline holds, what its ticks have under way, and what the sink has got.
    async fn after(&self, time: Duration) -> (u64, usize, usize) {
        sleep(time).await;
        let flow = self.cell.load();
        (
            flow.held(PipelineIx(0)),
            flow.pipelines[0].activity.count(),
            *self.sink.0.lock(),
        )
    }
}

#[tokio::test(start_paused = true)]
async fn what_stays_is_held_and_what_leaves_is_let_go_of() {
    let staying = world(false);
    assert_eq!(staying.after(Duration::from_mins(1)).await, (1, 0, 0));
    let leaving = world(true);
    assert_eq!(leaving.after(Duration::from_secs(1)).await, (0, 1, 0), "it is under way");
    assert_eq!(leaving.after(Duration::from_secs(3)).await, (0, 0, 1));
}

#[tokio::test(start_paused = true)]
async fn all_are_let_go_of_when_the_process_drains() {
    let world = world(false);
    world.ticks.drain_all();
    assert_eq!(world.after(Duration::from_secs(4)).await, (0, 0, 1));
    world.shutdown.advance(Phase::Stopped);
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_learns_of_other_links() {
    let world = world(false);
    let flow = world.cell.load();
    let (cell, known) = (Arc::clone(&world.cell), Arc::clone(&flow));
    let waiting = tokio::spawn(async move { cell.changed_from(&known).await });
    sleep(Duration::from_secs(1)).await;
    assert!(!waiting.is_finished());
    world.cell.store(Arc::default());
    waiting.await.unwrap();
    assert!(world.cell.has_former());
    drop(flow);
    assert!(!world.cell.has_former());
}
