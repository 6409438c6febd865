//go:build !js && !wasip1

package fleet

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/scenarios"
	"github.com/lifegraph-os/lgos-sim/scenarios/search"
)

// errOver is the end of a sweep.
var errOver = errors.New("the sweep is over")

// serving is a worker at work for a sweep.
type serving struct {
	*Worker
	*link
	id     string
	spec   spec
	kv     jetstream.KeyValue
	finds  jetstream.ObjectStore
	sweep  search.SweepOptions
	since  *time.Time // of the last work
	before *time.Duration
}

// Run works for the sweeps of the server that are of its own build, one run at a time, until a sweep is over, there was
// nothing to do for so long, or ctx ends: then after the run at hand. With sweeps of another build alone it is ErrRefused.
func (w *Worker) Run(ctx context.Context) error {
	runtime.LockOSThread() // its time tells what a run took
	defer runtime.UnlockOSThread()
	k, err := dial(ctx, w.Link, w.Say)
	if err != nil {
		return err
	}
	defer k.nc.Close()
	kv, err := k.sweeps(ctx, 1)
	if err != nil {
		return fmt.Errorf("bucket %s: %w", sweepsBucket, err)
	}
	since, before := time.Now(), time.Duration(0)
	for {
		s := &serving{Worker: w, link: k, kv: kv, since: &since, before: &before}
		if err = s.attach(ctx); err == nil {
			err = s.serve(ctx)
		}
		switch {
		case errors.Is(err, errOver) || ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		}
	}
}

// serve does runs until nobody leads the sweep any more.
func (s *serving) serve(ctx context.Context) error {
	queue, fine := jetstream.Consumer(nil), time.Now()
	for ctx.Err() == nil {
		var m jetstream.Msg
		err := error(nil)
		if queue == nil {
			c, cancel := context.WithTimeout(ctx, patience)
			if queue, err = s.js.Consumer(c, jobsStream(s.id), consumer); err == nil {
				s.finds, err = s.js.ObjectStore(c, findsBucket(s.id))
			}
			cancel()
		}
		if err == nil {
			m, err = queue.Next(jetstream.FetchMaxWait(patience)) // the server gives up first, so that no job comes to nobody
		}
		if err == nil && ctx.Err() != nil {
			return m.Nak()
		}
		if err == nil {
			err = s.do(ctx, m)
			*s.since = time.Now()
		}
		if err == nil || errors.Is(err, nats.ErrTimeout) {
			fine = time.Now()
		}
		switch {
		case err == nil:
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, errOver), s.over(ctx), s.bored():
			return errOver
		case errors.Is(err, nats.ErrConnectionClosed), time.Since(fine) > lost:
			return err
		default: // it is idle, or about to be led by another session, or the server is busy with itself
			queue = nil
			if _, led, err := s.alive(ctx, s.id, s.spec.Session); err == nil && !led {
				return nil
			}
			if !errors.Is(err, nats.ErrTimeout) {
				select {
				case <-ctx.Done():
				case <-time.After(time.Second):
				}
			}
		}
	}
	return nil
}

// over tells whether the sweep was taken out of the server. It is asked when something has failed, maybe for want of time.
func (s *serving) over(ctx context.Context) bool {
	c, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	_, err := s.kv.Get(c, s.id)
	return errors.Is(err, jetstream.ErrKeyNotFound)
}

// unlessOver does something until it works, or the sweep is over, which takes its streams away.
func (s *serving) unlessOver(ctx context.Context, f func(context.Context) error) error {
	return s.again(ctx, func(ctx context.Context) error {
		err := f(ctx)
		if err != nil && s.over(ctx) {
			return errOver
		}
		return err
	})
}

// do does the run of a message. Only once the result is stored is the message acknowledged: a worker that dies before leaves
// it to another, and one that dies between leaves a second result, which the server knows for one it has.
func (s *serving) do(ctx context.Context, m jetstream.Msg) error {
	j, err := decodeJob(m.Data())
	var meta *jetstream.MsgMetadata
	if err == nil {
		meta, err = m.Metadata()
	}
	if err != nil {
		s.told("a job came that cannot be read: %v", err)
		return m.TermWithReason("it cannot be read")
	}
	if err := s.nc.Publish(takenSubject(s.id), []byte(strconv.Itoa(j.Number))); err != nil {
		return err
	}
	stop := s.beating(m)
	defer stop()
	s.mark("taken", j.Number)
	r := s.run(j, meta.NumDelivered)
	s.mark("ran", j.Number)
	if err := s.store(context.WithoutCancel(ctx), j, r, fmt.Sprintf("run-%d-%s-%d", j.Number, j.Session[:min(8, len(j.Session))], meta.NumDelivered)); err != nil {
		return err
	}
	s.mark("stored", j.Number)
	if err := m.Ack(); err != nil { // nobody waits for it: were it lost, the run would be done once more and counted once
		s.told("run %d is stored and its job not acknowledged: %v", j.Number, err)
	}
	s.mark("acknowledged", j.Number)
	if s.Told != nil && r.Error == "" {
		s.Told(Done{Number: j.Number, Find: r.Find != "", CPU: r.Spent})
	}
	return nil
}

