//! Name resolution, compiler and runtime of the scripting language.
