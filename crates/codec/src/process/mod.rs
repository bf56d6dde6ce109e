//! Preprocessors and postprocessors: byte strings to byte strings, by name (formats.md 5 and 6).
//!
//! A processor knows neither codecs nor events. It belongs to one stream and keeps what it needs between chunks; it is made by a factory and never
//! shared. After an error the content of the output list is unspecified, which is why the chains discard it.

mod base64;
mod chain;
mod decompress;
mod gelf;
mod gzip;
mod inflate;
mod ingest_ns;
mod join;
mod length_prefixed;
mod lines;
mod lz4;
mod remove_empty;
mod snappy;
#[cfg(test)]
mod tests;
mod textual_length_prefix;
mod xz;
mod zlib;
mod zstd;

use bytes::Bytes;

pub use self::chain::{PostChain, PreChain};
use crate::{Limits, ProcessError};

/// Maps inbound chunks to messages, or to chunks for the next preprocessor.
pub trait Preprocessor: Send {
    /// The registered name.
    fn name(&self) -> &'static str;

    /// Appends what `chunk` completes to `out`. `ingest_ns` (ns since the epoch) is the time the chunk arrived and may be replaced.
    fn process(&mut self, chunk: Bytes, ingest_ns: &mut u64, out: &mut Vec<Bytes>) -> Result<(), ProcessError>;

    /// Appends what is still held when the stream has ended and formats.md 1.5 wants it delivered. By default nothing.
    fn finish(&mut self, _out: &mut Vec<Bytes>) -> Result<(), ProcessError> {
        Ok(())
    }
}

/// Maps one outbound message to the chunks to be written, or to messages for the next postprocessor.
pub trait Postprocessor: Send {
    /// The registered name.
    fn name(&self) -> &'static str;

    /// Appends what becomes of `message` to `out`. `ingest_ns` is the ingest time of the event, `egress_ns` the present time, both in ns since
    /// the epoch.
    fn process(&mut self, message: Bytes, ingest_ns: u64, egress_ns: u64, out: &mut Vec<Bytes>) -> Result<(), ProcessError>;
}

/// Makes preprocessors of one kind, one per stream.
#[derive(Debug, Clone, Copy)]
pub struct PreFactory {
    name: &'static str,
    make: fn(&Limits) -> Box<dyn Preprocessor>,
}

impl PreFactory {
    /// The registered name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// A fresh preprocessor for a new stream.
    pub fn create(&self, limits: &Limits) -> Box<dyn Preprocessor> {
        (self.make)(limits)
    }
}

/// Makes postprocessors of one kind, one per stream.
#[derive(Debug, Clone, Copy)]
pub struct PostFactory {
    name: &'static str,
    make: fn() -> Box<dyn Postprocessor>,
}

impl PostFactory {
    /// The registered name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// A fresh postprocessor for a new stream.
    pub fn create(&self) -> Box<dyn Postprocessor> {
        (self.make)()
    }
}

/// The preprocessor of this name, if there is one. `xz` is a synonym of `xz2` (formats.md 2).
pub fn preprocessor(name: &str) -> Option<PreFactory> {
    let name = if name == "xz" { "xz2" } else { name };
    PREPROCESSORS.iter().find(|factory| factory.name == name).copied()
}

/// The postprocessor of this name, if there is one. `xz` is a synonym of `xz2` (formats.md 2).
pub fn postprocessor(name: &str) -> Option<PostFactory> {
    let name = if name == "xz" { "xz2" } else { name };
    POSTPROCESSORS.iter().find(|factory| factory.name == name).copied()
}

/// All names of preprocessors, synonyms aside, for suggestions.
pub fn preprocessor_names() -> impl Iterator<Item = &'static str> {
    PREPROCESSORS.iter().map(PreFactory::name)
}

/// All names of postprocessors, synonyms aside, for suggestions.
pub fn postprocessor_names() -> impl Iterator<Item = &'static str> {
    POSTPROCESSORS.iter().map(PostFactory::name)
}

