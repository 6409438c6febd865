package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// TestRecordsMatchTheSchema: a validator that users have accepts real records, of a run that passed and one that was cut.
func TestRecordsMatchTheSchema(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile(filepath.Join("..", "..", "results", "record.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	must(t, "run", "partition-heal", "--nodes", "12", "--device", "cpu", "--out", filepath.Join(dir, "whole"))
	command(t, "run", "all-at-once", "--nodes", "60", "--device", "cpu", "--max-events", "20000", "--out", filepath.Join(dir, "cut"))
	for _, name := range []string{"whole", "cut"} {
		f, err := os.Open(filepath.Join(dir, name, "record.json"))
		if err != nil {
			t.Fatal(err)
		}
		record, err := jsonschema.UnmarshalJSON(f)
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(record); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		delete(record.(map[string]any), "digest")
		if schema.Validate(record) == nil {
			t.Errorf("%s: a record without a digest is accepted", name)
		}
		f.Close()
	}
}
