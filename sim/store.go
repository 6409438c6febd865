package sim

import (
	"slices"
	"strings"

	"github.com/lifegraph-os/lgos-sim/node/step"
)

const blockSize = 256 // records a block of a store holds at most

// store keeps records sorted by key, in blocks so that an insertion moves little.
type store struct {
	blocks [][]step.Record // none is empty
	bytes  int             // of keys and values
	count  int
}

// find gives the place of a key, or where it belongs.
func (s *store) find(key string) (block, at int, ok bool) {
	block, ok = slices.BinarySearchFunc(s.blocks, key, func(b []step.Record, k string) int { return strings.Compare(b[0].Key, k) })
	if ok {
		return block, 0, true
	}
	if block == 0 {
		return 0, 0, false
	}
	block--
	at, ok = slices.BinarySearchFunc(s.blocks[block], key, func(r step.Record, k string) int { return strings.Compare(r.Key, k) })
	return block, at, ok
}

// put sets a record and gives what it replaced.
func (s *store) put(key string, value []byte) (old []byte, had bool) {
	s.bytes += len(value)
	if len(s.blocks) == 0 {
		s.bytes += len(key)
		s.count++
		s.blocks = append(s.blocks, []step.Record{{Key: key, Value: value}})
		return nil, false
	}
	i, at, ok := s.find(key)
	if ok {
		r := &s.blocks[i][at]
		old, r.Value = r.Value, value
		s.bytes -= len(old)
		return old, true
	}
	s.bytes += len(key)
	s.count++
	s.blocks[i] = slices.Insert(s.blocks[i], at, step.Record{Key: key, Value: value})
	if n := len(s.blocks[i]); n > blockSize {
		cut := n / 2
		if at == n-1 { // keys that ascend fill their blocks
			cut = n - 1
		}
		tail := slices.Clone(s.blocks[i][cut:])
		clear(s.blocks[i][cut:])
		s.blocks[i] = s.blocks[i][:cut]
		s.blocks = slices.Insert(s.blocks, i+1, tail)
	}
	return nil, false
}

// delete removes a record and gives what it held.
func (s *store) delete(key string) (old []byte, had bool) {
	if len(s.blocks) == 0 {
		return nil, false
	}
	i, at, ok := s.find(key)
	if !ok {
		return nil, false
	}
	old = s.blocks[i][at].Value
	s.bytes -= len(key) + len(old)
	s.count--
	s.blocks[i] = slices.Delete(s.blocks[i], at, at+1)
	if len(s.blocks[i]) == 0 {
		s.blocks = slices.Delete(s.blocks, i, i+1)
	}
	return old, true
}

// list gives the records whose key begins with a prefix, sorted by key.
func (s *store) list(prefix string) []step.Record {
	if len(s.blocks) == 0 {
		return nil
	}
	var out []step.Record
	if prefix == "" {
		out = make([]step.Record, 0, s.count)
	}
	i, at, _ := s.find(prefix)
	for ; i < len(s.blocks); i, at = i+1, 0 {
		for _, r := range s.blocks[i][at:] {
			if !strings.HasPrefix(r.Key, prefix) {
				return out
			}
			out = append(out, r)
		}
	}
	return out
}
