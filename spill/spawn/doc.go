// Package spawn is the one place in Gannet that starts goroutines.
//
// A [Group] owns its goroutines: they share a context that the first error
// cancels, and Wait returns only when all have ended. A panic in one of them,
// which would otherwise end the process, becomes the error of its group, so
// the host program of an embedded database survives our bugs. [Call] gives the
// same protection to a function that runs in place.
//
// Invariants:
//   - No goroutine without an owner: whoever makes a Group calls Wait.
//   - After Wait, none of the group's goroutines runs; [Running] counts those
//     that live, for leak tests.
//   - A recovered panic is a *sqlerr.Error with code XX000, the panic's text in
//     Message and the stack in Detail.
//
// What it does not do: it cannot stop a goroutine (functions watch their
// context), it cannot recover what the Go run time does not let anyone recover
// (stack overflow, memory exhaustion, concurrent map writes), and it does not
// limit how many goroutines run; operators/pipeline does.
package spawn
