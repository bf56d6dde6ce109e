//! Certificates that are replaced while the program runs.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::scope;

use temblor_testkit::{Deployment, RawClient, wait_until};

use crate::world::{Folder, PATIENCE, ask, gate, told, wait_for_log};

/// Clients that keep their connection, and as many that open one for each request.
const CLIENTS: usize = 4;

/// Asks until it is told to stop; the first failure ends it.
fn ask_on(port: u16, folder: &Folder, keeps: bool, count: &AtomicU64, stop: &AtomicBool) -> io::Result<()> {
    let options = folder.trusting();
    let connect = || RawClient::connect_tls(port, "shop.example", &options);
    let mut client = connect()?;
    while !stop.load(Ordering::Relaxed) {
        if !keeps {
            client = connect()?;
        }
        let response = ask(&mut client, "shop.example")?;
        if response.status != 200 {
            return Err(io::Error::other(format!("{response:?}")));
        }
        count.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

/// Waits until that many more requests were answered. Busy machines are slow: what counts is that there is always a next answer.
fn wait(count: &AtomicU64, more: u64) {
    let mut seen = count.load(Ordering::Relaxed);
    let goal = seen + more;
    while seen < goal {
        let is_answered = wait_until(PATIENCE, || count.load(Ordering::Relaxed) > seen);
        assert!(is_answered, "requests are no longer answered");
        seen = count.load(Ordering::Relaxed);
    }
}

fn shown(gate: &Deployment, folder: &Folder) -> Vec<u8> {
    let client = RawClient::connect_tls(gate.port(), "shop.example", &folder.trusting()).unwrap();
    client.shown_certificate()
}

#[test]
fn no_request_fails_while_certificates_are_replaced() {
    let folder = Folder::new();
    folder.server("shop", &["shop.example"]);
    let gate = gate(
        &folder,
        &["tls: {certificates: [{cert: '@shop.pem', key: '@shop.key'}], reload: 20ms}"],
    );
    let (count, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    scope(|scope| {
        let clients: Vec<_> = (0..2 * CLIENTS)
            .map(|at| {
                let (port, folder, count, stop) = (gate.port(), &folder, &count, &stop);
                scope.spawn(move || ask_on(port, folder, at % 2 == 0, count, stop))
            })
            .collect();
        for _ in 0..5 {
            wait(&count, 100);
            let new = folder.authority.server(&["shop.example"]).unwrap();
            // The files change one after the other, so that for a moment they do not belong together.
            folder.write("shop.pem", &new.cert);
            wait(&count, 100);
            folder.write("shop.key", &new.key);
            let is_shown = wait_until(PATIENCE, || shown(&gate, &folder) == new.der);
            assert!(is_shown, "the new certificate is not shown\n{}", gate.stderr());
        }
        stop.store(true, Ordering::Relaxed);
        for client in clients {
            client
                .join()
                .unwrap()
                .unwrap_or_else(|error| panic!("{error}\n{}", gate.stderr()));
        }
    });
    assert!(count.load(Ordering::Relaxed) >= 1000);
}

#[test]
fn a_signal_makes_the_program_look_at_its_files() {
    let folder = Folder::new();
    let old = folder.server("shop", &["shop.example"]);
    let gate = gate(
        &folder,
        &["tls: {certificates: [{cert: '@shop.pem', key: '@shop.key'}], reload: 0}"],
    );
    let mut kept = RawClient::connect_tls(gate.port(), "shop.example", &folder.trusting()).unwrap();
    let new = folder.authority.server(&["shop.example"]).unwrap();
    folder.write("shop.pem", &new.cert);
    gate.hang_up().unwrap();
    wait_for_log(&gate, "certificates not reloaded, the old ones stay: the key `");
    assert!(shown(&gate, &folder) == old.der, "a certificate without its key was taken");
    folder.write("shop.key", &new.key);
    gate.hang_up().unwrap();
    wait_for_log(&gate, "certificates reloaded");
    assert!(shown(&gate, &folder) == new.der, "the new certificate is not shown");
    told(&gate, &mut kept, "shop.example");
}
