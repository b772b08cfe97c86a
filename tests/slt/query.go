package slt

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
)

// query runs SQL text, which may hold several statements, and reads the result
// of the last one to its end. A statement that changes rows and returns none
// gives their number.
func (r *run) query(ctx context.Context, conn *sql.Conn, q string) (*table, error) {
	stmts := split(q)
	if len(stmts) == 0 {
		stmts = []string{q}
	}
	last := stmts[len(stmts)-1]
	for _, s := range stmts[:len(stmts)-1] {
		if _, err := conn.ExecContext(ctx, s); err != nil {
			return nil, err
		}
	}
	if !returnsRows(last) {
		res, err := conn.ExecContext(ctx, last)
		if err != nil {
			return nil, err
		}
		// A driver may not know how many rows a statement changed.
		n, err := res.RowsAffected()
		if err != nil {
			n = 0
		}
		return &table{types: []string{"BIGINT"}, rows: [][]string{{strconv.FormatInt(n, 10)}}}, nil
	}
	rows, err := conn.QueryContext(ctx, last)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	return r.read(rows)
}

func (r *run) read(rows *sql.Rows) (*table, error) {
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, err
	}
	t := &table{types: make([]string, len(types))}
	cells, places := make([]any, len(types)), make([]any, len(types))
	for i, ct := range types {
		t.types[i] = strings.ToUpper(ct.DatabaseTypeName())
		places[i] = &cells[i]
	}
	for rows.Next() {
		if err := rows.Scan(places...); err != nil {
			return nil, err
		}
		row := make([]string, len(cells))
		for i, v := range cells {
			row[i] = r.eng.cell(v, t.types[i])
		}
		t.rows = append(t.rows, row)
	}
	return t, rows.Err()
}

// rowStatements are the first words of statements that return rows.
var rowStatements = map[string]bool{
	"SELECT": true, "WITH": true, "VALUES": true, "FROM": true, "TABLE": true, "SHOW": true, "DESCRIBE": true,
	"DESC": true, "SUMMARIZE": true, "EXPLAIN": true, "PRAGMA": true, "CALL": true, "PIVOT": true, "UNPIVOT": true,
	"EXECUTE": true,
}

// returnsRows tells whether a statement returns rows, by its first word, and
// for WITH and those that change rows by the words that follow.
func returnsRows(stmt string) bool {
	first, changes, returning := "", false, false
	words(stmt, func(word string, depth int) {
		if first == "" {
			first = word
		}
		if depth == 0 {
			switch word {
			case "INSERT", "UPDATE", "DELETE", "MERGE":
				changes = true
			case "RETURNING":
				returning = true
			}
		}
	})
	if first == "WITH" && changes || !rowStatements[first] {
		return returning
	}
	return true
}

// words calls f for every bare word of the text, in upper case, with the depth
// of the parentheses around it; quoted text and comments are passed over.
func words(text string, f func(word string, depth int)) {
	scan(text, func(i, j, depth int) {
		if c := text[i]; c == '_' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' {
			f(strings.ToUpper(text[i:j]), depth)
		}
	})
}

// split cuts text at the semicolons between statements; empty ones are left out.
func split(text string) []string {
	var stmts []string
	from, some := 0, false
	scan(text, func(i, j, _ int) {
		if text[i] != ';' {
			some = true
			return
		}
		if some {
			stmts = append(stmts, text[from:i])
		}
		from, some = j, false
	})
	if some {
		stmts = append(stmts, text[from:])
	}
	return stmts
}

// scan calls f for every token text[i:j]: a word, a quoted text, or one byte of
// anything else but blanks and comments.
func scan(text string, f func(i, j, depth int)) {
	depth := 0
	for i := 0; i < len(text); {
		c, j := text[i], i+1
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i = j
			continue
		case strings.HasPrefix(text[i:], "--"):
			if n := strings.IndexByte(text[i:], '\n'); n >= 0 {
				i += n
			} else {
				i = len(text)
			}
			continue
		case strings.HasPrefix(text[i:], "/*"):
			if n := strings.Index(text[i+2:], "*/"); n >= 0 {
				i += n + 4
			} else {
				i = len(text)
			}
			continue
		case c == '\'' || c == '"':
			for j < len(text) && text[j] != c {
				j++
			}
			j = min(j+1, len(text)) // a doubled quote reads as two texts, which is as good
		case c == '$':
			if tag := dollarTag(text[i:]); tag != "" {
				if n := strings.Index(text[i+len(tag):], tag); n >= 0 {
					j = i + n + 2*len(tag)
				} else {
					j = len(text)
				}
			}
		case wordByte(c):
			for j < len(text) && wordByte(text[j]) {
				j++
			}
		case c == '(' || c == '[' || c == '{':
			depth++
		case c == ')' || c == ']' || c == '}':
			depth--
		}
		f(i, j, depth)
		i = j
	}
}

func wordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= 0x80
}

// dollarTag gives the opening $tag$ of a dollar-quoted text, "" if s has none.
func dollarTag(s string) string {
	for i := 1; i < len(s); i++ {
		if s[i] == '$' {
			return s[:i+1]
		}
		if !wordByte(s[i]) || i == 1 && s[i] >= '0' && s[i] <= '9' {
			return ""
		}
	}
	return ""
}
