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
    explanation: &'static str,
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

    /// When it occurs and what to do about it, for the reference; Markdown in which `[R012](#r012)` leads to another code.
    pub fn explanation(self) -> &'static str {
        self.explanation
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
    ($($name:ident = $id:literal, $title:literal, $explanation:literal;)*) => {
        $(
            #[doc = $title]
            pub const $name: Code = Code { id: $id, title: $title, explanation: $explanation };
        )*

        /// Every code, in the order of this file.
        pub const ALL: &[Code] = &[$($name),*];
    };
}

codes! {
    OPEN_STRING = "L001", "A string is not closed on its line.",
        "A string ends on the line it starts on. For text over several lines use a heredoc (`\"\"\"`) or `\\n`.";
    OPEN_HEREDOC = "L002", "A heredoc is not closed.",
        "A heredoc goes on to the next `\"\"\"`, wherever it stands; there is none up to the end of the file.";
    HEREDOC_OPENING = "L003", "Something follows the opening quotes of a heredoc.",
        "The text of a heredoc starts on the line behind the opening `\"\"\"`. Blanks behind the quotes count as well.";
    OPEN_INTERPOLATION = "L004", "An interpolation is not closed.",
        "`#{` in a string starts an interpolation, in dialect 0.9 `{` as well, and its closing `}` is missing. For the plain characters write `\\#{`, in dialect 0.9 `\\{`.";
    EMPTY_INTERPOLATION = "L005", "An interpolation is empty.",
        "`#{}` inserts nothing. Name a value, or write `\\#{}` for the plain characters.";
    OPEN_NAME = "L006", "A quoted name is not closed on its line.",
        "A name in back-quotes ends on the line it starts on.";
    OPEN_EXTRACTOR = "L007", "An extractor format is not closed.",
        "The format of an extractor goes from `|` to `|` on one line. A bar in it is written `\\|`, and a backslash at the end of the line continues it on the next.";
    ESCAPE = "L008", "An escape is unknown.",
        "A backslash stands before a character that it cannot escape. Strings know `\\\"`, `\\'`, `\\\\`, `\\/`, `\\#`, `\\b`, `\\f`, `\\n`, `\\r`, `\\t` and `\\uXXXX`, dialect 0.9 `\\{` and `\\}` too; formats of extractors know `\\|` and `\\\\`.";
    UNICODE_ESCAPE = "L009", "A Unicode escape is malformed.",
        "`\\u` takes exactly four hexadecimal digits. Halves of surrogate pairs (D800 to DFFF) are no characters.";
    INTEGER = "L010", "An integer is out of range.",
        "Integers in a text go from -9223372036854775808 to 9223372036854775807. Values of events may reach 18446744073709551615.";
    HEXADECIMAL = "L011", "A hexadecimal number is malformed or out of range.",
        "Hexadecimal numbers are written `0x` and at least one digit, and fit 63 bits.";
    FLOAT = "L012", "The exponent of a float is malformed.",
        "The exponent of a float has at least one digit: `1.5e3`.";
    CHARACTER = "L013", "A name character directly follows a number.",
        "Numbers and names join without a blank between them to something that is neither. Blanks around a minus sign matter: `5 - 3`.";
    END_OF_STREAM = "L014", "The text ends inside a token.",
        "The file ends behind a backslash.";
    LINE_DIRECTIVE = "L015", "A line directive is malformed.",
        "A comment that starts with `#!line` and has five fields or more gives the position of the next line; its first four fields are numbers. Only tools write such lines.";
    DIALECT_FORM = "D001", "A dialect directive is malformed.",
        "The directive is written `#!config dialect = \"0.9\"`, above all that is no comment (in a query among the other directives).";
    DIALECT_UNKNOWN = "D002", "A dialect is unknown.",
        "Dialects are called `0.9`, `0.10` and `0.11`; the last two mean the same.";
    DIALECT_CONFLICT = "D003", "A file names two dialects.",
        "One file has two directives with different dialects.";
    UNEXPECTED_TOKEN = "S001", "The text does not fit the grammar.",
        "A token stands where the grammar has no place for it. The message names the token and what would fit. The cause is often just before: a missing `;`, a missing `end`, a comma too many.";
    SOURCE_DEPTH = "S002", "The text is nested too deeply.",
        "Brackets, blocks, patterns, interpolations or modules are nested deeper than the limit `source_depth` allows.";
    NESTED_BINDING = "S003", "A pattern binds two names.",
        "A pattern binds one name: `case name = pattern`.";
    MODULE_NOT_FOUND = "M001", "A module is not found.",
        "`use a::b` looks for `a/b.tremor`, then for `a/b.trickle`, in the folders of `TEMBLOR_PATH`, then in the standard library.";
    CYCLIC_MODULES = "M002", "Modules use each other in a circle.",
        "A module file uses itself, directly or through others. The message shows the chain.";
    CONST_TWICE = "N001", "A constant is declared twice.",
        "A constant name can be declared once in a module. Two files that are used under one name are one module.";
    FUNCTION_TWICE = "N002", "A function is defined twice.",
        "A function name can be defined once in a module, whatever the number of parameters.";
    PARAMETER_TWICE = "N003", "Two parameters have the same name.",
        "Parameters of a function have different names.";
    UNKNOWN_CONST = "N004", "A constant is unknown.",
        "A path such as `a::b` names a constant. It is looked for from the module in which it is written, downwards only.";
    UNKNOWN_FUNCTION = "N005", "A function is unknown.",
        "A function is looked for from the module in which the call is written, downwards only. A function of the standard library needs `use std::MODULE;` in the same file, or the call `core::MODULE::NAME(…)`.";
    UNKNOWN_MODULE = "N006", "A library module is unknown.",
        "`intrinsic fn` or `core::` names a module that the standard library does not have.";
    NOT_CONSTANT = "C001", "A value is not constant.",
        "The value of a `const`, and of a parameter in a query, is computed when the text is loaded: literals, operators, constants, and library functions that depend on their arguments alone.";
    EMIT_MISPLACED = "C002", "An emit stands where none is allowed.",
        "`emit` ends a script. A function returns a value instead.";
    DROP_MISPLACED = "C003", "A drop stands where none is allowed.",
        "`drop` ends a script. A function returns a value instead.";
    RECUR_MISPLACED = "C004", "A recur stands where none is allowed.",
        "`recur` calls the function again in place of its result, so it is the last thing that the function does.";
    RECUR_ARITY = "C005", "A recur has a wrong number of arguments.",
        "`recur` gives a value for each parameter of the function.";
    BYTES_KIND = "C006", "The type of a binary part is unknown.",
        "The types of parts of a binary are `binary`, and `integer`, `signed-integer`, `unsigned-integer` with `big-` or `little-` before them or without.";
    BYTES_SIZE = "C007", "The size of a binary part is out of range.",
        "The size of a part of a binary goes from 1 to 64; it counts bits, in parts of the type `binary` bytes.";
    EXTRACTOR = "C008", "An extractor is unknown or its format is invalid.",
        "The extractor does not exist, or it cannot use its format.";
    MISSING_KEY = "R001", "A key or a name is missing.",
        "A record lacks the key, or a local name was not set on the way taken. `present event.x` tests it, and `match event of case %{ present x } => … end` takes both cases.";
    TYPE_CONFLICT = "R002", "A value has the wrong type.",
        "A step of a path, a guard, `merge`, `patch` or an index met a value of another type.";
    BAD_INDEX = "R003", "An array index is negative.",
        "Indexes count from 0 at the start of an array; they are never negative.";
    INDEX_BOUNDS = "R004", "An array index is out of bounds.",
        "The array is shorter than the index or the end of the range. The valid range is in the message.";
    BAD_RANGE = "R005", "A range runs backwards.",
        "The end of a range is not before its start.";
    SET_IN_ARRAY = "R006", "An element of an array cannot be set.",
        "`let` sets keys of records. An array is built anew, by `for`, by `array::push` and the like.";
    BAD_TARGET = "R007", "The target cannot be set to this value.",
        "The metadata `$` is a record and stays one.";
    SET_CONST = "R008", "A constant cannot be set.",
        "Constants, `args`, `group` and `window` cannot be set.";
    BINARY_OPERATION = "R009", "A binary operation does not fit its operands.",
        "The operator is not defined for values of these types. Nothing is converted by itself; see the modules `std::string`, `std::integer` and `std::float`.";
    UNARY_OPERATION = "R010", "A unary operation does not fit its operand.",
        "The operator is not defined for a value of this type.";
    SHIFT_COUNT = "R011", "A shift count is out of range.",
        "Integers have 64 bits; they are shifted by 0 to 63.";
    NO_CLAUSE = "R012", "No clause of a match fits.",
        "A `match` found no clause for its value. A `default` clause takes what is left.";
    PATCH = "R013", "A patch operation does not fit its record.",
        "`insert`, `move` and `copy` add a key that must not exist yet, `update` changes one that must exist, `merge` changes one that holds a record. `upsert` adds or changes.";
    BYTES_VALUE = "R014", "A value does not fit its binary part.",
        "A part of a binary takes an integer of 0 or more, as a signed one any up to 9223372036854775807; a part of the type `binary` takes a string or binary of at least its size.";
    ARITY = "R015", "A function is called with a wrong number of arguments.",
        "The number of arguments is in the message, beside what the function takes.";
    ARGUMENT_TYPE = "R016", "A function is called with a wrong type.",
        "A library function takes values of other types; see its entry in the [reference of functions](functions.md).";
    FUNCTION_FAILED = "R017", "A library function failed.",
        "A library function could not do its work; the message says why.";
    WINDOW_VALUE = "R018", "A window script gives no usable value.",
        "The script of a window gives the weight or the time of an event, an unsigned integer.";
    RECURSION_LIMIT = "G001", "A function recurs too often.",
        "A function called itself by `recur` more often than the limit `recursion` allows, most often because it has no end.";
    VALUE_DEPTH = "G002", "A value is nested too deeply.",
        "A value is nested deeper than the limit `value_depth` allows.";
    TOO_LARGE = "G003", "A value is too large.",
        "A string or binary is longer than the limit `value_bytes`, or an array or record is larger than the limit `value_elements`.";
    STEP_LIMIT = "G004", "The work for one event is too much.",
        "A script or select did more for one event than the limit `steps` allows.";
    GROUP_LIMIT = "G005", "A window holds too many groups.",
        "A window has as many groups as its `max_groups`, and the event would need another. `eviction_period` drops groups that are not used any more.";
    LOCAL_IN_SELECT = "Q001", "A select names a local variable.",
        "A select knows `event`, `$`, `group`, `window`, constants of modules, and the names that patterns and `for` bind.";
    NESTED_AGGREGATE = "Q002", "An aggregate function stands inside of an aggregate function.",
        "The arguments of an aggregate are computed for each event, its value once for each window, so they cannot hold one another.";
    EVENT_IN_TARGET = "Q003", "The target of a windowed select refers to the event.",
        "The target of a select with a window is computed when the window closes, when there is no single event. Use an aggregate, or an expression that is the same as one of `group by`.";
    UNKNOWN_NODE = "Q004", "A node is not defined.",
        "`from` and `into` name `in`, `out`, `err`, `metrics`, or what `create` made.";
    RESERVED_NODE = "Q005", "The name of a node is reserved.",
        "`in`, `out`, `err` and `metrics` are nodes of every query.";
    NODE_TWICE = "Q006", "The name of a node is already in use.",
        "Streams, operators and scripts share their names.";
    UNKNOWN_DEFINITION = "Q007", "A definition is not found.",
        "`create operator` and `create script` take the definition of their own name, or the one behind `from`. Definitions of modules are named with their path.";
    UNKNOWN_OPERATOR = "Q008", "An operator type is unknown.",
        "The type of an operator is the two names in its definition, such as `qos::roundrobin`.";
    OPERATOR_CONFIG = "Q009", "The configuration of an operator is wrong.",
        "The `with` of the definition and of the `create` together configure an operator. One is missing, not allowed, or has a wrong value.";
    UNKNOWN_WINDOW = "Q010", "A window is unknown.",
        "The windows of a select are named in brackets behind its source, with the path of their module.";
    WINDOW_SETTINGS = "Q011", "The settings of a window are wrong.",
        "A window closes by `size` or by `interval`: one of them is given, as an unsigned integer.";
    WINDOW_SLIDING = "Q012", "Sliding windows do not exist.",
        "Windows are `tumbling`.";
    CYCLE = "Q013", "The nodes of a query form a cycle.",
        "Events go through a query one way. The note shows the graph in the language of Graphviz.";
    PORT = "Q014", "A port cannot be used.",
        "A query can have 65535 nodes and each node 65535 ports.";
    NO_DEFAULT = "W001", "A match has no default clause.",
        "Without `default` an event that fits no clause is an error ([R012](#r012)).";
    SEVERAL_DEFAULTS = "W002", "A match has more than one default clause.",
        "The first clause that takes everything is taken always; the ones behind it are never reached.";
    PRESENT_AND_TEST = "W003", "A field is tested with present and in another way.",
        "Any test but `absent` holds only if the key is there, so `present` adds nothing.";
    ABSENT_AND_TEST = "W004", "A field is tested with absent and in another way.",
        "No event can pass: the key would have to be there and not be there.";
    AGGREGATE_COST = "W005", "An aggregate function keeps all values.",
        "The aggregate keeps something of each event, so a large window takes much memory.";
    AGGREGATE_WITHOUT_WINDOW = "W006", "An aggregate function has no window to work on.",
        "Aggregates work in the target and in the `having` of a select with a window. Anywhere else the call fails for every event.";
    UNBOUNDED_GROUPS = "W007", "The groups of a window are not limited.",
        "With `emit_empty_windows` every group gives an event for every interval, and none is ever dropped. `max_groups` or `eviction_period` limits them.";
    DEPRECATED_OPERATOR = "W008", "An operator type has a new name.",
        "The type still works under its old name.";
    BRACE_TEXT = "W101", "Braces in a string look like an interpolation of tremor 0.9.",
        "In tremor 0.9 `{name}` in a string inserted a value. Today that is `#{name}`, and the braces are plain text. If they are meant so, write one as `\\u007b`.";
    HASH_BRACE = "W102", "The hash of an interpolation would be printed by tremor 0.9.",
        "tremor 0.9 would have printed the hash of `#{…}`. `##{` keeps it in both dialects.";
    WINDOW_EVENT = "W103", "A windowed target refers to the triggering event.",
        "In dialect 0.9 the target sees the event that closes the window, which is the first one of the next. `aggr::win::last(…)` is the last event of the window itself.";
    WINDOW_BOTH = "W104", "A window has a size and an interval.",
        "Dialect 0.9 takes the `interval` and ignores the `size`; the default dialect refuses such a window ([Q011](#q011)).";
    EMIT_EMPTY = "W105", "A window setting has no effect in dialect 0.9.",
        "Dialect 0.9 closes windows only when an event comes, so none is ever empty.";
    OLD_KEY = "W106", "A configuration key of tremor 0.9 is used.",
        "The message names the key of today.";
    OLD_META = "W107", "A metadata name of tremor 0.9 is used.",
        "The message names the metadata of today.";
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_code_is_given_twice() {
        let ids: HashSet<_> = ALL.iter().map(|code| code.id()).collect();
        assert_eq!(ids.len(), ALL.len());
        assert!(
            ALL.iter()
                .all(|code| code.title().ends_with('.') && code.explanation().ends_with('.'))
        );
    }
}
