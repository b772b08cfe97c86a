package lexer

// Keyword identifies a keyword; NotKeyword (0) for anything else.
type Keyword uint16

// Category says where a keyword may still be used as a name.
type Category uint8

// The categories, from the freest to the strictest.
const (
	Unreserved   Category = iota // any name
	ColumnName                   // a column or table, not a function or type
	TypeFunction                 // a function or type, not a column or table
	Reserved                     // only after AS and after a dot
)

type keywordInfo struct {
	name     string
	category Category
}

// String returns the keyword in lower case.
func (k Keyword) String() string {
	if k >= numKeywords {
		return ""
	}
	return keywordTable[k].name
}

// Category returns the keyword's category; Unreserved for NotKeyword.
func (k Keyword) Category() Category {
	if k >= numKeywords {
		return Unreserved
	}
	return keywordTable[k].category
}

// Lookup returns the keyword that word spells in any case, or NotKeyword.
func Lookup(word string) Keyword {
	if len(word) > maxKeywordLen {
		return NotKeyword
	}
	hash := uint32(hashSeed)
	for i := 0; i < len(word); i++ {
		hash = hashByte(hash, word[i])
	}
	return lookupHash(word, hash)
}

// Keywords returns all keywords in lower case, in alphabetical order.
func Keywords() []string {
	out := make([]string, 0, int(numKeywords)-1)
	for _, k := range keywordTable[1:] {
		out = append(out, k.name)
	}
	return out
}

const (
	maxKeywordLen = 24
	hashSeed      = 2166136261
	hashSlots     = 2048 // about four times the number of keywords
)

// hashByte folds one byte into the hash, letters without their case. Setting
// bit 5 also merges a few other characters; the comparison tells them apart.
func hashByte(h uint32, c byte) uint32 { return (h ^ uint32(c|0x20)) * 16777619 }

// keywordSlots is an open-addressed hash table of the keywords.
var keywordSlots = buildKeywordSlots()

func buildKeywordSlots() *[hashSlots]Keyword {
	var slots [hashSlots]Keyword
	for k := Keyword(1); k < numKeywords; k++ {
		name := keywordTable[k].name
		h := uint32(hashSeed)
		for i := 0; i < len(name); i++ {
			h = hashByte(h, name[i])
		}
		i := slotOf(h)
		for slots[i] != NotKeyword {
			i = (i + 1) % hashSlots
		}
		slots[i] = k
	}
	return &slots
}

func slotOf(h uint32) uint32 { return (h ^ h>>15) % hashSlots }

func lookupHash(word string, hash uint32) Keyword {
	for i := slotOf(hash); ; i = (i + 1) % hashSlots {
		k := keywordSlots[i]
		if k == NotKeyword || equalFoldASCII(word, keywordTable[k].name) {
			return k
		}
	}
}

// equalFoldASCII compares word with a lower-case ASCII name.
func equalFoldASCII(word, lower string) bool {
	if len(word) != len(lower) {
		return false
	}
	for i := 0; i < len(word); i++ {
		c := word[i]
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}
