package engine

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // time zones work on machines without a zone database

	"github.com/gannetdb/gannet/catalog"
	"github.com/gannetdb/gannet/planner/bind"
	"github.com/gannetdb/gannet/planner/physical"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// sessionSettings are the settings of one session.
type sessionSettings struct {
	order         orderSettings
	timeZone      string
	nullsFirst    bool
	descending    bool
	searchPath    []string // schemas
	dialect       string
	disabledRules []string
	optimizerOff  bool
	nullDivision  bool                 // ieee_floating_point_ops is off
	explainOutput string               // of EXPLAIN; "" is physical_only
	joins         *physical.JoinLimits // nil: the default ones
	directBits    int                  // of groupings, as agg.Plan has it
}

// setting is a line of the table of settings.
type setting struct {
	name        string
	aliases     []string
	instance    bool // of the database rather than the session
	description string
	set         func(s *Session, value string) error
	get         func(s *Session) string
}

// settings is the table of all settings, by name.
var settings = []setting{
	joinLimit("asof_loop_join_threshold", "the most rows on the left side of an ASOF join that does not order the right one",
		func(l *physical.JoinLimits) *float64 { return &l.AsofLoop }),
	{
		name: "debug_disable_optimizer", description: "run plans as they were bound",
		set: func(s *Session, v string) error { return setBool(&s.settings.optimizerOff, v) },
		get: func(s *Session) string { return strconv.FormatBool(s.settings.optimizerOff) },
	},
	{
		name: "debug_fill_limit", instance: true, description: "rows in a chunk, 1 to 2048",
		set: func(s *Session, v string) error {
			n, err := number(v, 1, vector.Capacity)
			if err == nil {
				s.db.change(func(o *instance) { o.fillLimit = int(n) })
			}
			return err
		},
		get: func(s *Session) string { return strconv.Itoa(s.db.options().fillLimit) },
	},
	{
		name: "debug_spill_cap", instance: true, description: "bytes above which an operator spills, -1: only under pressure",
		set: func(s *Session, v string) error {
			n, err := number(v, -1, 1<<62)
			if err == nil {
				s.db.budget.SetSpillCap(n)
				s.db.change(func(o *instance) { o.spillCap = n })
			}
			return err
		},
		get: func(s *Session) string { return strconv.FormatInt(s.db.options().spillCap, 10) },
	},
	{
		name: "debug_spill_seed", instance: true, description: "spill at random, by this seed; 0: only under pressure",
		set: func(s *Session, v string) error {
			n, err := number(v, 0, 1<<62)
			if err == nil {
				s.db.budget.SetSpillSeed(uint64(n))
				s.db.change(func(o *instance) { o.spillSeed = n })
			}
			return err
		},
		get: func(s *Session) string { return strconv.FormatInt(s.db.options().spillSeed, 10) },
	},
	{
		name: "default_collation", description: "the collation of texts that have none: nocase, noaccent, nfc or several joined by dots; empty: texts compare as they are",
		set: func(s *Session, v string) error {
			c, unknown, ok := types.ParseCollation(v)
			if !ok {
				return sqlerr.New(sqlerr.CodeUndefinedObject, "collation with name %s does not exist", unknown)
			}
			s.settings.order.collation = c
			return nil
		},
		get: func(s *Session) string { return s.settings.order.collation.String() },
	},
	{
		name: "default_null_order", aliases: []string{"null_order"}, description: "where NULLs sort: nulls_last, nulls_first, sqlite (least) or postgres (greatest)",
		set: func(s *Session, v string) error {
			asc, desc := false, false
			switch strings.ToLower(strings.ReplaceAll(v, " ", "_")) {
			case "nulls_first", "first", "null_first":
				asc, desc = true, true
			case "nulls_last", "last", "null_last":
			case "nulls_first_on_asc_last_on_desc", "sqlite", "mysql":
				asc = true
			case "nulls_last_on_asc_first_on_desc", "postgres":
				desc = true
			default:
				return invalid(v, "nulls_last", "nulls_first", "sqlite", "mysql", "postgres")
			}
			s.settings.nullsFirst, s.settings.order.nullsFirstDesc = asc, desc
			return nil
		},
		get: func(s *Session) string {
			switch asc, desc := s.settings.nullsFirst, s.settings.order.nullsFirstDesc; {
			case asc && desc:
				return "NULLS_FIRST"
			case asc:
				return "NULLS_FIRST_ON_ASC_LAST_ON_DESC"
			case desc:
				return "NULLS_LAST_ON_ASC_FIRST_ON_DESC"
			}
			return "NULLS_LAST"
		},
	},
	{
		name: "default_order", description: "direction of ORDER BY items that name none: asc or desc",
		set: func(s *Session, v string) error {
			switch strings.ToLower(v) {
			case "asc", "ascending":
				s.settings.descending = false
			case "desc", "descending":
				s.settings.descending = true
			default:
				return invalid(v, "asc", "desc")
			}
			return nil
		},
		get: func(s *Session) string {
			if s.settings.descending {
				return "DESC"
			}
			return "ASC"
		},
	},
	{
		name: "dialect", description: "the SQL dialect of statements: native or mysql",
		set: func(s *Session, v string) error {
			d, err := findDialect(v)
			if err == nil {
				s.settings.dialect = d.Name
			}
			return err
		},
		get: func(s *Session) string { return s.settings.dialect },
	},
	{
		name: "disabled_optimizers", description: "optimizer rules that do not run, separated by commas",
		set: func(s *Session, v string) error {
			s.settings.disabledRules = nil
			for _, r := range strings.Split(v, ",") {
				if r = strings.TrimSpace(r); r != "" {
					s.settings.disabledRules = append(s.settings.disabledRules, strings.ToLower(r))
				}
			}
			return nil
		},
		get: func(s *Session) string { return strings.Join(s.settings.disabledRules, ",") },
	},
	{
		name: "enable_external_access", instance: true, description: "whether SQL may open files; false cannot be undone",
		set: func(s *Session, v string) error {
			var on bool
			if err := setBool(&on, v); err != nil {
				return err
			}
			if on && !s.db.options().external {
				return sqlerr.New(sqlerr.CodeCannotChangeNow, "external access cannot be enabled while the database runs")
			}
			s.db.change(func(o *instance) { o.external = on })
			return nil
		},
		get: func(s *Session) string { return strconv.FormatBool(s.db.options().external) },
	},
	{
		name: "explain_output", description: "the plans that EXPLAIN shows: all, optimized_only or physical_only",
		set: func(s *Session, v string) error {
			switch v = strings.ToLower(v); v {
			case "all", "optimized_only", "physical_only":
				s.settings.explainOutput = v
				return nil
			}
			return invalid(v, "all", "optimized_only", "physical_only")
		},
		get: func(s *Session) string {
			if s.settings.explainOutput == "" {
				return "physical_only"
			}
			return s.settings.explainOutput
		},
	},
	{
		name: "ieee_floating_point_ops", description: "whether dividing a floating-point number by 0 gives infinity or NaN; else NULL",
		set: func(s *Session, v string) error {
			on := true
			err := setBool(&on, v)
			s.settings.nullDivision = !on
			return err
		},
		get: func(s *Session) string { return strconv.FormatBool(!s.settings.nullDivision) },
	},
	{
		name: "max_temp_directory_size", instance: true, description: "most disk space for temporary files, such as 10GB; -1: no limit",
		set: func(s *Session, v string) error {
			n, err := ParseSize(v)
			switch {
			case v == "-1":
				n, err = 0, nil
			case n == 0:
				n = 1 // 0 means no limit from here on; nothing fits into one byte
			}
			if err == nil {
				s.db.change(func(o *instance) { o.maxTempBytes = n })
				if m := s.db.spillIfMade(); m != nil {
					m.SetMaxBytes(n)
				}
			}
			return err
		},
		get: func(s *Session) string {
			n := s.db.options().maxTempBytes
			if n == 0 {
				return "-1"
			}
			return FormatSize(n)
		},
	},
	{
		name: "memory_limit", aliases: []string{"max_memory"}, instance: true, description: "most memory the database may use, such as 1GB or 512MiB",
		set: func(s *Session, v string) error {
			n, err := ParseSize(v)
			if err == nil {
				s.db.setMemoryLimit(n)
			}
			return err
		},
		get: func(s *Session) string { return FormatSize(s.db.budget.Limit()) },
	},
	joinLimit("merge_join_threshold", "the most rows on both sides of a join by inequalities that orders rows by one of them only",
		func(l *physical.JoinLimits) *float64 { return &l.Merge }),
	joinLimit("nested_loop_join_threshold", "the most rows on one side of a join by inequalities that tries all pairs",
		func(l *physical.JoinLimits) *float64 { return &l.NestedLoop }),
	{
		name: "perfect_ht_threshold", description: "groups are found without hashing among as many combinations of dictionary entries as this power of two",
		set: func(s *Session, v string) error {
			n, err := number(v, 0, 32)
			if err == nil {
				if s.settings.directBits = int(n); n == 0 {
					s.settings.directBits = -1
				}
			}
			return err
		},
		get: func(s *Session) string {
			if s.settings.directBits == 0 {
				return "12"
			}
			return strconv.Itoa(max(s.settings.directBits, 0))
		},
	},
	{
		name: "prefer_range_joins", description: "whether joins by equality order the rows of a key by inequalities even when they are few",
		set: func(s *Session, v string) error {
			l := s.joinLimits()
			err := setBool(&l.PreferRange, v)
			if err == nil {
				s.settings.joins = &l
			}
			return err
		},
		get: func(s *Session) string { return strconv.FormatBool(s.joinLimits().PreferRange) },
	},
	{
		name: "preserve_insertion_order", instance: true, description: "whether results without ORDER BY keep the order of their input",
		set: func(s *Session, v string) error {
			var on bool
			err := setBool(&on, v)
			if err == nil {
				s.db.change(func(o *instance) { o.preserveOrder = on })
			}
			return err
		},
		get: func(s *Session) string { return strconv.FormatBool(s.db.options().preserveOrder) },
	},
	{
		name: "order_by_non_integer_literal", description: "whether ORDER BY may name a literal that is no position, which has no effect",
		set: func(s *Session, v string) error { return setBool(&s.settings.order.literals, v) },
		get: func(s *Session) string { return strconv.FormatBool(s.settings.order.literals) },
	},
	{
		name: "scalar_subquery_error_on_multiple_rows", description: "whether a scalar subquery with several rows is an error, rather than its first row",
		set: func(s *Session, v string) error {
			var on bool
			err := setBool(&on, v)
			if err == nil {
				s.settings.order.firstRow = !on
			}
			return err
		},
		get: func(s *Session) string { return strconv.FormatBool(!s.settings.order.firstRow) },
	},
	{
		name: "schema", description: "the schema of names without one, and of new objects",
		set: func(s *Session, v string) error { return s.setSearchPath(v, false) },
		get: func(s *Session) string { return s.schema() },
	},
	{
		name: "search_path", description: "the schemas in which names without one are looked up, separated by commas",
		set: func(s *Session, v string) error { return s.setSearchPath(v, true) },
		get: func(s *Session) string { return strings.Join(s.settings.searchPath, ",") },
	},
	{
		name: "temp_directory", instance: true, description: "where temporary files go",
		set: func(s *Session, v string) error {
			if m := s.db.spillIfMade(); m != nil {
				ok, err := m.SetDir(v)
				if err != nil {
					return err
				}
				if !ok {
					return sqlerr.New(sqlerr.CodeCannotChangeNow, "temp_directory cannot change while there are temporary files")
				}
				m.Sweep()
			}
			s.db.change(func(o *instance) { o.tempDir = v })
			return nil
		},
		get: func(s *Session) string { return cmp.Or(s.db.options().tempDir, os.TempDir()) },
	},
	{
		name: "threads", aliases: []string{"worker_threads"}, instance: true, description: "workers that run queries",
		set: func(s *Session, v string) error {
			n, err := number(v, 1, 1024)
			if err == nil {
				s.db.sched.SetLimit(int(n))
				s.db.change(func(o *instance) { o.threads = int(n) })
			}
			return err
		},
		get: func(s *Session) string { return strconv.Itoa(s.db.options().threads) },
	},
	{
		name: "TimeZone", description: "the time zone of TIMESTAMP WITH TIME ZONE, by its IANA name",
		set: func(s *Session, v string) error {
			if _, err := time.LoadLocation(v); err != nil || v == "" {
				return sqlerr.New(sqlerr.CodeInvalidTimeZone, "unknown time zone %q", v).WithHint("zones are named like Europe/Berlin or UTC")
			}
			s.settings.timeZone = v
			return nil
		},
		get: func(s *Session) string { return s.settings.timeZone },
	},
}

