package rule

import (
	"github.com/gannetdb/gannet/planner/joinorder"
	"github.com/gannetdb/gannet/planner/logical"
)

// orderJoins chooses the order of joins and their build sides; package
// joinorder says how and why it is sound.
func orderJoins(c *Context, root logical.Node) (logical.Node, error) {
	return joinorder.Order(c.Ctx, root, c.Estimates)
}
