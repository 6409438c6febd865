package workload

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/fxamacker/cbor/v2"

	"github.com/lifegraph-os/lgos-sim/netsim"
	"github.com/lifegraph-os/lgos-sim/node/step"
	"github.com/lifegraph-os/lgos-sim/sim"
)

// desk seats one person beside a host that answers as a test says, and writes down what she asks for.
type desk struct {
	answer func(do string, body map[string]any) (step.Status, any) // status 0 is silence
	asked  []string                                                // what for, and "boot"
	bodies []map[string]any
}

// keyboard is the process of one life.
type keyboard struct{ *desk }

func (k keyboard) Step(_ step.Now, in step.Input, out *step.Effects) {
	if _, boot := in.(*step.Boot); boot {
		k.asked = append(k.asked, "boot")
	}
	r, ok := in.(*step.Request)
	if !ok {
		return
	}
	var body map[string]any
	if err := cbor.Unmarshal(r.Body, &body); err != nil {
		panic(err)
	}
	do, _ := body["do"].(string)
	k.bodies = append(k.bodies, body)
	k.asked = append(k.asked, do)
	status, reply := step.Status(0), any(nil)
	if k.answer != nil {
		status, reply = k.answer(do, body)
	}
	if status == 0 {
		return
	}
	b, err := cbor.Marshal(reply)
	if err != nil {
		panic(err)
	}
	out.Reply(r.ID, status, b)
}

func (keyboard) Inspect(string) []byte { return nil }

// crash takes the host down at the begin of its window and up again at its end.
type crash struct{}

func (crash) Name() string       { return "crash" }
func (crash) Begin(w *sim.World) { w.Crash(1, sim.TabCrash) }
func (crash) End(w *sim.World)   { w.Boot(1, 0) }

var (
	anna = [32]byte{1, 2, 3}
	home = [32]byte{9}
)

// play runs a script of a person at host 1 for ten seconds, with crashes, and gives the world's ledger.
func (d *desk) play(t *testing.T, kind string, args []sim.Arg, crashes ...sim.Window) *sim.Ledger {
	t.Helper()
	net, err := netsim.New(netsim.Config{Hosts: 2, Sites: netsim.Fixed(10 * time.Millisecond)})
	if err != nil {
		t.Fatal(err)
	}
	idle := sim.Seat{New: func(uint32) sim.Process { return keyboard{&desk{}} }}
	s := script(Seat{Host: 1, Seed: anna}, kind, home, args...)
	w, err := sim.New(sim.Config{
		Seed: 1, Net: net, Seats: []sim.Seat{{New: func(uint32) sim.Process { return keyboard{d} }}, idle},
		Plan:    sim.Plan{Scripts: []sim.Script{s}, Faults: crashes, Calm: 9 * time.Second, End: 10 * time.Second},
		Catalog: sim.Catalog{Person: New, Fault: func(sim.Window) (sim.Fault, error) { return crash{}, nil }},
	})
	if err != nil {
		t.Fatal(err)
	}
	return w.Run().Ledger
}

// said compares what was asked for, in order, and that every request names the space.
func (d *desk) said(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(d.asked, want) {
		t.Errorf("she asked for\n  %s\nwant\n  %s", strings.Join(d.asked, " "), strings.Join(want, " "))
	}
	for _, b := range d.bodies {
		if space, _ := b["space"].([]byte); string(space) != string(home[:]) {
			t.Errorf("%v is of another space", b)
		}
	}
}

// body is what the n-th request of a kind said.
func (d *desk) body(t *testing.T, do string, n int) map[string]any {
	t.Helper()
	for _, b := range d.bodies {
		if b["do"] == do {
			if n--; n < 0 {
				return b
			}
		}
	}
	t.Fatalf("she asked too rarely for %s: %v", do, d.asked)
	return nil
}

func arg(name string, value any) sim.Arg { return sim.Arg{Name: name, Value: fmt.Sprint(value)} }

func window(from, to time.Duration) sim.Window {
	return sim.Window{Kind: "crash", Begin: from * time.Second, End: to * time.Second}
}

// element is an id as nodes show it.
func element(n byte) []byte { return append(make([]byte, 32), n) }

