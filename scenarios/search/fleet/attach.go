//go:build !js && !wasip1

package fleet

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/lifegraph-os/lgos-sim/scenarios/search"
)

// patience is how often a worker without work looks around.
const patience = 5 * time.Second

// attach waits for a sweep that somebody leads.
func (s *serving) attach(ctx context.Context) error {
	build := ThisBuild
	if s.build != nil {
		build = s.build
	}
	watch, err := s.kv.WatchAll(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = watch.Stop() }() // it ends with the connection at the latest
	look := time.NewTicker(patience)
	defer look.Stop()
	all, told := map[string][]byte{}, map[string]bool{}
	complete := false
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case e, ok := <-watch.Updates():
			switch {
			case !ok:
				return cmp.Or(ctx.Err(), nats.ErrConnectionClosed)
			case e == nil:
				complete = true
			case e.Operation() == jetstream.KeyValuePut:
				all[e.Key()] = e.Value()
			default:
				delete(all, e.Key())
			}
		case <-look.C:
		}
		if !complete {
			continue
		}
		var refused error
		for _, id := range ordered(all) {
			sp, same, err := decodeSpec(all[id], build())
			if err != nil {
				if !told[id] {
					told[id] = true
					s.told("sweep %s cannot be read and is left alone: %v", id, err)
				}
				continue
			}
			switch _, led, err := s.alive(ctx, id, sp.Session); {
			case err != nil || !led:
			case same:
				s.id, s.spec = id, sp
				return s.begin()
			default:
				refused = build().refuse(id, sp.Build)
			}
		}
		if refused != nil {
			return refused
		}
		if s.bored() {
			return errOver
		}
	}
}

func ordered(m map[string][]byte) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func (s *serving) bored() bool { return s.Idle > 0 && time.Since(*s.since) > s.Idle }

// begin makes ready for the sweep.
func (s *serving) begin() error {
	s.sweep = search.SweepOptions{Swarm: s.spec.Draws.swarm(), Limits: s.spec.Limits, Repeat: s.spec.Repeat}
	if s.Again != nil {
		s.sweep.Again = func(ctx context.Context, r search.Recipe) (string, error) {
			return s.Worker.Again(ctx, s.spec.Draws, r)
		}
	}
	if s.Begun != nil {
		s.Begun(s.id, s.spec.Draws, s.spec.Build)
	}
	return nil
}
