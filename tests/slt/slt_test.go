package slt

import (
	"context"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/gannetdb/gannet/tests/configs"
	"github.com/gannetdb/gannet/tests/gotree"
)

var (
	rewriteFiles = flag.Bool("rewrite", false, "fill in the expectations of the files with what the engine answers")
	onlyConfig   = flag.String("config", "", "run under this configuration of tests/configs only")
	onlyFile     = flag.String("file", "", "run files whose path contains this only")
)

// gannet is the engine under test; driver_test.go links its driver.
var gannet = &Engine{
	Driver:   "gannet",
	Systems:  []string{"gannet"},
	Features: []string{"parquet", "core_functions", "mysql_dialect"},
}

// TestFiles runs every file of this folder under every configuration.
func TestFiles(t *testing.T) {
	root, err := gotree.FindRoot(".")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(root)
	files, err := testFiles(filepath.Join("tests", "slt"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("no test files")
	}
	for i, cfg := range configs.All {
		if *onlyConfig != "" && cfg.Name != *onlyConfig || *onlyConfig == "" && i > 0 && (*rewriteFiles || testing.Short()) {
			continue
		}
		t.Run(cfg.Name, func(t *testing.T) {
			for _, file := range files {
				if !strings.Contains(file, *onlyFile) {
					continue
				}
				name := strings.TrimSuffix(strings.TrimPrefix(file, "tests/slt/"), ".test")
				t.Run(name, func(t *testing.T) { runFile(t, file, root, cfg) })
			}
		})
	}
}

// TestRandomSpilling runs every file with more seeds than TestFiles does, or with
// the one of GANNET_SEED.
func TestRandomSpilling(t *testing.T) {
	first, last := 2, 12
	if v := os.Getenv("GANNET_SEED"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 {
			t.Fatalf("GANNET_SEED=%s", v)
		}
		first, last = n, n
	} else if os.Getenv("GANNET_SLOW") == "" {
		t.Skip("takes a minute: set GANNET_SLOW=1, or GANNET_SEED")
	}
	root, err := gotree.FindRoot(".")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(root)
	files, err := testFiles(filepath.Join("tests", "slt"))
	if err != nil {
		t.Fatal(err)
	}
	for seed := first; seed <= last; seed++ {
		cfg := configs.RandomSpill(seed)
		for _, file := range files {
			t.Run(cfg.Name+"/"+strings.TrimSuffix(strings.TrimPrefix(file, "tests/slt/"), ".test"), func(t *testing.T) {
				runFile(t, file, root, cfg)
			})
		}
	}
}

// testFiles lists the test files below dir, with slashes, in order.
func testFiles(dir string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && filepath.Ext(path) == ".test" {
			files = append(files, filepath.ToSlash(path))
		}
		return err
	})
	return files, err
}

// shownFailures bounds the report of one file.
const shownFailures = 10

func runFile(t *testing.T, file, root string, cfg configs.Config) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	res, err := gannet.Run(context.Background(), string(text), Options{Setup: cfg.Setup, TempDir: t.TempDir(), Root: root})
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if *rewriteFiles && res.Skipped == "" && res.Rewritten != string(text) {
		if err := os.WriteFile(file, []byte(res.Rewritten), 0o644); err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: rewritten", file)
	}
	for i, f := range res.Failures {
		if i == shownFailures {
			t.Errorf("%s: %d more failures", file, len(res.Failures)-i)
			break
		}
		if *rewriteFiles && res.Skipped == "" && !strings.HasPrefix(f.Why, "error") && !strings.HasPrefix(f.Why, "no error") {
			continue // it has been rewritten
		}
		t.Errorf("%s:%v", file, f)
	}
	if res.Skipped != "" {
		t.Skip(res.Skipped)
	}
}
