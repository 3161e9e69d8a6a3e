# make help lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
PLAYBOOK_ARGS ?=

run = $$(tools/environment.sh tools/requirements-run.txt)/bin
dev = $$(tools/environment.sh requirements-dev.txt)/bin
release = $$(tools/environment.sh tools/requirements-release.txt)/bin

.PHONY: help up down proof before docker lab test lint unit lab-test helm readiness supply refusals inventories inputs fuzz audit audit-sample sanity molecule molecule-sample build kill converge alerts operator loki-tls loki-replicas tls cert-manager hops renewal policies isolated infra mirrored grafana-bench bench docs docs-lint older matrix ee release

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: docker ## from a bare machine to the proof
	@supply=$$(tools/supply.sh); PATH="$(run):$$PATH" ansible-playbook site.yml $$supply $(PLAYBOOK_ARGS)

down: ## remove all of it
	@supply=$$(tools/supply.sh); PATH="$(run):$$PATH" ansible-playbook playbooks/teardown.yml -e runtime_security_teardown=yes $$supply $(PLAYBOOK_ARGS)
	@lab/host/docker.sh stop

proof: ## follow a log line and an event through a running pipeline
	@supply=$$(tools/supply.sh); PATH="$(run):$$PATH" ansible-playbook playbooks/verify.yml $$supply $(PLAYBOOK_ARGS)

docker: ## start a Docker engine on this machine
	@lab/host/docker.sh start

lab: ## build the lab's bundle
	@lab/build.py

test: lint docs-lint unit lab-test readiness sanity supply refusals inventories inputs helm audit-sample older molecule-sample ## everything CI runs

lint: ## ansible-lint, yamllint, ruff
	@PATH="$(dev):$$PATH"; ansible-lint --offline; yamllint --strict .; ruff check; ruff format --check

unit: ## unit tests of plugins, roles and charts
	@folder() { sed -n "s/^lab: $$1 is in //p" <<<"$$made"; }; made=$$(lab/build.py helm prometheus loki); \
	PATH="$(dev):$$PATH" HELM=$$(folder helm)/helm PROMTOOL=$$(folder prometheus)/promtool LOKI=$$(folder loki)/loki \
	pytest -q -n 4 tests/unit tests/contract

lab-test: ## tests of the lab's own programs
	@tools/packages.sh clang libbpf-dev
	@cd lab/go/runc-shim && go test ./...
	@cd lab/go/receiver && go test ./...
	@cd lab/go/exporter && go test ./...
	@lab/go/sensor/go.sh test ./...

readiness: ## readiness verdicts compared with real loading under the same restrictions; needs root
	@PATH="$(dev):$$PATH"; tools/packages.sh bpftool clang libbpf-dev; pytest -q tests/host

sanity: ## ansible-test sanity
	@PATH="$(dev):$$PATH" tools/sanity.sh

supply: ## charts, images and programs from mirrors on loopback, and damaged bundles
	@PATH="$(dev):$$PATH"; tools/packages.sh skopeo docker-registry curl; pytest -q -n auto --dist loadfile tests/playbooks/supply

refusals: docker ## wrong input ends before the first change
	@PATH="$(dev):$$PATH" RUNTIME_SECURITY_BUNDLE=$$(tools/lab.sh) pytest -q -n auto tests/playbooks/refusals

inventories: ## playbooks with users' inventories: localhost, several clusters, encrypted variables, a bastion host over SSH
	@PATH="$(dev):$$PATH"; tools/packages.sh openssh-server skopeo; pytest -q -n auto --dist loadfile tests/playbooks/inventories

inputs: ## a sample of make fuzz
	@$(MAKE) --no-print-directory fuzz FUZZ_STEP=30

fuzz: ## bad and odd values for every variable of every role: clearly refused, or they work; 10 minutes
	@folder() { sed -n "s/^lab: $$1 is in //p" <<<"$$made"; }; made=$$(lab/build.py helm); \
	PATH="$(dev):$$PATH" HELM=$$(folder helm)/helm FUZZ_STEP=$${FUZZ_STEP:-1} pytest -q tests/playbooks/fuzz

helm: ## helm_releases with Helm on a real API server on loopback; 1 minute
	@folder() { sed -n "s/^lab: $$1 is in //p" <<<"$$made"; }; made=$$(lab/build.py kubernetes etcd helm); \
	PATH="$(dev):$$PATH" HELM=$$(folder helm)/helm pytest -q tests/live/helm

audit: ## each detection on the audit log against a real API server, with Loki and Grafana on loopback; 5 minutes
	@made=$$(lab/build.py kubernetes etcd loki grafana); PATH="$(dev):$$PATH"; pytest -v -s tests/live/audit

