package sim

import (
	"bufio"
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// MarshalText prints a plan, one line a thing: calm, end, then samples, scripts and faults in their order.
func (p Plan) MarshalText() ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "calm %v\nend %v\n", p.Calm, p.End)
	for _, at := range p.Samples {
		fmt.Fprintf(&b, "sample %v\n", at)
	}
	for _, s := range p.Scripts {
		fmt.Fprintf(&b, "script %d %s%s\n", s.Host, quote(s.Kind), arguments(s.Args))
	}
	for _, f := range p.Faults {
		fmt.Fprintln(&b, f.line())
	}
	return b.Bytes(), nil
}

// line is a window as the plan prints it.
func (f Window) line() string {
	return fmt.Sprintf("fault %s %v %v%s", quote(f.Kind), f.Begin, f.End, arguments(f.Args))
}

func arguments(args []Arg) string {
	var b strings.Builder
	for _, a := range args {
		b.WriteString(" " + quote(a.Name) + "=" + quote(a.Value))
	}
	return b.String()
}

// quote leaves plain words as they are.
func quote(s string) string {
	plain := s != ""
	for _, r := range s {
		plain = plain && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.,:/+", r))
	}
	if plain {
		return s
	}
	return strconv.Quote(s)
}

// UnmarshalText reads what MarshalText prints; its errors name the line. Empty lines and those that begin with # are
// passed over.
func (p *Plan) UnmarshalText(text []byte) error {
	*p = Plan{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<26)
	n := 0
	for lines.Scan() {
		n++
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		if err := p.read(line); err != nil {
			return fmt.Errorf("sim: plan, line %d: %w", n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("sim: plan, line %d: %w", n+1, err)
	}
	return nil
}

func (p *Plan) read(line string) error {
	words, err := split(line)
	if err != nil {
		return err
	}
	at := func(i int) (time.Duration, error) {
		if i >= len(words) {
			return 0, fmt.Errorf("%s: an instant is missing", words[0].name)
		}
		return time.ParseDuration(words[i].name)
	}
	plain := func(n int) error {
		for i, w := range words {
			if i < n && w.value != nil || i >= n && w.value == nil {
				return fmt.Errorf("%s: %q is out of place", words[0].name, w.name)
			}
		}
		if len(words) < n {
			return fmt.Errorf("%s: too few words", words[0].name)
		}
		return nil
	}
	args := func(from int) (out []Arg) {
		for _, w := range words[from:] {
			out = append(out, Arg{w.name, *w.value})
		}
		return out
	}
	switch words[0].name {
	case "calm", "end", "sample":
		if err := plain(2); err != nil {
			return err
		}
		if len(words) > 2 {
			return fmt.Errorf("%s takes one instant", words[0].name)
		}
		d, err := at(1)
		if err != nil {
			return err
		}
		switch words[0].name {
		case "calm":
			p.Calm = d
		case "end":
			p.End = d
		default:
			p.Samples = append(p.Samples, d)
		}
	case "script":
		if err := plain(3); err != nil {
			return err
		}
		host, err := strconv.ParseUint(words[1].name, 10, 32)
		if err != nil {
			return fmt.Errorf("script: host %q is no number", words[1].name)
		}
		p.Scripts = append(p.Scripts, Script{HostID(host), words[2].name, args(3)})
	case "fault":
		if err := plain(4); err != nil {
			return err
		}
		begin, err := at(2)
		if err != nil {
			return err
		}
		end, err := at(3)
		if err != nil {
			return err
		}
		p.Faults = append(p.Faults, Window{words[1].name, begin, end, args(4)})
	default:
		return fmt.Errorf("%q is none of calm, end, sample, script, fault", words[0].name)
	}
	return nil
}

// word is a word of a line, or name=value.
type word struct {
	name  string
	value *string
}

func split(line string) (out []word, err error) {
	for rest := strings.TrimLeft(line, " \t"); rest != ""; rest = strings.TrimLeft(rest, " \t") {
		var w word
		if w.name, rest, err = unquote(rest); err != nil {
			return nil, err
		}
		if strings.HasPrefix(rest, "=") {
			var v string
			if v, rest, err = unquote(rest[1:]); err != nil {
				return nil, err
			}
			w.value = &v
		}
		if rest != "" && rest[0] != ' ' && rest[0] != '\t' {
			return nil, fmt.Errorf("a space is missing before %q", rest)
		}
		out = append(out, w)
	}
	return out, nil
}

// unquote takes one word off a text.
func unquote(s string) (word, rest string, err error) {
	if strings.HasPrefix(s, `"`) {
		q, err := strconv.QuotedPrefix(s)
		if err != nil {
			return "", "", fmt.Errorf("a quotation does not end: %s", s)
		}
		word, err = strconv.Unquote(q)
		return word, s[len(q):], err
	}
	n := strings.IndexAny(s, "= \t\"")
	if n < 0 {
		n = len(s)
	}
	if n == 0 {
		return "", "", fmt.Errorf("a word is missing before %q", s)
	}
	return s[:n], s[n:], nil
}
