package view

import (
	"bytes"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestPage opens the page in Chromium, by testdata/page.mjs: it steps, searches, follows links, reads what a screen reader
// would, and sees that nothing is asked of another host and nothing goes wrong in the console.
func TestPage(t *testing.T) {
	if os.Getenv("BROWSER") == "off" {
		t.Skip("BROWSER=off: the page is not opened in Chromium")
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	library := filepath.Join(root, "third_party", "playwright-core", "index.js")
	if _, err := os.Stat(library); err != nil {
		t.Fatalf("playwright-core is missing: run scripts/setup.sh, or do without it: BROWSER=off (%v)", err)
	}
	for _, tool := range []string{"node", "chromium"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("%s is missing: run scripts/setup.sh, or do without it: BROWSER=off", tool)
		}
	}
	s := httptest.NewServer(canary(t).Handler())
	defer s.Close()
	script := filepath.Join("testdata", "page.mjs")
	if _, err := os.Stat(script); err != nil { // looked at here, so that go test sees when it changes
		t.Fatal(err)
	}
	cmd := exec.Command("node", script, library, s.URL)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, out.Bytes())
	}
	t.Logf("%s", out.Bytes())
}