audit-sample: ## a sample of make audit; 2 minutes
	@$(MAKE) --no-print-directory audit AUDIT_SAMPLE=yes

molecule: docker ## everything on the lab, from check mode on a bare machine to removal
	@tools/molecule.sh

molecule-sample: docker ## make molecule without what takes long and is tested without a cluster too
	@MOLECULE_SAMPLE=yes tools/molecule.sh

build: ## the collection's archive
	@PATH="$(run):$$PATH" ansible-galaxy collection build --force --output-path "$${OUTPUT:-.}"

kill: docker ## what each log agent loses when it, Loki, Grafana or the node stop, AGENTS="otel promtail", and what it costs; on the cluster of make up, an hour an agent
	@PATH="$(dev):$$PATH"; lab="--context runtime-security --image docker.io/library/busybox:1.35.0"; supply=$$(tools/supply.sh); \
	for agent in $${AGENTS:-promtail otel}; do \
	    ansible-playbook site.yml --tags loki_stack $$supply -e loki_stack_agent=$$agent; \
	    for count in losses kill; do python tests/live/loki/$$count.py $$lab || test $$agent != otel; done; \
	done; \
	python tests/live/loki/cost.py --agents $${AGENTS:-promtail otel}

converge: docker ## kill site.yml at 30 moments and its node at 5, and break its surroundings; about 80 minutes on an idle machine
	@tools/converge.sh

alerts: docker ## each alert rule against its fault, on the cluster of make up; 35 minutes
	@PATH="$(dev):$$PATH" ALERTS_KUBECONFIG=$${KUBECONFIG:-$$HOME/.kube/config} ALERTS_CONTEXT=runtime-security RUNTIME_SECURITY_BUNDLE=$$(tools/lab.sh) \
	pytest -v -s tests/live/alerts
	@supply=$$(tools/supply.sh); PATH="$(run):$$PATH" ansible-playbook site.yml --tags grafana_wiring $$supply

before: docker ## events of a process older than Falco, for everything that restarts Falco; on the cluster of make up, 20 minutes
	@bundle=$$(tools/lab.sh); PATH="$(dev):$$PATH" RUNTIME_SECURITY_BUNDLE=$$bundle RUNTIME_SECURITY_IMAGE=docker.io/library/busybox:1.35.0 \
	PIPELINE_INPUTS=$${PIPELINE_INPUTS:-'{"minikube_profile": "runtime-security", "runtime_security_kubeconfig": "'$${KUBECONFIG:-$$HOME/.kube/config}'", "falco_ebpf_readiness": "machine", "falco_ebpf_accepted_findings": ["memlock"], "falco_ebpf_values": {"falcosidekick": {"config": {"debug": true}}}}'} \
	python tests/live/rotation/measure.py

operator: docker ## metrics_stack with the real Prometheus operator
	@METRICS_STACK_OPERATOR=yes tools/molecule.sh metrics_stack

loki-tls: docker ## loki_stack with mutual TLS switched on, rotated and switched off in the middle of numbered lines; 10 minutes
	@LOKI_STACK_TLS=yes tools/molecule.sh loki_stack

loki-replicas: ## Loki in three replicas on an S3 server, as processes on loopback: one killed, empty volumes, the way from simple scalable, mutual TLS of each mode; needs root, 10 minutes
	@folder() { sed -n "s/^lab: $$1 is in //p" <<<"$$made"; }; made=$$(lab/build.py loki helm versitygw); \
	PATH="$(dev):$$PATH" HELM=$$(folder helm)/helm pytest -v -s tests/live/s3

tls: docker ## TLS of Prometheus and Grafana switched on, rotated and switched off while Grafana is asked; on the cluster of make up, 6 minutes
	@bundle=$$(tools/lab.sh); PATH="$(dev):$$PATH" RUNTIME_SECURITY_BUNDLE=$$bundle \
	PIPELINE_INPUTS='{"minikube_profile": "runtime-security", "runtime_security_kubeconfig": "'$${KUBECONFIG:-$$HOME/.kube/config}'", "falco_ebpf_readiness": "machine", "falco_ebpf_accepted_findings": ["memlock"]}' \
	pytest -v -s tests/live/tls

