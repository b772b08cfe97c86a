package sqlerr

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Error is an error of a statement. The zero value is not useful: Pos would
// point at the first byte; use the constructors.
//
// An Error is immutable once it has been returned; [WithPos] and the With
// methods copy. It may be read from several goroutines.
type Error struct {
	// Code is the SQLSTATE, one of the Code constants.
	Code string
	// Message says what is wrong: lower case, no full stop.
	Message string
	// Pos is the byte offset into the query text, -1 when there is none.
	Pos int
	// Detail adds facts, Hint advice; both may be empty.
	Detail, Hint string
	// Path is the file that the error concerns, empty when none.
	Path string
	// Line is the 1-based line within Path, 0 when there is none.
	Line int64
	// Cause is the error beneath, for errors.Is and errors.As; may be nil.
	Cause error
}

// Error renders message, place and cause on one line, without the code:
// `message (file "x.csv", line 3): cause`. Detail and Hint are left to those
// who can lay them out.
func (e *Error) Error() string {
	if e.Path == "" && e.Line == 0 && e.Cause == nil {
		return e.Message
	}
	var b strings.Builder
	b.WriteString(e.Message)
	var inner *Error
	switch {
	case errors.As(e.Cause, &inner) && inner.Path == e.Path && inner.Line == e.Line:
		// The cause's text names the place.
	case e.Path != "" && e.Line > 0:
		b.WriteString(" (file " + strconv.Quote(e.Path) + ", line " + strconv.FormatInt(e.Line, 10) + ")")
	case e.Path != "":
		b.WriteString(" (file " + strconv.Quote(e.Path) + ")")
	case e.Line > 0:
		b.WriteString(" (line " + strconv.FormatInt(e.Line, 10) + ")")
	}
	if e.Cause != nil {
		if c := e.Cause.Error(); c != "" && c != e.Message {
			if e.Message != "" {
				b.WriteString(": ")
			}
			b.WriteString(c)
		}
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Is reports whether target is an *Error with the same code and, if it has
// one, the same message: errors.Is(err, &Error{Code: CodeDiskFull}) works.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	if !ok {
		return false
	}
	return t.Code == e.Code && (t.Message == "" || t.Message == e.Message)
}

// New makes an error without a position. The message is formatted as by
// fmt.Sprintf when there are arguments, and taken as it is when there are none.
func New(code, format string, args ...any) *Error {
	return At(-1, code, format, args...)
}

// At makes an error at a byte offset of the query text (-1 for none).
func At(pos int, code, format string, args ...any) *Error {
	msg := format
	if len(args) > 0 {
		msg = fmt.Sprintf(format, args...)
	}
	return &Error{Code: code, Message: msg, Pos: pos}
}

// Wrap makes an error with a cause. When cause is itself (or wraps) an *Error,
// its position, path and line are taken over, so that they are not lost.
func Wrap(cause error, code, format string, args ...any) *Error {
	e := At(-1, code, format, args...)
	e.Cause = cause
	var inner *Error
	if errors.As(cause, &inner) {
		e.Pos, e.Path, e.Line = inner.Pos, inner.Path, inner.Line
	}
	return e
}

// WithPos gives err the position pos when it is an *Error without one; a
// position that is already there is the more precise and stays. Other errors,
// and nil, come back as they are. The argument is not changed.
func WithPos(err error, pos int) error {
	e, ok := err.(*Error)
	if !ok || e == nil || e.Pos >= 0 || pos < 0 {
		return err
	}
	c := *e
	c.Pos = pos
	return &c
}

// WithHint returns a copy with the hint; format as in [New].
func (e *Error) WithHint(format string, args ...any) *Error {
	c := *e
	c.Hint = format
	if len(args) > 0 {
		c.Hint = fmt.Sprintf(format, args...)
	}
	return &c
}

// WithDetail returns a copy with the detail; format as in [New].
func (e *Error) WithDetail(format string, args ...any) *Error {
	c := *e
	c.Detail = format
	if len(args) > 0 {
		c.Detail = fmt.Sprintf(format, args...)
	}
	return &c
}

// WithFile returns a copy that names a file and, when line > 0, a line of it.
func (e *Error) WithFile(path string, line int64) *Error {
	c := *e
	c.Path, c.Line = path, line
	return &c
}

// Code returns the SQLSTATE of err: that of the outermost *Error in its chain;
// 57014 for a context's errors; XX000 for any other error; "00000" for nil.
func Code(err error) string {
	if err == nil {
		return CodeSuccess
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return CodeQueryCancelled
	}
	return CodeInternal
}

// Is reports whether err has the SQLSTATE code; false for nil.
func Is(err error, code string) bool { return err != nil && Code(err) == code }

// FromContext returns nil while ctx is alive, else a 57014 error that wraps
// ctx.Err(), so that errors.Is(err, context.Canceled) and
// errors.Is(err, context.DeadlineExceeded) hold; the cause given to
// context.WithCancelCause is kept in the chain too.
func FromContext(ctx context.Context) error {
	err := ctx.Err()
	if err == nil {
		return nil
	}
	msg := "query was cancelled"
	if errors.Is(err, context.DeadlineExceeded) {
		msg = "query ran into its deadline"
	}
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, err) {
		err = &contextCause{err: err, cause: cause}
	}
	return &Error{Code: CodeQueryCancelled, Message: msg, Pos: -1, Cause: err}
}

// contextCause joins a context's error with the reason its owner gave; unlike
// errors.Join it prints on one line.
type contextCause struct{ err, cause error }

func (c *contextCause) Error() string   { return c.err.Error() + ": " + c.cause.Error() }
func (c *contextCause) Unwrap() []error { return []error{c.err, c.cause} }
