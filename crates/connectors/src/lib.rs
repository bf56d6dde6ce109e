//! Light connectors: files, standard streams, test sources and sinks.
