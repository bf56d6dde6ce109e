//! Where results of a run go.

use std::fs::File;
use std::io::{Write, stderr, stdout};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use temblor_codec::{Codec, PostChain, postprocessor};
use temblor_value::{Value, json};

use super::find_codec;
use crate::args::RunOptions;
use crate::output::{numbered, say};

/// The output of a run.
pub(super) struct Sink {
    writer: Box<dyn Write>,
    encoder: Arc<dyn Codec>,
    chain: PostChain,
    announcement: Option<String>,
    is_pretty: bool,
}

impl Sink {
    /// Opens (and truncates) a file, or standard output for `-`.
    pub(super) fn open(options: &RunOptions) -> Result<Self, String> {
        let name = &options.postprocessor;
        let factory = postprocessor(name).ok_or_else(|| format!("Error Postprocessor {name} not found error."))?;
        let encoder = find_codec(&options.encoder)?;
        let writer: Box<dyn Write> = match options.output.as_str() {
            "-" => Box::new(stdout().lock()),
            file => Box::new(File::create(file).map_err(|error| format!("Failed to open file `{file}`: {error}"))?),
        };
        let announcement = options
            .interactive
            .then(|| format!("egress> [codec: {}], [postprocessor: {name}]", options.encoder));
        Ok(Self {
            writer,
            encoder,
            chain: PostChain::new(&[factory]),
            announcement,
            is_pretty: options.pretty,
        })
    }

    /// Encodes, postprocesses and writes a value.
    pub(super) fn encoded(&mut self, value: &Value, ingest_ns: u64) -> Result<(), String> {
        if let Some(announcement) = &self.announcement {
            show(announcement, value, self.is_pretty)?;
        }
        let mut message = Vec::new();
        self.encoder.encode(value, &mut message).map_err(|error| error.to_string())?;
        let egress_ns = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_nanos() as u64);
        let mut packets = Vec::new();
        self.chain
            .run(Bytes::from(message), ingest_ns, egress_ns, &mut packets)
            .map_err(|error| error.to_string())?;
        packets
            .iter()
            .try_for_each(|packet| self.writer.write_all(packet))
            .and_then(|()| self.writer.flush())
            .map_err(|error| error.to_string())
    }

    /// Writes a value as compact JSON and a newline.
    pub(super) fn plain(&mut self, value: &Value) -> Result<(), String> {
        writeln!(self.writer, "{}", json::to_string(value))
            .and_then(|()| self.writer.flush())
            .map_err(|error| error.to_string())
    }

    /// Writes a value as compact JSON and a newline to standard error.
    pub(super) fn to_stderr(value: &Value) -> Result<(), String> {
        writeln!(stderr().lock(), "{}", json::to_string(value)).map_err(|error| error.to_string())
    }

    /// With `--interactive`, shows a decoded input.
    pub(super) fn show_input(value: &Value, options: &RunOptions) -> Result<(), String> {
        if !options.interactive {
            return Ok(());
        }
        let announcement = format!(
            "ingress> [codec: {}], [preprocessor: {}]",
            options.decoder, options.preprocessor
        );
        // The value goes to standard output whatever `-o` says.
        show(&announcement, value, options.pretty)
    }
}

/// An announcement on standard error, then the value with line numbers on standard output.
fn show(announcement: &str, value: &Value, is_pretty: bool) -> Result<(), String> {
    say(&announcement);
    let text = if is_pretty {
        json::to_string_pretty(value)
    } else {
        json::to_string(value)
    };
    // `-o -` holds the lock of standard output on this thread, which may take it again.
    stdout()
        .lock()
        .write_all(numbered(&text).as_bytes())
        .map_err(|error| error.to_string())
}
