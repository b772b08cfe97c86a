package gannet

import (
	"database/sql/driver"
	"io"
	"reflect"
	"time"

	"github.com/gannetdb/gannet/driver/engine"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// Rows reads the results of a text's statements one after the other.
type Rows struct {
	batch *batch
	rows  *engine.Rows
	zone  *time.Location

	chunk *vector.Chunk
	row   int
}

var (
	_ driver.Rows                           = (*Rows)(nil)
	_ driver.RowsNextResultSet              = (*Rows)(nil)
	_ driver.RowsColumnTypeDatabaseTypeName = (*Rows)(nil)
	_ driver.RowsColumnTypeScanType         = (*Rows)(nil)
	_ driver.RowsColumnTypeNullable         = (*Rows)(nil)
	_ driver.RowsColumnTypePrecisionScale   = (*Rows)(nil)
	_ driver.RowsColumnTypeLength           = (*Rows)(nil)
)

// advance runs statements until one returns rows, or to the end. A last one that
// changed rows gives their number when no other has returned any.
func (r *Rows) advance() error {
	first := r.rows == nil
	r.chunk, r.row = nil, 0
	for len(r.batch.stmts) > 0 {
		rows, err := r.batch.next()
		if err != nil {
			return err
		}
		count := first && len(r.batch.stmts) == 0
		if (!rows.Counts() || count) && len(rows.Columns()) > 0 {
			r.rows = rows
			r.readZone()
			return nil
		}
		if err := drain(rows); err != nil {
			return err
		}
	}
	r.rows = nil
	return nil
}

// readZone notes the session's time zone for the values of a result.
func (r *Rows) readZone() {
	name, err := r.batch.conn.session.Setting("TimeZone")
	if err != nil {
		name = "UTC"
	}
	if r.zone, err = time.LoadLocation(name); err != nil {
		r.zone = time.UTC
	}
}

// Columns implements driver.Rows.
func (r *Rows) Columns() []string {
	if r.rows == nil {
		return nil
	}
	cols := r.rows.Columns()
	out := make([]string, len(cols))
	for i, c := range cols {
		out[i] = c.Name
	}
	return out
}

// Next implements driver.Rows.
func (r *Rows) Next(dest []driver.Value) error {
	for r.chunk == nil || r.row == r.chunk.Len {
		if r.rows == nil {
			return io.EOF
		}
		c, err := r.rows.Next()
		if err != nil {
			return err
		}
		if c == nil {
			return io.EOF
		}
		r.chunk, r.row = c, 0
	}
	for k, v := range r.chunk.Cols {
		if v.IsNull(r.row) {
			dest[k] = nil
			continue
		}
		dest[k] = cell(v, r.row, r.zone)
	}
	r.row++
	return nil
}

// HasNextResultSet implements driver.RowsNextResultSet.
func (r *Rows) HasNextResultSet() bool { return len(r.batch.stmts) > 0 }

// NextResultSet implements driver.RowsNextResultSet.
func (r *Rows) NextResultSet() error {
	if err := r.closeCurrent(); err != nil {
		return err
	}
	if err := r.advance(); err != nil {
		return err
	}
	if r.rows == nil {
		return io.EOF
	}
	return nil
}

func (r *Rows) closeCurrent() error {
	if r.rows == nil {
		return nil
	}
	rows := r.rows
	r.rows, r.chunk = nil, nil
	return rows.Close()
}

// Close ends the current query and runs the statements behind it, whose rows
// nobody asked for, for their effect.
func (r *Rows) Close() error {
	err := r.closeCurrent()
	if err != nil {
		r.batch.stmts = nil
		return err
	}
	_, err = r.batch.exec()
	return err
}

func (r *Rows) typ(i int) types.Type { return r.rows.Columns()[i].Type }

// ColumnTypeDatabaseTypeName is the type's name without parameters, such as
// DECIMAL or INTEGER[].
func (r *Rows) ColumnTypeDatabaseTypeName(i int) string {
	t := r.typ(i)
	switch t.ID {
	case types.Decimal:
		return "DECIMAL"
	case types.Enum:
		return "ENUM"
	}
	return t.String()
}

// ColumnTypeScanType is the Go type that Next delivers.
func (r *Rows) ColumnTypeScanType(i int) reflect.Type { return scanType(r.typ(i)) }

// ColumnTypeNullable reports that every result column may be NULL.
func (r *Rows) ColumnTypeNullable(int) (nullable, ok bool) { return true, true }

// ColumnTypePrecisionScale gives the digits of decimals.
func (r *Rows) ColumnTypePrecisionScale(i int) (precision, scale int64, ok bool) {
	t := r.typ(i)
	if t.ID != types.Decimal {
		return 0, 0, false
	}
	return int64(t.Width), int64(t.Scale), true
}

// ColumnTypeLength reports that strings and blobs have no bound.
func (r *Rows) ColumnTypeLength(i int) (length int64, ok bool) {
	if r.typ(i).IsString() {
		return 1<<63 - 1, true
	}
	return 0, false
}
