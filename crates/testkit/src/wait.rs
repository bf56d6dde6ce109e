//! Waiting for what only shows from outside.

use std::thread::sleep;
use std::time::{Duration, Instant};

/// Between two looks.
const INTERVAL: Duration = Duration::from_millis(2);

/// Waits until something holds; false if that took too long.
pub fn wait_until(patience: Duration, mut holds: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + patience;
    while !holds() {
        if Instant::now() > deadline {
            return false;
        }
        sleep(INTERVAL);
    }
    true
}
