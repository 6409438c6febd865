package explain

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lifegraph-os/lgos-sim/scenarios"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// never is the time of what did not happen.
const never = time.Duration(1<<63 - 1)

// Stages through which a receipt goes, from the wish for it on.
const (
	wished = iota
	came
	taken
	secured
	given
	back
	stages
)

// delayed is what no packet takes that nothing is in the way of: the channel sent it again, or waited for one that was lost.
const delayed = time.Second

// wishFor is what became of an author's wish for one host's receipt.
type wishFor struct {
	host   sim.HostID
	at     [stages]time.Duration
	step   [stages]int32
	tries  int
	excuse string // why the host cannot be blamed
}

// overdue tells of a request that was not durable in time: who was asked for receipts, what each did, and what is missing.
func (w *teller) overdue() {
	l := w.s.late
	w.request()
	author := w.author(0)
	list, waves := w.wishes(author)
	w.asks(author, waves)
	var have []sim.HostID
	for i := range list {
		if list[i].at[back] <= l.deadline {
			have = append(have, list[i].host)
		}
	}
	culprit, stage := -1, 0
	if !w.fault(author, list, waves, have) {
		culprit, stage = blame(list, l.deadline)
	}
	order := make([]int, len(list))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		first := func(i int) int {
			switch {
			case i == culprit:
				return 0
			case list[i].at[back] < never:
				return 1
			}
			return 2
		}
		return cmp.Or(cmp.Compare(first(a), first(b)), cmp.Compare(a, b))
	})
	for _, i := range order[:min(4, len(order))] {
		switch {
		case i == culprit:
			w.answer(author, &list[i], stage)
		case list[i].excuse != "" || list[i].at[came] <= max(l.deadline, l.durable):
			w.answer(author, &list[i], stages)
		}
	}
	text := "has no receipt when it should be durable"
	if len(have) > 0 {
		text = fmt.Sprintf("has the receipt%s of %s when it should be durable", plural(len(have)), listed(have))
	}
	text += fmt.Sprintf(", which takes %d", scenarios.Receipts)
	if l.due > 0 {
		text += fmt.Sprintf(": %v after it was accepted", l.due)
	}
	w.add(Line{At: l.deadline, Host: author, Text: text, step: -1, order: 4})
}

// wishes follows each host that was asked, in the order of asking, and gives all wishes up to when it was durable.
func (w *teller) wishes(author sim.HostID) (list []wishFor, waves []*mark) {
	for i := range w.t.marks {
		m := &w.t.marks[i]
		if m.what != sent || m.op != 0 || m.host != author || m.n != 1 || !m.whole() || w.s.late.durable > 0 && m.at > w.s.late.durable {
			continue
		}
		waves = append(waves, m)
		if k := slices.IndexFunc(list, func(f wishFor) bool { return f.host == m.peer }); k >= 0 {
			list[k].tries++
			continue
		}
		list = append(list, w.follow(author, m))
	}
	return list, waves
}

// follow finds when a host went through each stage.
func (w *teller) follow(author sim.HostID, wish *mark) wishFor {
	f := wishFor{host: wish.peer, tries: 1}
	for i := range f.at {
		f.at[i], f.step[i] = never, -1
	}
	f.at[wished], f.step[wished] = wish.at, wish.step
	set := func(stage int, m *mark) {
		if f.at[stage] == never {
			f.at[stage], f.step[stage] = m.at, m.step
		}
	}
	var lost *mark
	for i := range w.t.marks {
		m := &w.t.marks[i]
		switch {
		case m.what == crashed && m.host == f.host && m.at >= wish.at && m.at <= w.s.late.deadline:
			f.excuse = "goes down at " + clock(m.at)
		case m.op != 0:
		case m.host == author && m.what == got && m.peer == f.host && m.class == "receipt":
			set(back, m)
		case m.host != f.host:
		case m.what == got && m.peer == author && m.n == 1 && m.whole():
			set(came, m)
		case m.what == "applied":
			set(taken, m)
		case m.what == safe:
			set(secured, m)
		case m.what == sent && m.peer == author && m.class == "receipt":
			if set(given, m); lost == nil && !m.delivered {
				lost = m
			}
		}
	}
	switch {
	case w.x.view.Liar(f.host):
		f.excuse = "is a liar"
	case f.excuse != "":
	case f.at[came] == never:
		f.excuse = "never gets the wish, which is lost on its way"
	case f.at[came]-f.at[wished] > delayed:
		f.excuse = "gets the wish only at " + clock(f.at[came]) + ": the network holds it up"
	case f.at[back] == never && lost != nil:
		f.excuse = "gives its receipt at " + clock(lost.at) + ", which is lost on its way"
	case f.at[back] < never && f.at[back]-f.at[given] > delayed:
		f.excuse = fmt.Sprintf("gives its receipt at %s, which the network holds up until %s", clock(f.at[given]), clock(f.at[back]))
	}
	return f
}

