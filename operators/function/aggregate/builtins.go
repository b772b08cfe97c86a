package aggregate

import "github.com/gannetdb/gannet/operators/function"

// Builtins are all aggregate functions, to be given to function.NewRegistry.
var Builtins = append([]*function.Aggregate{
	anyValue,
	argMax,
	argMaxNull,
	argMin,
	argMinNull,
	avg,
	bitAnd,
	bitOr,
	bitXor,
	boolAnd,
	boolOr,
	count,
	countIf,
	countStar,
	favg,
	first,
	fsum,
	last,
	maximum,
	minimum,
	product,
	sum,
}, spreadFunctions()...)
