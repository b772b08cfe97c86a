package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"github.com/gannetdb/gannet/driver/engine"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/types"
)

// runText runs dot commands and statements: what stands behind -c, a complete
// input at the prompt, the rest of a script.
func (s *shell) runText(text string) {
	for {
		text = strings.TrimLeft(text, " \t\r\n")
		if !strings.HasPrefix(text, ".") {
			break
		}
		line, rest, _ := strings.Cut(text, "\n")
		s.command(line)
		if text = rest; !s.goesOn() {
			return
		}
	}
	spans, _ := s.session.Split(text)
	for _, sp := range spans {
		s.statement(text[sp.Start:sp.End])
		if !s.goesOn() {
			return
		}
	}
}

// statement runs one statement and shows its result.
func (s *shell) statement(sql string) {
	if s.echo {
		s.print(sql + ";\n")
	}
	start := now()
	err := s.execute(sql)
	if e := s.flush(); err == nil {
		err = e
	}
	if err != nil && !errors.Is(err, syscall.EPIPE) {
		s.fail(sql, err)
	}
	if errors.Is(err, syscall.EPIPE) {
		s.quit = true // the reader has seen enough
	}
	if s.timer {
		s.print(fmt.Sprintf("Run Time (s): real %.3f\n", now().Sub(start).Seconds()))
		_ = s.flush()
	}
	if s.once {
		s.closeOutput()
	}
}

// execute runs sql under a context that Ctrl-C ends.
func (s *shell) execute(sql string) error {
	ctx, stop := s.ctx, func() {}
	if s.env.interrupts != nil {
		ctx, stop = s.env.interrupts(s.ctx)
	}
	defer stop()
	err := s.query(ctx, sql)
	if ctx.Err() != nil && !s.interactive {
		s.interrupted = true
	}
	return err
}

func (s *shell) query(ctx context.Context, sql string) error {
	stmts, err := s.session.Parse(sql)
	if err != nil {
		return err
	}
	for _, st := range stmts {
		if st.Params > 0 {
			return sqlerr.New(sqlerr.CodeUndefinedParameter, "the shell has no values for parameters").
				WithHint("use PREPARE and EXECUTE, or a literal")
		}
		p := s.startProgress(ctx)
		rows, err := s.session.Run(ctx, st, engine.Params{})
		if err == nil {
			err = s.show(st, rows, p)
			if e := rows.Close(); err == nil {
				err = e
			}
		}
		p.stop()
		if err != nil {
			return err
		}
		s.remember(st)
	}
	return nil
}

// show writes the rows in the current mode.
func (s *shell) show(st engine.Statement, rows *engine.Rows, p *progress) error {
	cols := rows.Columns()
	quiet := len(cols) == 0 || rows.Counts()
	var w resultWriter
	if !quiet {
		w = s.newWriter(st, cols)
	}
	begun := false
	for {
		c, err := rows.Next()
		if err != nil {
			if begun && !quiet {
				w.abort()
			}
			return err
		}
		if c == nil {
			break
		}
		if quiet {
			continue
		}
		if w.streams() {
			p.stop()
		}
		if !begun {
			w.begin()
			begun = true
		}
		if err := w.chunk(c); err != nil {
			return err
		}
	}
	if quiet {
		return nil
	}
	p.stop()
	if !begun {
		w.begin()
	}
	return w.end()
}

// fail reports the error of a statement, "" for another one.
func (s *shell) fail(sql string, err error) {
	s.failed = true
	_ = s.stdout.Flush()
	var b strings.Builder
	var e *sqlerr.Error
	if !errors.As(err, &e) {
		b.WriteString("Error: " + err.Error() + "\n")
		_, _ = s.env.stderr.Write([]byte(b.String()))
		return
	}
	b.WriteString("Error [" + e.Code + "]: " + err.Error() + "\n")
	if sql != "" && e.Pos >= 0 {
		b.WriteString(sqlerr.Caret(sql, e.Pos) + "\n")
	}
	if e.Detail != "" {
		b.WriteString("Detail: " + e.Detail + "\n")
	}
	if e.Hint != "" {
		b.WriteString("Hint: " + e.Hint + "\n")
	}
	_, _ = s.env.stderr.Write([]byte(b.String()))
}

// remember keeps the texts of views, for .schema.
func (s *shell) remember(st engine.Statement) {
	switch t := st.Tree.(type) {
	case *ast.CreateView:
		s.texts[strings.ToLower(ast.Last(t.Name).Name)] = strings.TrimSpace(st.Text)
	case *ast.Drop:
		for _, n := range t.Names {
			delete(s.texts, strings.ToLower(ast.Last(n).Name))
		}
	}
}

// zone is the time zone in which instants are shown.
func (s *shell) zone() *types.Zone {
	name, err := s.session.Setting("TimeZone")
	if err != nil {
		return types.UTC
	}
	z, err := types.LoadZone(name)
	if err != nil {
		return types.UTC
	}
	return z
}

// lines runs sql and returns its rows as text; for the shell's own questions.
func (s *shell) lines(sql string) ([][]string, error) {
	ctx, cancel := context.WithTimeout(s.ctx, 10*time.Second)
	defer cancel()
	stmts, err := s.session.ParseNative(sql)
	if err != nil {
		return nil, err
	}
	rows, err := s.session.Run(ctx, stmts[0], engine.Params{})
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out [][]string
	for {
		c, err := rows.Next()
		if c == nil || err != nil {
			return out, err
		}
		for i := range c.Len {
			row := make([]string, len(c.Cols))
			for k, v := range c.Cols {
				if !v.IsNull(i) {
					row[k] = v.Value(i).String()
				}
			}
			out = append(out, row)
		}
	}
}
