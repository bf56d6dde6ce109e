//! Tokens of scripts and queries (spec/script.md 1).
//!
//! White space makes no token; comments do, so that the tokens of a text can be listed and coloured.

use crate::span::Span;

/// A token with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Its place; of a string only the opening quotes, the pieces are tokens of their own.
    pub span: Span,
}

/// Kinds of tokens.
#[derive(Clone, Debug, PartialEq)]
pub enum TokenKind {
    /// A bare or quoted name, without back-quotes.
    Name(String),
    /// A reserved word.
    Keyword(Keyword),
    /// An integer with its sign.
    Int(i64),
    /// A float with its sign.
    Float(f64),
    /// A symbol.
    Symbol(Symbol),
    /// Opening quotes of a string or heredoc.
    TextOpen {
        /// Three quotes.
        is_heredoc: bool,
    },
    /// Literal piece of a string or heredoc, escapes resolved.
    TextPart(String),
    /// Start of an interpolation.
    InsertOpen,
    /// End of an interpolation.
    InsertClose,
    /// Closing quotes.
    TextClose,
    /// An extractor format, escapes and continuations resolved.
    Format(String),
    /// A `###` line: its text.
    ModuleDoc(String),
    /// A `##` line: its text.
    ItemDoc(String),
    /// `#!config `.
    Config,
    /// A `#!line` directive.
    LineDirective,
    /// A plain comment, or the dialect directive of a script.
    Comment,
    /// A character that starts no token.
    Bad,
    /// The end of the text.
    End,
}

impl TokenKind {
    /// Name of the kind in listings.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Name(_) => "name",
            Self::Keyword(_) => "keyword",
            Self::Int(_) => "integer",
            Self::Float(_) => "float",
            Self::Symbol(_) => "symbol",
            Self::TextOpen { is_heredoc: false } => "string start",
            Self::TextOpen { is_heredoc: true } => "heredoc start",
            Self::TextPart(_) => "string text",
            Self::InsertOpen => "interpolation start",
            Self::InsertClose => "interpolation end",
            Self::TextClose => "string end",
            Self::Format(_) => "extractor format",
            Self::ModuleDoc(_) => "module documentation",
            Self::ItemDoc(_) => "documentation",
            Self::Config => "configuration directive",
            Self::LineDirective => "line directive",
            Self::Comment => "comment",
            Self::Bad => "bad token",
            Self::End => "end",
        }
    }

    /// Whether the token is none for the grammar: comments, documentation and line directives.
    pub fn is_trivia(&self) -> bool {
        matches!(
            self,
            Self::ModuleDoc(_) | Self::ItemDoc(_) | Self::LineDirective | Self::Comment
        )
    }
}

macro_rules! words {
    ($(#[$meta:meta])* $kind:ident { $($name:ident = $text:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $kind {
            $(
                #[doc = concat!("`", $text, "`.")]
                $name,
            )*
        }

        impl $kind {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// How it is written.
            pub fn text(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

words! {
    /// Reserved words (spec/script.md 1.4).
    Keyword {
        Absent = "absent",
        And = "and",
        Args = "args",
        As = "as",
        By = "by",
        Case = "case",
        Const = "const",
        Copy = "copy",
        Create = "create",
        Default = "default",
        Define = "define",
        Drop = "drop",
        Each = "each",
        Emit = "emit",
        End = "end",
        Erase = "erase",
        Event = "event",
        False = "false",
        Fn = "fn",
        For = "for",
        From = "from",
        Group = "group",
        Having = "having",
        Insert = "insert",
        Into = "into",
        Intrinsic = "intrinsic",
        Let = "let",
        Match = "match",
        Merge = "merge",
        Mod = "mod",
        Move = "move",
        Not = "not",
        Null = "null",
        Of = "of",
        Operator = "operator",
        Or = "or",
        Patch = "patch",
        Present = "present",
        Recur = "recur",
        Script = "script",
        Select = "select",
        Set = "set",
        Sliding = "sliding",
        State = "state",
        Stream = "stream",
        True = "true",
        Tumbling = "tumbling",
        Update = "update",
        Upsert = "upsert",
        Use = "use",
        When = "when",
        Where = "where",
        Window = "window",
        With = "with",
        Xor = "xor",
    }
}

impl Keyword {
    /// The keyword of this spelling.
    pub fn of(text: &str) -> Option<Self> {
        // The list is in alphabetical order.
        Self::ALL
            .binary_search_by(|keyword| keyword.text().cmp(text))
            .ok()
            .map(|at| Self::ALL[at])
    }
}

words! {
    /// Symbols (spec/script.md 1.12).
    Symbol {
        ShrUnsigned = ">>>",
        ColonColon = "::",
        Eq = "==",
        Ne = "!=",
        Arrow = "=>",
        TildeEq = "~=",
        Le = "<=",
        Shl = "<<",
        Ge = ">=",
        Shr = ">>",
        TuplePattern = "%(",
        ArrayPattern = "%[",
        RecordPattern = "%{",
        Comma = ",",
        Semicolon = ";",
        Colon = ":",
        Dot = ".",
        Dollar = "$",
        Underscore = "_",
        Assign = "=",
        Tilde = "~",
        Lt = "<",
        Gt = ">",
        Plus = "+",
        Minus = "-",
        Star = "*",
        Slash = "/",
        Percent = "%",
        Bang = "!",
        Ampersand = "&",
        Caret = "^",
        ParenOpen = "(",
        ParenClose = ")",
        BracketOpen = "[",
        BracketClose = "]",
        BraceOpen = "{",
        BraceClose = "}",
    }
}

impl Symbol {
    /// The longest symbol that `text` starts with.
    pub fn at_start_of(text: &str) -> Option<Self> {
        // The list goes from long to short.
        Self::ALL.iter().copied().find(|symbol| text.starts_with(symbol.text()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_in_the_order_that_lookups_need() {
        assert!(Keyword::ALL.is_sorted_by_key(|keyword| keyword.text()));
        assert!(Symbol::ALL.is_sorted_by_key(|symbol| std::cmp::Reverse(symbol.text().len())));
        assert_eq!(Keyword::of("window"), Some(Keyword::Window));
        for name in ["nil", "order", "binary", "in", "if", "else", "Match", ""] {
            assert_eq!(Keyword::of(name), None);
        }
    }
}
