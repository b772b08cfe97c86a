package window

import (
	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// heap keeps the bytes of aggregate states (function.StateHeap).
type heap struct {
	w    *Window
	blks []*block.Block
	bufs [][]byte
	used int // of the last block
}

// Put implements function.StateHeap.
func (h *heap) Put(_ raw.Addr, b []byte) (types.StringRef, error) {
	if len(b) <= types.MaxInline {
		return types.InlineRef(b), nil
	}
	if len(b) > 1<<31-1 {
		return types.StringRef{}, sqlerr.New(sqlerr.CodeLimitExceeded, "window: a value takes more than 2 GiB")
	}
	last := len(h.bufs) - 1
	if last < 0 || len(h.bufs[last])-h.used < len(b) {
		size := int64(block.Size)
		if last < 0 {
			size = smallBlock // states of short texts need no more
		}
		blk, err := getBlock(h.w, max(int64(len(b)), size))
		if err != nil {
			return types.StringRef{}, err
		}
		h.blks, h.bufs = append(h.blks, blk), append(h.bufs, blk.Bytes)
		h.used = 0
		last++
	}
	copy(h.bufs[last][h.used:], b)
	r := types.LongRef(b, last, h.used)
	h.used += len(b)
	return r, nil
}

// Bufs implements function.StateHeap.
func (h *heap) Bufs() [][]byte { return h.bufs }

// reset forgets everything and keeps the first block.
func (h *heap) reset() {
	if len(h.blks) == 0 {
		return
	}
	for _, b := range h.blks[1:] {
		b.Release()
	}
	h.blks, h.bufs, h.used = h.blks[:1], h.bufs[:1], 0
	if len(h.bufs[0]) > block.Size {
		h.release()
	}
}

func (h *heap) release() {
	for _, b := range h.blks {
		b.Release()
	}
	h.blks, h.bufs, h.used = nil, nil, 0
}
