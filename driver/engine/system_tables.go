package engine

import (
	"context"
	"slices"

	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/storage/memory"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// systemTable is a function in FROM, without arguments, that tells about the
// database.
type systemTable struct {
	names   []string // lower case
	columns []storage.Column
	rows    func(db *Database) [][]types.Value
}

// systemTables lists them by name.
var systemTables = []systemTable{
	{
		names: []string{"gannet_memory", "duckdb_memory"},
		columns: []storage.Column{
			{Name: "tag", Type: types.Of(types.Varchar), NotNull: true},
			{Name: "memory_usage_bytes", Type: types.Of(types.BigInt), NotNull: true},
			{Name: "temporary_storage_bytes", Type: types.Of(types.BigInt), NotNull: true},
			{Name: "reservations", Type: types.Of(types.BigInt), NotNull: true},
			{Name: "peak_bytes", Type: types.Of(types.BigInt), NotNull: true},
			{Name: "can_spill", Type: types.Of(types.Boolean), NotNull: true},
		},
		rows: memoryRows,
	},
}

// memoryRows lists who holds memory and temporary files, the largest first.
func memoryRows(db *Database) [][]types.Value {
	bigint := types.Of(types.BigInt)
	var rows [][]types.Value
	for _, u := range db.Activity().Uses {
		rows = append(rows, []types.Value{
			types.StringValue(u.Tag), types.IntValue(bigint, u.Memory), types.IntValue(bigint, u.Disk),
			types.IntValue(bigint, u.Reservations), types.IntValue(bigint, u.Peak), types.BoolValue(u.Spills),
		})
	}
	return rows
}

// systemTable returns the table of that name; nil when there is none.
func (db *Database) systemTable(name string) storage.Table {
	for i := range systemTables {
		if slices.Contains(systemTables[i].names, name) {
			return &virtualTable{db: db, def: &systemTables[i]}
		}
	}
	return nil
}

// virtualTable makes its rows when it is scanned.
type virtualTable struct {
	db  *Database
	def *systemTable
}

// Columns implements storage.Table.
func (t *virtualTable) Columns() []storage.Column { return t.def.columns }

// Stats implements storage.Table: nothing is known before the scan.
func (t *virtualTable) Stats(context.Context) (*storage.TableStats, error) {
	return &storage.TableStats{NumRows: 20}, nil
}

// Scan implements storage.Table.
func (t *virtualTable) Scan(ctx context.Context, spec *storage.ScanSpec) (storage.Scanner, error) {
	rows := t.def.rows(t.db)
	ts := make([]types.Type, len(t.def.columns))
	for i, c := range t.def.columns {
		ts[i] = c.Type
	}
	m := memory.New(t.def.names[0], t.def.columns, t.db.pool, t.db.budget)
	defer m.Close() // the scan keeps the rows
	a := m.NewAppender()
	w := a.NewWriter()
	for from := 0; from < len(rows); from += vector.Capacity {
		part := rows[from:min(from+vector.Capacity, len(rows))]
		chunk := vector.NewChunk(ts)
		for k, col := range chunk.Cols {
			col.Resize(len(part))
			for i, r := range part {
				col.SetValue(i, r[k])
			}
		}
		chunk.Len = len(part)
		if err := w.Append(chunk, 0); err != nil {
			a.Abort()
			return nil, err
		}
	}
	err := w.Close()
	if err == nil {
		err = a.Commit(ctx)
	}
	if err != nil {
		a.Abort()
		return nil, err
	}
	return m.Snapshot().Scan(ctx, spec)
}
