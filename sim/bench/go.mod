module github.com/lifegraph-os/lgos-sim/sim/bench

go 1.26.8

replace github.com/lifegraph-os/lgos-sim => ../..

require (
	github.com/marcopolo/simnet v0.0.7
	github.com/pion/logging v0.2.4
	github.com/pion/transport/v3 v3.1.1
)

require golang.org/x/time v0.12.0 // indirect
