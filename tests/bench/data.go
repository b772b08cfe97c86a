package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// times reads a scale as x10: how often the enlarged data holds its source.
func times(scale string) (int, bool) {
	digits, ok := strings.CutPrefix(scale, "x")
	n, err := strconv.Atoi(digits)
	return n, ok && err == nil && n > 0
}

// rowGroup is the row group size of the source files, and of those made here.
const rowGroup = 122880

// makeData carries out -make.
func makeData(ctx context.Context, o *options) error {
	var dir string
	var err error
	switch o.make {
	case "x10csv":
		if dir, err = o.enlarged(ctx, 10); err == nil {
			dir, err = o.asCSV(ctx, dir)
		}
	case "csv":
		dir, err = o.asCSV(ctx, filepath.Join(o.source, o.dataOf(), o.scale))
	case "big":
		dir, err = o.big(ctx)
	case "many":
		dir, err = o.many(ctx)
	default:
		var ok bool
		if dir, ok, err = o.made(ctx, o.make); !ok {
			return fmt.Errorf("-make %s: want x10 or another number, x10paged, x10csv, csv, big or many", o.make)
		}
	}
	if err == nil {
		fmt.Println(dir)
	}
	return err
}

// generate fills folder name below -data once: it is written beside and renamed
// when complete, so a broken run leaves nothing that looks like data. DuckDB
// writes with one thread, so that rows keep their order and files their bytes.
func (o *options) generate(ctx context.Context, name string, fill func(conn *sql.Conn, dir string) error) (string, error) {
	dir := filepath.Join(o.data, name)
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	fmt.Fprintf(os.Stderr, "making %s ...\n", dir)
	part := dir + ".part"
	if err := os.RemoveAll(part); err != nil {
		return "", err
	}
	if err := os.MkdirAll(part, 0o755); err != nil {
		return "", err
	}
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return "", err
	}
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "SET threads = 1"); err != nil {
		return "", err
	}
	if err := fill(conn, part); err != nil {
		return "", err
	}
	return dir, os.Rename(part, dir)
}

// made makes the data of a scale as x10 or x10paged; ok is false when scale is
// none.
func (o *options) made(ctx context.Context, scale string) (dir string, ok bool, err error) {
	scale, paged := strings.CutSuffix(scale, "paged")
	n, ok := times(scale)
	switch {
	case !ok:
	case paged:
		dir, err = o.paged(ctx, n)
	default:
		dir, err = o.enlarged(ctx, n)
	}
	return dir, ok, err
}

// enlarged makes the suite's data so many times.
func (o *options) enlarged(ctx context.Context, copies int) (string, error) {
	k, ok := enlargements[o.dataOf()]
	if !ok {
		return "", fmt.Errorf("suite %s: no data to enlarge", o.suite)
	}
	src := filepath.Join(o.source, o.dataOf(), k.scale)
	return o.generate(ctx, fmt.Sprintf("%s-x%d", o.dataOf(), copies), func(conn *sql.Conn, dir string) error {
		for table, keys := range k.tables {
			n := copies
			if keys == nil {
				n = 1
			}
			if err := k.enlarge(ctx, conn, src, table, n, filepath.Join(dir, table+".parquet")); err != nil {
				return err
			}
		}
		return nil
	})
}

// enlarge writes n copies of a table, keys shifted, as one file.
func (k *enlargement) enlarge(ctx context.Context, conn *sql.Conn, src, table string, n int, out string) error {
	from := quote(filepath.Join(src, table+".parquet"))
	var replace []string
	for column, of := range k.tables[table] {
		if of == lettered {
			replace = append(replace, fmt.Sprintf("chr(CAST(ascii(%s) + %%[1]d AS INTEGER)) || substr(%s, 2) AS %s", column, column, column))
			continue
		}
		var largest int64
		err := conn.QueryRowContext(ctx, fmt.Sprintf("SELECT max(%s) FROM %s", k.primary[of], quote(filepath.Join(src, of+".parquet")))).Scan(&largest)
		if err != nil {
			return err
		}
		var typ string
		if err := conn.QueryRowContext(ctx, fmt.Sprintf("SELECT typeof(%s) FROM %s LIMIT 1", column, from)).Scan(&typ); err != nil {
			return err
		}
		replace = append(replace, fmt.Sprintf("CAST(%s + %%[1]d * %d AS %s) AS %s", column, largest, typ, column))
	}
	var parts []string
	for i := range n {
		columns := "*"
		if len(replace) > 0 {
			columns = "* REPLACE (" + fmt.Sprintf(strings.Join(replace, ", "), i) + ")"
		}
		parts = append(parts, fmt.Sprintf("SELECT %s FROM %s", columns, from))
	}
	return copyTo(ctx, conn, strings.Join(parts, " UNION ALL "), out)
}

func copyTo(ctx context.Context, conn *sql.Conn, q, out string) error {
	_, err := conn.ExecContext(ctx, fmt.Sprintf("COPY (%s) TO %s (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE %d)", q, quote(out), rowGroup))
	return err
}

// asCSV writes the tables of a folder as CSV with a header line.
func (o *options) asCSV(ctx context.Context, src string) (string, error) {
	files, err := filepath.Glob(filepath.Join(src, "*.parquet"))
	if err != nil {
		return "", err
	}
	name := filepath.Base(src)
	if !strings.HasPrefix(name, o.dataOf()) {
		name = o.dataOf() + "-" + name
	}
	return o.generate(ctx, name+"-csv", func(conn *sql.Conn, dir string) error {
		for _, f := range files {
			out := filepath.Join(dir, strings.TrimSuffix(filepath.Base(f), ".parquet")+".csv")
			if _, err := conn.ExecContext(ctx, fmt.Sprintf("COPY (SELECT * FROM %s) TO %s (FORMAT csv, HEADER)", quote(f), quote(out))); err != nil {
				return err
			}
		}
		return nil
	})
}

// big writes lineitem until its file is 2 GB.
func (o *options) big(ctx context.Context) (string, error) {
	src := filepath.Join(o.source, "tpch", "sf0.1")
	info, err := os.Stat(filepath.Join(src, "lineitem.parquet"))
	if err != nil {
		return "", err
	}
	const size = 2 << 30
	n := int(size/info.Size()) + 1
	return o.generate(ctx, "big", func(conn *sql.Conn, dir string) error {
		return tpch.enlarge(ctx, conn, src, "lineitem", n, filepath.Join(dir, "lineitem.parquet"))
	})
}

// many writes orders as 1,000 files.
func (o *options) many(ctx context.Context) (string, error) {
	const files = 1000
	src := quote(filepath.Join(o.source, "tpch", "sf0.1", "orders.parquet"))
	return o.generate(ctx, "many", func(conn *sql.Conn, dir string) error {
		var rows int64
		if err := conn.QueryRowContext(ctx, "SELECT count(*) FROM "+src).Scan(&rows); err != nil {
			return err
		}
		if _, err := conn.ExecContext(ctx, "CREATE TABLE o AS SELECT * FROM "+src); err != nil {
			return err
		}
		for i := range int64(files) {
			from, to := rows*i/files, rows*(i+1)/files
			q := fmt.Sprintf("SELECT * FROM o WHERE rowid >= %d AND rowid < %d", from, to)
			if err := copyTo(ctx, conn, q, filepath.Join(dir, fmt.Sprintf("orders-%04d.parquet", i))); err != nil {
				return err
			}
		}
		return nil
	})
}
