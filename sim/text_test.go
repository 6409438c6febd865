package sim

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func drawPlan(t *rapid.T) Plan {
	word := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"hosts", "1..5,9", "a b", `"`, "=", "", "é\n"}))
	at := rapid.Custom(func(t *rapid.T) time.Duration { return time.Duration(rapid.Int64().Draw(t, "at")) })
	args := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Arg { return Arg{word.Draw(t, "name"), word.Draw(t, "value")} }), 0, 3)
	p := Plan{Calm: at.Draw(t, "calm"), End: at.Draw(t, "end")}
	for range rapid.IntRange(0, 3).Draw(t, "n") {
		p.Samples = append(p.Samples, at.Draw(t, "sample"))
		p.Scripts = append(p.Scripts, Script{HostID(rapid.Uint32().Draw(t, "host")), word.Draw(t, "kind"), args.Draw(t, "args")})
		p.Faults = append(p.Faults, Window{word.Draw(t, "kind"), at.Draw(t, "begin"), at.Draw(t, "end"), args.Draw(t, "args")})
	}
	return p
}

func samePlan(a, b Plan) bool {
	norm := func(p Plan) Plan {
		for i := range p.Scripts {
			if len(p.Scripts[i].Args) == 0 {
				p.Scripts[i].Args = nil
			}
		}
		for i := range p.Faults {
			if len(p.Faults[i].Args) == 0 {
				p.Faults[i].Args = nil
			}
		}
		return p
	}
	return reflect.DeepEqual(norm(a), norm(b))
}

func TestPlanPrintsAndParses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPlan(t)
		text, err := p.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var again Plan
		if err := again.UnmarshalText(text); err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		if !samePlan(p, again) {
			t.Fatalf("%+v\nbecame\n%+v\nover\n%s", p, again, text)
		}
	})
}

func TestPlanErrorsNameTheLine(t *testing.T) {
	for text, want := range map[string]string{
		"calm 1s\nend":                     "line 2: end: too few words",
		"calm 1s\n\n# yes\nsample x":       "line 4:",
		"fault cut 1s 2s hosts":            "line 1: fault: \"hosts\" is out of place",
		"fault cut 1s hosts=1":             "line 1:",
		"script x writer":                  "line 1: script: host \"x\" is no number",
		"boom":                             "line 1: \"boom\" is none of",
		"end 5s 6s":                        "line 1:",
		"script 1 \"writer":                "line 1: a quotation does not end",
		"script 1 a b=\"c\"d":              "line 1: a space is missing",
		"script 99999999999999999999 x":    "line 1:",
		"calm 1s\nfault \"a\"=b 1s 2s c=d": "line 2:",
	} {
		var p Plan
		if err := p.UnmarshalText([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func FuzzPlan(f *testing.F) {
	f.Add("calm 40s\nend 1m0s\nsample 10s\nscript 17 writer every=2s text=\"hello there\"\nfault partition 1s 4s hosts=1..30\n")
	f.Add("fault \"\\x00\" -1ns 2562047h47m16.854775807s \"a b\"=\"\"")
	f.Fuzz(func(t *testing.T, text string) {
		var p, again Plan
		if p.UnmarshalText([]byte(text)) != nil {
			return
		}
		printed, _ := p.MarshalText()
		if err := again.UnmarshalText(printed); err != nil || !samePlan(p, again) {
			t.Fatalf("%q\nprinted\n%s\n%v", text, printed, err)
		}
	})
}

func TestKeyPrintsAndParses(t *testing.T) {
	k := Key{1234567890 * time.Nanosecond, 17, 42}
	if k.String() != "1.234567890s/17/42" {
		t.Fatal(k)
	}
	rapid.Check(t, func(t *rapid.T) {
		k := Key{time.Duration(rapid.Int64Range(0, 1<<62).Draw(t, "at")), HostID(rapid.Uint32().Draw(t, "src")), rapid.Uint32().Draw(t, "n")}
		if got, err := ParseKey(k.String()); err != nil || got != k {
			t.Fatalf("%v became %v, %v", k, got, err)
		}
	})
	for _, bad := range []string{"", "1s/2", "1/2/3", "x/1/2", "1s/-1/2", "1s/1/2/3", "-1s/1/1", "1s/1/4294967296"} {
		if k, err := ParseKey(bad); err == nil {
			t.Errorf("%q is %v", bad, k)
		}
	}
}

func FuzzRecording(f *testing.F) {
	r := runRestless(f, restlessShape{seed: 1, hosts: 2, size: 20, end: 2 * time.Second, faults: []string{"crash"}})
	for _, id := range []HostID{1, 2} {
		b, _ := r.Recordings[id].MarshalBinary()
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var rec Recording
		if rec.UnmarshalBinary(b) != nil {
			return
		}
		if _, _, err := ReplayHost(&rec, func(uint32) Process { return deaf{} }); err != nil && rec.Len() > 1<<30 {
			t.Fatal(err)
		}
	})
}