// shows answers queries with elements, accepts everything else, and shows who has signed in.
func shows(elements ...[]byte) func(string, map[string]any) (step.Status, any) {
	n := byte(0)
	return func(do string, _ map[string]any) (step.Status, any) {
		switch do {
		case "sign_in":
			return step.Shown, map[string]any{"signed_in": true}
		case "find", "list_channels":
			return step.Shown, map[string]any{"elements": elements}
		case "view_chat":
			message := func(n byte) any { return map[string]any{"message": element(n), "author": make([]byte, n)} }
			thread := map[string]any{"thread": element(6), "messages": []any{message(78)}}
			return step.Shown, map[string]any{"channel": element(4), "threads": []any{thread}, "messages": []any{message(77)}}
		}
		n++
		return step.Accepted, map[string]any{"op": append(make([]byte, 31), n)}
	}
}

// TestSignIn: a person gives her own key at every boot, before anything else, and what a crash swallowed is not asked again.
func TestSignIn(t *testing.T) {
	d := &desk{answer: shows(element(1))}
	l := d.play(t, "graph", []sim.Arg{arg("times", "1s 3s 6s")}, window(2, 4))
	if seed, _ := d.body(t, "sign_in", 1)["seed"].([]byte); string(seed) != string(anna[:]) {
		t.Errorf("she signs in with %x", seed)
	}
	if len(d.asked) < 2 || d.asked[1] != "sign_in" {
		t.Fatalf("%v", d.asked)
	}
	boot := slices.Index(d.asked[1:], "boot") + 1
	if boot < 2 || d.asked[boot+1] != "sign_in" || d.asked[boot+2] != "find" {
		t.Errorf("after the boot: %v", d.asked)
	}
	if finds := strings.Count(strings.Join(d.asked, " "), "find"); finds+int(l.Unissued) < 3 {
		t.Errorf("%d queries for three deeds, %d at a host that was down", finds, l.Unissued)
	}
}

// TestGrapher: she looks first, creates where there is nothing, and acts once for each deed.
func TestGrapher(t *testing.T) {
	d := &desk{answer: shows()}
	d.play(t, "graph", []sim.Arg{arg("times", "1s 2s 2s")})
	d.said(t, "boot", "sign_in", "find", "graph_create", "find", "graph_create", "graph_create")

	all, untags := shows(element(1), element(2), element(3), element(4), element(5), element(6)), 0
	d = &desk{answer: func(do string, body map[string]any) (step.Status, any) {
		if do == "view_set" { // every second set is empty
			untags++
			return step.Shown, map[string]any{"values": []string{"red", "old"}[:untags%2*2]}
		}
		return all(do, body)
	}}
	times := strings.TrimSuffix(strings.Repeat("1s ", 100)+strings.Repeat("2s ", 100), " ")
	l := d.play(t, "graph", []sim.Arg{arg("times", times)})
	kinds := map[string]int{}
	relations := map[string]bool{}
	for _, b := range d.bodies[2:] {
		kinds[b["do"].(string)]++
		if e, _ := b["element"].([]byte); b["do"] == "graph_delete" && bytes.Equal(e[:31], make([]byte, 31)) && e[31] > 0 {
			if relations[string(e)] {
				t.Errorf("she deletes relation %x twice", e)
			}
			relations[string(e)] = true
		}
	}
	if len(relations) == 0 {
		t.Error("she deletes no relation that she made")
	}
	total := 0
	for _, do := range []string{"graph_set", "graph_add", "graph_remove", "graph_count", "edit_text", "graph_meta", "graph_relate", "graph_move", "graph_delete"} {
		if total += kinds[do]; kinds[do] == 0 {
			t.Errorf("two hundred deeds and no %s: %v", do, kinds)
		}
	}
	if total != 200 {
		t.Errorf("%d deeds of 200: %v", total, kinds)
	}
	if half := (untags + 1) / 2; kinds["view_set"] != untags || kinds["graph_remove"] != half || int(l.Counts[TagsRemoved]) != half {
		t.Errorf("of %d sets looked at, half of them empty: %v, %d counted", untags, kinds, l.Counts[TagsRemoved])
	}

	d = &desk{answer: func(do string, _ map[string]any) (step.Status, any) { return step.Denied, nil }}
	d.play(t, "graph", []sim.Arg{arg("times", "1s")})
	d.said(t, "boot", "sign_in", "find") // she acts on nothing that she was not shown
}

