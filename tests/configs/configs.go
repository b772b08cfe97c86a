package configs

import "fmt"

// A Config is one way to run the engine.
type Config struct {
	Name string
	// Setup runs on every new database, in order, before anything else.
	Setup []string
}

// All is every configuration that the SQL tests run under. Default comes first
// and is the only one that -short runs.
var All = []Config{
	{Name: "default"},
	{Name: "one_thread", Setup: []string{"SET threads = 1"}},
	// Chunks of two rows: every operator meets a chunk edge in every test.
	{Name: "fill_2", Setup: []string{"SET debug_fill_limit = 2"}},
	// Chunks of one row, by one worker: the other extreme.
	{Name: "fill_1", Setup: []string{"SET threads = 1", "SET debug_fill_limit = 1"}},
	// Whatever can spill does, from its first byte.
	{Name: "spill", Setup: []string{"SET debug_spill_cap = 0"}},
	// Spilled partitions meet chunk edges, too.
	{Name: "spill_fill_3", Setup: []string{"SET debug_spill_cap = 0", "SET debug_fill_limit = 3"}},
	// Every other request for memory is refused, at random: operators spill in the
	// middle of whatever they do.
	RandomSpill(1),
	{Name: "optimizer_off", Setup: []string{"SET debug_disable_optimizer = true"}},
	// Memory small enough that reservations are refused now and then.
	{Name: "small_memory", Setup: []string{"SET memory_limit = '64MB'"}},
}

// RandomSpill is the configuration that spills at random, by a seed above 0.
func RandomSpill(seed int) Config {
	return Config{Name: fmt.Sprintf("spill_random_%d", seed), Setup: []string{fmt.Sprintf("SET debug_spill_seed = %d", seed), "SET debug_fill_limit = 100"}}
}

// ByName gives the configuration of that name.
func ByName(name string) (Config, bool) {
	for _, c := range All {
		if c.Name == name {
			return c, true
		}
	}
	return Config{}, false
}
