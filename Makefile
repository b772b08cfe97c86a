# Targets for people. The tests that a fresh clone passes are `go test ./...`;
# `make check` is what CI runs.

.PHONY: help check test short race lint fmt cross slt rewrite oracle oracle-short oracle-rewrite bench bench-data bench-data-large slow fuzz clean

FUZZTIME ?= 30s
BENCHFLAGS ?=
ORACLEFLAGS ?=

help:        ## this list
	@grep -E '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/: .*## */\t/' | expand -t 18

check:       ## everything that CI checks
	.ci/run

test:        ## all tests
	CGO_ENABLED=0 go test ./...

short:       ## all tests, each in its quick form
	CGO_ENABLED=0 go test -short ./...

race:        ## the race detector over packages with goroutines
	.ci/run race

lint:        ## gofmt, vet, staticcheck, import ranks, house rules
	.ci/run gofmt vet staticcheck
	CGO_ENABLED=0 go test ./tests/layering ./tests/lint

fmt:         ## gofmt every file
	gofmt -w $$(git ls-files '*.go')

cross:       ## build for the other platforms
	.ci/run cross

slt:         ## the SQL tests under every configuration
	CGO_ENABLED=0 go test ./tests/slt

rewrite:     ## fill in the SQL tests' expectations from Gannet; read the diff
	CGO_ENABLED=0 go test ./tests/slt -run TestFiles -rewrite

oracle:      ## hold the SQL tests, the good Parquet files, 20,000 random queries, and 300 with little memory, against DuckDB (needs cgo); ORACLEFLAGS="-seed 7 -queries 100000"
	cd tests/oracle && CGO_ENABLED=1 go test . -run 'TestFilesOnDuckDB|TestGoodParquet'
	cd tests/oracle && CGO_ENABLED=1 go test . -timeout 2h -v -run 'TestRandom|TestUnderPressure' $(ORACLEFLAGS)

oracle-short: ## the same with 2,500 random queries, within a minute
	cd tests/oracle && CGO_ENABLED=1 go test . -short $(ORACLEFLAGS)

oracle-rewrite: ## fill in the SQL tests' expectations from DuckDB; read the diff
	cd tests/oracle && CGO_ENABLED=1 go test . -rewrite

bench:       ## TPC-H or TPC-DS against DuckDB (needs cgo); BENCHFLAGS="-suite tpcds -query 1,6 -profile"
	cd tests/bench && CGO_ENABLED=1 go run . $(BENCHFLAGS)

bench-data:  ## make the data of bench and slow: TPC-H ten times in two layouts, a 2 GB file, 1,000 files (needs cgo)
	cd tests/bench && for data in x10 x10paged big many; do CGO_ENABLED=1 go run . -make $$data || exit 1; done

bench-data-large: ## make what limits of 256 MB, 512 MB and 1 GB want: TPC-H 20, 40 and 80 times, 2.8 GB (needs cgo)
	cd tests/bench && for data in x20 x40 x80; do CGO_ENABLED=1 go run . -make $$data || exit 1; done

slow:        ## the tests of reliability over bench-data: minutes, on a machine that does nothing else
	GANNET_SLOW=1 CGO_ENABLED=0 go test -count=1 -timeout 60m -v ./tests/reliability

fuzz:        ## every fuzz target for FUZZTIME
	@grep -rnoE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' . | grep -v '^./tests/bench' | \
	while IFS=: read -r file line func; do \
		dir=$$(dirname $$file); name=$${func#func }; \
		echo "== $$dir $$name"; \
		go test $$dir -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) || exit 1; \
	done

clean:       ## remove what the targets above left
	rm -rf bin tests/bench/data
	go clean -fuzzcache
