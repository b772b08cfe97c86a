package main

import (
	"errors"

	"github.com/peterh/liner"
)

// lineEditor edits lines with peterh/liner. No other file knows that package.
type lineEditor struct {
	state   *liner.State
	history *history
}

func newLineEditor(s *shell) (editor, error) {
	st := liner.NewLiner()
	st.SetCtrlCAborts(true)
	st.SetMultiLineMode(true)
	st.SetTabCompletionStyle(liner.TabPrints)
	st.SetWordCompleter(s.complete)
	e := &lineEditor{state: st, history: openHistory(s.env.home())}
	for _, text := range e.history.entries(liner.HistoryLimit) {
		st.AppendHistory(oneLine(text))
	}
	return e, nil
}

func (e *lineEditor) line(prompt string) (string, error) {
	line, err := e.state.Prompt(prompt)
	if errors.Is(err, liner.ErrPromptAborted) {
		return "", errAborted
	}
	return line, err
}

func (e *lineEditor) remember(text string) {
	e.state.AppendHistory(oneLine(text))
	e.history.add(text)
}

func (e *lineEditor) close() { _ = e.state.Close() }
