package engine

import (
	"strconv"

	"github.com/gannetdb/gannet/planner/physical"
)

// joinLimits returns the session's limits of joins by inequalities.
func (s *Session) joinLimits() physical.JoinLimits {
	if s.settings.joins == nil {
		return physical.DefaultJoinLimits()
	}
	return *s.settings.joins
}

// joinLimit is the setting of a number of rows among them. Limits are replaced,
// never changed, since a running query may have them.
func joinLimit(name, description string, field func(*physical.JoinLimits) *float64) setting {
	return setting{
		name: name, description: description,
		set: func(s *Session, v string) error {
			n, err := number(v, 0, 1<<53)
			if err == nil {
				l := s.joinLimits()
				*field(&l) = float64(n)
				s.settings.joins = &l
			}
			return err
		},
		get: func(s *Session) string {
			l := s.joinLimits()
			return strconv.FormatInt(int64(*field(&l)), 10)
		},
	}
}
