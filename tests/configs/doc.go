// Package configs is the table of configurations under which the same SQL must
// give the same answers: one worker, chunks of two rows, everything spilled,
// optimizer off.
//
// Main type: Config, a name and the statements that a session starts with. All
// is the table; tests/slt runs every file under every line of it.
//
// It knows setting names only; it opens no database and judges no answer.
package configs