// asks tells the first wishes for receipts, and how often others followed.
func (w *teller) asks(author sim.HostID, waves []*mark) {
	for n := 0; n < 2 && len(waves) > 0; n++ {
		var hosts []sim.HostID
		first := waves[0]
		for len(waves) > 0 && waves[0].at == first.at {
			hosts = append(hosts, waves[0].peer)
			waves = waves[1:]
		}
		text := "asks " + listed(hosts) + " for receipts"
		if n > 0 {
			text = "asks again: " + listed(hosts)
			if len(waves) > 0 {
				text += fmt.Sprintf("; %d more wish%s by %s", len(waves), strings.Repeat("e", min(1, len(waves)-1))+plural(len(waves)), clock(waves[len(waves)-1].at))
			}
		}
		w.add(Line{At: first.at, Host: author, Text: text, step: first.step, rank: n, order: 2})
	}
}

// fault tells what is missing at the author itself, where it is that.
func (w *teller) fault(author sim.HostID, list []wishFor, waves []*mark, have []sim.HostID) bool {
	l := w.s.late
	lacks := func(at time.Duration, step int32, text string, order int) bool {
		for i := range w.lines { // in the line that is told of it already
			if x := &w.lines[i]; x.step == step && x.order == order {
				x.Text, x.Wrong, x.Lacks, x.rank = x.Text+"; "+text, true, true, 0
				w.wrong, w.missing = step, true
				return true
			}
		}
		w.add(Line{At: at, Host: author, Text: text, Wrong: true, Lacks: true, step: step, order: order})
		w.wrong, w.missing = step, true
		return true
	}
	signed := w.t.written[w.s.ops[0].id]
	saved := w.first(func(m *mark) bool { return m.op == 0 && m.host == author && m.what == "saved" })
	switch {
	case saved == nil && len(waves) == 0:
		return lacks(signed.at, signed.step, "it never calls it saved, and asks nobody for a receipt", 1)
	case len(waves) == 0:
		return lacks(saved.at, saved.step, "asks nobody for a receipt, ever; "+w.links(author, saved.at), 2)
	case len(have) >= scenarios.Receipts:
		i := slices.IndexFunc(list, func(f wishFor) bool { return f.host == have[scenarios.Receipts-1] })
		text := fmt.Sprintf("has the receipts of %s, and never calls it durable", listed(have))
		if l.durable > 0 {
			text = fmt.Sprintf("has the receipts of %s, and calls it durable only at %s", listed(have), clock(l.durable))
		}
		return lacks(list[i].at[back], list[i].step[back], text, 3)
	}
	asked, from := waves[0].at, signed.at
	if saved != nil {
		from = saved.at
	}
	if wait := max(asked-from, from-signed.at); wait > max(0, l.deadline-asked) {
		text := fmt.Sprintf("only %v after it was safe on its own disk; %s", (asked - from).Round(time.Millisecond), w.links(author, from))
		if from-signed.at == wait {
			text = fmt.Sprintf("its own disk had it only %v after it was signed", wait.Round(time.Millisecond))
		}
		return lacks(asked, waves[0].step, text, 2)
	}
	again := slices.ContainsFunc(waves, func(m *mark) bool { return m.at > asked && m.at <= l.deadline }) || strings.Contains(w.s.why, "beside faults") // where one try is enough
	blamed := slices.ContainsFunc(list, func(f wishFor) bool { return f.excuse == "" && f.at[wished] <= l.deadline && f.at[back] > l.deadline })
	if down := w.first(func(m *mark) bool {
		return m.what == crashed && m.host == author && m.at >= asked && m.at <= l.deadline
	}); !again && !blamed && down == nil {
		return lacks(asked, waves[0].step, "and neither them again nor anybody else by "+clock(l.deadline), 2)
	}
	return false
}

// links says to how many hosts one is linked at an instant.
func (w *teller) links(h sim.HostID, at time.Duration) string {
	var peers []sim.HostID
	for _, m := range w.t.marks {
		if m.host != h || m.at > at {
			continue
		}
		switch m.what {
		case linked:
			peers = append(peers, m.peer)
		case parted:
			peers = slices.DeleteFunc(peers, func(p sim.HostID) bool { return p == m.peer })
		case crashed:
			peers = peers[:0]
		}
	}
	if len(peers) == 0 {
		return "it is linked to no host then"
	}
	return "it is linked to " + listed(peers) + " then"
}

