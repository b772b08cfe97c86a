// Package gotree reads the source tree of the module for the tests that judge
// it: tests/layering and tests/lint.
//
// Main types: Tree is every file and package of the module; Package is one
// directory with Go files; File is one parsed Go file.
//
// Invariants: a tree is read in-process, directory by directory and file by
// file through package os, so that the test cache of the go command sees what
// was read and reruns a test when any of it changes. Folders that belong to
// another module (they hold a go.mod), testdata folders and folders whose name
// starts with a dot or an underscore hold no packages of the module.
//
// It does not type-check, does not evaluate build constraints (every file
// counts, whatever its platform) and never runs the go command.
package gotree
