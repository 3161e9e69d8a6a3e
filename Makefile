# make help says what there is.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
PLAYBOOK_ARGS ?=

run = $$(tools/environment.sh requirements.txt)/bin
dev = $$(tools/environment.sh requirements-dev.txt)/bin

.PHONY: help up down proof docker lab test lint unit lab-test readiness refusals sanity molecule build bench

help: ## say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: docker ## from a bare machine to the proof
	@supply=$$(tools/supply.sh); PATH="$(run):$$PATH" ansible-playbook site.yml $$supply $(PLAYBOOK_ARGS)

down: ## remove all of it
	@supply=$$(tools/supply.sh); PATH="$(run):$$PATH" ansible-playbook playbooks/teardown.yml -e runtime_security_teardown=yes $$supply $(PLAYBOOK_ARGS)
	@lab/host/docker.sh stop

proof: ## follow a log line and an event through a pipeline that runs
	@supply=$$(tools/supply.sh); PATH="$(run):$$PATH" ansible-playbook playbooks/verify.yml $$supply $(PLAYBOOK_ARGS)

docker: ## make a Docker engine answer on this machine
	@lab/host/docker.sh start

lab: ## build only the lab's bundle
	@lab/build.py

test: lint unit lab-test readiness sanity refusals molecule ## everything CI runs

lint: ## ansible-lint, yamllint, ruff
	@PATH="$(dev):$$PATH"; ansible-lint --offline; yamllint --strict .; ruff check; ruff format --check

unit: ## unit tests of plugins, roles and charts
	@helm=$$(lab/build.py helm | sed -n 's/^lab: helm is in //p'); PATH="$(dev):$$PATH" HELM=$$helm/helm pytest -q tests/unit tests/lab

lab-test: ## tests of the lab's own programs
	@tools/packages.sh clang libbpf-dev
	@cd lab/go/runc-shim && go test ./...
	@cd lab/go/receiver && go test ./...
	@lab/go/sensor/go.sh test ./...

readiness: ## the readiness module's verdicts against what loads under the same limits; needs root
	@PATH="$(dev):$$PATH"; tools/packages.sh bpftool clang libbpf-dev; pytest -q tests/readiness

sanity: ## ansible-test sanity
	@PATH="$(dev):$$PATH" tools/sanity.sh

refusals: docker ## wrong input ends before the first change
	@PATH="$(dev):$$PATH" RUNTIME_SECURITY_BUNDLE=$$(tools/lab.sh) pytest -q tests/playbooks/test_refusals.py

molecule: docker ## the whole on the lab, from check mode on a bare machine to nothing left
	@tools/molecule.sh

build: ## the collection's archive
	@PATH="$(run):$$PATH" ansible-galaxy collection build --force --output-path "$${OUTPUT:-.}"

bench: docker ## time to the proof against the same by hand, and readiness against bpftool
	@tools/packages.sh bpftool
	@bench/readiness.py
	@bench/pipeline.sh
