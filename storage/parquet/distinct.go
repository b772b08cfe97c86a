package parquet

// Few writers count distinct values. What most of them tell without wanting to
// is how many entries a chunk's dictionary has: a code takes as many bits as
// that needs, and the entries themselves take their bytes.

// dictionaryDistinct estimates the distinct values of a chunk whose values are
// all codes of a dictionary, from the bytes that they take; 0: it cannot tell.
func (l *leafColumn) dictionaryDistinct(m *columnMeta) float64 {
	if !m.dictOnly || m.dictPageOffset <= 0 || m.numValues <= 0 || m.uncompressedSize <= 0 {
		return 0
	}
	const header = 24 // bytes of a page's, more or less
	values, width := float64(m.numValues), float64(l.kind.width)
	if width == 0 {
		// A string and its length. The bounds are two of them.
		width = 4 + float64(len(m.stats.min)+len(m.stats.max))/2
	}
	// Short runs of equal values take a little less than their bits.
	size := 1.06 * max(0, float64(m.uncompressedSize)-2*header)
	d := 1.0
	for w := 1; w <= 32; w++ {
		// With more entries than this a code takes w bits.
		least := float64(uint64(1) << (w - 1))
		codes := values * float64(w) / 8
		if codes+least*width > size {
			break
		}
		d = min(max((size-codes)/width, least+1), 2*least)
	}
	// Long runs take nearly nothing. Then the dictionary is what tells: stored,
	// its entries hardly take more than in memory.
	stored := m.dataPageOffset - m.dictPageOffset - header
	if stored > 0 && m.dataPageOffset-m.dictPageOffset <= m.compressedSize {
		d = max(d, float64(stored)/width)
	}
	return min(d, values)
}

// dictionaryPages reports whether pages of the given kind and encoding leave
// every value of a chunk in its dictionary.
func dictionaryPages(typ int32, e encoding) bool {
	switch typ {
	case pageData, pageDataV2:
		return e == encPlainDictionary || e == encRLEDictionary
	}
	return true
}
