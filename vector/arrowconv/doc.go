// Package arrowconv turns vectors into Arrow arrays and back, sharing memory
// where the layouts agree: fixed-width values, strings (Arrow's string view is
// our 16-byte reference), validity bits. What has another layout is converted:
// booleans (bits), narrow decimals and HUGEINT (Decimal128), intervals (nanoseconds),
// list offsets, UUIDs (big-endian bytes).
//
//	types.Type                         Arrow
//	BOOLEAN, integers, FLOAT, DOUBLE   Bool, Int8 ... Uint64, Float32, Float64
//	HUGEINT                            Decimal128(38, 0)
//	UHUGEINT                           Decimal256(39, 0)
//	DECIMAL(w, s)                      Decimal128(w, s)
//	VARCHAR, BLOB                      StringView, BinaryView
//	DATE, TIME                         Date32, Time64[us]
//	TIMESTAMP_S, _MS, TIMESTAMP, _NS   Timestamp[s, ms, us, ns]
//	TIMESTAMP WITH TIME ZONE           Timestamp[us, UTC]
//	INTERVAL                           MonthDayNano
//	UUID                               FixedSizeBinary(16), field marked arrow.uuid
//	ENUM                               Dictionary of String
//	lists, arrays, structs, maps       List, FixedSizeList, Struct, Map
//
// # Trust
//
// Arrays that come in are checked where a wrong one could reach outside a
// buffer or break an invariant of vectors: offsets, string views, UTF-8,
// dictionary indices, decimals. Errors have code 22000.
//
// # Ownership
//
// An exported record keeps the chunk's buffers in use until it is released;
// an imported vector those of the array, which the caller keeps alive.
//
// What it does not do: no files, no IPC, no schema metadata beyond arrow.uuid.
package arrowconv
