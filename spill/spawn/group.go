package spawn

import (
	"context"
	"runtime/pprof"
	"sync"
	"sync/atomic"
)

// running counts the goroutines started here that have not ended.
var running atomic.Int64

// Running returns how many goroutines started by this package are alive in the
// process. Tests assert that it is zero when nothing should run.
func Running() int { return int(running.Load()) }

// Group is a set of goroutines with one owner. Make it with [NewGroup]; the
// owner calls Wait exactly when it can no longer call Go. All methods are safe
// for concurrent use.
type Group struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	wg     sync.WaitGroup

	once sync.Once
	err  error // the first error; written under once, read after wg.Wait
}

// NewGroup makes a group. The context it returns, and passes to the functions,
// derives from ctx; it is cancelled by the first error, which is then its
// context.Cause, and when Wait returns.
func NewGroup(ctx context.Context) (*Group, context.Context) {
	g := &Group{}
	g.ctx, g.cancel = context.WithCancelCause(ctx)
	return g, g.ctx
}

// Go runs fn in a new goroutine. The name appears in the error of a panic and,
// as the label "gannet", in CPU and goroutine profiles. A function of the
// group may call Go; nobody may once Wait has returned.
func (g *Group) Go(name string, fn func(ctx context.Context) error) {
	g.wg.Add(1)
	running.Add(1)
	go func() {
		// Done comes last: whoever returns from Wait sees Running without us.
		defer g.wg.Done()
		defer running.Add(-1)
		ctx := pprof.WithLabels(g.ctx, pprof.Labels("gannet", name))
		pprof.SetGoroutineLabels(ctx)
		exited := true
		defer func() {
			// runtime.Goexit passes here without a panic and without fn's return.
			if exited {
				g.fail(exitError(name))
			}
		}()
		err := Call(name, func() error { return fn(ctx) })
		exited = false
		if err != nil {
			g.fail(err)
		}
	}()
}

// fail records the first error and cancels the group's context.
func (g *Group) fail(err error) {
	g.once.Do(func() {
		g.err = err
		g.cancel(err)
	})
}

// Wait blocks until every goroutine of the group has ended, cancels the
// group's context and returns the first error, nil if there was none. It may
// be called several times.
func (g *Group) Wait() error {
	g.wg.Wait()
	g.cancel(context.Canceled)
	return g.err
}
