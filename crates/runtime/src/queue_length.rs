//! How many events wait at an artefact that takes them in faster than it does something about them (spec/proxy.md 6.3).

use temblor_metrics::{Collect, Family, Kind, Page};

use crate::ramp::RampName;

const LENGTH: Family = Family {
    name: "temblor_queue_length",
    kind: Kind::Gauge,
    help: "Events that were taken in and are not done yet",
};

/// The length of an instance's queue, to be read.
pub struct QueueLength {
    name: RampName,
    length: Box<dyn Fn() -> usize + Send + Sync>,
}

impl QueueLength {
    /// Of the instance with that name; `length` is called when somebody reads.
    pub fn new(name: RampName, length: impl Fn() -> usize + Send + Sync + 'static) -> Self {
        Self {
            name,
            length: Box::new(length),
        }
    }
}

impl Collect for QueueLength {
    fn collect(&self, page: &mut Page) {
        let labels = [("artefact", self.name.id.as_str()), ("instance", self.name.instance.as_str())];
        page.gauge(&LENGTH, &labels, (self.length)() as f64);
    }
}
