package search

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzReadMutant: no file makes the reader of mutants panic, and what it takes names a file within the module.
func FuzzReadMutant(f *testing.F) {
	f.Add([]byte("file: node/op/op.go\nfind: a\nreplace: b\nabout: It breaks.\nscenario: calm-day\nset: {loss: \"0.1\"}\nnodes: 20\ncaught_by: convergence\nsilent: [policy]\n"))
	f.Add([]byte("file: ../x.go\nfind: |\n  a\n   b\nreplace: \"\"\n"))
	f.Add([]byte("file: [[[[{{{{\nfind: &a *a\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		file := filepath.Join(t.TempDir(), "planted.yaml")
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if m, err := ReadMutant(file); err == nil && (m.Name != "planted" || !filepath.IsLocal(m.File)) {
			t.Fatalf("%+v", m)
		}
	})
}
