//! When sources that are tasks begin.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use temblor_event::Uid;
use temblor_runtime::activity::Activity;
use temblor_runtime::ids::SourceIx;
use temblor_runtime::shutdown::{Phase, ShutdownSender};
use temblor_runtime::sockets::Sockets;
use temblor_runtime::worker::Workers;

use super::*;

const PATIENCE: Duration = Duration::from_secs(20);

/// Starts a source in a process that waits for its place; gives what tells that it runs.
#[allow(clippy::default_trait_access)] // some types' crates are none of this one's dependencies
fn started(sockets: &Sockets, shutdown: &ShutdownSender) -> (Receiver<()>, Activity, Arc<Workers>) {
    let workers = Arc::new(Workers::start(NonZeroUsize::MIN).unwrap());
    let activity = Activity::default();
    let cx = SourceCx {
        ix: SourceIx(0),
        uid: Uid(1),
        url: String::new(),
        hostname: Str::default(),
        flow: Arc::default(),
        control: Arc::default(),
        workers: Arc::clone(&workers),
        shutdown: shutdown.receiver(),
        activity: activity.clone(),
        exit: Default::default(),
        reload: Default::default(),
        sockets: sockets.clone(),
        metrics: Default::default(),
        settings: Arc::default(),
    };
    let (tell, runs) = channel();
    task(cx, move || async move { tell.send(()).unwrap() }).start().unwrap();
    // A task that was spawned later runs later.
    let (tell, passed) = channel();
    workers.spawn(async move { tell.send(()).unwrap() });
    passed.recv_timeout(PATIENCE).unwrap();
    (runs, activity, workers)
}

#[test]
fn sources_wait_until_the_process_has_its_place() {
    let (sockets, shutdown) = (Sockets::inheriting(Vec::new()), ShutdownSender::default());
    let (runs, activity, _workers) = started(&sockets, &shutdown);
    assert!(runs.try_recv().is_err());
    assert_eq!(activity.count(), 1);
    sockets.open();
    runs.recv_timeout(PATIENCE).unwrap();
}

#[test]
fn a_process_that_never_gets_its_place_sends_nothing() {
    let (sockets, shutdown) = (Sockets::inheriting(Vec::new()), ShutdownSender::default());
    let (runs, _activity, _workers) = started(&sockets, &shutdown);
    shutdown.advance(Phase::Draining);
    // The end of the channel: the source went without having run.
    assert!(
        runs.recv_timeout(PATIENCE)
            .is_err_and(|error| error == std::sync::mpsc::RecvTimeoutError::Disconnected)
    );
}
