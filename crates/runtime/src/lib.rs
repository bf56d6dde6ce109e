//! Workers, sources, sinks, flow linking and running.
