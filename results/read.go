package results

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
)

// FileName is what a record is called.
const FileName = "record.json"

// FieldError says what is wrong with a record, where, and how to mend it.
type FieldError struct {
	File  string
	Line  int    // from 1; 0 where no line is at fault
	Field string // as verdicts[2].outcome; empty is the file as a whole
	Why   string
	Mend  string
}

func (e *FieldError) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
	}
	if e.Field != "" {
		fmt.Fprintf(&b, ": %s", e.Field)
	}
	fmt.Fprintf(&b, ": %s", e.Why)
	if e.Mend != "" {
		fmt.Fprintf(&b, "; %s", e.Mend)
	}
	return b.String()
}

// Load reads a record from a file or from the folder that holds it.
func Load(path string) (*Record, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, FileName)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Parse(path, b)
}

// Parse reads a record strictly: an unknown, doubled or missing field, a value of the wrong type and anything after the
// record are errors. file is named in them.
func Parse(file string, b []byte) (*Record, error) {
	if err := checkLayout(file, b, SchemaVersion, "read it with the build that wrote it (build.commit), or make the run again"); err != nil {
		return nil, err
	}
	p := &reader{file: file, text: b, kind: fmt.Sprintf("record of layout %d", SchemaVersion), again: "make the run again"}
	r := new(Record)
	if err := p.whole(r); err != nil {
		return nil, err
	}
	if err := check(file, r); err != nil {
		return nil, err
	}
	return r, nil
}

// checkLayout looks at the layout first, so that a file of another one is not blamed for its fields.
func checkLayout(file string, b []byte, layout int, mend string) error {
	var head struct {
		Schema *json.Number `json:"schema"`
	}
	if json.Unmarshal(b, &head) != nil || head.Schema == nil || head.Schema.String() == fmt.Sprint(layout) {
		return nil // the strict reader will say it better
	}
	return &FieldError{File: file, Field: "schema", Why: fmt.Sprintf("layout %s, and this build reads layout %d", *head.Schema, layout), Mend: mend}
}

// check looks at what types cannot say.
func check(file string, r *Record) error {
	bad := func(field, why, mend string) error {
		return &FieldError{File: file, Field: field, Why: why, Mend: mend}
	}
	for i, v := range r.Verdicts {
		for j, s := range v.Series {
			if len(s.At) != len(s.Y) {
				return bad(fmt.Sprintf("verdicts[%d].series[%d]", i, j), fmt.Sprintf("%d times and %d figures", len(s.At), len(s.Y)), "each time has one figure")
			}
		}
	}
	for i, d := range r.Distributions {
		if len(d.Q) != len(d.Values) || !slices.IsSorted(d.Q) || !slices.IsSorted(d.Values) {
			return bad(fmt.Sprintf("distributions[%d]", i), "q and values are not two ascending lists of one length", "each share has one value")
		}
	}
	for i, e := range r.Expect {
		if !strings.HasPrefix(e, "fail ") {
			return bad(fmt.Sprintf("expect[%d]", i), fmt.Sprintf("%q is no expectation", e), `write "fail CHECKER"`)
		}
	}
	if r.Scenario == "" {
		return bad("scenario", "is empty", "a record names its scenario")
	}
	return nil
}

// reader walks the text and the type together.
type reader struct {
	file  string
	text  []byte
	kind  string // of file, with its layout
	again string // how to make a good one
	dec   *json.Decoder
}

// whole reads the text into what to points to, and nothing may follow.
func (p *reader) whole(to any) error {
	p.dec = json.NewDecoder(bytes.NewReader(p.text))
	p.dec.UseNumber()
	if err := p.value("", reflect.ValueOf(to).Elem()); err != nil {
		return err
	}
	if _, err := p.dec.Token(); !errors.Is(err, io.EOF) {
		kind, _, _ := strings.Cut(p.kind, " ")
		return p.fail("", "there is something after the "+kind, "a file holds one "+kind)
	}
	return nil
}

// undo is the mend of what no build writes.
func (p *reader) undo() string {
	kind, _, _ := strings.Cut(p.kind, " ")
	return "a " + kind + " is written by lgos-sim; undo the edit"
}

func (p *reader) fail(field, why, mend string) error {
	at := min(int(p.dec.InputOffset()), len(p.text))
	return &FieldError{File: p.file, Line: 1 + bytes.Count(p.text[:at], []byte("\n")), Field: field, Why: why, Mend: mend}
}

