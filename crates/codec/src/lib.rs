//! Codecs between bytes and values, preprocessors and postprocessors.
