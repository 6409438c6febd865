//go:build js || wasip1

package fleet

import (
	"context"
	"errors"

	"github.com/lifegraph-os/lgos-sim/scenarios/search"
)

const builds = false

var errNone = errors.New("this build knows no NATS: it does not build for this target")

// New is an error: a sweep does its runs in its own process.
func New(Options) (search.Crew, error) { return nil, errNone }

// Run is an error.
func (w *Worker) Run(context.Context) error { return errNone }

// RunWorkers is an error.
func RunWorkers(context.Context, Options) error { return errNone }
