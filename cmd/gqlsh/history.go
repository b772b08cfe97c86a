package main

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"

	"github.com/gannetdb/gannet/sql/lexer"
)

// history is the file of statements typed at the prompt, one a line, line feeds
// and backslashes escaped. It is appended to, so that several shells may share
// it; it is cut when it has become long.
type history struct {
	path string // "": nothing is kept
}

// maxHistory is how many bytes of history are read, and kept when the file is
// longer than twice that.
const maxHistory = 1 << 20

// openHistory uses the file in folder, or .gqlsh_history in the home folder
// when there is no such folder to be made.
func openHistory(folder string) *history {
	if folder != "" && os.MkdirAll(folder, 0o700) == nil {
		return &history{path: filepath.Join(folder, "history")}
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return &history{}
	}
	return &history{path: filepath.Join(home, ".gqlsh_history")}
}

// entries returns the last n statements, the oldest first.
func (h *history) entries(n int) []string {
	if h.path == "" {
		return nil
	}
	data, err := os.ReadFile(h.path)
	if err != nil {
		return nil
	}
	if len(data) > maxHistory {
		cut := data[len(data)-maxHistory:]
		if _, after, ok := strings.Cut(string(cut), "\n"); ok {
			if len(data) > 2*maxHistory {
				_ = os.WriteFile(h.path, []byte(after), 0o600)
			}
			data = []byte(after)
		}
	}
	var out []string
	sc := bufio.NewScanner(strings.NewReader(string(data)))
	sc.Buffer(nil, maxHistory+1)
	for sc.Scan() {
		if t := decodeEntry(sc.Text()); t != "" {
			out = append(out, t)
		}
	}
	return out[max(0, len(out)-n):]
}

// add appends a statement; that it could not is no reason to disturb anybody.
func (h *history) add(text string) {
	if h.path == "" || strings.TrimSpace(text) == "" {
		return
	}
	f, err := os.OpenFile(h.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return
	}
	_, _ = f.WriteString(encodeEntry(text) + "\n")
	_ = f.Close()
}

var (
	entryEscapes   = strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`)
	entryUnescapes = strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\r`, "\r")
)

func encodeEntry(s string) string { return entryEscapes.Replace(s) }
func decodeEntry(s string) string { return entryUnescapes.Replace(s) }

// oneLine gives a statement without comments and line feeds, which the line
// editor cannot show.
func oneLine(text string) string {
	if !strings.ContainsAny(text, "\r\n") {
		return text
	}
	var b strings.Builder
	lex := lexer.New(text)
	end := 0
	for {
		t := lex.Next()
		if t.Kind == lexer.EOF {
			break
		}
		if t.Kind == lexer.Invalid {
			b.WriteString(" " + text[t.Start:])
			break
		}
		if b.Len() > 0 && int(t.Start) > end {
			b.WriteByte(' ')
		}
		b.WriteString(text[t.Start:t.End])
		end = int(t.End)
	}
	return strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ").Replace(b.String())
}