func (s *serving) mark(stage string, n int) {
	if s.event != nil {
		s.event(stage, n)
	}
}

// beating tells the server that the run goes on, until stop.
func (s *serving) beating(m jetstream.Msg) (stop func()) {
	done := make(chan struct{})
	go func() {
		beat := time.NewTicker(s.spec.AckWait / 3)
		defer beat.Stop()
		for n := 1; ; n++ {
			select {
			case <-done:
				return
			case <-beat.C:
				_ = m.InProgress() // the next one may get through
				if s.beat != nil {
					s.beat(n)
				}
			}
		}
	}()
	return func() { close(done) }
}

// run does a job. One that took down so many processes is not tried again.
func (s *serving) run(j job, delivered uint64) *result {
	fail := func(err error) *result {
		return &result{Session: j.Session, Number: j.Number, Recipe: j.Recipe, Worker: name(), Error: clip(err.Error())}
	}
	var run *search.SweepRun
	var err error
	if before := delivered - 1; before >= uint64(s.spec.Tries) {
		run, err = search.Lost(j.Number, j.recipe, &s.sweep.Swarm, fmt.Sprintf("%d processes that began it died or were lost", before))
	} else {
		s.mark("begun", j.Number)
		run, _, _, err = s.sweep.RunOne(context.Background(), j.Number, j.recipe)
	}
	if err != nil {
		return fail(err)
	}
	run.Worker, run.Why, run.Checker, run.Sort = name(), clip(run.Why), clip(run.Checker), clip(run.Sort)
	used := scenarios.CPUTime()
	run.Spent, *s.before = used-*s.before, used
	r := tell(j.Session, "", run)
	r.record, r.plan = run.Record, run.Plan
	return r
}

// store puts a result where it outlives this process: first the plan and the record of a find, then the result that names them.
func (s *serving) store(ctx context.Context, j job, r *result, folder string) error {
	put := func(name string, b []byte) error {
		return s.unlessOver(ctx, func(ctx context.Context) error {
			_, err := s.finds.PutBytes(ctx, name, b)
			return err
		})
	}
	if r.record != nil && r.plan != nil {
		record, err := r.record.JSON()
		if err == nil {
			err = put(folder+"/"+results.PlanName, r.plan)
		}
		if err == nil {
			err = put(folder+"/"+results.FileName, record)
		}
		if err != nil {
			return err
		}
		r.Find = folder
	}
	id := fmt.Sprintf("%s/%d/%s", j.Session, j.Number, r.Digest)
	for {
		body := encode(r)
		var ack *jetstream.PubAck
		err := s.unlessOver(ctx, func(ctx context.Context) (err error) {
			ack, err = s.js.Publish(ctx, resultSubject(s.id, strconv.Itoa(j.Number)), body, jetstream.WithMsgID(id))
			return err
		})
		if errors.Is(err, nats.ErrMaxPayload) && r.Error == "" {
			r = &result{Session: r.Session, Number: r.Number, Recipe: r.Recipe, Worker: r.Worker, Error: fmt.Sprintf("its result has %d bytes, more than the server takes: raise max_payload", len(body))}
			continue
		}
		if err == nil && ack.Duplicate {
			s.mark("doubled", j.Number)
			if r.Find != "" { // of the first nothing but the name differs
				err = errors.Join(s.finds.Delete(ctx, folder+"/"+results.PlanName), s.finds.Delete(ctx, folder+"/"+results.FileName))
			}
		}
		return err
	}
}

// RunWorkers keeps so many worker processes alive until all have ended well. When ctx ends, each ends after its run.
func RunWorkers(ctx context.Context, o Options) error {
	k, err := dial(ctx, o.Link, o.Say) // what is wrong with the link is told once
	if err != nil {
		return err
	}
	k.nc.Close()
	c := startChildren(o.Jobs, triesOfRun, o.Link.env(), o.Spawn, o.Say)
	defer c.kill()
	select {
	case err := <-c.fail:
		return err
	case <-c.done:
		return nil
	case <-ctx.Done():
		c.interrupt()
		<-c.done
		return nil
	}
}
