//! `limits.connections` (spec/proxy.md 2.2).

use std::io::ErrorKind;
use std::time::Duration;

use crate::world::{Folder, ask, gate, told};

#[test]
fn accepting_pauses_while_all_connections_are_taken() {
    let gate = gate(&Folder::new(), &["limits: {connections: 2}"]);
    let mut first = gate.client().unwrap();
    let mut second = gate.client().unwrap();
    told(&gate, &mut first, "a.example");
    told(&gate, &mut second, "a.example");
    // The system takes the connection; nobody answers on it.
    let mut third = gate.client().unwrap().with_patience(Duration::from_millis(300));
    assert_eq!(ask(&mut third, "a.example").unwrap_err().kind(), ErrorKind::TimedOut);
    // Those that are there go on.
    told(&gate, &mut first, "a.example");
    drop(second);
    let mut third = third.with_patience(Duration::from_secs(20));
    assert_eq!(third.receive().unwrap().status, 200);
    told(&gate, &mut first, "a.example");
}
