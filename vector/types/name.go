package types

import "strings"

// QuoteName returns name as the name of a field, quoted when it has to be:
// when it is no plain word, or a keyword that cannot name a column or a
// function as it is.
func QuoteName(name string) string {
	plain := name != ""
	for i := 0; i < len(name) && plain; i++ {
		c := name[i]
		plain = c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || i > 0 && '0' <= c && c <= '9'
	}
	if plain && !strings.Contains(keywords, " "+strings.ToLower(name)+" ") {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

// keywords are those of sql/lexer that are not unreserved, in blanks. They stand
// here because types are printed below the parser; a test of sql/format holds
// the two together.
const keywords = " all analyse analyze and anti any array as asc asof asymmetric at authorization between " +
	"bigint binary bit boolean both by case cast char character check coalesce collate collation column columns " +
	"concurrently constraint create cross dec decimal default deferrable desc describe distinct do else end except " +
	"exists extract false fetch float for foreign freeze from full generated glob group grouping grouping_id having " +
	"ilike in initially inner inout int integer intersect interval into is isnull join lambda lateral leading left " +
	"like limit map national natural nchar none not notnull null nullif numeric offset on only or order out outer " +
	"overlaps overlay pivot pivot_longer pivot_wider placing position positional precision primary qualify real " +
	"references returning right row select semi setof show similar smallint some struct substring summarize " +
	"symmetric table tablesample then time timestamp to trailing treat trim true try_cast union unique unpack " +
	"unpivot using values varchar variadic verbose when where window with xmlattributes xmlconcat xmlelement " +
	"xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable "
