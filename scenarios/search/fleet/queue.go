//go:build !js && !wasip1

package fleet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/lifegraph-os/lgos-sim/results"
	"github.com/lifegraph-os/lgos-sim/scenarios/search"
)

// open makes the streams. What was given by an earlier session is given again: what that session had told is in the history
// or waits among the results.
func (f *Fleet) open(ctx context.Context) (waiting int, err error) {
	storage := jetstream.FileStorage
	if f.own != nil {
		storage = jetstream.MemoryStorage // it would not outlive this process
	}
	stream := func(name, subject string) (s jetstream.Stream, err error) {
		err = f.k.again(ctx, func(ctx context.Context) error {
			s, err = f.k.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
				Name: name, Subjects: []string{subject}, Retention: jetstream.WorkQueuePolicy, Storage: storage, Replicas: f.Replicas, Duplicates: time.Hour,
			})
			return err
		})
		return s, err
	}
	reader := func(s jetstream.Stream, wait time.Duration) (c jetstream.Consumer, err error) {
		err = f.k.again(ctx, func(ctx context.Context) error {
			c, err = s.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{Durable: consumer, AckPolicy: jetstream.AckExplicitPolicy, AckWait: wait, MaxDeliver: -1, MaxAckPending: 10_000})
			return err
		})
		return c, err
	}
	if f.jobs, err = stream(jobsStream(f.id), jobSubject(f.id)); err != nil {
		return 0, err
	}
	if err := f.k.again(ctx, func(ctx context.Context) error { return f.jobs.Purge(ctx) }); err != nil {
		return 0, err
	}
	if f.results, err = stream(resultsStream(f.id), resultSubject(f.id, "*")); err != nil {
		return 0, err
	}
	err = f.k.again(ctx, func(ctx context.Context) error {
		f.finds, err = f.k.js.CreateOrUpdateObjectStore(ctx, jetstream.ObjectStoreConfig{Bucket: findsBucket(f.id), Storage: storage, Replicas: f.Replicas, TTL: keepFinds})
		return err
	})
	if err != nil {
		return 0, err
	}
	// Results that an earlier session had in hand when it died come at once to a consumer of our own.
	if err := f.results.DeleteConsumer(ctx, consumer); err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
		return 0, err
	}
	in, err := reader(f.results, remoteWait)
	if err != nil {
		return 0, err
	}
	info, err := in.Info(ctx)
	if err != nil {
		return 0, err
	}
	if f.take, err = in.Consume(func(m jetstream.Msg) { f.came <- m }, jetstream.PullMaxMessages(cap(f.came)/2), jetstream.ConsumeErrHandler(f.trouble)); err != nil {
		return 0, err
	}
	_, err = f.k.nc.Subscribe(takenSubject(f.id), func(m *nats.Msg) {
		f.mu.Lock()
		defer f.mu.Unlock()
		if n, err := strconv.Atoi(string(m.Data)); err == nil && f.given[n] != nil {
			f.given[n].taken = true
		}
	})
	if err != nil {
		return 0, err
	}
	f.queue, err = reader(f.jobs, f.AckWait) // last: with it workers may begin
	return int(info.NumPending), err
}

// trouble ends the sweep where its streams are gone; all else passes.
func (f *Fleet) trouble(_ jetstream.ConsumeContext, err error) {
	if errors.Is(err, jetstream.ErrConsumerDeleted) || errors.Is(err, jetstream.ErrConsumerNotFound) || errors.Is(err, nats.ErrConnectionClosed) {
		select {
		case f.fail <- fmt.Errorf("the streams of sweep %s are gone: %w", f.id, err):
		default:
		}
	}
}

// Give puts a run into the queue. Another session's of the same number is another message, since it may be the history that
// was lost.
func (f *Fleet) Give(ctx context.Context, n int, r search.Recipe) error {
	f.mu.Lock()
	a := f.given[n]
	if a == nil {
		a = &asked{recipe: r}
		f.given[n] = a
	}
	a.taken = false
	f.mu.Unlock()
	msg := &nats.Msg{Subject: jobSubject(f.id), Data: encode(job{Session: f.session, Number: n, Recipe: r.String()})}
	return f.k.again(ctx, func(ctx context.Context) error {
		ack, err := f.k.js.PublishMsg(ctx, msg, jetstream.WithMsgID(fmt.Sprintf("%s/%d/%d", f.session, n, a.tries)))
		if err == nil {
			a.seq = ack.Sequence
		}
		return err
	})
}

