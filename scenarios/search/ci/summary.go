package ci

import (
	"fmt"
	"strings"

	"github.com/lifegraph-os/lgos-sim/results"
)

// maxStory bounds a story in the summary: CI systems cut what is long.
const maxStory = 16 << 10

// Markdown is the summary for people who read it beside a commit.
func (r *Report) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# lgos-sim: %s\n\n", r.Outcome())
	fmt.Fprintf(&b, "Commit `%s`, seed %d, %s in %s (%s of CPU).\n\n", r.Commit, r.Seed, r.bounds(), results.Span(results.Seconds(r.Took)), results.Span(results.Seconds(r.CPU)))
	b.WriteString("| what | runs |\n|---|---|\n")
	fmt.Fprintf(&b, "| plans that once failed | %s |\n", cell(phaseText(r.Plans)))
	fmt.Fprintf(&b, "| scenarios, at most %d nodes | %s |\n", r.Nodes, cell(phaseText(r.Scenarios)))
	if len(r.Rounds) > 0 {
		fmt.Fprintf(&b, "| rounds of scenarios, with other seeds | %s |\n", cell(phaseText(r.Rounds)))
	}
	sweep := "not begun"
	if r.Swept {
		sweep = r.SweepText()
	}
	fmt.Fprintf(&b, "| sweep | %s |\n", cell(sweep))
	r.notGreen(&b)
	for i, f := range r.Finds {
		f.markdown(&b, i+1)
	}
	if r.Untold > 0 {
		fmt.Fprintf(&b, "\n%d more distinct failures are in `%s` alone.\n", r.Untold, JUnitName)
	}
	if len(r.Known) > 0 {
		b.WriteString("\n## Known failures\n\n| where | what | reason | now |\n|---|---|---|---|\n")
		for _, f := range r.Known {
			fmt.Fprintf(&b, "| %s:%d | %s of %s, seeds %s | %s | %s |\n", cell(f.Known.File), f.Known.Line, f.Known.Checker, cell(f.Known.Scenario), f.Known.Seeds, cell(f.Known.Reason), cell(f.String()))
		}
	}
	if len(r.Left) > 0 {
		b.WriteString("\n## Not done\n\n")
		for _, l := range r.Left {
			fmt.Fprintf(&b, "- %s\n", cell(l))
		}
	}
	return b.String()
}

// notGreen lists the runs of plans and scenarios that did not go as they should, with the line that makes each again.
func (r *Report) notGreen(b *strings.Builder) {
	head := "\n## Not green\n\n| run | outcome | why | again |\n|---|---|---|---|\n"
	for _, list := range [][]Trial{r.Plans, r.Scenarios} {
		for i := range list {
			run := &list[i]
			if run.Outcome == results.Pass || run.wasCut() {
				continue
			}
			why := run.Why
			if run.Excused() {
				why = strings.Join(sortedValues(run.Known), "; ")
			}
			b.WriteString(head)
			head = ""
			fmt.Fprintf(b, "| %s | %s | %s | `%s` |\n", cell(run.Name), run.word(), cell(why), cell(run.Line))
		}
	}
}

func (f *Find) markdown(b *strings.Builder, n int) {
	fmt.Fprintf(b, "\n## Find %d: %s\n\n%s\n\n", n, cell(f.Kind.Checker), cell(f.Why))
	fmt.Fprintf(b, "- found %s\n", cell(f.Found()))
	for _, k := range f.Also {
		fmt.Fprintf(b, "- also %s\n", cell(k.String()))
	}
	if f.Expired != "" {
		fmt.Fprintf(b, "- expired: %s\n", cell(f.Expired))
	}
	fmt.Fprintf(b, "- shrunk %s\n", cell(f.ShrinkText()))
	fmt.Fprintf(b, "- again, from the commit alone: `%s`\n", f.Line)
	if f.Dir != "" {
		fmt.Fprintf(b, "- again, from the artefact: `%s`\n", f.Replay)
	}
	if f.Story == "" {
		fmt.Fprintf(b, "\nNo story: %s.\n", cell(f.Untold))
		return
	}
	story := f.Story
	if len(story) > maxStory {
		story = strings.ToValidUTF8(story[:maxStory], "") + "…\n"
	}
	fmt.Fprintf(b, "\n```text\n%s```\n", strings.ReplaceAll(story, "```", "'''"))
}

// bounds says what was asked for.
func (r *Report) bounds() string {
	if r.Budget == 0 {
		return "bounded by runs"
	}
	return fmt.Sprintf("budget %v", r.Budget)
}

// cell is a text within a line of Markdown.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ", "\r", " ", "<", "&lt;", "`", "'").Replace(text)
}
