package view

import (
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/lifegraph-os/lgos-sim/sim"
)

// query is a search over events; zero fields let everything through.
type query struct {
	host  sim.HostID
	kind  string
	op    string // the first digits of an operation's id, in hexadecimal
	text  string // what the words of a note, a request or a fault hold, in either case
	from  time.Duration
	after int // entries, or inputs of the host, to pass over: the Next of the answer before
	limit int
}

// searchAnswer is what was found, in the order of time.
type searchAnswer struct {
	Found []found `json:"found"`
	Next  int     `json:"next,omitempty"` // where the search goes on; 0 is nowhere
}

type found struct {
	At   int64  `json:"at"`
	Host int    `json:"host,omitempty"`
	Key  string `json:"key,omitempty"` // of the host's step
	Kind string `json:"kind"`
	Text string `json:"text"`
	Op   string `json:"op,omitempty"`
}

func (v *Viewer) search(q query) (*searchAnswer, error) {
	if bit := slices.Index(bulkKinds(), q.kind); q.kind != "" && bit >= 0 {
		return v.searchTape(q, bit)
	}
	want := slices.Index(kindNames(), q.kind)
	x := v.index
	ops, texts := x.matching(q.op), x.saying(q.text)
	out := &searchAnswer{Found: []found{}}
	start := q.after
	if q.from > 0 {
		start = max(start, x.upTo(q.from-1))
	}
	for i := start; i < x.entries(); i++ {
		e := x.entry(i)
		if q.host != 0 && e.host != uint32(q.host) || want >= 0 && e.kind != kind(want) ||
			ops != nil && (e.kind < kindNote || e.ref == 0 || !ops[e.ref-1]) || texts != nil && !texts[e.text] {
			continue
		}
		if len(out.Found) == q.limit {
			out.Next = i
			break
		}
		f := found{At: e.at, Host: int(e.host), Kind: kindNames()[e.kind], Text: x.words(e)}
		if e.kind >= kindNote && e.ref > 0 {
			f.Op = hex.EncodeToString(x.ops[e.ref-1][:])
		}
		if e.n > 0 {
			k := &x.tape.tracks[e.host]
			frames, err := x.tape.block(sim.HostID(e.host), k.blockOf(e.n))
			if err != nil {
				return nil, err
			}
			f.Key = frames[e.n-frames[0].n].Key.String()
		}
		out.Found = append(out.Found, f)
	}
	return out, nil
}

// matching marks the operations whose ids begin so; nil is all.
func (x *index) matching(prefix string) []bool {
	if prefix == "" {
		return nil
	}
	marks := make([]bool, len(x.ops))
	for i := range x.ops {
		marks[i] = strings.HasPrefix(x.ops[i].String(), prefix)
	}
	return marks
}

// saying marks the texts that hold a word; nil is all.
func (x *index) saying(word string) []bool {
	if word == "" {
		return nil
	}
	word = strings.ToLower(word)
	marks := make([]bool, len(x.texts))
	for i, t := range x.texts {
		marks[i] = strings.Contains(strings.ToLower(t), word)
	}
	return marks
}

// searchTape looks for inputs of one host.
func (v *Viewer) searchTape(q query, bit int) (*searchAnswer, error) {
	if q.host == 0 {
		return nil, bad("kind %s is kept for each host alone: name a host as well", q.kind)
	}
	if q.op != "" || q.text != "" {
		return nil, bad("kind %s is searched by host and time alone: leave op and text out", q.kind)
	}
	out, k := &searchAnswer{Found: []found{}}, &v.index.tape.tracks[q.host]
	for i := range k.blocks {
		if k.blocks[i].kinds&(1<<bit) == 0 || i+1 < len(k.blocks) && (int(k.blocks[i+1].first) <= q.after || k.blocks[i+1].at < q.from) {
			continue
		}
		frames, err := v.index.tape.block(q.host, i)
		if err != nil {
			return nil, err
		}
		for j := range frames {
			f := &frames[j]
			if int(f.n) < q.after || f.Key.At < q.from || kindOf(f.In) != bit {
				continue
			}
			if len(out.Found) == q.limit {
				out.Next = int(f.n)
				return out, nil
			}
			a, err := v.stepOf(f)
			if err != nil {
				return nil, err
			}
			out.Found = append(out.Found, found{At: a.At, Host: int(q.host), Key: a.Key, Kind: a.Kind, Text: a.Text})
		}
	}
	return out, nil
}
