package window

import (
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/vector/types"
)

// Builtins are all window functions, to be given to function.NewRegistry.
var Builtins = []*function.Window{
	cumeDist,
	denseRank,
	firstValue,
	lag,
	lastValue,
	lead,
	nthValue,
	ntile,
	percentRank,
	rank,
	rowNumber,
}

// category is that of all functions here.
const category = "window"

// anyType accepts every type.
var anyType = types.Of(types.Any)