const PREPROCESSORS: &[PreFactory] = &[
    PreFactory {
        name: "lines",
        make: |_| Box::new(lines::Buffered::new("lines", b'\n')),
    },
    PreFactory {
        name: "lines-null",
        make: |_| Box::new(lines::Buffered::new("lines-null", 0)),
    },
    PreFactory {
        name: "lines-pipe",
        make: |_| Box::new(lines::Buffered::new("lines-pipe", b'|')),
    },
    PreFactory {
        name: "lines-no-buffer",
        make: |_| Box::new(lines::Unbuffered::new("lines-no-buffer", b'\n')),
    },
    PreFactory {
        name: "lines-cr-no-buffer",
        make: |_| Box::new(lines::Unbuffered::new("lines-cr-no-buffer", b'\r')),
    },
    PreFactory {
        name: base64::NAME,
        make: |_| Box::new(base64::Decode),
    },
    PreFactory {
        name: gzip::NAME,
        make: |limits| Box::new(gzip::Decompress::new(limits)),
    },
    PreFactory {
        name: zlib::NAME,
        make: |limits| Box::new(zlib::Decompress::new(limits)),
    },
    PreFactory {
        name: xz::NAME,
        make: |limits| Box::new(xz::Decompress::new(limits)),
    },
    PreFactory {
        name: snappy::NAME,
        make: |limits| Box::new(snappy::Decompress::new(limits)),
    },
    PreFactory {
        name: lz4::NAME,
        make: |limits| Box::new(lz4::Decompress::new(limits)),
    },
    PreFactory {
        name: zstd::NAME,
        make: |limits| Box::new(zstd::Decompress::new(limits)),
    },
    PreFactory {
        name: decompress::NAME,
        make: |limits| Box::new(decompress::Decompress::new(limits)),
    },
    PreFactory {
        name: remove_empty::NAME,
        make: |_| Box::new(remove_empty::RemoveEmpty),
    },
    PreFactory {
        name: gelf::NAME,
        make: |limits| Box::new(gelf::Reassemble::datagrams(limits)),
    },
    PreFactory {
        name: gelf::TCP_NAME,
        make: |limits| Box::new(gelf::Reassemble::stream(limits)),
    },
    PreFactory {
        name: ingest_ns::NAME,
        make: |_| Box::new(ingest_ns::Extract),
    },
    PreFactory {
        name: length_prefixed::NAME,
        make: |limits| Box::new(length_prefixed::Split::new(limits)),
    },
    PreFactory {
        name: textual_length_prefix::NAME,
        make: |limits| Box::new(textual_length_prefix::Split::new(limits)),
    },
];

const POSTPROCESSORS: &[PostFactory] = &[
    PostFactory {
        name: "lines",
        make: || Box::new(lines::Terminate),
    },
    PostFactory {
        name: base64::NAME,
        make: || Box::new(base64::Encode),
    },
    PostFactory {
        name: gzip::NAME,
        make: || Box::new(gzip::Compress),
    },
    PostFactory {
        name: zlib::NAME,
        make: || Box::new(zlib::Compress),
    },
    PostFactory {
        name: xz::NAME,
        make: || Box::new(xz::Compress),
    },
    PostFactory {
        name: snappy::NAME,
        make: || Box::new(snappy::Compress),
    },
    PostFactory {
        name: lz4::NAME,
        make: || Box::new(lz4::Compress),
    },
    PostFactory {
        name: zstd::NAME,
        make: || Box::new(zstd::Compress),
    },
    PostFactory {
        name: ingest_ns::NAME,
        make: || Box::new(ingest_ns::Prepend),
    },
    PostFactory {
        name: length_prefixed::NAME,
        make: || Box::new(length_prefixed::Prepend),
    },
    PostFactory {
        name: gelf::NAME,
        make: || Box::new(gelf::Split::new()),
    },
    PostFactory {
        name: textual_length_prefix::NAME,
        make: || Box::new(textual_length_prefix::Prepend),
    },
];
