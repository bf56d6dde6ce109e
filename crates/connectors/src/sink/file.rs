//! `file`: a line per packet (spec/artefacts.md 9.8).

use std::fs::File;
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

/// The connector type, for registration.
pub const TYPE: SinkType = SinkType {
    name: "file",
    default_codec: "json",
    build,
};

struct FileSink {
    uid: Uid,
    url: String,
    encoder: Encoder,
    writer: Writer,
}

fn build(ramp: Ramp, start: SinkStart) -> Result<Arc<dyn Sink>, StartError> {
    let name = ramp.config(read)?;
    let file = File::create(name.as_str()).map_err(|error| StartError(format!("cannot create `{name}`: {error}")))?;
    Ok(Arc::new(FileSink {
        uid: start.uid,
        encoder: Encoder::new(ramp.codec, &ramp.postprocessors),
        writer: Writer::start("file-writer", ramp.url.clone(), file)?,
        url: ramp.url,
    }))
}

fn read(mut reader: ConfigReader<'_>) -> Result<Str, ConfigError> {
    let name = reader.required("file")?;
    reader.finish_open();
    Ok(name)
}

impl Sink for FileSink {
    fn deliver(&self, _port: &str, event: Event, cx: &SinkCx<'_>) -> Delivery {
        let mut lines = Vec::with_capacity(256);
        let result = self.encoder.encode(&event, cx.now_ns, |packet| {
            lines.extend_from_slice(packet);
            lines.push(b'\n');
        });
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
