//! When sources that are tasks begin.

use std::future::pending;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use temblor_codec::MimeTable;
use temblor_event::{Insight, InsightKind, Segments, Uid};
use temblor_runtime::activity::Activity;
use temblor_runtime::config::{ArtefactKind, ArtefactUrl, Document};
use temblor_runtime::ids::SourceIx;
use temblor_runtime::shutdown::{Phase, ShutdownSender};
use temblor_runtime::sockets::Sockets;
use temblor_runtime::worker::Workers;

use super::*;

const PATIENCE: Duration = Duration::from_secs(20);

/// The surroundings of a source.
#[allow(clippy::default_trait_access)] // some types' crates are none of this one's dependencies
fn surroundings(sockets: &Sockets, shutdown: &ShutdownSender) -> SourceCx {
    SourceCx {
        ix: SourceIx(0),
        uid: Uid(1),
        url: String::new(),
        hostname: Str::default(),
        flow: Arc::default(),
        control: Arc::default(),
        workers: Arc::new(Workers::start(NonZeroUsize::MIN).unwrap()),
        shutdown: shutdown.receiver(),
        activity: Activity::default(),
        exit: Default::default(),
        reload: Default::default(),
        sockets: sockets.clone(),
        metrics: Default::default(),
        settings: Arc::default(),
    }
}

/// Starts a source in a process that waits for its place; gives what tells that it runs.
fn started(sockets: &Sockets, shutdown: &ShutdownSender) -> (Receiver<()>, Activity, Arc<Workers>) {
    let cx = surroundings(sockets, shutdown);
    let (activity, workers) = (cx.activity.clone(), Arc::clone(&cx.workers));
    let (tell, runs) = channel();
    task(cx, move || async move { tell.send(()).unwrap() }).start().unwrap();
    // A task that was spawned later runs later.
    let (tell, passed) = channel();
    workers.spawn(async move { tell.send(()).unwrap() });
    passed.recv_timeout(PATIENCE).unwrap();
    (runs, activity, workers)
}

/// An onramp of which only the name matters.
fn ramp() -> Ramp {
    let document = Document::parse("d", b"onramp: [{id: quiet, type: stdin}]").unwrap();
    let url = ArtefactUrl::of_artefact(ArtefactKind::Onramp, "quiet").unwrap();
    Ramp::resolve(&document.onramps[0].ramp, &url, "json", MimeTable::Modern).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_source_that_waits_lets_go_of_links_that_are_gone() {
    let (sockets, shutdown) = (Sockets::default(), ShutdownSender::default());
    for is_paused in [false, true] {
        let cx = surroundings(&sockets, &shutdown);
        let (cell, control) = (Arc::clone(&cx.flow), Arc::clone(&cx.control));
        if is_paused {
            control.take(&Insight::breaker(InsightKind::Pause, Uid(2), 0));
        }
        let mut pump = Pump::new(&ramp(), cx, Str::default(), Segments::new());
        let waiting = tokio::spawn(async move { pump.may_pull().await && pump.unless_draining(pending::<()>()).await.is_some() });
        tokio::time::sleep(Duration::from_secs(1)).await;
        let flow = Arc::downgrade(&cell.load());
        assert!(flow.strong_count() > 0);
        cell.store(Arc::default());
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(flow.strong_count(), 0);
        assert!(!waiting.is_finished());
        waiting.abort();
    }
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
