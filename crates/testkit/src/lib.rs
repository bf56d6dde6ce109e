//! In-memory sources and sinks, faulty upstreams and the golden-case walker (development only).
