//! All that can be read, and who knows the numbers.

use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use crate::{Buckets, Page};

/// Something with numbers to be read.
pub trait Collect: Send + Sync {
    /// Puts its numbers on the page. Runs on the reader's thread, beside whoever counts.
    fn collect(&self, page: &mut Page);
}

/// The metrics of a process; clones share them.
#[derive(Clone, Default)]
pub struct Metrics(Arc<Inner>);

#[derive(Default)]
struct Inner {
    buckets: Buckets,
    /// What is gone leaves the list at the next reading.
    known: Mutex<Vec<Weak<dyn Collect>>>,
}

impl Metrics {
    /// Nothing yet; histograms that ask get these buckets.
    pub fn new(buckets: Buckets) -> Self {
        Self(Arc::new(Inner {
            buckets,
            known: Mutex::default(),
        }))
    }

    /// The bounds of histograms.
    pub fn buckets(&self) -> &Buckets {
        &self.0.buckets
    }

    /// Reads `numbers` with all others from now on, as long as anybody holds it.
    pub fn register<T: Collect + 'static>(&self, numbers: &Arc<T>) {
        let numbers: Arc<dyn Collect> = Arc::clone(numbers) as Arc<dyn Collect>;
        self.0.known.lock().push(Arc::downgrade(&numbers));
    }

    /// All numbers at this moment.
    pub fn read(&self) -> Page {
        let mut present = Vec::new();
        self.0.known.lock().retain(|known| {
            let numbers = known.upgrade();
            let is_there = numbers.is_some();
            present.extend(numbers);
            is_there
        });
        let mut page = Page::default();
        for numbers in present {
            numbers.collect(&mut page);
        }
        page
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Metrics").field("known", &self.0.known.lock().len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Counter, Family, Format, Kind};

    const SEEN: Family = Family {
        name: "seen_total",
        kind: Kind::Counter,
        help: "Seen",
    };

    struct Seen(&'static str, Counter);

    impl Collect for Seen {
        fn collect(&self, page: &mut Page) {
            page.counter(&SEEN, &[("who", self.0)], self.1.get());
        }
    }

    #[test]
    fn what_is_registered_is_read_until_it_is_gone() {
        let metrics = Metrics::default();
        let (one, other) = (
            Arc::new(Seen("one", Counter::default())),
            Arc::new(Seen("other", Counter::default())),
        );
        metrics.register(&one);
        metrics.clone().register(&other);
        one.1.add(3);
        let text = metrics.read().render(Format::Text);
        assert!(
            text.contains("seen_total{who=\"one\"} 3\n") && text.contains("seen_total{who=\"other\"} 0\n"),
            "{text}"
        );
        drop(one);
        assert!(!metrics.read().render(Format::Text).contains("\"one\""));
    }
}
