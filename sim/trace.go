package sim

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/lifegraph-os/lgos-sim/node/step"
)

// String prints a key as "1.234567890s/17/42": time, sender, number.
func (k Key) String() string {
	return fmt.Sprintf("%d.%09ds/%d/%d", k.At/time.Second, k.At%time.Second, k.Src, k.N)
}

// ParseKey reads what Key.String prints.
func ParseKey(s string) (Key, error) {
	parts := strings.Split(s, "/")
	if len(parts) != 3 || !strings.HasSuffix(parts[0], "s") {
		return Key{}, fmt.Errorf("sim: %q is no key: want TIME/HOST/NUMBER as in 1.234567890s/17/42", s)
	}
	at, err := time.ParseDuration(parts[0])
	if err != nil || at < 0 {
		return Key{}, fmt.Errorf("sim: %q is no key: %q is no instant", s, parts[0])
	}
	src, err := strconv.ParseUint(parts[1], 10, 32)
	if err != nil {
		return Key{}, fmt.Errorf("sim: %q is no key: %q is no host", s, parts[1])
	}
	n, err := strconv.ParseUint(parts[2], 10, 32)
	if err != nil {
		return Key{}, fmt.Errorf("sim: %q is no key: %q is no number", s, parts[2])
	}
	return Key{at, HostID(src), uint32(n)}, nil
}

// ID is the identity of an event: its key, and -1 for the input or its place among the effects, as in
// "1.234567890s/17/42.-1".
func (e *Event) ID() string { return e.Key.String() + "." + strconv.Itoa(e.Index) }

// FormatEvent prints an event on one line.
func FormatEvent(e *Event) string {
	var what string
	switch {
	case e.What != "":
		what = e.What
		switch e.Kind {
		case OnPanic:
			what = "panic " + what
		case OnFault:
			return e.ID() + " " + what
		}
	case e.Effect != nil:
		what = "-> " + formatEffect(e.Effect)
	case e.Input != nil:
		what = "<- " + formatInput(e.Input)
		if e.Kind == OnUnissued {
			what = "unissued " + formatInput(e.Input)
		}
	}
	return fmt.Sprintf("%s host %d.%d %s", e.ID(), e.Host, e.Life, what)
}

func formatBytes(b []byte) string {
	return fmt.Sprintf("%d B %s", len(b), hashBytes(b).sum().String()[:8])
}

func formatInput(in step.Input) string {
	switch x := in.(type) {
	case *step.Boot:
		return fmt.Sprintf("boot life %d, %d records", x.Life, len(x.Disk))
	case *step.ConnUp:
		if x.Dialed {
			return fmt.Sprintf("connected %d to %d", x.Conn, x.Peer)
		}
		return fmt.Sprintf("connected %d from %d", x.Conn, x.Peer)
	case *step.ConnDown:
		return fmt.Sprintf("disconnected %d: %v", x.Conn, x.Reason)
	case *step.Packet:
		return fmt.Sprintf("packet %d %v %s", x.Conn, x.Channel, formatBytes(x.Bytes))
	case *step.Drained:
		return fmt.Sprintf("drained %d", x.Conn)
	case *step.Timer:
		return fmt.Sprintf("timer %d", x.ID)
	case *step.Request:
		return fmt.Sprintf("request %d %s", x.ID, formatBytes(x.Body))
	case *step.Committed:
		if x.Err != 0 {
			return fmt.Sprintf("commit %d failed: %v", x.ID, x.Err)
		}
		return fmt.Sprintf("committed %d", x.ID)
	case *step.Loaded:
		return fmt.Sprintf("loaded %d, %d records", x.ID, len(x.Records))
	case *step.JobDone:
		return fmt.Sprintf("job %d done, work %d, %s %s", x.ID, x.Work, formatBytes(x.Out), x.Err)
	}
	return "nothing"
}

func formatEffect(f step.Effect) string {
	switch x := f.(type) {
	case *step.Dial:
		return fmt.Sprintf("dial %d to %d", x.Conn, x.Peer)
	case *step.Close:
		return fmt.Sprintf("close %d", x.Conn)
	case *step.Send:
		return fmt.Sprintf("send %d %v %s", x.Conn, x.Channel, formatBytes(x.Bytes))
	case *step.SetTimer:
		return fmt.Sprintf("timer %d in %v", x.ID, x.After)
	case *step.Commit:
		strict := "relaxed"
		if x.Strict {
			strict = "strict"
		}
		return fmt.Sprintf("commit %d %s, %d put, %d deleted", x.ID, strict, len(x.Put), len(x.Delete))
	case *step.Read:
		return fmt.Sprintf("read %d %q", x.ID, x.Prefix)
	case *step.Run:
		return fmt.Sprintf("run %d %s %s", x.ID, x.Kernel, formatBytes(x.Input))
	case *step.Reply:
		return fmt.Sprintf("reply %d %v %s", x.Request, x.Status, formatBytes(x.Body))
	case *step.Note:
		return fmt.Sprintf("note %v peer %d op %x n %d %s", x.Kind, x.Peer, x.Op[:4], x.N, x.Text)
	}
	return "nothing"
}
