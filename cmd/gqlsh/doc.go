// Command gqlsh is Gannet's shell: SQL from the command line, from files, from
// standard input or at a prompt, over a database in memory or over the data
// files of a directory.
//
//	gqlsh [OPTIONS] [DATABASE | DIRECTORY | FILE] [SQL]
//
// flags.go reads the command line, shell.go holds what a session of the shell
// knows, script.go and prompt.go cut input into statements and dot commands,
// statement.go runs a statement. Output modes are lines of the table in
// mode.go, dot commands lines of the table in commands.go, each with a file of
// its own (mode_*.go, cmd_*.go). editor.go is the only file that knows the line
// editor.
//
// A result is written chunk by chunk as it comes: csv, json, jsonlines, list
// and line hold one chunk, box holds the rows that it shows, table and markdown
// the first rows, from which they take the widths.
//
// Exit codes: 0, 1 when a statement failed, 2 for a wrong command line, 130
// when a script was interrupted.
//
// What it does not do: it knows nothing of SQL beyond where statements end.
package main
