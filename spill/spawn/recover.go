package spawn

import (
	"fmt"
	"runtime/debug"

	"github.com/gannetdb/gannet/sql/sqlerr"
)

// maxPanicText bounds what a panic's value may put into an error message.
const maxPanicText = 1 << 10

// Call runs fn in place and returns its error; a panic in fn becomes an XX000
// error that carries the name, the panic's value and the stack. If fn ends the
// goroutine by runtime.Goexit, Call does not return either.
func Call(name string, fn func() error) (err error) {
	returned := false
	defer func() {
		if returned {
			return
		}
		// A nil value here means Goexit: panic(nil) arrives as a
		// *runtime.PanicNilError.
		if v := recover(); v != nil {
			err = panicError(name, v)
		}
	}()
	err = fn()
	returned = true
	return err
}

// panicError turns the value of a recovered panic into an error. It runs
// inside the deferred function, so the stack still shows where it happened.
func panicError(name string, v any) error {
	text := panicText(v)
	if len(text) > maxPanicText {
		text = text[:maxPanicText] + "..."
	}
	e := sqlerr.New(sqlerr.CodeInternal, "internal error in %s: %s", name, text).
		WithDetail("%s", debug.Stack())
	// The cause's text is in the message already, but the chain serves
	// errors.As, for example on runtime.Error.
	if cause, ok := v.(error); ok {
		e.Cause = quietCause{cause}
	}
	return e
}

// panicText renders a panic's value; a value whose own String or Error method
// panics is named by its type.
func panicText(v any) (text string) {
	defer func() {
		if recover() != nil {
			text = fmt.Sprintf("value of type %T", v)
		}
	}()
	switch v := v.(type) {
	case error:
		return v.Error()
	case fmt.Stringer:
		return v.String()
	}
	return fmt.Sprint(v)
}

// quietCause hides the text of a cause that the message repeats.
type quietCause struct{ err error }

func (c quietCause) Error() string { return "" }
func (c quietCause) Unwrap() error { return c.err }

// exitError says that a function ended its goroutine instead of returning.
func exitError(name string) error {
	return sqlerr.New(sqlerr.CodeInternal, "internal error in %s: goroutine ended without returning", name)
}
