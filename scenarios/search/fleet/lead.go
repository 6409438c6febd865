//go:build !js && !wasip1

package fleet

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/lifegraph-os/lgos-sim/scenarios/search"
)

// Fleet is the crew of one sweep.
type Fleet struct {
	Options
	id, session string
	draws       search.Swarm
	own         *embedded // nil on a cluster
	k           *link
	kv          jetstream.KeyValue
	jobs        jetstream.Stream
	queue       jetstream.Consumer // of the jobs, which workers share
	results     jetstream.Stream
	finds       jetstream.ObjectStore
	take        jetstream.ConsumeContext
	came        chan jetstream.Msg
	fail        chan error
	kids        *children
	watch       *time.Ticker
	lonely      bool // it was said that nobody works

	mu    sync.Mutex
	given map[int]*asked
}

// asked is a run that is to be done.
type asked struct {
	recipe search.Recipe
	seq    uint64 // of its message
	tries  int    // results that could not be read
	taken  bool
}

// keepFinds is how long a cluster keeps the plans and records of finds.
const keepFinds = 30 * 24 * time.Hour

// New gives a crew that has not begun.
func New(o Options) (search.Crew, error) {
	if o.Link.URL == "" && o.Jobs == 0 || o.Jobs > 0 && o.Spawn == nil {
		return nil, errors.New("a fleet without a server needs worker processes of its own")
	}
	if o.Replicas < 0 || o.Replicas > 5 {
		return nil, fmt.Errorf("--replicas %d: 1 to 5", o.Replicas)
	}
	if o.Link.URL != "" {
		if _, err := o.Link.addresses(); err != nil {
			return nil, err
		}
		if _, err := o.Link.options(); err != nil {
			return nil, err
		}
	}
	o.Replicas = cmp.Or(o.Replicas, 1)
	o.Tries = cmp.Or(o.Tries, triesOfRun)
	if o.Build == nil {
		o.Build = ThisBuild
	}
	return &Fleet{Options: o, session: strings.ToLower(rand.Text()), came: make(chan jetstream.Msg, 256), fail: make(chan error, 1), given: map[int]*asked{}}, nil
}

// Begin connects, takes the lead of the sweep, and starts the workers of this machine.
func (f *Fleet) Begin(ctx context.Context, k search.SweepKey, o *search.SweepOptions) (waiting int, err error) {
	if o.Seat != nil {
		return 0, errors.New("a seat of one's own is a function of this process: no other can run it")
	}
	f.id, f.draws = sweepID(k), o.Swarm
	to := f.Link
	f.AckWait = cmp.Or(f.AckWait, remoteWait)
	var more []nats.Option
	if to.URL == "" {
		if f.own, err = embed(); err != nil {
			return 0, err
		}
		f.AckWait = min(f.AckWait, localWait)
		to = f.own.link
		more = append(more, nats.InProcessServer(f.own))
	}
	if f.k, err = dial(ctx, to, f.Say, more...); err != nil {
		return 0, err
	}
	if f.kv, err = f.k.sweeps(ctx, f.Replicas); err != nil {
		return 0, fmt.Errorf("bucket %s: %w", sweepsBucket, err)
	}
	if err := f.claim(ctx, o); err != nil {
		return 0, err
	}
	if waiting, err = f.open(ctx); err != nil {
		return 0, fmt.Errorf("streams of sweep %s: %w", f.id, err)
	}
	if f.Jobs > 0 {
		f.kids = startChildren(f.Jobs, f.Tries, to.env(), f.Spawn, f.Say)
	}
	f.watch = time.NewTicker(10 * time.Second)
	return waiting, nil
}

// claim takes the lead. Two processes with two histories would each miss what the other takes: who leads answers a question,
// and the entry that names him changes hands at once or not at all.
func (f *Fleet) claim(ctx context.Context, o *search.SweepOptions) error {
	if _, err := f.k.nc.Subscribe(aliveSubject(f.id, f.session), func(m *nats.Msg) { _ = m.Respond([]byte(name())) }); err != nil {
		return err
	}
	if err := f.k.nc.Flush(); err != nil {
		return err
	}
	s := spec{Build: f.Build(), Session: f.session, Lead: name(), Draws: Draws{Seed: o.Seed, Nodes: o.Nodes, Set: o.Set}, Limits: o.Limits, Repeat: o.Repeat, AckWait: f.AckWait, Tries: f.Tries}
	for _, base := range o.Bases {
		b, err := base()
		if err != nil {
			return err
		}
		text, err := b.YAML()
		if err != nil {
			return err
		}
		s.Draws.Scenarios = append(s.Draws.Scenarios, string(text))
	}
	old, err := f.kv.Get(ctx, f.id)
	var revision uint64
	switch {
	case errors.Is(err, jetstream.ErrKeyNotFound):
	case err != nil:
		return err
	default:
		revision = old.Revision()
		if was, _, err := decodeSpec(old.Value(), s.Build); err == nil {
			if who, is, err := f.k.alive(ctx, f.id, was.Session); err != nil || is {
				return cmp.Or(err, fmt.Errorf("sweep %s is led by %s (%s): let it end, or take another --seed", f.id, was.Lead, who))
			}
		}
	}
	if revision == 0 {
		_, err = f.kv.Create(ctx, f.id, encode(s))
	} else {
		_, err = f.kv.Update(ctx, f.id, encode(s), revision)
	}
	if err != nil {
		return fmt.Errorf("sweep %s: another process takes the lead: %w", f.id, err)
	}
	return nil
}

// look says when nobody works, and when somebody does again.
func (f *Fleet) look(ctx context.Context) {
	if f.kids != nil {
		return
	}
	info, err := f.queue.Info(ctx)
	if err != nil {
		return // the connection tells of its trouble itself
	}
	lonely := info.NumWaiting == 0 && info.NumAckPending == 0
	if lonely != f.lonely {
		f.lonely = lonely
		if lonely {
			say(f.Say, "no worker is at work: start lgos-sim worker --nats URL, of %s", f.Build())
		} else {
			say(f.Say, "workers are at work")
		}
	}
}

// End lets everybody go. Of a sweep that is over nothing but its finds stays on a cluster.
func (f *Fleet) End(over bool) (err error) {
	if f.kids != nil {
		f.kids.kill()
	}
	if f.ended != nil && f.queue != nil {
		f.ended()
	}
	if f.take != nil {
		f.take.Stop()
	}
	if f.watch != nil {
		f.watch.Stop()
	}
	if over && f.own == nil {
		err = f.clear()
	}
	if f.k != nil {
		f.k.nc.Close()
	}
	if f.own != nil {
		err = errors.Join(err, f.own.close())
	}
	return err
}

// clear takes a sweep out of the server. The entry goes first: without it the end of the streams tells workers that all is done.
func (f *Fleet) clear() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	err := f.k.again(ctx, func(ctx context.Context) error { return f.kv.Purge(ctx, f.id) })
	for _, s := range []string{jobsStream(f.id), resultsStream(f.id)} {
		err = errors.Join(err, f.k.again(ctx, func(ctx context.Context) error { return f.k.js.DeleteStream(ctx, s) }))
	}
	if left, list := f.finds.List(ctx); errors.Is(list, jetstream.ErrNoObjectsFound) || list == nil && len(left) == 0 {
		err = errors.Join(err, f.k.js.DeleteObjectStore(ctx, findsBucket(f.id)))
	}
	return err
}
