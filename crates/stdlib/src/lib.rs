//! Function modules, aggregates and library sources of the scripting language.
