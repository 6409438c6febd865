package ci

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/lifegraph-os/lgos-sim/results"
)

// Annotation is what a CI system shows beside the commit.
type Annotation struct {
	Level string // error, warning or notice
	Title string
	File  string // empty where it belongs to none
	Line  int
	Text  string
}

// Annotations tells finds as errors; what is to be done about known failures, and what was not done, as warnings; what is
// known and still fails as notices.
func (r *Report) Annotations() (list []Annotation) {
	for _, f := range r.Finds {
		a := Annotation{Level: "error", Title: fmt.Sprintf("%s fails in %s", f.Kind.Checker, f.Run), File: f.File, Text: fmt.Sprintf("%s\nshrunk %s\n%s\n%s", f.Why, f.ShrinkText(), f.Line, f.Replay)}
		if f.Outcome != results.Fail {
			a.Title = fmt.Sprintf("%s is %s", f.Run, f.Outcome)
		}
		if a.File == "" && f.Dir != "" {
			a.File = beside(filepath.Join(f.Dir, results.PlanName))
		}
		if a.File != "" {
			a.Line = 1
		}
		list = append(list, a)
	}
	if r.Untold > 0 {
		list = append(list, Annotation{Level: "error", Title: "more failures", Text: fmt.Sprintf("%d more distinct failures were neither shrunk nor explained", r.Untold)})
	}
	for i := range r.Known {
		f := &r.Known[i]
		a := Annotation{Level: "notice", Title: fmt.Sprintf("known: %s of %s", f.Known.Checker, f.Known.Scenario), File: beside(f.Known.File), Line: f.Known.Line, Text: f.String() + "\n" + f.Known.Reason}
		if f.Stale() || f.Expired {
			a.Level = "warning"
		}
		list = append(list, a)
	}
	if r.Swept && r.sweepOutcome() != results.Pass {
		list = append(list, Annotation{Level: "warning", Title: "the sweep looked at too little", Text: r.SweepText()})
	}
	if len(r.Left) > 0 {
		list = append(list, Annotation{Level: "warning", Title: "not everything was done", Text: strings.Join(r.Left, "\n")})
	}
	return list
}

// GitHub is the annotation as a workflow command, see "Workflow commands for GitHub Actions".
func (a *Annotation) GitHub() string {
	data := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	head := "::" + a.Level + " title=" + property.Replace(a.Title)
	if a.File != "" {
		head += fmt.Sprintf(",file=%s,line=%d", property.Replace(a.File), a.Line)
	}
	return head + "::" + data.Replace(a.Text)
}

// issue is an entry of GitLab's code quality report, see "Code Quality report format".
type issue struct {
	Description string   `json:"description"`
	Check       string   `json:"check_name"`
	Fingerprint string   `json:"fingerprint"` // the same for the same failure in another commit
	Severity    string   `json:"severity"`
	Location    location `json:"location"`
}

type location struct {
	Path  string `json:"path"`
	Lines struct {
		Begin int `json:"begin"`
	} `json:"lines"`
}

// quality is GitLab's report of all annotations. GitLab wants a file for each: what belongs to none is put to the summary.
func (r *Report) quality() ([]byte, error) {
	severity := map[string]string{"error": "critical", "warning": "minor", "notice": "info"}
	list := []issue{}
	for i, a := range r.Annotations() {
		e := issue{Description: a.Title + ": " + a.Text, Check: "lgos-sim", Severity: severity[a.Level]}
		key := a.Level + "\x00" + a.Title
		if i < len(r.Finds) {
			e.Check, key = "lgos-sim/"+r.Finds[i].Kind.Checker, r.Finds[i].Kind.String()
		}
		sum := sha256.Sum256([]byte(key))
		e.Fingerprint = hex.EncodeToString(sum[:16])
		if e.Location.Path = a.File; a.File == "" {
			e.Location.Path = SummaryName
		}
		e.Location.Lines.Begin = max(1, a.Line)
		list = append(list, e)
	}
	b, err := json.MarshalIndent(list, "", "  ")
	return append(b, '\n'), err
}

// beside is a file as seen from the working folder, with slashes: CI systems take no other.
func beside(file string) string {
	if filepath.IsAbs(file) {
		if here, err := os.Getwd(); err == nil {
			if near, err := filepath.Rel(here, file); err == nil && filepath.IsLocal(near) {
				file = near
			}
		}
	}
	return filepath.ToSlash(filepath.Clean(file))
}
