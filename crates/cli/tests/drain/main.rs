//! Drain and take-over (spec/proxy.md 2.17), with the deployment of `docs/drain.md`.

mod delay;
mod load;
mod takeover;
mod world;