// Take waits for a result. One that cannot be read is no run.
func (f *Fleet) Take(ctx context.Context) (*search.SweepRun, func() error, error) {
	var broken <-chan error
	if f.kids != nil {
		broken = f.kids.fail
	}
	for {
		select {
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		case err := <-f.fail:
			return nil, nil, err
		case err := <-broken:
			return nil, nil, err
		case <-f.watch.C:
			f.look(ctx)
		case m := <-f.came:
			if f.kids != nil {
				f.kids.died.Store(0)
			}
			r, err := f.read(ctx, m)
			switch {
			case ctx.Err() != nil:
				return nil, nil, ctx.Err()
			case err != nil:
				return nil, nil, f.rubbish(ctx, m, err)
			case r.Error != "":
				return nil, nil, fmt.Errorf("run %s at %s: %s", r.Recipe, r.Worker, r.Error)
			}
			run := r.run()
			if r.Find != "" {
				run.Record, run.Plan = r.record, r.plan
			}
			f.mu.Lock()
			delete(f.given, r.Number)
			f.mu.Unlock()
			return run, func() error { return f.kept(m, run, r.Find) }, nil
		}
	}
}

// read takes in a result, with the plan and the record of a find.
func (f *Fleet) read(ctx context.Context, m jetstream.Msg) (*result, error) {
	r, err := decodeResult(m.Data())
	if err != nil {
		return nil, err
	}
	if strconv.Itoa(r.Number) != number(m.Subject()) {
		return nil, fmt.Errorf("number: %d came as %s", r.Number, m.Subject())
	}
	if r.Find == "" {
		return &r, nil
	}
	get := func(file string) (b []byte, err error) {
		err = f.k.again(ctx, func(ctx context.Context) error {
			b, err = f.finds.GetBytes(ctx, r.Find+"/"+file)
			return err
		})
		if err != nil {
			err = fmt.Errorf("find: %s/%s: %w", r.Find, file, err)
		}
		return b, err
	}
	if r.plan, err = get(results.PlanName); err != nil {
		return nil, err
	}
	b, err := get(results.FileName)
	if err != nil {
		return nil, err
	}
	if r.record, err = results.Parse(r.Find+"/"+results.FileName, b); err != nil {
		return nil, err
	}
	if r.record.Digest != r.Digest && r.Checker != "determinism" {
		return nil, fmt.Errorf("find: its record has digest %.12s, the result %.12s", r.record.Digest, r.Digest)
	}
	return &r, nil
}

func number(subject string) string { return subject[strings.LastIndexByte(subject, '.')+1:] }

// rubbish drops a result that cannot be read, and asks for the run again if it was one of ours.
func (f *Fleet) rubbish(ctx context.Context, m jetstream.Msg, why error) error {
	say(f.Say, "a result came that cannot be read: %s: %v", m.Subject(), why)
	if err := m.TermWithReason("it cannot be read"); err != nil {
		return err
	}
	n, err := strconv.Atoi(number(m.Subject()))
	if err != nil {
		return nil
	}
	f.mu.Lock()
	a := f.given[n]
	f.mu.Unlock()
	if a == nil {
		return nil
	}
	if a.tries++; a.tries >= f.Tries {
		return fmt.Errorf("run %d: no result of %d can be read, the last because of %w", n, a.tries, why)
	}
	return f.Give(ctx, n, a.recipe)
}

// kept lets a result go, now that the history has it.
func (f *Fleet) kept(m jetstream.Msg, run *search.SweepRun, find string) error {
	if err := m.Ack(); err != nil && !errors.Is(err, jetstream.ErrMsgAlreadyAckd) {
		return err
	}
	if find == "" || f.own == nil && run.Dir != "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // also where the sweep was interrupted meanwhile
	defer cancel()
	for _, file := range []string{results.PlanName, results.FileName} {
		if err := f.finds.Delete(ctx, find+"/"+file); err != nil && !errors.Is(err, jetstream.ErrObjectNotFound) {
			say(f.Say, "%s/%s stays in the object store: %v", find, file, err)
		}
	}
	return nil
}

// Recall takes back the jobs that no worker has taken.
func (f *Fleet) Recall(ctx context.Context) (numbers []int, err error) {
	if err := f.k.nc.FlushTimeout(10 * time.Second); err != nil { // then what was said before is heard
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for n, a := range f.given {
		if a.taken {
			continue
		}
		err := f.k.again(ctx, func(ctx context.Context) error { return f.jobs.DeleteMsg(ctx, a.seq) })
		switch {
		case err == nil:
			numbers = append(numbers, n)
			delete(f.given, n)
		case !errors.Is(err, jetstream.ErrMsgNotFound) && !errors.Is(err, jetstream.ErrMsgDeleteUnsuccessful): // else it is done, and its result comes
			return nil, err
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}
