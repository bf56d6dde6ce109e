//! HTTP server and client engine, rest onramp and offramp.
