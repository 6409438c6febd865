package workload

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// TestReadRecording names the transaction and the field that are wrong.
func TestReadRecording(t *testing.T) {
	for text, want := range map[string]string{
		`{`:                                   "not a trace",
		`{"txns":[]}`:                         "there are none",
		`{"txns":[{"agent":-1}]}`:             "txns[0].agent",
		`{"txns":[{"agent":1001}]}`:           "txns[0].agent",
		`{"txns":[{"parents":[0]}]}`:          "txns[0].parents",
		`{"txns":[{},{"parents":[-1]}]}`:      "txns[1].parents",
		`{"txns":[{"patches":[[]]}]}`:         "txns[0].patches[0]",
		`{"txns":[{"patches":[null]}]}`:       "txns[0].patches[0]",
		`{"txns":[{"patches":[[1,2]]}]}`:      "txns[0].patches[0]",
		`{"txns":[{"patches":[[0,0,"",1]]}]}`: "txns[0].patches[0]",
		`{"txns":[{"patches":[[0,0,null]]}]}`: "txns[0].patches[0]",
		`{"txns":[{"patches":[[-1,0,""]]}]}`:  "txns[0].patches[0]",
		"\x1f\x8bgarbage":                     "x",
	} {
		if _, err := ReadRecording("x", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestGenerated plays the generated recording by hand along one agent's line, and checks that it reads back as it is.
func TestGenerated(t *testing.T) {
	for rounds := range 6 {
		rec := Generated(rounds)
		b, err := json.Marshal(rec)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ReadRecording("generated", b)
		if err != nil {
			t.Fatal(err)
		}
		if again.EndContent != rec.EndContent || len(again.Txns) != len(rec.Txns) || again.Agents > rec.Agents {
			t.Fatal("it reads back otherwise")
		}
		merges := 0
		for i, x := range rec.Txns {
			if len(x.Parents) > 1 {
				merges++
			}
			if i > 0 && (len(x.Parents) == 0 || slices.Max(x.Parents) >= i) {
				t.Fatalf("transaction %d follows %v", i, x.Parents)
			}
		}
		if (merges > 0) != (rounds > 0) {
			t.Errorf("%d merges in %d rounds", merges, rounds)
		}
	}
	if rec := Generated(0); rec.EndContent != "done: first\nsecond\n" {
		t.Errorf("%q", rec.EndContent)
	}
}
