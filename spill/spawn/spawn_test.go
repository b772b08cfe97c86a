package spawn

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gannetdb/gannet/sql/sqlerr"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if n := Running(); n != 0 && code == 0 {
		println("goroutines left:", n)
		code = 1
	}
	os.Exit(code)
}

func TestGroupRunsAllAndWaits(t *testing.T) {
	g, ctx := NewGroup(context.Background())
	var n atomic.Int64
	for range 100 {
		g.Go("worker", func(context.Context) error {
			n.Add(1)
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	if n.Load() != 100 || Running() != 0 {
		t.Fatalf("%d ran, %d running", n.Load(), Running())
	}
	if ctx.Err() == nil {
		t.Fatal("context alive after Wait")
	}
	if err := g.Wait(); err != nil {
		t.Fatal("second Wait", err)
	}
}

func TestFirstErrorCancelsAndWins(t *testing.T) {
	first := errors.New("first")
	g, ctx := NewGroup(context.Background())
	for range 4 {
		g.Go("waiter", func(ctx context.Context) error {
			<-ctx.Done()
			return sqlerr.FromContext(ctx)
		})
	}
	if Running() != 4 {
		t.Fatalf("%d running", Running())
	}
	g.Go("failing", func(context.Context) error { return first })
	if err := g.Wait(); err != first {
		t.Fatalf("got %v", err)
	}
	if context.Cause(ctx) != first {
		t.Fatalf("cause %v", context.Cause(ctx))
	}
}

func TestParentCancels(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	g, _ := NewGroup(ctx)
	g.Go("waiter", func(ctx context.Context) error {
		<-ctx.Done()
		return sqlerr.FromContext(ctx)
	})
	cancel()
	if err := g.Wait(); !sqlerr.Is(err, sqlerr.CodeQueryCancelled) || !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
}

func TestGoFromWithin(t *testing.T) {
	g, _ := NewGroup(context.Background())
	var n atomic.Int64
	g.Go("outer", func(context.Context) error {
		for range 10 {
			g.Go("inner", func(context.Context) error { n.Add(1); return nil })
		}
		return nil
	})
	if err := g.Wait(); err != nil || n.Load() != 10 {
		t.Fatal(err, n.Load())
	}
}

type badStringer struct{}

func (badStringer) String() string { panic("in String") }

func panics(what string) func() error {
	return func() error {
		var s []int
		var m map[string]int
		switch what {
		case "string":
			panic("boom")
		case "error":
			panic(context.DeadlineExceeded)
		case "nil":
			panic(nil)
		case "index":
			_ = s[len(what)]
		case "map":
			//lint:ignore SA5000 this is the panic
			m["x"] = 1
		case "stringer":
			panic(badStringer{})
		case "sqlerr":
			panic(sqlerr.New(sqlerr.CodeDivisionByZero, "division by zero"))
		case "long":
			panic(strings.Repeat("x", 1<<20))
		}
		return nil
	}
}

func checkPanicError(t *testing.T, err error, want string) {
	t.Helper()
	var e *sqlerr.Error
	if !errors.As(err, &e) || e.Code != sqlerr.CodeInternal {
		t.Fatalf("got %v", err)
	}
	if !strings.Contains(err.Error(), "internal error in worker 3: ") || !strings.Contains(err.Error(), want) {
		t.Errorf("message %q", err)
	}
	if strings.Contains(err.Error(), "\n") || len(err.Error()) > 2000 {
		t.Errorf("message of %d bytes, or more than a line", len(err.Error()))
	}
	if !strings.Contains(e.Detail, "spawn_test.go") {
		t.Errorf("no stack in the detail:\n%s", e.Detail)
	}
}

func TestPanicsBecomeErrors(t *testing.T) {
	for what, want := range map[string]string{
		"string": "boom", "error": "deadline", "nil": "nil", "index": "index out of range",
		"map": "nil map", "stringer": "badStringer", "sqlerr": "division by zero", "long": "xxx",
	} {
		t.Run(what, func(t *testing.T) {
			fn := panics(what)
			checkPanicError(t, Call("worker 3", fn), want)
			g, _ := NewGroup(context.Background())
			g.Go("worker 3", func(context.Context) error { return fn() })
			checkPanicError(t, g.Wait(), want)
		})
	}
	err := Call("x", panics("index"))
	var re runtime.Error
	if !errors.As(err, &re) {
		t.Error("runtime.Error lost from the chain")
	}
	if !errors.Is(Call("x", panics("error")), context.DeadlineExceeded) {
		t.Error("cause lost from the chain")
	}
}

func TestGoexit(t *testing.T) {
	g, _ := NewGroup(context.Background())
	g.Go("quitter", func(context.Context) error {
		runtime.Goexit()
		return nil
	})
	if err := g.Wait(); !sqlerr.Is(err, sqlerr.CodeInternal) {
		t.Fatalf("got %v", err)
	}
	if Running() != 0 {
		t.Fatal("still counted")
	}
}

func TestCallPassesErrors(t *testing.T) {
	want := errors.New("plain")
	if err := Call("f", func() error { return want }); err != want {
		t.Fatal(err)
	}
	if err := Call("f", func() error { return nil }); err != nil {
		t.Fatal(err)
	}
}