// setSearchPath sets the schemas of names without one; each may follow its
// database. "" is main alone.
func (s *Session) setSearchPath(v string, many bool) error {
	var path []string
	list := []string{v}
	if many {
		list = strings.Split(v, ",")
	}
	snap := s.db.catalog.Snapshot()
	for _, p := range list {
		p = strings.Trim(strings.TrimSpace(p), `"`)
		if p == "" {
			continue
		}
		if db, rest, ok := strings.Cut(p, "."); ok && strings.EqualFold(db, snap.Database) {
			p = rest
		}
		if strings.EqualFold(p, snap.Database) {
			p = catalog.Main
		}
		as, ok := snap.Schema(p)
		if !ok {
			return sqlerr.New(sqlerr.CodeUndefinedSchema, "schema %q does not exist", p)
		}
		path = append(path, as)
	}
	s.settings.searchPath = path
	return nil
}

// settingsTable lists the settings with their present values.
func (s *Session) settingsTable() []bind.Setting {
	out := make([]bind.Setting, len(settings))
	for i := range settings {
		st := &settings[i]
		out[i] = bind.Setting{Name: st.name, Value: st.get(s), Description: st.description, Aliases: st.aliases, Instance: st.instance}
	}
	return out
}

// lookup finds a setting by name or alias, without regard to case.
func lookup(name string) (*setting, error) {
	var names []string
	for i := range settings {
		st := &settings[i]
		if strings.EqualFold(st.name, name) || slices.ContainsFunc(st.aliases, func(a string) bool { return strings.EqualFold(a, name) }) {
			return st, nil
		}
		names = append(append(names, st.name), st.aliases...)
	}
	err := sqlerr.New(sqlerr.CodeUndefinedObject, "there is no setting %q", name)
	if near := sqlerr.Nearest(name, names); len(near) > 0 {
		return nil, err.WithHint("did you mean %s?", strings.Join(near, ", "))
	}
	return nil, err
}

func invalid(value string, want ...string) error {
	return sqlerr.New(sqlerr.CodeInvalidArgument, "invalid value %q", value).WithHint("possible values: %s", strings.Join(want, ", "))
}

func setBool(to *bool, v string) error {
	switch strings.ToLower(v) {
	case "true", "on", "1", "yes", "t":
		*to = true
	case "false", "off", "0", "no", "f":
		*to = false
	default:
		return invalid(v, "true", "false")
	}
	return nil
}

func number(v string, lo, hi int64) (int64, error) {
	n, err := strconv.ParseInt(strings.TrimSpace(v), 10, 64)
	if err != nil || n < lo || n > hi {
		return 0, invalid(v, fmt.Sprintf("%d to %d", lo, hi))
	}
	return n, nil
}
