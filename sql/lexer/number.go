package lexer

// number reads a numeric literal; text[start] is a digit, or a dot before one.
// A letter directly after the digits starts the next token (SELECT 1x names the
// column x), as in PostgreSQL's older versions and DuckDB.
func (l *Lexer) number(start int) Token {
	text := l.text
	i := start
	if text[i] == '0' && radixDigits(text, i) > 0 {
		l.pos = i + 2 + radixDigits(text, i)
		return Token{Kind: Integer, Start: int32(start), End: int32(l.pos)}
	}
	kind := Integer
	i = skipDigits(text, i)
	if i < len(text) && text[i] == '.' && !(i+1 < len(text) && text[i+1] == '.') {
		kind = Decimal
		i++
		if i < len(text) && isDigit(text[i]) {
			i = skipDigits(text, i)
		}
	}
	if i < len(text) && (text[i] == 'e' || text[i] == 'E') {
		j := i + 1
		if j < len(text) && (text[j] == '+' || text[j] == '-') {
			j++
		}
		if j < len(text) && isDigit(text[j]) {
			kind = Float
			i = skipDigits(text, j)
		}
	}
	l.pos = i
	return Token{Kind: kind, Start: int32(start), End: int32(i)}
}

// skipDigits moves over digits and single underscores between them.
func skipDigits(text string, i int) int {
	for i < len(text) {
		if isDigit(text[i]) || text[i] == '_' && i+1 < len(text) && isDigit(text[i+1]) && i > 0 && isDigit(text[i-1]) {
			i++
			continue
		}
		break
	}
	return i
}

// radixDigits returns how many characters of a 0x, 0o or 0b literal follow its
// prefix at i; 0 when it is none.
func radixDigits(text string, i int) int {
	if i+2 >= len(text) {
		return 0
	}
	var ok func(c byte) bool
	switch text[i+1] | 0x20 {
	case 'x':
		ok = func(c byte) bool { return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' }
	case 'o':
		ok = func(c byte) bool { return c >= '0' && c <= '7' }
	case 'b':
		ok = func(c byte) bool { return c == '0' || c == '1' }
	default:
		return 0
	}
	j := i + 2
	for j < len(text) && (ok(text[j]) || text[j] == '_' && j > i+2 && text[j-1] != '_' && j+1 < len(text) && ok(text[j+1])) {
		j++
	}
	if j < len(text) && (charClass[text[j]] == classLetter || charClass[text[j]] == classDigit) {
		return 0 // 0xyz: a zero and a name
	}
	return j - i - 2
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