// TestDrafts: she watches a text once a life, edits what there is as long as she knows no edit of it, and then goes on from
// one of those that she was shown, whose version she names, in its first word.
func TestDrafts(t *testing.T) {
	all := shows(slices.Repeat([][]byte{element(1)}, 6)...) // as many as make her create no more
	edit := append(make([]byte, 31), 9)
	d := &desk{answer: func(do string, body map[string]any) (step.Status, any) {
		if do == "watch_text" {
			return step.Shown, map[string]any{"ops": []any{map[string]any{"id": edit}}}
		}
		return all(do, body)
	}}
	times := []sim.Arg{arg("times", "1s 2.1s 2.2s 2.3s 2.4s 3s 6s 7s 7.1s 7.2s 7.3s 7.4s 7.5s 7.6s 7.7s 7.8s 7.9s 8s"), arg("drafts", 1)}
	places := map[string]bool{}
	for range 4 {
		d.asked, d.bodies = nil, nil
		l := d.play(t, "graph", times, window(4, 5))
		versions := 0
		for _, b := range d.bodies {
			if b["do"] != "edit_text" {
				continue
			}
			if v, named := b["version"].([]any); named {
				versions++
				if len(v) != 1 || string(v[0].([]byte)) != string(edit) {
					t.Errorf("she goes on from %x", v)
				}
				for _, p := range b["patches"].([]any) {
					places[fmt.Sprint(p.([]any)[:2])] = true
				}
			}
		}
		if versions == 0 || int(l.Counts[DraftsEdited]) != versions {
			t.Errorf("%d edits of a version, %d counted: %v", versions, l.Counts[DraftsEdited], d.asked)
		}
		if n := strings.Count(strings.Join(d.asked, " "), "watch_text"); n != 2 {
			t.Errorf("she asks %d times to be shown one text in two lives: %v", n, d.asked)
		}
	}
	if len(places) != 4 {
		t.Errorf("she edits versions at %v: a place, and how much she takes out", places)
	}
}

// TestTypist: whoever opens the page creates it once a life, where there is none; each edit is of the text as she was just
// shown it, in code points, and within it; of several patches each is of what those before it leave.
func TestTypist(t *testing.T) {
	const text = "né 🎉 end "
	var pages [][]byte
	d := &desk{}
	d.answer = func(do string, body map[string]any) (step.Status, any) {
		switch do {
		case "graph_create":
			pages = append(pages, element(3), element(2))
			return step.Accepted, map[string]any{"op": make([]byte, 32)}
		case "view_text":
			return step.Shown, map[string]any{"text": text}
		}
		return shows(pages...)(do, body)
	}
	l := d.play(t, "typing", []sim.Arg{arg("opens", 1), arg("times", writeTimes(slices.Concat([]time.Duration{time.Second}, slices.Repeat([]time.Duration{2 * time.Second}, 200), []time.Duration{5 * time.Second})))}, window(3, 4))
	d.said(t, slices.Concat([]string{"boot", "sign_in", "find", "graph_create", "find", "view_text", "edit_text", "find"}, slices.Repeat([]string{"view_text"}, 200),
		slices.Repeat([]string{"edit_text"}, 200), []string{"boot", "sign_in", "find", "view_text", "edit_text"})...)
	shown, places, out, typedOn, elsewhere := uint64(utf8.RuneCountInString(text)), map[uint64]bool{}, int64(0), 0, 0
	for i := range 202 {
		b := d.body(t, "edit_text", i)
		length, end := shown, uint64(0)
		for k, patch := range b["patches"].([]any) {
			p := patch.([]any)
			at, del := p[0].(uint64), p[1].(uint64)
			if at+del > length || !bytes.Equal(b["element"].([]byte), element(2)) || del == 0 && p[2] == "" {
				t.Errorf("edit %d is %v of %x", i, p, b["element"])
			}
			switch {
			case k == 0:
				places[at] = true
			case at == end:
				typedOn++
			default:
				elsewhere++
			}
			if del > 0 {
				out++
			}
			wrote := uint64(utf8.RuneCountInString(p[2].(string)))
			length, end = length+wrote-del, at+wrote
		}
	}
	if uint64(len(places)) != shown+1 || out == 0 || l.Counts[PiecesTakenOut] != out || typedOn == 0 || elsewhere == 0 {
		t.Errorf("she wrote at %v, took out %d pieces of %d, typed on %d times and went on elsewhere %d times", places, l.Counts[PiecesTakenOut], out, typedOn, elsewhere)
	}
}