hops: docker ## TLS on every hop at once: all certificates and CAs rotated between numbered lines and events, the node's wires, and the latency; on the cluster of make up, 25 minutes
	@tools/packages.sh tcpdump; bundle=$$(tools/lab.sh); PATH="$(dev):$$PATH" RUNTIME_SECURITY_BUNDLE=$$bundle \
	PIPELINE_INPUTS='{"minikube_profile": "runtime-security", "runtime_security_kubeconfig": "'$${KUBECONFIG:-$$HOME/.kube/config}'", "falco_ebpf_readiness": "machine", "falco_ebpf_accepted_findings": ["memlock"], "falco_ebpf_values": {"falcosidekick": {"config": {"debug": true}}}}' \
	pytest -v -s tests/live/hops

renewal: docker ## certificates that live for RENEWAL_LIFETIME minutes (10), renewed by the pods alone for RENEWAL_MINUTES (60) between numbered lines and events; on the cluster of make up
	@bundle=$$(tools/lab.sh); PATH="$(dev):$$PATH" RUNTIME_SECURITY_BUNDLE=$$bundle \
	PIPELINE_INPUTS='{"minikube_profile": "runtime-security", "runtime_security_kubeconfig": "'$${KUBECONFIG:-$$HOME/.kube/config}'", "falco_ebpf_readiness": "machine", "falco_ebpf_accepted_findings": ["memlock"], "falco_ebpf_values": {"falcosidekick": {"config": {"debug": true}}}}' \
	pytest -v -s tests/live/renewal

cert-manager: ## certificates from cert-manager's own controllers on a real API server on loopback; 2 minutes
	@made=$$(lab/build.py kubernetes etcd cert-manager); PATH="$(dev):$$PATH"; pytest -v -s tests/live/cert_manager

policies: docker ## network policies enforced by a real engine: who reaches which port, and the proof; on the cluster of make up, 3 minutes
	@bundle=$$(tools/lab.sh); lab/build.py network-policies; PATH="$(dev):$$PATH" RUNTIME_SECURITY_BUNDLE=$$bundle \
	PIPELINE_INPUTS='{"minikube_profile": "runtime-security", "runtime_security_kubeconfig": "'$${KUBECONFIG:-$$HOME/.kube/config}'", "falco_ebpf_readiness": "machine", "falco_ebpf_accepted_findings": ["memlock"], "runtime_security_tls": true, "pipeline_proof_continuous": true, "pipeline_proof_continuous_interval": 30}' \
	pytest -v -s tests/live/policies

isolated: docker ## a bundle from mirrors, and everything from it without network access; needs root, 20 minutes
	@PATH="$(dev):$$PATH"; tools/packages.sh skopeo docker-registry iproute2; \
	tests/live/mirrors/isolated.sh "$$(dirname $$(tools/lab.sh))" "$${WORK:-/var/tmp/runtime-security-isolated}"

mirrored: docker ## site.yml from mirrors without a bundle, 5 minutes
	@PATH="$(dev):$$PATH"; tools/packages.sh skopeo docker-registry iproute2; \
	tests/live/mirrors/mirrored.sh "$$(dirname $$(tools/lab.sh))" "$${WORK:-/var/tmp/runtime-security-mirrored}"

infra: docker ## the built collection in a repository with existing Prometheus and Grafana, and two installations on one cluster; 15 minutes
	@PATH="$(dev):$$PATH"; tests/live/infra/run.sh "$$(tools/lab.sh)"

grafana-bench: ## dashboards in bulk against community.grafana; needs GRAFANA_URL and GRAFANA_PASSWORD
	@PATH="$(dev):$$PATH"; bench/grafana.py

bench: docker ## time to the proof compared with the same by hand, readiness compared with bpftool, time by step; 10 minutes
	@PATH="$(dev):$$PATH"; tools/packages.sh bpftool; bench/readiness.py; bench/pipeline.py "$$(tools/lab.sh)"

docs: ## render pages of all modules, plugins and roles into FOLDER
	@PATH="$(release):$$PATH" tools/docs.sh "$${FOLDER:-.build/docs}"

docs-lint: ## antsibull-docs on modules, plugins and roles, antsibull-changelog on the fragments
	@PATH="$(release):$$PATH"; antsibull-changelog lint; tools/docs.sh

older: ## values of the roles under the oldest ansible-core, compared with those under the newest
	@PATH="$(dev):$$PATH" tools/matrix/run.py --check values 2.16

matrix: ## unit tests, values, syntax and refusals under each supported ansible-core, charts and releases with Helm 3 and 4
	@PATH="$(dev):$$PATH" tools/matrix/run.py

ee: ## render the build context of an execution environment into FOLDER
	@PATH="$(release):$$PATH" tools/execution_environment.sh "$${FOLDER:-.build/execution-environment}"

release: ## check, write the changelog, build and tag the version of galaxy.yml; publishes nothing
	@PATH="$(release):$$PATH" ansible-playbook tools/release.yml
