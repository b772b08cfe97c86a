// Package lexer turns SQL text into tokens.
//
// A [Lexer] reads a text once, from front to back, and gives [Token] values that
// hold byte offsets into it; nothing is copied or allocated until somebody asks
// for the value of a string or a quoted name ([Lexer.StringValue],
// [Lexer.IdentValue]).
//
// Understood are: -- and nested /* */ comments; strings '...' with two quotes for a
// quote, E'...' with backslash escapes, $tag$...$tag$, X'...' and B'...';
// "quoted" identifiers; numbers with underscores, exponents and 0x, 0o and 0b
// prefixes; $1, $name and ? parameters; the operators of the dialect by longest
// match. White space includes Unicode's space characters and a byte order mark.
//
// Invariants: tokens do not overlap and come in order; the text between two
// tokens is white space and comments; after [EOF] comes EOF; an [Invalid] token
// is the last but for EOF and [Lexer.Err] says what is wrong. No input makes
// the lexer panic or loop.
//
// Limits: [MaxText] bytes (error 54000), identifiers and strings up to that.
//
// Keywords are told apart by their reservedness ([Category]); which of them may
// be a name in which place is the parser's business.
package lexer
