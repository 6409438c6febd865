package netsim

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestHostSetIsASet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s HostSet
		want := map[HostID]bool{}
		for _, h := range rapid.SliceOf(rapid.Uint32Range(1, 300)).Draw(t, "hosts") {
			if h%3 == 0 {
				s.Remove(HostID(h / 3))
				delete(want, HostID(h/3))
			} else {
				s.Add(HostID(h))
				want[HostID(h)] = true
			}
		}
		n := 0
		for h := HostID(0); h < 400; h++ {
			if s.Has(h) != want[h] {
				t.Fatalf("Has(%d) = %v", h, s.Has(h))
			}
			if want[h] {
				n++
			}
		}
		all := slices.Collect(s.All())
		if s.Len() != n || len(all) != n || !slices.IsSorted(all) || n > 0 && s.Max() != all[n-1] || n == 0 && s.Max() != 0 {
			t.Fatalf("Len %d, All %v, Max %d, want %d hosts", s.Len(), all, s.Max(), n)
		}
		back, err := ParseHosts(s.String())
		if err != nil || !slices.Equal(slices.Collect(back.All()), all) || back.String() != s.String() {
			t.Fatalf("%q came back as %q, %v", s.String(), back.String(), err)
		}
		if w := s.Without(HostRange(1, 50)); w.Has(7) || w.Len() != len(all)-len(slices.DeleteFunc(slices.Clone(all), func(h HostID) bool { return h > 50 })) {
			t.Fatalf("Without 1-50 is %v", w)
		}
	})
}

func TestParseHosts(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "7": "7", "1-500,700": "1-500,700", "1,3-4": "1,3-4", "16777216": "16777216",
		"0": `hosts "0": "0" is no host number`, "1-": `hosts "1-": "" is no host number`, "x": `hosts "x": "x" is no host number`,
		"01": `hosts "01": "01" is no host number`, "+1": `hosts "+1": "+1" is no host number`, "-1": `hosts "-1": "" is no host number`,
		"5-4": `hosts "5-4": the range "5-4" does not rise`, "5-5": `hosts "5-5": the range "5-5" does not rise`,
		"1,2":   `hosts "1,2": "2" does not rise, or belongs to the range before it`,
		"9,3":   `hosts "9,3": "3" does not rise, or belongs to the range before it`,
		"1-3,3": `hosts "1-3,3": "3" does not rise, or belongs to the range before it`,
		"1,":    `hosts "1,": "" is no host number`, "99999999": `hosts "99999999": host 99999999 is over 16777216`,
	} {
		s, err := ParseHosts(text)
		got := s.String()
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func FuzzParseHosts(f *testing.F) {
	f.Add("1-500,700")
	f.Add("1,,2")
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := ParseHosts(text); err == nil && s.String() != text {
			t.Fatalf("%q was accepted and prints as %q", text, s.String())
		}
	})
}