// blame chooses the host whose receipt is missed most plainly: none that may be excused, and the one that was furthest when
// time was up; and the stage that it waited for longest.
func blame(list []wishFor, deadline time.Duration) (culprit, stage int) {
	culprit, furthest := -1, 0
	for i := range list {
		f := &list[i]
		if f.excuse != "" || f.at[back] <= deadline || f.at[wished] > deadline {
			continue
		}
		n := came
		for n < back && f.at[n] <= deadline {
			n++
		}
		if n <= furthest {
			continue
		}
		culprit, furthest = i, n
		longest, since := time.Duration(-1), f.at[wished]
		for k := came; k <= n; k++ {
			if wait := f.at[k] - since; f.at[k] == never || wait > longest {
				longest, stage = wait, k
			}
			since = max(since, min(f.at[k], deadline))
		}
	}
	return culprit, stage
}

// answer tells what a host that was asked did, up to where it came to a halt.
func (w *teller) answer(author sim.HostID, f *wishFor, halt int) {
	w.pass(f.host)
	l := Line{At: f.at[wished], Host: f.host, From: []sim.HostID{author}, step: f.step[wished], rank: 1, order: 3}
	if f.excuse != "" {
		l.Text = f.excuse
		w.add(l)
		return
	}
	l.At, l.step = f.at[came], f.step[came]
	parts := []string{fmt.Sprintf("is asked by host %d", author)}
	if f.at[came]-f.at[wished] > time.Second || halt == came {
		parts[0] += fmt.Sprintf(", %v after it sent that", (f.at[came] - f.at[wished]).Round(time.Millisecond))
	}
	if m := w.first(func(m *mark) bool {
		return m.op == 0 && m.host == f.host && m.what == "buffered" && m.at <= f.at[taken]
	}); m != nil {
		parts = append(parts, "lets it wait for a cause")
	}
	if m := w.first(func(m *mark) bool { return m.op == 0 && m.host == f.host && m.what == "refused" }); m != nil {
		parts = append(parts, "refuses it ("+m.text+")")
	}
	for s := taken; s < stages; s++ {
		word := [...]string{taken: "takes it in", secured: "has it strictly on its disk", given: "gives a receipt", back: "which comes"}[s]
		at := f.at[s]
		only := ""
		if s == halt {
			only = "only "
		}
		if at < never {
			parts = append(parts, fmt.Sprintf("%s %sat %s", word, only, clock(at)))
			continue
		}
		parts = append(parts, [...]string{taken: "never takes it in", secured: w.kept(0, f.host, w.s.at), given: "never gives a receipt", back: "which never comes"}[s])
		break
	}
	if halt < stages {
		l.Wrong, l.Lacks, l.rank = true, true, 0
		w.missing = true
		for s := came; s < halt; s++ {
			if f.step[s] >= 0 && f.at[s] >= l.At {
				w.wrong = f.step[s]
			}
		}
		if f.tries > 1 && halt > came {
			parts = append(parts, fmt.Sprintf("asked %d times", f.tries))
		}
	}
	l.Text = strings.Join(parts, "; ")
	w.add(l)
}

// kept says what of an operation is on a host's disk at an instant.
func (w *teller) kept(i int, h sim.HostID, by time.Duration) string {
	find := func(what string) *mark {
		return w.first(func(m *mark) bool { return m.op == i && m.host == h && m.what == what && m.at <= by })
	}
	if m := find(safe); m != nil {
		return "a strict commit covers it since " + clock(m.at)
	}
	if m := find(relaxed); m != nil {
		return fmt.Sprintf("a relaxed commit holds it since %s, no strict one covers it by %s", clock(m.at), clock(by))
	}
	if m := find(writes); m != nil {
		return fmt.Sprintf("its commit of %s is not done by %s", clock(m.at), clock(by))
	}
	return fmt.Sprintf("no commit holds it by %s", clock(by))
}

// listed names hosts.
func listed(hosts []sim.HostID) string {
	if len(hosts) == 0 {
		return "no host"
	}
	text := "host" + plural(len(hosts))
	for i, h := range hosts {
		switch {
		case i == 8:
			return text + fmt.Sprintf(" and %d more", len(hosts)-i)
		case i == 0:
			text += " "
		case i == len(hosts)-1:
			text += " and "
		default:
			text += ", "
		}
		text += fmt.Sprint(h)
	}
	return text
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}
