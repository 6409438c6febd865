package scenarios

import (
	"fmt"
	"testing"
)

func TestTry(t *testing.T) {
	s, _ := Find("calm-day")
	o, err := Run(s, Settings{Seed: 1, Nodes: 60})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range o.Record.Verdicts {
		fmt.Println(v.Checker, v.Outcome, v.Checked, v.Why, v.At, v.Event)
	}
	fmt.Println(o.Result.Ledger)
	fmt.Println(o.Record.Outcome, o.Record.Why, o.Record.Digest, o.Record.Events, o.Record.Cost)
}
