# trunkline: every target says at once which tool is missing and how to get it; nothing is skipped.
#
#   make demo     the main job, on this machine, with Go alone
#   make test     everything that must pass before a change lands
#   make help     the rest

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help demo build lambda check test interop bench peers policies soak fuzz mutate vuln deadcode clean

# Developer tools run at the versions of tools.mod, apart from what the program links.
TOOL := go tool -modfile=tools.mod

# Packages whose tests start servers: one at a time, they share memory and timing.
SERVERS := $(wildcard cmd/bootstrap cmd/trunkline internal/awsclient internal/collector/deadletter/sqs internal/config internal/destination/httpapi internal/lease/dynamo internal/permission/guard internal/secret/secretsmanager internal/source/kinesis/fanout internal/source/kinesis/shards internal/telemetry/cloudwatch test/emulators test/emulators/cloudwatch test/emulators/subscribetoshard)

# Packages with tests that need Java. One at a time, for the same reasons.
INTEROP := ./test/interop/... ./internal/lease/dynamo

# How often each fuzz target is called. By count: a duration can fail spuriously on Go 1.26.
FUZZ := 20000x
SOAK_FUZZ := 2000000x

# What `make bench` runs, and how often; compare two runs with: go tool -modfile=tools.mod benchstat OLD NEW
BENCH := .
COUNT := 1

# What `make lambda` links: aws, none, or auto, which follows the FILES.
PARTS := auto
FILES :=

# Generated files and other people's packages are not ours to format.
GO_FILES = $$(find . \( -name node_modules -o -name .venv -o -name testdata -o -name .git \) -prune -o -name '*.go' -print)

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' $(MAKEFILE_LIST) | while IFS='	' read -r name what; do printf '  make %-9s %s\n' "$$name" "$$what"; done

demo: ## a synthetic contact centre, the collector and a receiver in one process (Go)
	@.ci/need 'make demo' go
	@go run ./cmd/trunkline demo

build: ## bin/trunkline, static; its version comes from the build information (Go)
	@.ci/need 'make build' go
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o bin/trunkline ./cmd/trunkline

lambda: ## bin/trunkline-lambda-ARCH.zip for arm64 and amd64, reproducible; FILES="trunkline.yaml …" go beside the binary, PARTS=aws links the SDK (Go)
	@.ci/need 'make lambda' go
	@for arch in arm64 amd64; do go run ./cmd/bootstrap/pack -arch $$arch -parts $(PARTS) $(FILES) || exit 1; done

check: ## formatting, vet, staticcheck, go fix, tidy (Go)
	@.ci/need 'make check' go
	@unformatted=$$($(TOOL) gofumpt -l $(GO_FILES)) || exit 1; \
	if [ -n "$$unformatted" ]; then \
		echo "not formatted; run: $(TOOL) gofumpt -w FILE"; echo "$$unformatted"; exit 1; \
	fi >&2
	go vet ./...
	go vet -tags interop $(INTEROP) ./test/emulators
	$(TOOL) staticcheck ./...
	$(TOOL) staticcheck -tags interop $(INTEROP) ./test/emulators
	go fix -diff ./...
	go mod tidy -diff

test: ## all tests with the race detector, then each fuzz target by count (Go, gcc, Node, Python)
	@.ci/need 'make test' go gcc node python
	@test/unit.sh -race -timeout 20m -- $(SERVERS)
	@test/fuzz.sh $(FUZZ)

fuzz: ## each fuzz target alone; FUZZ=20000x says how often (Go)
	@.ci/need 'make fuzz' go
	@test/fuzz.sh $(FUZZ)

interop: ## AWS's own Java libraries as oracles and fellow workers, pages in a browser (make test's, Java 17, Maven, Chromium)
	@.ci/need 'make interop' go gcc node python java maven chromium
	@PACKAGES='$(INTEROP)' test/unit.sh -race -count=1 -p 1 -timeout 30m -tags interop --

bench: ## benchmarks of the hot paths, then side by side with what else there is; BENCH=REGEXP COUNT=N (Go, Node, Python)
	@.ci/need 'make bench' go node python
	go test -run '^$$' -bench '$(BENCH)' -benchmem -count $(COUNT) -p 1 -timeout 60m ./...
	go test -run TestQuality -count=1 -v ./internal/collector/redact/scrub
	@$(MAKE) --no-print-directory peers
	@$(MAKE) --no-print-directory policies

peers: build ## trunkline and Bento on the same jobs, in turn (Go, Node)
	@.ci/need 'make peers' go node
	@set -x; staticcheck=$$($(TOOL) -n staticcheck); \
	cd bench/peers && go vet ./... && "$$staticcheck" ./... && go fix -diff ./... && go mod tidy -diff && go test ./... && \
	go run . -trunkline ../../bin/trunkline && go run . -trunkline ../../bin/trunkline -jobs kinesis -n 10000 && \
	go run . -trunkline ../../bin/trunkline -failures

policies: build ## trunkline and other evaluators, linters and readers of IAM policies, in turn (Go, Node, Python)
	@.ci/need 'make policies' go node python
	@set -x; staticcheck=$$($(TOOL) -n staticcheck); bench/policies/peers/install && \
	cd bench/policies/peers/cedar && go vet ./... && "$$staticcheck" ./... && go fix -diff ./... && go mod tidy -diff && \
	cd ../.. && go run . -trunkline ../../bin/trunkline

soak: ## the long versions of the tests: hours (make test's, Java 17, Maven)
	@.ci/need 'make soak' go gcc node python java maven
	@TRUNKLINE_SOAK=1 test/unit.sh -race -count=1 -timeout 6h -- $(SERVERS)
	@TRUNKLINE_SOAK=1 PACKAGES=./test/interop/kcl test/unit.sh -race -count=1 -timeout 2h -tags interop --
	@test/fuzz.sh $(SOAK_FUZZ)

mutate: ## every small change of many generated policies; each must be noticed (Go)
	@.ci/need 'make mutate' go
	TRUNKLINE_MUTATE=1 go test -run TestMutation -count=1 -v ./internal/permission/role

vuln: ## known vulnerabilities in what is linked (Go, and a network that reaches the database)
	@.ci/need 'make vuln' go
	$(TOOL) govulncheck ./...

deadcode: ## functions that no command and no test reaches (Go)
	@.ci/need 'make deadcode' go
	$(TOOL) deadcode -test ./...

clean: ## remove what the targets made
	rm -rf bin .cache test/emulators/node_modules test/emulators/.venv \
		bench/policies/peers/iam-simulate/node_modules bench/policies/peers/parliament/.venv
