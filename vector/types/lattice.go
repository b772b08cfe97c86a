package types

// targetCost ranks what a value is implicitly cast to when there is a choice;
// the numbers are DuckDB's, since overloads are chosen by their sum.
func targetCost(to Type) int {
	switch to.ID {
	case BigInt:
		return 101
	case Integer:
		return 102
	case HugeInt:
		return 103
	case Double:
		return 104
	case Decimal:
		return 105
	case TimestampNS:
		return 119
	case Timestamp:
		return 120
	case TimestampMS:
		return 121
	case TimestampS:
		return 122
	case TimestampTZ:
		return 123
	case Varchar:
		return 149
	case List, Array, Struct, Map, Union:
		return 160
	}
	return 110
}

// implicit lists, by source, the simple types that a cast to loses nothing
// worth mentioning.
var implicit = func() (t [numIDs][numIDs]bool) {
	set := func(from ID, to ...ID) {
		for _, x := range to {
			t[from][x] = true
		}
	}
	set(TinyInt, SmallInt, Integer, BigInt, HugeInt, Float, Double, Decimal)
	set(SmallInt, Integer, BigInt, HugeInt, Float, Double, Decimal)
	set(Integer, BigInt, HugeInt, Float, Double, Decimal)
	set(BigInt, HugeInt, Float, Double, Decimal)
	set(HugeInt, Float, Double, Decimal)
	set(UTinyInt, USmallInt, UInteger, UBigInt, UHugeInt, SmallInt, Integer, BigInt, HugeInt, Float, Double, Decimal)
	set(USmallInt, UInteger, UBigInt, UHugeInt, Integer, BigInt, HugeInt, Float, Double, Decimal)
	set(UInteger, UBigInt, UHugeInt, BigInt, HugeInt, Float, Double, Decimal)
	set(UBigInt, UHugeInt, HugeInt, Float, Double, Decimal)
	set(UHugeInt, Float, Double, Decimal)
	set(Float, Double)
	set(Decimal, Float, Double)
	set(Date, TimestampS, TimestampMS, Timestamp, TimestampNS, TimestampTZ)
	set(Time, TimeTZ)
	set(TimestampS, TimestampMS, Timestamp, TimestampNS, TimestampTZ)
	set(TimestampMS, Timestamp, TimestampNS, TimestampTZ)
	set(Timestamp, TimestampNS, TimestampTZ)
	set(TimestampNS, Timestamp)
	set(Enum, Varchar)
	return t
}()

// ImplicitCost returns what it costs to pass a value of type from where to is
// wanted, and whether that is allowed without a cast. Equal types cost 0, NULL
// and untyped parameters next to nothing; Any takes everything. A decimal
// without a width, a list without a child stand for all decimals and lists.
func ImplicitCost(from, to Type) (int, bool) {
	switch {
	case to.ID == Any:
		return 1, true
	case from.ID == Null, from.ID == Unknown:
		// Prefer text for what says nothing about its type.
		if to.ID == Varchar {
			return 0, true
		}
		return 1, true
	case from.ID >= Enum && from.Ext == nil:
		return 0, false
	case from.ID != to.ID:
		if from.ID == Array && to.ID == List {
			if to.Ext == nil {
				return 1, true
			}
			c, ok := ImplicitCost(*from.Ext.Child, *to.Ext.Child)
			return c + 1, ok
		}
		if implicit[from.ID][to.ID] {
			return targetCost(to), true
		}
		return 0, false
	case to.Ext == nil && (to.ID == List || to.ID == Struct || to.ID == Map || to.ID == Array || to.ID == Enum || to.ID == Union):
		return 0, true
	case from.Equal(to):
		return 0, true
	}
	switch to.ID {
	case Decimal:
		if to.Width == 0 {
			return 0, true
		}
		if from.Width == 0 {
			return targetCost(to), true
		}
		return targetCost(to), to.Scale >= from.Scale && to.Width-to.Scale >= from.Width-from.Scale
	case List, Array:
		if to.ID == Array && from.Ext.Size != to.Ext.Size {
			return 0, false
		}
		c, ok := ImplicitCost(*from.Ext.Child, *to.Ext.Child)
		return c, ok
	case Map, Struct:
		if len(from.Ext.Fields) != len(to.Ext.Fields) {
			return 0, false
		}
		sum := 0
		for i, f := range from.Ext.Fields {
			if to.ID == Struct && f.Name != to.Ext.Fields[i].Name && f.Name != "" {
				return 0, false
			}
			c, ok := ImplicitCost(f.Type, to.Ext.Fields[i].Type)
			if !ok {
				return 0, false
			}
			sum += c
		}
		return sum, true
	}
	return 0, false
}

