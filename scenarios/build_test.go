package scenarios

import "testing"

// A stamped commit counts before what the compiler found.
func TestBuildKnowsItsStamp(t *testing.T) {
	was := Commit
	defer func() { Commit = was }()
	for stamp, dirty := range map[string]bool{"0123abcd": false, "0123abcd-dirty": true} {
		Commit = stamp
		if b := Build(); b.Commit != "0123abcd" || b.Dirty != dirty {
			t.Errorf("%s: %+v", stamp, b)
		}
	}
}
