//! One probe of an endpoint, over a connection of its own.

use std::time::Duration;

use memchr::memmem;
use tokio::time::timeout;

use super::monitor::Rules;
use super::settings::{HealthSettings, Question};
use crate::body::Content;
use crate::error::UpstreamError;
use crate::timeouts::AttemptTimeouts;
use crate::upstream::{Endpoint, OutgoingRequest, Terms, Upstream, UpstreamBody, UpstreamConfig};

/// How much of a body is looked at.
const LOOKED_AT: usize = 64 << 10;

/// What is probed and how.
pub(in crate::rest::offramp) struct Probe {
    upstream: Upstream,
    endpoint: Endpoint,
    settings: HealthSettings,
}

impl Probe {
    /// Probes of `endpoint` by a client that keeps no connections and is otherwise as `config` says.
    pub(in crate::rest::offramp) fn new(settings: HealthSettings, endpoint: Endpoint, config: UpstreamConfig) -> Self {
        let upstream = Upstream::new(UpstreamConfig {
            shards: 1,
            max_idle: 0,
            ..config
        });
        Self {
            upstream,
            endpoint,
            settings,
        }
    }

    /// How states follow from results.
    pub(super) fn rules(&self) -> &Rules {
        &self.settings.rules
    }

    /// One probe; the error says what is wrong, for logs.
    pub(super) async fn run(&self) -> Result<(), String> {
        let limit = self.settings.timeout;
        let result = match &self.settings.question {
            Some(question) => timeout(limit, self.ask(question, limit)).await,
            None => timeout(limit, self.connect()).await,
        };
        // A connection that is shared would be there for the next probe, and hide that no new one is taken.
        self.upstream.close_idle();
        result.unwrap_or_else(|_| Err(format!("no answer within {} ms", limit.as_millis())))
    }

    async fn connect(&self) -> Result<(), String> {
        self.upstream.reach(&self.endpoint).await.map_err(|error| text(&error))
    }

    async fn ask(&self, question: &Question, limit: Duration) -> Result<(), String> {
        let mut request = OutgoingRequest {
            method: question.method.clone(),
            target: question.target.clone(),
            headers: question.headers.clone(),
            body: Content::default(),
            takes_trailers: false,
            upgrade: None,
        };
        let timeouts = AttemptTimeouts {
            connect: Some(limit),
            ..AttemptTimeouts::default()
        };
        let terms = Terms::only(&timeouts);
        let response = self.upstream.exchange(0, &self.endpoint, &mut request, terms).await;
        let mut response = response.map_err(|error| text(&error))?;
        let status = response.head.status.code();
        if !question.statuses.contains(status) {
            return Err(format!("status {status}"));
        }
        match &question.contains {
            Some(wanted) => has(&mut response.body, wanted.as_bytes()).await,
            None => Ok(()),
        }
    }
}

/// Looks for a text in the begin of a body.
async fn has(body: &mut UpstreamBody, wanted: &[u8]) -> Result<(), String> {
    let finder = memmem::Finder::new(wanted);
    let mut seen = Vec::new();
    loop {
        let chunk = body.next_chunk().await.map_err(|error| text(&error))?;
        let Some(chunk) = chunk else { break };
        // A text may lie across the border.
        let from = seen.len().saturating_sub(wanted.len());
        let room = LOOKED_AT - seen.len();
        seen.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
        if finder.find(&seen[from..]).is_some() {
            return Ok(());
        }
        if seen.len() == LOOKED_AT {
            break;
        }
    }
    if wanted.is_empty() {
        return Ok(());
    }
    Err("the body does not have the wanted text".to_owned())
}

fn text(error: &UpstreamError) -> String {
    match &error.source {
        Some(source) => format!("{error} ({source})"),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests;
