package lexer

// Character classes, by byte.
const (
	classOther uint8 = iota
	classLetter
	classDigit
	classOperator
	classPunct
)

var (
	charClass = buildCharClass()
	punctKind = [256]Kind{
		'(': LParen, ')': RParen, '[': LBracket, ']': RBracket, '{': LBrace, '}': RBrace,
		',': Comma, ';': Semicolon, '?': Question, '#': Hash,
	}
)

func buildCharClass() (class [256]uint8) {
	for c := 0; c < 256; c++ {
		switch {
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80:
			class[c] = classLetter
		case isDigit(byte(c)):
			class[c] = classDigit
		}
	}
	for _, c := range "+-*/%^<>=~!@&|`" {
		class[c] = classOperator
	}
	for _, c := range "()[]{},;?#" {
		class[c] = classPunct
	}
	return class
}

// operators lists the operators of more than one character, longest first
// within their first character, so that the first match is the longest.
var operators = [128][]operatorInfo{
	'-': {{"->>", LongArrow}, {"->", Arrow}},
	'*': {{"**", StarStar}},
	'/': {{"//", DoubleSlash}},
	'^': {{"^@", OtherOp}},
	'<': {{"<->", OtherOp}, {"<=>", OtherOp}, {"<=", LtEq}, {"<>", NotEq}, {"<<", OtherOp}, {"<@", OtherOp}},
	'>': {{">>", OtherOp}, {">=", GtEq}},
	'=': {{"=>", FatArrow}, {"==", Eq}},
	'~': {{"~~~", OtherOp}, {"~~*", OtherOp}, {"~~", OtherOp}, {"~*", OtherOp}},
	'!': {{"!~~*", OtherOp}, {"!~~~", OtherOp}, {"!~~", OtherOp}, {"!~*", OtherOp}, {"!~", OtherOp}, {"!=", NotEq}},
	'@': {{"@>", OtherOp}},
	'&': {{"&&", OtherOp}},
	'|': {{"||", Concat}},
}

type operatorInfo struct {
	text string
	kind Kind
}

var singleKind = [128]Kind{
	'+': Plus, '-': Minus, '*': Star, '/': Slash, '%': Percent, '^': Caret,
	'<': Lt, '>': Gt, '=': Eq, '~': OtherOp, '!': OtherOp, '@': OtherOp, '&': OtherOp, '|': OtherOp, '`': OtherOp,
}

// operator reads the longest operator at start that does not run into a comment.
func (l *Lexer) operator(start int) Token {
	text := l.text
	c := text[start]
next:
	for _, op := range operators[c] {
		if len(text)-start < len(op.text) || text[start:start+len(op.text)] != op.text {
			continue
		}
		// a comment may begin inside: "*/*" or "<--"
		for i := 1; i < len(op.text); i++ {
			if rest := text[start+i:]; len(rest) > 1 && (rest[0] == '-' && rest[1] == '-' || rest[0] == '/' && rest[1] == '*') {
				continue next
			}
		}
		l.pos = start + len(op.text)
		return Token{Kind: op.kind, Start: int32(start), End: int32(l.pos)}
	}
	l.pos = start + 1
	return Token{Kind: singleKind[c], Start: int32(start), End: int32(l.pos)}
}
