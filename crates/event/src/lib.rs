//! Events, their identity, signals and insights.
