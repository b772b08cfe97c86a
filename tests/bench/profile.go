package main

import (
	"fmt"
	"sort"

	"github.com/google/pprof/profile"
)

// A topLine is one function of a profile and its own share of the samples.
type topLine struct {
	Func  string
	Share float64
}

func (t topLine) String() string { return fmt.Sprintf("%5.1f%% %s", 100*t.Share, t.Func) }

// top lists the functions with the most time of their own.
func top(data []byte, n int) ([]topLine, error) {
	p, err := profile.ParseData(data)
	if err != nil {
		return nil, err
	}
	own := map[string]int64{}
	var total int64
	for _, s := range p.Sample {
		v := s.Value[len(s.Value)-1]
		total += v
		name := "(no symbol)"
		if len(s.Location) > 0 && len(s.Location[0].Line) > 0 {
			if f := s.Location[0].Line[0].Function; f != nil && f.Name != "" {
				name = f.Name
			}
		}
		own[name] += v
	}
	var lines []topLine
	for name, v := range own {
		lines = append(lines, topLine{name, float64(v) / float64(max(total, 1))})
	}
	sort.Slice(lines, func(i, j int) bool {
		if lines[i].Share != lines[j].Share {
			return lines[i].Share > lines[j].Share
		}
		return lines[i].Func < lines[j].Func
	})
	return lines[:min(n, len(lines))], nil
}
