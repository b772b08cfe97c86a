package main

import (
	"fmt"
	"strings"

	"github.com/gannetdb/gannet/sql/format"
)

// cmdSchema prints the definitions of all tables and views, or of one.
func cmdSchema(s *shell, args []string) error {
	names, err := s.tableNames()
	if err != nil {
		return err
	}
	found := false
	for _, n := range names {
		if len(args) > 0 && !strings.EqualFold(args[0], n) {
			continue
		}
		found = true
		if text, ok := s.texts[strings.ToLower(n)]; ok {
			s.print(text + ";\n")
			continue
		}
		cols, err := s.lines("DESCRIBE " + format.QuoteIdent(n))
		if err != nil {
			return err
		}
		defs := make([]string, len(cols))
		for i, c := range cols {
			defs[i] = format.QuoteIdent(c[0]) + " " + c[1]
			if c[2] == "NO" {
				defs[i] += " NOT NULL"
			}
		}
		s.print(fmt.Sprintf("CREATE TABLE %s(%s);\n", format.QuoteIdent(n), strings.Join(defs, ", ")))
	}
	if len(args) > 0 && !found {
		return fmt.Errorf("there is no table or view %q", args[0])
	}
	return nil
}

// tableNames lists the tables and views.
func (s *shell) tableNames() ([]string, error) {
	rows, err := s.lines("SHOW TABLES")
	if err != nil {
		return nil, err
	}
	names := make([]string, len(rows))
	for i, r := range rows {
		names[i] = r[0]
	}
	return names, nil
}
