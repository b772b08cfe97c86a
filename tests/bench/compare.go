package main

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// tolerance is how far floating point values may lie apart, relative to their
// size: the order of summation differs.
const tolerance = 1e-9

// The verdicts that are no complaint.
const (
	equalAnswers     = "equal"
	reorderedAnswers = "reordered"
)

// compare tells how the answers of two engines differ.
func compare(a, b *response) string {
	if len(a.Types) != len(b.Types) {
		return fmt.Sprintf("%d and %d columns", len(a.Types), len(b.Types))
	}
	if len(a.Cells) != len(b.Cells) {
		return fmt.Sprintf("%d and %d rows", len(a.Cells), len(b.Cells))
	}
	first := difference(a, a.Cells, b, b.Cells)
	if first == "" {
		return equalAnswers
	}
	byText := func(rows [][]string) [][]string {
		rows = slices.Clone(rows)
		slices.SortFunc(rows, slices.Compare[[]string])
		return rows
	}
	if difference(a, byText(a.Cells), b, byText(b.Cells)) == "" {
		return reorderedAnswers
	}
	return first
}

// difference describes the first cell that differs, "" if none does.
func difference(a *response, rowsA [][]string, b *response, rowsB [][]string) string {
	for i := range rowsA {
		for c := range rowsA[i] {
			if !same(rowsA[i][c], a.Types[c], rowsB[i][c], b.Types[c]) {
				return fmt.Sprintf("row %d, column %d: %q (%s) and %q (%s)",
					i+1, c+1, rowsA[i][c], a.Types[c], rowsB[i][c], b.Types[c])
			}
		}
	}
	return ""
}

func same(x, typX, y, typY string) bool {
	if x == y {
		return true
	}
	if x == nullCell || y == nullCell || !numeric(typX) || !numeric(typY) {
		return false
	}
	if isFloat(typX) || isFloat(typY) {
		fx, errX := strconv.ParseFloat(x, 64)
		fy, errY := strconv.ParseFloat(y, 64)
		if errX != nil || errY != nil {
			return false
		}
		return math.Abs(fx-fy) <= tolerance*math.Max(math.Abs(fx), math.Abs(fy))
	}
	rx, okX := new(big.Rat).SetString(x)
	ry, okY := new(big.Rat).SetString(y)
	return okX && okY && rx.Cmp(ry) == 0
}

func isFloat(typ string) bool {
	return typ == "DOUBLE" || typ == "FLOAT" || typ == "REAL"
}

func numeric(typ string) bool {
	return isFloat(typ) || strings.HasSuffix(typ, "INT") || strings.HasSuffix(typ, "INTEGER") ||
		strings.HasPrefix(typ, "DECIMAL") || strings.HasPrefix(typ, "NUMERIC")
}
