# lgos-sim: simulate thousands of LGOS nodes, break them on purpose, and judge what happened. `make` lists the targets.
SIM   = bin/lgos-sim
NODES ?= 1000
SEEDS ?= 1..50
DRAWS ?= 200
CHECKS ?= 5000
FUZZ  ?= 60s
SAMPLE ?= 200

.PHONY: help run test check cross sweep twice soak mutants operators fuzz bench report setup build clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-9s %s\n", $$1, $$2 }'
	@echo '  GPU=off switches everything off that needs a Vulkan driver or ONNX Runtime, BROWSER=off what needs Chromium'

run: ## simulate all-at-once at NODES=1000 and leave a report in results/runs/latest
	@scripts/setup.sh --soft
	@$(MAKE) --no-print-directory build
	$(SIM) run all-at-once --nodes $(NODES) --device auto --out results/runs/latest

test: ## everything that CI runs (needs a Vulkan driver and ONNX Runtime, or GPU=off, and Chromium, or BROWSER=off)
	@scripts/setup.sh
	@$(MAKE) --no-print-directory check
	go test $$(go list ./... | grep -v '/scenarios/determinism$$')
	go test -v ./scenarios/determinism
	@$(MAKE) --no-print-directory cross sweep
	@$(MAKE) --no-print-directory mutants SHARE=14

# The commit is stamped here too, for go build leaves it out under -buildvcs=false.
STAMP = $(shell c=$$(git rev-parse HEAD 2>/dev/null) && { [ -z "$$(git status --porcelain)" ] || c=$$c-dirty; echo $$c; })

build:
	go build -ldflags '-X github.com/lifegraph-os/lgos-sim/scenarios.Commit=$(STAMP)' -o $(SIM) ./cmd/lgos-sim

setup: ## install a Vulkan driver, ONNX Runtime, Chromium and playwright-core, or print how
	@scripts/setup.sh

check: ## gofmt, vet, staticcheck, and the peers' benchmark module
	@unformatted=$$(git ls-files -z '*.go' | xargs -0 gofmt -l); [ -z "$$unformatted" ] || { echo "gofmt: $$unformatted"; exit 1; }
	go vet ./...
	go tool staticcheck ./...
	if [ -e sim/bench/go.mod ]; then cd sim/bench && go vet ./...; fi

cross: ## build for the browser, for WASI, for 32 bits and without cgo
	GOOS=js GOARCH=wasm go build -o /dev/null ./cmd/lgos-sim
	GOOS=wasip1 GOARCH=wasm go build -o /dev/null ./cmd/lgos-sim
	GOARCH=386 go build -o /dev/null ./cmd/lgos-sim
	CGO_ENABLED=0 go build ./...

sweep: build ## every scenario at a small size, in two processes that must agree
	scripts/each.sh twice 60 --seed 1

twice: build ## one scenario in two processes: the same digest (NAME=partition-heal)
	$(SIM) twice $(or $(NAME),partition-heal) --nodes $(NODES) --seed 7

soak: build ## every scenario at 60 nodes over SEEDS=1..50, DRAWS=200 drawn ones, one digest from every build at NODES=1000, property tests at CHECKS=5000
	go test -v -timeout 2h ./scenarios/determinism -args -nodes $(NODES)
	scripts/each.sh run 60 --seeds $(SEEDS) --out results/runs/each
	LGOS_DRAWS=$(DRAWS) go test ./scenarios -run TestDraw -count=1 -timeout 2h
	go test -count=1 -timeout 2h $$(git grep -l pgregory.net/rapid -- 'node/*_test.go' | xargs -n 1 dirname | sort -u | sed 's|^|./|') -rapid.checks=$(CHECKS)

mutants: build ## plant known bugs; each must be caught by the checker named in its file (SHARE=n: one in n, another each day)
	scripts/mutants.sh $(or $(SHARE),1)

operators: build ## edit packages of node by chance, SAMPLE=200 edits each: tests or scenarios must notice so many percent
	$(SIM) mutants --auto node/op node/crdt node/journal node/rights --sample $(SAMPLE) --score 85 --explained checkers/mutants/auto/equivalent.yaml
	$(SIM) mutants --auto node node/wire node/graph node/overlay node/gossip node/replica node/kernel node/compute node/app/chat --sample $(SAMPLE) --score 75 --explained checkers/mutants/auto/equivalent.yaml

fuzz: ## every fuzz target for FUZZ=60s (ONLY=REGEXP picks some)
	scripts/fuzz.sh $(FUZZ) '$(ONLY)'

bench: build ## our rows of every benchmark beside the peers'
	@mkdir -p results/runs
	cd sim/bench && go test -count=1 -run 'TestPeers$$' -v . -args -hosts 1000,10000 -rows $(CURDIR)/results/runs/bench-peers.json
	$(SIM) bench engine --peers results/runs/bench-peers.json --json results/runs/bench-engine.json
	$(SIM) bench gossip --json results/runs/bench-gossip.json
	$(SIM) bench gpu --json results/runs/bench-gpu.json

report: ## say where the last report is, and open it where there is a desktop
	@[ -e results/runs/latest/report.html ] || { echo 'no report yet: make run'; exit 2; }
	@echo results/runs/latest/report.html
	@[ -z "$${DISPLAY:-}$${WAYLAND_DISPLAY:-}" ] || xdg-open results/runs/latest/report.html

clean: ## remove what was built, not what setup installed
	rm -rf bin results/runs