// CommonType returns the type that values of a and b take when they meet in
// CASE, COALESCE, a list or VALUES, and whether there is one. Null and Unknown
// (an untyped parameter or string literal) give way to the other side.
func CommonType(a, b Type) (Type, bool) {
	if a.Equal(b) {
		if a.Collation == 0 {
			a.Collation = b.Collation
		}
		return a, true
	}
	if a.ID == Null || a.ID == Unknown && b.ID != Null {
		return b, true
	}
	if b.ID == Null || b.ID == Unknown {
		return a, true
	}
	if a.ID == Any {
		return b, true
	}
	if b.ID == Any {
		return a, true
	}
	if a.ID >= Enum && a.Ext == nil || b.ID >= Enum && b.Ext == nil {
		return Type{}, false
	}
	switch {
	case a.ID == Boolean && b.IsNumeric():
		return b, true
	case b.ID == Boolean && a.IsNumeric():
		return a, true
	case a.IsNumeric() && b.IsNumeric():
		return commonNumeric(a, b), true
	case a.ID == Enum && (b.ID == Enum || b.ID == Varchar), b.ID == Enum && a.ID == Varchar:
		return Of(Varchar), true
	}
	if a.ID != b.ID {
		if (a.ID == List || a.ID == Array) && (b.ID == List || b.ID == Array) {
			c, ok := CommonType(*a.Ext.Child, *b.Ext.Child)
			return ListOf(c), ok
		}
		if implicit[a.ID][b.ID] && (a.ID != TimestampNS || b.ID != Timestamp) {
			return b, true
		}
		if implicit[b.ID][a.ID] {
			return a, true
		}
		return Type{}, false
	}
	return commonNested(a, b)
}

func commonNested(a, b Type) (Type, bool) {
	switch a.ID {
	case List, Array:
		c, ok := CommonType(*a.Ext.Child, *b.Ext.Child)
		if !ok {
			return Type{}, false
		}
		if a.ID == Array && a.Ext.Size == b.Ext.Size {
			return ArrayOf(c, a.Ext.Size), true
		}
		return ListOf(c), a.ID == List
	case Map:
		k, ok1 := CommonType(a.Ext.Fields[0].Type, b.Ext.Fields[0].Type)
		v, ok2 := CommonType(a.Ext.Fields[1].Type, b.Ext.Fields[1].Type)
		return MapOf(k, v), ok1 && ok2
	case Struct:
		return commonStruct(a.Ext.Fields, b.Ext.Fields)
	}
	return Type{}, false
}

// commonStruct merges fields by name, or by position when a side has no names.
func commonStruct(a, b []Field) (Type, bool) {
	if len(a) == 0 || len(b) == 0 {
		return Type{}, false
	}
	if a[0].Name == "" || b[0].Name == "" {
		if len(a) != len(b) {
			return Type{}, false
		}
		out := make([]Field, len(a))
		for i := range a {
			c, ok := CommonType(a[i].Type, b[i].Type)
			if !ok {
				return Type{}, false
			}
			out[i] = Field{max(a[i].Name, b[i].Name), c}
		}
		return StructOf(out...), true
	}
	out := append([]Field(nil), a...)
	at := make(map[string]int, len(a))
	for i, f := range a {
		at[f.Name] = i
	}
	for _, f := range b {
		i, both := at[f.Name]
		if !both {
			out = append(out, f)
			continue
		}
		c, ok := CommonType(out[i].Type, f.Type)
		if !ok {
			return Type{}, false
		}
		out[i].Type = c
	}
	return StructOf(out...), true
}

func commonNumeric(a, b Type) Type {
	switch {
	case a.ID == Double || b.ID == Double:
		return Of(Double)
	case a.ID == Float || b.ID == Float:
		return Of(Float)
	case a.ID == Decimal || b.ID == Decimal:
		return commonDecimal(AsDecimal(a), AsDecimal(b))
	}
	if a.IsUnsigned() == b.IsUnsigned() {
		return Of(max(a.ID, b.ID))
	}
	s, u := a, b
	if a.IsUnsigned() {
		s, u = b, a
	}
	// The next wider signed type holds the unsigned one.
	need := map[ID]ID{UTinyInt: SmallInt, USmallInt: Integer, UInteger: BigInt, UBigInt: HugeInt, UHugeInt: Double}[u.ID]
	return Of(max(need, s.ID))
}

// AsDecimal returns the decimal that holds every value of the integer type t;
// decimals stay as they are.
func AsDecimal(t Type) Type {
	if d := IntegerDigits(t); d > 0 {
		return DecimalOf(d, 0)
	}
	return t
}

// commonDecimal keeps all digits on both sides of the point; when that takes
// more than 38, digits behind the point go.
func commonDecimal(a, b Type) Type {
	whole := max(a.Width-a.Scale, b.Width-b.Scale)
	scale := max(a.Scale, b.Scale)
	if whole+scale > MaxDecimalWidth {
		scale = MaxDecimalWidth - whole
	}
	return DecimalOf(whole+scale, scale)
}

// UnionType is CommonType for the columns of set operations: where there is no
// common type, both become VARCHAR.
func UnionType(a, b Type) Type {
	if t, ok := CommonType(a, b); ok {
		return t
	}
	return Of(Varchar)
}

// ComparisonType returns the type in which a and b are compared, and whether
// they can be: CommonType, and text is read as the other side's type.
func ComparisonType(a, b Type) (Type, bool) {
	if t, ok := CommonType(a, b); ok {
		return t, true
	}
	switch {
	case a.ID == Varchar:
		return b, true
	case b.ID == Varchar:
		return a, true
	}
	return Type{}, false
}
