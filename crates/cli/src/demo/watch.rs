//! What the upstreams got, for the person at the terminal.

use std::fmt::Write as _;
use std::io::{Write, stdout};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

/// Time between two looks.
const PERIOD: Duration = Duration::from_millis(200);
/// Requests shown of one period; a flood is counted, not listed.
const LINES: usize = 10;

#[derive(Default)]
struct Seen {
    lines: Vec<String>,
    unshown: usize,
    totals: [u64; super::UPSTREAMS as usize],
}

/// Requests since the last look, and totals.
#[derive(Default)]
pub(super) struct Watch {
    seen: Mutex<Seen>,
}

impl Watch {
    /// Notes a request at an upstream.
    pub(super) fn note(&self, upstream: u8, method: &str, target: &str, bytes: usize) {
        let mut seen = self.seen.lock();
        let number = {
            let total = &mut seen.totals[usize::from(upstream - 1)];
            *total += 1;
            *total
        };
        if seen.lines.len() < LINES {
            seen.lines
                .push(format!("upstream{upstream:02}  #{number}  {method} {target}  {bytes} bytes"));
        } else {
            seen.unshown += 1;
        }
    }

    /// Prints what comes in until the process ends.
    pub(super) fn print_in_background(self: &Arc<Self>) {
        let watch = Arc::clone(self);
        std::thread::spawn(move || {
            loop {
                std::thread::sleep(PERIOD);
                if let Some(text) = watch.take() {
                    show(&text);
                }
            }
        });
    }

    fn take(&self) -> Option<String> {
        let mut seen = self.seen.lock();
        if seen.lines.is_empty() {
            return None;
        }
        let mut text = seen.lines.drain(..).collect::<Vec<_>>().join("\n");
        let unshown = std::mem::take(&mut seen.unshown);
        if unshown > 0 {
            let totals: Vec<String> = seen.totals.iter().map(u64::to_string).collect();
            // Writing to a string cannot fail.
            let _ = write!(text, "\n… and {unshown} more; totals {}", totals.join(" / "));
        }
        Some(text)
    }
}

/// Prints a text on standard output; a closed one is nobody's loss.
pub(super) fn show(text: &str) {
    let mut out = stdout().lock();
    let _ = writeln!(out, "{text}");
    let _ = out.flush();
}
