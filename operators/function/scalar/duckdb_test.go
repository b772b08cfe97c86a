package scalar

import (
	_ "embed"
	"strings"
	"testing"

	"github.com/gannetdb/gannet/sql/sqlerr"
)

//go:embed testdata/answers.txt
var answers string

// TestAnswers compares with recorded answers: expression => text | type, or
// ! and a SQLSTATE.
func TestAnswers(t *testing.T) {
	for _, line := range strings.Split(answers, "\n") {
		expr, want, ok := strings.Cut(line, " => ")
		if !ok {
			continue
		}
		v, err := evalText(expr)
		got := v.String() + " | " + v.Type.String()
		if err != nil {
			got = "!" + sqlerr.Code(err)
			if strings.HasPrefix(want, "!") && !strings.HasPrefix(got, "!0A") {
				continue
			}
			got += " " + err.Error()
		}
		if v.IsNull && want == "NULL" {
			continue
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", expr, got, want)
		}
	}
}
