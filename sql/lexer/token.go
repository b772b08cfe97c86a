package lexer

// Kind is the kind of a token.
type Kind uint8

// The kinds of token.
const (
	EOF     Kind = iota
	Invalid      // see Lexer.Err
	Ident        // a word; Keyword tells whether it is one of those
	QuotedIdent
	Integer    // 42, 1_000, 0xFF
	Decimal    // 1.5, .5, 1.
	Float      // 1e3
	String     // '...'
	EString    // E'...'
	Dollar     // $$...$$
	HexString  // X'...'
	BitString  // B'...'
	Param      // $1
	NamedParam // $name

	LParen
	RParen
	LBracket
	RBracket
	LBrace
	RBrace
	Comma
	Semicolon
	Dot
	Colon
	Typecast    // ::
	Assign      // :=
	Question    // ?
	Hash        // #
	Plus        // +
	Minus       // -
	Star        // *
	Slash       // /
	DoubleSlash // //
	Percent     // %
	Caret       // ^
	StarStar    // **
	Eq          // = ==
	NotEq       // <> !=
	Lt
	LtEq
	Gt
	GtEq
	Arrow      // ->
	LongArrow  // ->>
	FatArrow   // =>
	Concat     // ||
	OtherOp    // any other operator; the text tells which
	numOfKinds = iota
)

// Token is one token: its kind and the half-open byte range of its text.
type Token struct {
	Kind Kind
	// Escaped tells that the value of a String or QuotedIdent differs from the
	// text between its quotes (a doubled quote).
	Escaped bool
	Keyword Keyword // of an Ident
	Start   int32
	End     int32
}

// IsString reports whether the token is a string literal of any spelling that
// denotes text.
func (t Token) IsString() bool { return t.Kind == String || t.Kind == EString || t.Kind == Dollar }
