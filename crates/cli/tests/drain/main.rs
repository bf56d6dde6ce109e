//! Drain and take-over (spec/proxy.md 2.17), with the deployment of `docs/drain.md`; what pipelines hold when they end (spec/runtime.md 3.3 and
//! 8.6).

mod delay;
mod held;
mod load;
mod secure;
mod takeover;
mod world;