// TestChatter: she opens her channel once, waits until a view shows one, gives deeds up where there is none, and edits and
// deletes only what was accepted.
func TestChatter(t *testing.T) {
	opens := []sim.Arg{arg("opens", 1), arg("reacts", true), arg("watch", "no"), arg("times", "1s")}
	d := &desk{answer: shows()}
	l := d.play(t, "chat", opens, window(3, 4))
	d.said(t, "boot", "sign_in", "create_channel", "list_channels", "boot", "sign_in")
	if l.Counts["deeds without a channel"] != 1 {
		t.Errorf("the ledger counts %v", l.Counts)
	}

	d = &desk{answer: shows(element(5))}
	times := ""
	for i := range 300 {
		times += fmt.Sprintf("%dms ", 1000+20*i)
	}
	d.play(t, "chat", []sim.Arg{arg("opens", 0), arg("reacts", true), arg("watch", "yes"), arg("times", times)})
	for _, do := range []string{"send_message", "edit_message", "delete_message", "add_reaction", "remove_reaction", "create_thread", "view_chat"} {
		d.body(t, do, 0)
	}
	if watch := d.body(t, "view_chat", 0)["subscribe"]; watch != true {
		t.Errorf("she does not watch: %v", watch)
	}
	gone, given := map[string]bool{}, map[string]int{}
	inThread, mentions := 0, map[int]bool{}
	for i, b := range d.bodies {
		m, _ := b["message"].([]byte)
		what := fmt.Sprintf("%x %v", m, b["emoji"])
		switch do := b["do"]; {
		case do == "add_reaction":
			given[what]++
		case do == "remove_reaction":
			if given[what]--; given[what] < 0 {
				t.Errorf("request %d takes back a reaction that she did not give", i)
			}
		case do == "send_message":
			if th, ok := b["thread"].([]byte); ok {
				if inThread++; string(th) != string(element(6)) || string(b["channel"].([]byte)) != string(element(4)) {
					t.Errorf("request %d is for a thread that no view showed, or another channel: %v", i, b)
				}
			}
			list, _ := b["mentions"].([]any)
			for _, who := range list {
				mentions[len(who.([]byte))] = true
			}
		case do == "delete_message":
			gone[string(m)] = true
		case do == "edit_message" && (gone[string(m)] || string(m) == string(element(77))):
			t.Errorf("request %d edits what she deleted, or what is not hers", i)
		}
	}
	if inThread == 0 || !maps.Equal(mentions, map[int]bool{77: true, 78: true}) {
		t.Errorf("%d messages in a thread; the authors mentioned are %v", inThread, mentions)
	}

	d = &desk{answer: func(do string, body map[string]any) (step.Status, any) {
		if do == "send_message" {
			return step.Denied, map[string]any{"why": "no"}
		}
		return shows(element(5))(do, body)
	}}
	d.play(t, "chat", []sim.Arg{arg("opens", 0), arg("reacts", false), arg("watch", "no"), arg("times", times)})
	for _, b := range d.bodies {
		if do := b["do"]; do == "edit_message" || do == "delete_message" || do == "add_reaction" {
			t.Fatalf("she asks for %s although no message of hers was accepted and she cannot react", do)
		}
	}
}

