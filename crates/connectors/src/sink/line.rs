//! The sink behind `file`, `stdout` and `stderr`: a line per packet.

use std::fmt::Write as _;
use std::io::Write;
use std::sync::Arc;

use temblor_event::{Event, Uid};
use temblor_runtime::connectors::SinkStart;
use temblor_runtime::queue_length::QueueLength;
use temblor_runtime::ramp::Ramp;
use temblor_runtime::sink::{Delivery, Sink, SinkCx};
use temblor_runtime::source::StartError;
use temblor_value::Str;

use super::writer::Writer;
use super::{failed, judge};
use crate::encode::Encoder;

/// How a packet becomes a line.
pub(super) struct Form {
    /// Stands before every packet.
    pub(super) prefix: Str,
    /// Bytes as they are, whether they are text or not; otherwise bytes that are no text become a list of numbers.
    pub(super) is_raw: bool,
}

struct LineSink {
    uid: Uid,
    url: String,
    form: Form,
    encoder: Encoder,
    writer: Writer,
    /// Read as long as the sink is there.
    _queue: Arc<QueueLength>,
}

/// A sink that writes to `output`; `name` is its thread's.
pub(super) fn build(
    ramp: Ramp,
    start: &SinkStart,
    form: Form,
    name: &str,
    output: impl Write + Send + 'static,
) -> Result<Arc<dyn Sink>, StartError> {
    let writer = Writer::start(name, ramp.url.clone(), output)?;
    let queue = Arc::new(QueueLength::new(ramp.name, writer.queue()));
    start.metrics.register(&queue);
    Ok(Arc::new(LineSink {
        uid: start.uid,
        form,
        encoder: Encoder::new(ramp.codec, &ramp.postprocessors),
        writer,
        url: ramp.url,
        _queue: queue,
    }))
}

impl Form {
    fn append(&self, packet: &[u8], lines: &mut Vec<u8>) {
        lines.extend_from_slice(self.prefix.as_bytes());
        if self.is_raw || std::str::from_utf8(packet).is_ok() {
            lines.extend_from_slice(packet);
        } else {
            lines.extend_from_slice(numbers(packet).as_bytes());
        }
        lines.push(b'\n');
    }
}

/// Bytes as a list of decimal numbers.
fn numbers(bytes: &[u8]) -> String {
    let mut text = String::from("[");
    for (at, byte) in bytes.iter().enumerate() {
        let separator = if at == 0 { "" } else { ", " };
        // Writing to a string cannot fail.
        let _ = write!(text, "{separator}{byte}");
    }
    text.push(']');
    text
}

impl Sink for LineSink {
    fn deliver(&self, _port: &str, event: Event, cx: &SinkCx<'_>) -> Delivery {
        let mut lines = Vec::with_capacity(256);
        let result = self
            .encoder
            .encode(&event, cx.now_ns, |packet| self.form.append(packet, &mut lines));
        match result {
            Ok(()) => self.writer.submit(&lines, judge(&event, true, self.uid, cx.now_ns)),
            Err(error) => {
                // The values before the one that failed are written as if they had come alone; nobody waits for them.
                let _ = self.writer.submit(&lines, None);
                failed(&self.url, &event, &error, self.uid, cx.now_ns)
            }
        }
    }

    fn stop(&self) {
        self.writer.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(prefix: &'static str, is_raw: bool, packet: &[u8]) -> Vec<u8> {
        let form = Form {
            prefix: Str::from_static(prefix),
            is_raw,
        };
        let mut lines = Vec::new();
        form.append(packet, &mut lines);
        lines
    }

    #[test]
    fn text_goes_behind_the_prefix() {
        assert_eq!(line("", false, b"{}"), b"{}\n");
        assert_eq!(line("> ", false, "ä".as_bytes()), "> ä\n".as_bytes());
    }

    #[test]
    fn bytes_are_numbers_unless_they_are_wanted_raw() {
        assert_eq!(line(">", false, &[1, 254, 3]), b">[1, 254, 3]\n");
        assert_eq!(line(">", true, &[1, 254, 3]), b">\x01\xfe\x03\n");
    }
}
