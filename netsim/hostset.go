package netsim

import (
	"fmt"
	"iter"
	"math/bits"
	"strconv"
	"strings"
)

// HostSet is a set of hosts. Its text form is a list of numbers and ranges, ascending and as short as can be, as in
// "1-500,700"; the empty set is the empty text. The zero value is the empty set.
type HostSet struct{ words []uint64 }

// Hosts is the set of the given hosts.
func Hosts(hs ...HostID) HostSet {
	var s HostSet
	for _, h := range hs {
		s.Add(h)
	}
	return s
}

// HostRange is the set of all hosts from first to last.
func HostRange(first, last HostID) HostSet {
	var s HostSet
	for h := first; h <= last; h++ {
		s.Add(h)
	}
	return s
}

// MaxHost is the greatest host number that a text may name; beyond it a short text could ask for any amount of memory.
const MaxHost = 1 << 24

// ParseHosts reads the text form. It accepts what String writes and nothing else.
func ParseHosts(text string) (HostSet, error) {
	var s HostSet
	if text == "" {
		return s, nil
	}
	last := HostID(0)
	for part := range strings.SplitSeq(text, ",") {
		first, end, isRange := strings.Cut(part, "-")
		a, err := parseHost(first)
		if err != nil {
			return HostSet{}, fmt.Errorf("hosts %q: %w", clip(text), err)
		}
		b := a
		if isRange {
			if b, err = parseHost(end); err != nil {
				return HostSet{}, fmt.Errorf("hosts %q: %w", clip(text), err)
			}
		}
		if isRange && b <= a {
			return HostSet{}, fmt.Errorf("hosts %q: the range %q does not rise", clip(text), clip(part))
		}
		if last != 0 && a <= last+1 {
			return HostSet{}, fmt.Errorf("hosts %q: %q does not rise, or belongs to the range before it", clip(text), clip(part))
		}
		for h := a; h <= b; h++ {
			s.Add(h)
		}
		last = b
	}
	return s, nil
}

func parseHost(text string) (HostID, error) {
	v, err := strconv.ParseUint(text, 10, 32)
	if err != nil || v == 0 || text[0] == '0' || text[0] == '+' {
		return 0, fmt.Errorf("%q is no host number", clip(text))
	}
	if v > MaxHost {
		return 0, fmt.Errorf("host %d is over %d", v, MaxHost)
	}
	return HostID(v), nil
}

func clip(s string) string {
	if len(s) > 60 {
		return s[:60] + "…"
	}
	return s
}

// Has tells whether a host is in the set.
func (s HostSet) Has(h HostID) bool {
	w := int(h >> 6)
	return w < len(s.words) && s.words[w]>>(h&63)&1 != 0
}

// Add puts a host in.
func (s *HostSet) Add(h HostID) {
	w := int(h >> 6)
	for w >= len(s.words) {
		s.words = append(s.words, 0)
	}
	s.words[w] |= 1 << (h & 63)
}

// Remove takes a host out.
func (s *HostSet) Remove(h HostID) {
	if w := int(h >> 6); w < len(s.words) {
		s.words[w] &^= 1 << (h & 63)
	}
}

// IsZero tells whether the set is empty, for encoders that leave out what is.
func (s HostSet) IsZero() bool { return s.Len() == 0 }

// Len counts the hosts.
func (s HostSet) Len() int {
	n := 0
	for _, w := range s.words {
		n += bits.OnesCount64(w)
	}
	return n
}

// All gives the hosts, ascending.
func (s HostSet) All() iter.Seq[HostID] {
	return func(yield func(HostID) bool) {
		for i, w := range s.words {
			for ; w != 0; w &= w - 1 {
				if !yield(HostID(i<<6 + bits.TrailingZeros64(w))) {
					return
				}
			}
		}
	}
}

// Max is the greatest host, or 0.
func (s HostSet) Max() HostID {
	for i := len(s.words) - 1; i >= 0; i-- {
		if w := s.words[i]; w != 0 {
			return HostID(i<<6 + 63 - bits.LeadingZeros64(w))
		}
	}
	return 0
}

// Without is the set less the hosts of another.
func (s HostSet) Without(o HostSet) HostSet {
	out := HostSet{append([]uint64(nil), s.words...)}
	for i := range min(len(out.words), len(o.words)) {
		out.words[i] &^= o.words[i]
	}
	return out
}

// String is the text form.
func (s HostSet) String() string {
	var b strings.Builder
	for i, n := 0, len(s.words)*64; i < n; i++ {
		if !s.Has(HostID(i)) {
			continue
		}
		first := i
		for i+1 < n && s.Has(HostID(i+1)) {
			i++
		}
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Itoa(first))
		if i > first {
			b.WriteByte('-')
			b.WriteString(strconv.Itoa(i))
		}
	}
	return b.String()
}

// MarshalText and UnmarshalText are the text form.
func (s HostSet) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

func (s *HostSet) UnmarshalText(b []byte) error {
	set, err := ParseHosts(string(b))
	if err == nil {
		*s = set
	}
	return err
}
