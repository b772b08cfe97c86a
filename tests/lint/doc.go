// Package lint holds the house rules that a compiler does not check, as a test.
//
// rules.go is the list: each rule has a name, the sentence shown when it is
// broken, and a check over one file, one package or the whole tree. Exceptions
// stand beside the rule they belong to, with their reason; there is no comment
// that switches a rule off.
//
// lint_test.go runs every rule over the module, and over a broken example each
// to show that it can fail.
//
// It does not repeat what gofmt, go vet and staticcheck know, save gofmt
// itself, which costs nothing here and fails earlier.
package lint