func (p *reader) token(field string) (json.Token, error) {
	t, err := p.dec.Token()
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, p.fail(field, "the file ends in the middle", "it was cut short; "+p.again)
	}
	if err != nil {
		return nil, p.fail(field, "not JSON: "+err.Error(), p.undo())
	}
	return t, nil
}

func (p *reader) value(field string, v reflect.Value) error {
	t, err := p.token(field)
	if err != nil {
		return err
	}
	switch v.Kind() {
	case reflect.Struct:
		if t != json.Delim('{') {
			return p.wrong(field, t, "an object")
		}
		return p.object(field, v)
	case reflect.Slice:
		if t == nil {
			return nil // an empty list, as Go writes it
		}
		if t != json.Delim('[') {
			return p.wrong(field, t, "a list")
		}
		for i := 0; p.dec.More(); i++ {
			v.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
			if err := p.value(fmt.Sprintf("%s[%d]", field, i), v.Index(i)); err != nil {
				return err
			}
		}
		_, err := p.token(field)
		return err
	case reflect.String:
		s, ok := t.(string)
		if !ok {
			return p.wrong(field, t, "a string")
		}
		v.SetString(s)
		if o, ok := v.Interface().(Outcome); ok && !slices.Contains(Outcomes(), o) {
			return p.fail(field, fmt.Sprintf("%q is no outcome", s), fmt.Sprintf("one of %v", Outcomes()))
		}
		return nil
	case reflect.Bool:
		b, ok := t.(bool)
		if !ok {
			return p.wrong(field, t, "true or false")
		}
		v.SetBool(b)
		return nil
	}
	n, ok := t.(json.Number)
	if !ok {
		return p.wrong(field, t, "a number")
	}
	if v.Type() == reflect.TypeFor[Seconds]() {
		s, err := parseSeconds(n.String())
		if err != nil {
			return p.fail(field, err.Error(), "write 1.5 for one and a half seconds")
		}
		v.SetInt(int64(s))
		return nil
	}
	if json.Unmarshal([]byte(n), v.Addr().Interface()) != nil {
		return p.fail(field, fmt.Sprintf("%s does not fit in %s", n, v.Kind()), p.undo())
	}
	return nil
}

func (p *reader) object(field string, v reflect.Value) error {
	seen := make([]bool, v.NumField())
	for p.dec.More() {
		t, err := p.token(field)
		if err != nil {
			return err
		}
		name, _ := t.(string)
		i := fieldIndex(v.Type(), name)
		switch {
		case i < 0:
			return p.fail(join(field, name), "unknown field", suggest(name, fieldNames(v.Type())))
		case seen[i]:
			return p.fail(join(field, name), "given twice", "keep one of them")
		}
		seen[i] = true
		if err := p.value(join(field, name), v.Field(i)); err != nil {
			return err
		}
	}
	for i, ok := range seen {
		if name, optional := jsonName(v.Type().Field(i)); !ok && !optional {
			return p.fail(join(field, name), "missing", "every "+p.kind+" has it; "+p.again)
		}
	}
	_, err := p.token(field)
	return err
}

func (p *reader) wrong(field string, t json.Token, want string) error {
	got := "something else"
	switch t := t.(type) {
	case nil:
		got = "null"
	case json.Delim:
		got = map[json.Delim]string{'{': "an object", '[': "a list"}[t]
	case string:
		got = fmt.Sprintf("the string %q", t)
	case json.Number:
		got = "the number " + t.String()
	case bool:
		got = fmt.Sprint(t)
	}
	return p.fail(field, fmt.Sprintf("%s stands where %s belongs", got, want), p.undo())
}

func join(field, name string) string { return strings.TrimPrefix(field+"."+name, ".") }

// jsonName gives a field's name in JSON and whether it may be missing.
func jsonName(f reflect.StructField) (name string, optional bool) {
	name, rest, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name, rest == "omitempty"
}

func fieldNames(t reflect.Type) []string {
	var out []string
	for i := range t.NumField() {
		name, _ := jsonName(t.Field(i))
		out = append(out, name)
	}
	return out
}

func fieldIndex(t reflect.Type, name string) int { return slices.Index(fieldNames(t), name) }

// suggest names the closest of the known words, where one is close.
func suggest(word string, known []string) string {
	best, least := "", 3
	for _, k := range known {
		if d := distance(word, k); d < least {
			best, least = k, d
		}
	}
	if best == "" {
		return "known are " + strings.Join(known, ", ")
	}
	return fmt.Sprintf("did you mean %q?", best)
}

// distance is Levenshtein's.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
