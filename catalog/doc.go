// Package catalog maps names to tables and views.
//
// Main types: [Catalog], which changes, and [Snapshot], an immutable version
// of it that a statement binds against. A change builds a new Snapshot and
// swaps it in atomically, so that readers take no lock and see all of a change
// or nothing. [Table] is a table's definition together with a [Provider] of
// its rows; [View] is a query's text and tree.
//
// Names are kept as they were written and compare without regard to case.
// The schemas main and temp always exist; an unqualified name is looked up in
// temp first, then along the search path. The database that qualified names
// may put before the schema is the snapshot's Database.
//
// It does not store rows, parse or bind queries, or check dependencies.
package catalog
