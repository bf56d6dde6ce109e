//! `stdout` and `stderr` (spec/artefacts.md 9.17).

use std::fmt::Write as _;
use std::io::{stderr, stdout};
use std::sync::Arc;

use temblor_event::{Event, Uid};
use temblor_runtime::config::{ConfigError, ConfigReader};
use temblor_runtime::connectors::{SinkStart, SinkType};
use temblor_runtime::ramp::Ramp;
use temblor_runtime::sink::{Delivery, Sink, SinkCx, SinkTraits};
use temblor_runtime::source::StartError;
use temblor_value::Str;

use super::writer::Writer;
use super::{TRAITS, failed, judge};
use crate::encode::Encoder;

/// The connector type `stdout`, for registration.
pub const STDOUT: SinkType = SinkType {
    name: "stdout",
    default_codec: "json",
    build: |ramp, start| {
        let writer = Writer::start("stdout-writer", ramp.url.clone(), stdout())?;
        build(ramp, &start, writer)
    },
};

/// The connector type `stderr`, for registration.
pub const STDERR: SinkType = SinkType {
    name: "stderr",
    default_codec: "json",
    build: |ramp, start| {
        let writer = Writer::start("stderr-writer", ramp.url.clone(), stderr())?;
        build(ramp, &start, writer)
    },
};

struct Form {
    prefix: Str,
    /// Bytes as they are, whether they are text or not.
    is_raw: bool,
}

struct StandardStream {
    uid: Uid,
    url: String,
    form: Form,
    encoder: Encoder,
    writer: Writer,
}

fn build(ramp: Ramp, start: &SinkStart, writer: Writer) -> Result<Arc<dyn Sink>, StartError> {
    Ok(Arc::new(StandardStream {
        uid: start.uid,
        form: ramp.optional_config(Form::read)?,
        encoder: Encoder::new(ramp.codec, &ramp.postprocessors),
        writer,
        url: ramp.url,
    }))
}

impl Form {
    fn read(mut reader: ConfigReader<'_>) -> Result<Self, ConfigError> {
        let form = Self {
            prefix: reader.or("prefix", Str::default())?,
            is_raw: reader.or("raw", false)?,
        };
        reader.finish_open();
        Ok(form)
    }

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

impl Sink for StandardStream {
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

    fn traits(&self) -> SinkTraits {
        TRAITS
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
