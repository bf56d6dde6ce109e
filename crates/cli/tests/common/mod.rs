//! The recipe with three upstreams of the testkit.
#![allow(clippy::unwrap_used)] // helpers of tests

use std::time::Duration;

use temblor_testkit::{Behaviour, Deployment, FaultyUpstream, RawClient, Recipe, Response, free_port};

/// How long a test waits for something that must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The media type of most requests here.
pub(crate) const JSON: &[(&str, &str)] = &[("Content-Type", "application/json")];

/// Three upstreams and the program in front of them.
pub(crate) struct World {
    pub(crate) upstreams: [FaultyUpstream; 3],
    pub(crate) proxy: Deployment,
}

impl World {
    /// The recipe with variations, in front of upstreams that echo.
    pub(crate) fn new(vary: impl FnOnce(Recipe) -> Recipe) -> Self {
        let upstreams = std::array::from_fn(|_| FaultyUpstream::echo().unwrap());
        let ports = [0, 1, 2].map(|at: usize| upstreams[at].port());
        let recipe = vary(Recipe::new(free_port().unwrap(), ports)).admin(free_port().unwrap());
        let proxy = Deployment::start(env!("CARGO_BIN_EXE_temblor"), &recipe).unwrap_or_else(|error| panic!("{error}"));
        Self { upstreams, proxy }
    }

    /// A new connection to the proxy.
    pub(crate) fn client(&self) -> RawClient {
        self.proxy.client().unwrap()
    }

    /// One request over a connection of its own.
    pub(crate) fn ask(&self, method: &str, target: &str, body: &str) -> Response {
        let answer = self.client().ask(method, target, JSON, body);
        answer.unwrap_or_else(|error| panic!("{method} {target}: {error}; the program wrote:\n{}", self.proxy.stderr()))
    }

    /// All upstreams behave so from now on.
    pub(crate) fn set(&self, behaviour: &Behaviour) {
        for upstream in &self.upstreams {
            upstream.set(behaviour.clone());
        }
    }

    /// Requests that each upstream got.
    pub(crate) fn counts(&self) -> [u64; 3] {
        [0, 1, 2].map(|at: usize| self.upstreams[at].count())
    }
}

/// Whether a text has the form of an event id: three numbers joined by colons.
pub(crate) fn is_event_id(text: &serde_json::Value) -> bool {
    let parts: Vec<&str> = text.as_str().unwrap_or("").split(':').collect();
    parts.len() == 3 && parts.iter().all(|part| part.parse::<u64>().is_ok())
}
