//! Chains of processors, run in place.
//!
//! Each step runs over all results of the step before it (artefacts.md 1.2). An error in any step discards the whole chunk: nothing of it reaches
//! the caller, while the steps keep the state that the failure left them in (formats.md 1.3).

use bytes::Bytes;

use super::{Postprocessor, PreFactory, Preprocessor, postprocessor, preprocessor};
use crate::{Limits, PostError, ProcessError, UnknownName, process::PostFactory};

/// The preprocessors of one stream.
#[derive(Default)]
pub struct PreChain {
    steps: Vec<Box<dyn Preprocessor>>,
    current: Vec<Bytes>,
    next: Vec<Bytes>,
}

impl PreChain {
    /// A chain with fresh state.
    pub fn new(factories: &[PreFactory], limits: &Limits) -> Self {
        Self {
            steps: factories.iter().map(|factory| factory.create(limits)).collect(),
            ..Self::default()
        }
    }

    /// Looks all `names` up; the first one that does not exist is the error.
    pub fn factories<S: AsRef<str>>(names: &[S]) -> Result<Vec<PreFactory>, UnknownName> {
        names
            .iter()
            .map(|name| preprocessor(name.as_ref()).ok_or_else(|| UnknownName::Preprocessor(name.as_ref().to_owned())))
            .collect()
    }

    /// Whether chunks pass unchanged.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Appends the messages that `chunk` completes to `out`; on an error `out` is as before. `ingest_ns` (ns since the epoch) holds for all of
    /// them and may be replaced by a step (formats.md 1.2).
    pub fn run(&mut self, chunk: Bytes, ingest_ns: &mut u64, out: &mut Vec<Bytes>) -> Result<(), ProcessError> {
        let Some((last, before)) = self.steps.split_last_mut() else {
            out.push(chunk);
            return Ok(());
        };
        self.current.clear();
        self.current.push(chunk);
        for step in before {
            self.next.clear();
            for message in self.current.drain(..) {
                step.process(message, ingest_ns, &mut self.next)?;
            }
            std::mem::swap(&mut self.current, &mut self.next);
        }
        all_or_nothing(out, |out| {
            self.current
                .drain(..)
                .try_for_each(|message| last.process(message, ingest_ns, out))
        })
    }

    /// Appends what the steps still hold at the end of the stream to `out`; what one step gives up runs through the steps behind it. Only the
    /// command `run` wants this (formats.md 1.5); elsewhere a chain is thrown away with its stream.
    pub fn finish(&mut self, ingest_ns: &mut u64, out: &mut Vec<Bytes>) -> Result<(), ProcessError> {
        self.current.clear();
        for step in &mut self.steps {
            self.next.clear();
            for message in self.current.drain(..) {
                step.process(message, ingest_ns, &mut self.next)?;
            }
            step.finish(&mut self.next)?;
            std::mem::swap(&mut self.current, &mut self.next);
        }
        out.append(&mut self.current);
        Ok(())
    }
}

/// The postprocessors of one stream.
#[derive(Default)]
pub struct PostChain {
    steps: Vec<Box<dyn Postprocessor>>,
    current: Vec<Bytes>,
    next: Vec<Bytes>,
}

impl PostChain {
    /// A chain with fresh state.
    pub fn new(factories: &[PostFactory]) -> Self {
        Self {
            steps: factories.iter().map(PostFactory::create).collect(),
            ..Self::default()
        }
    }

    /// Looks all `names` up; the first one that does not exist is the error.
    pub fn factories<S: AsRef<str>>(names: &[S]) -> Result<Vec<PostFactory>, UnknownName> {
        names
            .iter()
            .map(|name| postprocessor(name.as_ref()).ok_or_else(|| UnknownName::Postprocessor(name.as_ref().to_owned())))
            .collect()
    }

    /// Whether messages pass unchanged.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Appends the chunks to be written for `message` to `out`; on an error `out` is as before. Times in ns since the epoch.
    pub fn run(&mut self, message: Bytes, ingest_ns: u64, egress_ns: u64, out: &mut Vec<Bytes>) -> Result<(), PostError> {
        let Some((last, before)) = self.steps.split_last_mut() else {
            out.push(message);
            return Ok(());
        };
        self.current.clear();
        self.current.push(message);
        for step in before {
            self.next.clear();
            for message in self.current.drain(..) {
                step.process(message, ingest_ns, egress_ns, &mut self.next)?;
            }
            std::mem::swap(&mut self.current, &mut self.next);
        }
        all_or_nothing(out, |out| {
            self.current
                .drain(..)
                .try_for_each(|message| last.process(message, ingest_ns, egress_ns, out))
        })?;
        Ok(())
    }
}

fn all_or_nothing(
    out: &mut Vec<Bytes>,
    run: impl FnOnce(&mut Vec<Bytes>) -> Result<(), ProcessError>,
) -> Result<(), ProcessError> {
    let before = out.len();
    run(out).inspect_err(|_| out.truncate(before))
}