// TestChatterDoubleClicks: a reaction is given twice before any answer, and what is taken back was given so.
func TestChatterDoubleClicks(t *testing.T) {
	times := ""
	for i := range 200 {
		times += fmt.Sprintf("%dms ", 1000+20*i)
	}
	d := &desk{answer: shows(element(5))}
	d.play(t, "chat", []sim.Arg{arg("opens", 0), arg("reacts", true), arg("watch", "yes"), arg("twice", 0.5), arg("rename", 0.1), arg("times", times)})
	what := func(i int) string { return fmt.Sprintf("%x %v", d.bodies[i]["message"], d.bodies[i]["emoji"]) }
	doubled, back, renamed := "", 0, 0
	for i := range d.bodies {
		switch d.bodies[i]["do"] {
		case "add_reaction":
			if i > 0 && d.bodies[i-1]["do"] == "add_reaction" && what(i) == what(i-1) {
				doubled = what(i)
			}
		case "remove_reaction":
			if what(i) == doubled {
				back++
			}
		case "graph_set":
			renamed++
		}
	}
	if back < 10 || renamed == 0 {
		t.Errorf("%d of the reactions given twice were taken back; %d channels were renamed", back, renamed)
	}
	for _, c := range []*Chat{{Twice: 2}, {Rename: -0.1}, {Twice: math.NaN()}} {
		c.Groups, c.Operations = []string{"people"}, 1
		if _, err := c.Scripts(&Env{Groups: map[string][]Seat{"people": {{Spaces: [][32]byte{{}}}}}}, nil); err == nil || !strings.Contains(err.Error(), "is not a share") {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// TestRoler: one gift or one removal, of the one named.
func TestRoler(t *testing.T) {
	whom := ed25519.NewKeyFromSeed(make([]byte, 32)).Public().(ed25519.PublicKey)
	for do, role := range map[string]any{"grant": uint64(2), "revoke": nil} {
		d := &desk{answer: shows()}
		d.play(t, "roles", []sim.Arg{arg("do", do), arg("whom", hex.EncodeToString(whom)), arg("times", "2s")}, window(4, 5))
		d.said(t, "boot", "sign_in", do, "boot", "sign_in")
		b := d.body(t, do, 0)
		if who, _ := b["who"].([]any); len(who) != 1 || string(who[0].([]byte)) != string(whom) || b["role"] != role {
			t.Errorf("%s of %v", do, b)
		}
	}
	d := &desk{answer: shows()}
	l := d.play(t, "roles", []sim.Arg{arg("do", "grant"), arg("whom", hex.EncodeToString(whom)), arg("back", 3), arg("times", "2s")})
	if role := d.body(t, "grant", 0)["role"]; role != uint64(3) || l.Counts[RolesReturned] != 1 {
		t.Errorf("role %v was given back, %d counted", role, l.Counts[RolesReturned])
	}
	d = &desk{answer: shows()}
	l = d.play(t, "roles", []sim.Arg{arg("do", "revoke"), arg("whom", hex.EncodeToString(whom)), arg("beyond", "yes"), arg("times", "2s")})
	if l.Counts[OutOfReach] != 1 {
		t.Errorf("%d who are no less were counted", l.Counts[OutOfReach])
	}
}

// TestComputer: consent is given, given again after a boot, and withdrawn; after that a boot gives it no more.
func TestComputer(t *testing.T) {
	d := &desk{answer: shows()}
	d.play(t, "compute", []sim.Arg{arg("times", "1s 5s")}, window(2, 3), window(6, 7))
	d.said(t, "boot", "sign_in", "consent", "boot", "sign_in", "consent", "consent", "boot", "sign_in")
	for i, on := range []bool{true, true, false} {
		if got := d.body(t, "consent", i)["on"]; got != on {
			t.Errorf("consent %d is %v, want %t", i, got, on)
		}
	}

	shown := 0
	d = &desk{answer: func(do string, body map[string]any) (step.Status, any) {
		if do == "submit_task" {
			shown++
			return step.Shown, map[string]any{"out": []byte{1}}
		}
		return shows()(do, body)
	}}
	l := d.play(t, "compute", []sim.Arg{arg("kernel", "sum"), arg("input", "0102"), arg("quorum", 2), arg("workers", 3), arg("times", "1s")})
	d.said(t, "boot", "sign_in", "submit_task")
	b := d.body(t, "submit_task", 0)
	if b["kernel"] != "sum" || fmt.Sprint(b["input"]) != "[1 2]" || b["quorum"] != uint64(2) || b["workers"] != uint64(3) {
		t.Errorf("%v", b)
	}
	if l.Counts["tasks answered"] != 1 {
		t.Errorf("the ledger counts %v", l.Counts)
	}
}

// TestDown: a deed that falls due while the host is down is the world's to count, and not done later.
func TestDown(t *testing.T) {
	whom := strings.Repeat("07", 32)
	d := &desk{answer: shows()}
	l := d.play(t, "roles", []sim.Arg{arg("do", "revoke"), arg("whom", whom), arg("times", "2s")}, window(1, 4))
	if l.Unissued != 1 {
		t.Errorf("%d requests unissued, want 1: %v", l.Unissued, d.asked)
	}
	d.said(t, "boot", "sign_in", "boot", "sign_in")
}
