//! Codes of all errors and warnings of scripts and queries.
//!
//! A code never changes its meaning and is never given twice; messages may change, codes not. The first letter is the stage: L lexical,
//! D dialect, S syntax, M modules, N names, C checks at load, R run time, G limits, Q queries, W warnings.

use std::fmt;

/// The code of a kind of error or warning.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Code {
    id: &'static str,
    title: &'static str,
}

impl Code {
    /// The stable text, such as `S001`.
    pub fn id(self) -> &'static str {
        self.id
    }

    /// One line that says what the kind is about.
    pub fn title(self) -> &'static str {
        self.title
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}

macro_rules! codes {
    ($($name:ident = $id:literal, $title:literal;)*) => {
        $(
            #[doc = $title]
            pub const $name: Code = Code { id: $id, title: $title };
        )*

        /// Every code, in the order of this file.
        pub const ALL: &[Code] = &[$($name),*];
    };
}

codes! {
    OPEN_STRING = "L001", "A string is not closed on its line.";
    OPEN_HEREDOC = "L002", "A heredoc is not closed.";
    HEREDOC_OPENING = "L003", "Something follows the opening quotes of a heredoc.";
    OPEN_INTERPOLATION = "L004", "An interpolation is not closed.";
    EMPTY_INTERPOLATION = "L005", "An interpolation is empty.";
    OPEN_NAME = "L006", "A quoted name is not closed on its line.";
    OPEN_EXTRACTOR = "L007", "An extractor format is not closed.";
    ESCAPE = "L008", "An escape is unknown.";
    UNICODE_ESCAPE = "L009", "A Unicode escape is malformed.";
    INTEGER = "L010", "An integer is out of range.";
    HEXADECIMAL = "L011", "A hexadecimal number is malformed or out of range.";
    FLOAT = "L012", "The exponent of a float is malformed.";
    CHARACTER = "L013", "A name character directly follows a number.";
    END_OF_STREAM = "L014", "The text ends inside a token.";
    LINE_DIRECTIVE = "L015", "A line directive is malformed.";
    DIALECT_FORM = "D001", "A dialect directive is malformed.";
    DIALECT_UNKNOWN = "D002", "A dialect is unknown.";
    DIALECT_CONFLICT = "D003", "A file names two dialects.";
    UNEXPECTED_TOKEN = "S001", "The text does not fit the grammar.";
    SOURCE_DEPTH = "S002", "The text is nested too deeply.";
    NESTED_BINDING = "S003", "A pattern binds two names.";
    MODULE_NOT_FOUND = "M001", "A module is not found.";
    CYCLIC_MODULES = "M002", "Modules use each other in a circle.";
    CONST_TWICE = "N001", "A constant is declared twice.";
    FUNCTION_TWICE = "N002", "A function is defined twice.";
    PARAMETER_TWICE = "N003", "Two parameters have the same name.";
    UNKNOWN_CONST = "N004", "A constant is unknown.";
    UNKNOWN_FUNCTION = "N005", "A function is unknown.";
    UNKNOWN_MODULE = "N006", "A library module is unknown.";
    NOT_CONSTANT = "C001", "A value is not constant.";
    EMIT_MISPLACED = "C002", "An emit stands where none is allowed.";
    DROP_MISPLACED = "C003", "A drop stands where none is allowed.";
    RECUR_MISPLACED = "C004", "A recur stands where none is allowed.";
    RECUR_ARITY = "C005", "A recur has a wrong number of arguments.";
    BYTES_KIND = "C006", "The type of a binary part is unknown.";
    BYTES_SIZE = "C007", "The size of a binary part is out of range.";
    EXTRACTOR = "C008", "An extractor is unknown or its format is invalid.";
    MISSING_KEY = "R001", "A key or a name is missing.";
    TYPE_CONFLICT = "R002", "A value has the wrong type.";
    BAD_INDEX = "R003", "An array index is negative.";
    INDEX_BOUNDS = "R004", "An array index is out of bounds.";
    BAD_RANGE = "R005", "A range runs backwards.";
    SET_IN_ARRAY = "R006", "An element of an array cannot be set.";
    BAD_TARGET = "R007", "The target cannot be set to this value.";
    SET_CONST = "R008", "A constant cannot be set.";
    BINARY_OPERATION = "R009", "A binary operation does not fit its operands.";
    UNARY_OPERATION = "R010", "A unary operation does not fit its operand.";
    SHIFT_COUNT = "R011", "A shift count is out of range.";
    NO_CLAUSE = "R012", "No clause of a match fits.";
    PATCH = "R013", "A patch operation does not fit its record.";
    BYTES_VALUE = "R014", "A value does not fit its binary part.";
    ARITY = "R015", "A function is called with a wrong number of arguments.";
    ARGUMENT_TYPE = "R016", "A function is called with a wrong type.";
    FUNCTION_FAILED = "R017", "A library function failed.";
    WINDOW_VALUE = "R018", "A window script gives no usable value.";
    RECURSION_LIMIT = "G001", "A function recurs too often.";
    VALUE_DEPTH = "G002", "A value is nested too deeply.";
    TOO_LARGE = "G003", "A value is too large.";
    STEP_LIMIT = "G004", "The work for one event is too much.";
    GROUP_LIMIT = "G005", "A window holds too many groups.";
    LOCAL_IN_SELECT = "Q001", "A select names a local variable.";
    NESTED_AGGREGATE = "Q002", "An aggregate function stands inside of an aggregate function.";
    EVENT_IN_TARGET = "Q003", "The target of a windowed select refers to the event.";
    UNKNOWN_NODE = "Q004", "A node is not defined.";
    RESERVED_NODE = "Q005", "The name of a node is reserved.";
    NODE_TWICE = "Q006", "The name of a node is already in use.";
    UNKNOWN_DEFINITION = "Q007", "A definition is not found.";
    UNKNOWN_OPERATOR = "Q008", "An operator type is unknown.";
    OPERATOR_CONFIG = "Q009", "The configuration of an operator is wrong.";
    UNKNOWN_WINDOW = "Q010", "A window is unknown.";
    WINDOW_SETTINGS = "Q011", "The settings of a window are wrong.";
    WINDOW_SLIDING = "Q012", "Sliding windows do not exist.";
    CYCLE = "Q013", "The nodes of a query form a cycle.";
    PORT = "Q014", "A port cannot be used.";
    NO_DEFAULT = "W001", "A match has no default clause.";
    SEVERAL_DEFAULTS = "W002", "A match has more than one default clause.";
    PRESENT_AND_TEST = "W003", "A field is tested with present and in another way.";
    ABSENT_AND_TEST = "W004", "A field is tested with absent and in another way.";
    AGGREGATE_COST = "W005", "An aggregate function keeps all values.";
    AGGREGATE_WITHOUT_WINDOW = "W006", "An aggregate function has no window to work on.";
    UNBOUNDED_GROUPS = "W007", "The groups of a window are not limited.";
    DEPRECATED_OPERATOR = "W008", "An operator type has a new name.";
    BRACE_TEXT = "W101", "Braces in a string look like an interpolation of tremor 0.9.";
    HASH_BRACE = "W102", "The hash of an interpolation would be printed by tremor 0.9.";
    WINDOW_EVENT = "W103", "A windowed target refers to the triggering event.";
    WINDOW_BOTH = "W104", "A window has a size and an interval.";
    EMIT_EMPTY = "W105", "A window setting has no effect in dialect 0.9.";
    OLD_KEY = "W106", "A configuration key of tremor 0.9 is used.";
    OLD_META = "W107", "A metadata name of tremor 0.9 is used.";
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_code_is_given_twice() {
        let ids: HashSet<_> = ALL.iter().map(|code| code.id()).collect();
        assert_eq!(ids.len(), ALL.len());
        assert!(ALL.iter().all(|code| code.title().ends_with('.')));
    }
}
