package storage

import "github.com/gannetdb/gannet/vector/types"

// Refuted reports whether the statistics of rows values prove that none of
// them passes p. They are believed: a file that lies about its own statistics
// gets wrong answers about its own rows, and nothing worse. Missing statistics prove nothing. Floats prove nothing about
// NaN unless the bounds include it, so comparisons of floats that NaN would
// pass (it is the greatest value) are refuted only below.
func (p *Predicate) Refuted(s *ColumnStats, rows int64) bool {
	switch p.Op {
	case None:
		return false
	case IsNull:
		return s.NullCount == 0
	case IsNotNull:
		return s.NullCount >= 0 && s.NullCount == rows
	}
	if s.NullCount >= 0 && s.NullCount == rows {
		return true // NULL passes no comparison
	}
	if !s.HasMinMax {
		return false
	}
	float := s.Max.Type.IsFloat()
	above := func(v types.Value) bool { return !float && types.Compare(v, s.Max) > 0 }
	below := func(v types.Value) bool { return types.Compare(v, s.Min) < 0 }
	switch p.Op {
	case In:
		for _, v := range p.Values {
			if !v.IsNull && !above(v) && !below(v) {
				return false
			}
		}
		return true
	}
	if p.Op == Between {
		return above(p.Values[0]) || below(p.Values[1])
	}
	v := p.Values[0]
	if v.IsNull {
		return true
	}
	switch p.Op {
	case Equal:
		return above(v) || below(v)
	case NotEqual:
		return !float && types.Compare(s.Min, v) == 0 && types.Compare(s.Max, v) == 0
	case Less:
		return types.Compare(s.Min, v) >= 0
	case LessEqual:
		return types.Compare(s.Min, v) > 0
	case Greater:
		return !float && types.Compare(s.Max, v) <= 0
	case GreaterEqual:
		return above(v)
	}
	return false
}
