//! Messages of the input: pieces of 4096 bytes through one preprocessor.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{Read, stdin};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use temblor_codec::{Limits, PreChain, Scratch, preprocessor};

/// Bytes read at a time; all events of one piece have the same ingest time.
const PIECE: usize = 4096;

/// The input of a run.
pub(super) struct Input {
    reader: Box<dyn Read>,
    chain: PreChain,
    messages: VecDeque<Bytes>,
    ingest_ns: u64,
    has_ended: bool,
    /// Parser buffers.
    pub(super) scratch: Scratch,
}

impl Input {
    /// Opens a file, or standard input for `-`.
    pub(super) fn open(name: &str, processor: &str) -> Result<Self, String> {
        let factory = preprocessor(processor).ok_or_else(|| format!("Error Preprocessor {processor} not found error."))?;
        let reader: Box<dyn Read> = match name {
            "-" => Box::new(stdin().lock()),
            _ => Box::new(File::open(name).map_err(|error| format!("Failed to open file `{name}`: {error}"))?),
        };
        Ok(Self {
            reader,
            chain: PreChain::new(&[factory], &Limits::default()),
            messages: VecDeque::new(),
            ingest_ns: 0,
            has_ended: false,
            scratch: Scratch::default(),
        })
    }

    /// The next message with its ingest time; what the preprocessor holds at the end of the input counts as one.
    pub(super) fn next(&mut self) -> Result<Option<(Bytes, u64)>, String> {
        loop {
            if let Some(message) = self.messages.pop_front() {
                return Ok(Some((message, self.ingest_ns)));
            }
            if self.has_ended {
                return Ok(None);
            }
            self.read_piece()?;
        }
    }

    fn read_piece(&mut self) -> Result<(), String> {
        let mut piece = vec![0; PIECE];
        let count = self.reader.read(&mut piece).map_err(|error| error.to_string())?;
        self.ingest_ns = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_nanos() as u64);
        let mut messages = Vec::new();
        let processed = if count == 0 {
            self.has_ended = true;
            self.chain.finish(&mut self.ingest_ns, &mut messages)
        } else {
            piece.truncate(count);
            self.chain.run(Bytes::from(piece), &mut self.ingest_ns, &mut messages)
        };
        processed.map_err(|error| error.to_string())?;
        self.messages.extend(messages);
        Ok(())
    }
}
