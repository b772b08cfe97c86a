// Package sqlerr is the one error type of the engine: a message with a SQLSTATE
// code and, where it is known, the byte position in the query text or the file
// and line that it concerns.
//
// Main types and functions: [Error]; the constructors [New], [At] and [Wrap];
// [WithPos] to add a position on the way up; [Code] to read the code of any
// error; [FromContext] for cancellation; [Nearest] for "did you mean" hints;
// [Caret] to draw a position under its line.
//
// Invariants:
//   - Code is always five characters of a SQLSTATE; callers match on it (or on
//     the type, with errors.As), never on the message.
//   - Messages are lower case without a full stop, the run-time values last.
//   - Pos is a byte offset into the text that the user sent, or -1.
//
// It does not print, log or translate, and it knows nothing of drivers. It
// imports the standard library only, so that every layer can report SQL errors.
package sqlerr
