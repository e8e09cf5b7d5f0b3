# The tasks that people and CI run. `make help` lists them. `make local` and `make test` first set up everything they need.

# BSD's make takes the next line for an error message. GNU make takes it for a rule, which nothing uses.
.error GNU make is needed. Install it and run it as: gmake

ifeq ($(wildcard stacks/layer.py),)
$(error Run make in the folder of the project: make -C $(dir $(lastword $(MAKEFILE_LIST))))
endif

# Values that users type stay text: make does not expand them, and recipes read them from the environment.
# So no shell runs them. See decision D096.
override TYPED := MESSAGE WHEN ARGS STAGE PHONE SENDER IDENTITY CACHE CONSUMER SOURCE GRADUAL ALLOW PYTHON ORDERS LOOKUPS REMINDERS PLOT FROM REPOSITORY PROVIDER SERVICES PART SEED
override ONLY := $(if $(findstring command line,$(origin PYTHON)),--only)
override WITH_TESTS :=
override OTHERS := $(foreach name,$(.VARIABLES),$(if $(findstring command line,$(origin $(name))),$(name)))
$(foreach name,$(sort $(TYPED) $(OTHERS)),$(eval override $(name) := $$(value $(name))))
export $(TYPED)

# The settings of a deployment. Without a value, the one in stacks/config.py counts.
override CONTEXT = -c "stage=$${STAGE:-dev}" $${SENDER:+-c "sender=$$SENDER"} $${IDENTITY:+-c "identity=$$IDENTITY"} \
	$${CACHE:+-c "cache=$$CACHE"} $${CONSUMER:+-c "consumer=$$CONSUMER"} $${SOURCE:+-c "source=$$SOURCE"} \
	$${GRADUAL:+-c "gradual=$$GRADUAL"}
override DOCTOR = .venv/bin/python -m tools.doctor "--stage=$${STAGE:-dev}" $${SENDER:+"--sender=$$SENDER"} \
	$${IDENTITY:+"--identity=$$IDENTITY"} $${CACHE:+"--cache=$$CACHE"} $${CONSUMER:+"--consumer=$$CONSUMER"}

# With this PATH the programs in .venv find each other. Recipes still write `.venv/bin/`: make 3.81 ignores this PATH.
# See decision D097.
override PATH := $(CURDIR)/.venv/bin:$(subst $(CURDIR)/.venv/bin:,,$(value PATH))
export PATH
# Makes Node trust the certificates of this machine, as pip does.
export NODE_USE_SYSTEM_CA := 1
export CDK_DISABLE_CLI_TELEMETRY := true

# A user may have set these for other programs. They would break ours.
unexport PYTHONDEBUG PYTHONDEVMODE PYTHONHOME PYTHONINSPECT PYTHONINTMAXSTRDIGITS PYTHONNOUSERSITE PYTHONOPTIMIZE \
	PYTHONPATH PYTHONPLATLIBDIR PYTHONSAFEPATH PYTHONVERBOSE PYTHONWARNDEFAULTENCODING PYTHONWARNINGS
# Without compiled modules synthesis takes three times as long.
unexport PYTHONDONTWRITEBYTECODE
unexport NODE_ENV NODE_PATH
unexport CDK_APP CDK_CONTEXT CDK_CONTEXT_JSON CDK_OUTDIR CDK_OUTPUT
override NODE_OPTIONS := $(filter --dns-result-order=% --max-old-space-size=% --use-bundled-ca --use-openssl-ca \
	--use-system-ca,$(value NODE_OPTIONS))
export NODE_OPTIONS
ifneq ($(shell test -d "$${TMPDIR:-/}" && test -w "$${TMPDIR:-/tmp}" || echo no),)
unexport TMPDIR
endif

.DEFAULT_GOAL := help

.PHONY: help
help: ## List the tasks
	@awk -F ':.*## ' '/^[A-Za-z0-9_-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile

.PHONY: local
local: local-up ## Set up, start and deploy both apps, then run the demo
	.venv/bin/python -m local demo

.PHONY: test
test: setup-dev ## Run all checks, and all tests but the long ones
	@# Four parts run at once, the longest first, because they wait now and then. More would take longer together.
	@# The three parts of `test-unit` never wait. They run with `nice`, and use what the others leave. There are three,
	@# and the longest begins before the checks, so that at the end two parts keep both cores of a small machine busy.
	@# make 3.81 cannot keep the output of each part together.
	@.venv/bin/python -m tools.versions "GNU make $(MAKE_VERSION)"
	$(MAKE) --no-print-directory --jobs=4 $(if $(filter output-sync,$(.FEATURES)),--output-sync=target) \
		test-e2e test-local test-website test-faults test-functions check test-unit

.PHONY: test-long
test-long: setup-dev ## Run the long tests, which `make test` leaves out
	@.venv/bin/python -m tools.versions "GNU make $(MAKE_VERSION)"
	$(MAKE) --no-print-directory --jobs=4 $(if $(filter output-sync,$(.FEATURES)),--output-sync=target) \
		LONG=1 test-e2e test-local test-website test-faults test-unit

.PHONY: setup
setup: .venv/installed node_modules/installed layer ## Install the project's packages into this folder
	@if [ -f build/next-steps.txt ]; then cat build/next-steps.txt && rm build/next-steps.txt; fi

.PHONY: setup-dev
# One installation of all packages is quicker than two. The recipe of `.venv/installed` gets this variable.
setup-dev: override WITH_TESTS := --with-tests
setup-dev: setup .venv/with-tests tools/checks/node_modules/installed ## Also install the packages for the checks and tests

.PHONY: local-up
local-up: setup ## Start the laptop cloud and deploy what has changed
	.venv/bin/python -m local up

.PHONY: remindme
remindme: setup ## Set a reminder: MESSAGE=... WHEN=... ARGS='--email me'
	@.venv/bin/python -m tools.remindme.from_make

.PHONY: local-down
local-down: setup ## Stop the laptop cloud and keep its data
	.venv/bin/python -m local down

# The checks of JavaScript. They look only at files that have changed since the last run.
CHECKS = tools/checks/node_modules/.bin
ESLINT = --config=tools/checks/eslint.config.js --max-warnings=0 --cache --cache-location=build/eslint.cache --cache-strategy=content
# Without these patterns Prettier would list all files of these folders first, although .prettierignore names them.
PRETTIER = --log-level=warn --cache --cache-location=build/prettier.cache '!.venv' '!build' '!cdk.out' '!.local'

.PHONY: check
check: setup-dev ## Run linters, type checks and the validation of templates
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	$(CHECKS)/prettier $(PRETTIER) --check .
	$(CHECKS)/eslint $(ESLINT) .
	$(CHECKS)/tsc --project tools/checks
	nice .venv/bin/mypy
	rm -rf build/cdk.out/check
	nice .venv/bin/python -m tools.validation
	@# The stage dev sets no property that prod does not set. CDK has validated its values, and `make security` runs
	@# cfn-lint with all rules for it.
	nice .venv/bin/cfn-lint --non-zero-exit-code warning build/cdk.out/check/prod/*.template.json

# Each part of the tests leaves out those with the marker `long`. With any value of LONG it runs only these.
PYTEST = .venv/bin/python -m pytest -m "$(if $(filter LONG,$(OTHERS)),long,not long)"

.PHONY: test-unit
test-unit: test-functions test-tools test-templates ## Run the tests that need no cloud

.PHONY: test-functions
test-functions: setup-dev ## Run the tests of functions and workflows
	nice $(PYTEST) tests/lambdas tests/statemachines tests/corpora

.PHONY: test-templates
test-templates: setup-dev ## Run the tests of templates
	nice $(PYTEST) tests/stacks

.PHONY: test-tools
test-tools: setup-dev ## Run the tests of tools and of the project itself
	nice $(PYTEST) tests/tools

.PHONY: test-local
test-local: setup-dev ## Run the tests of the laptop cloud
	$(PYTEST) tests/local

# A slow part of the end-to-end tests.
FAULTS = tests/e2e/test_each_call.py tests/e2e/test_fulfillment.py
# They mostly wait for the programs that they start, and the part with the faults ends early.
PROGRAMS = tests/e2e/test_orders_cli.py tests/e2e/test_redis_tuples.py

.PHONY: test-e2e
test-e2e: setup-dev ## Run the end-to-end tests on a laptop cloud
	$(PYTEST) tests/e2e $(patsubst %,--ignore=%,$(FAULTS) $(PROGRAMS))

.PHONY: test-faults
test-faults: setup-dev ## Run the tests of faults, programs and facts about AWS
	$(PYTEST) $(PROGRAMS) $(FAULTS) tests/facts

.PHONY: facts
facts: setup-dev ## Compare a laptop cloud with the facts about AWS
	@.venv/bin/python -m tests.facts

.PHONY: test-website
test-website: setup-dev ## Run the tests of the page in Chromium
	$(PYTEST) tests/website

.PHONY: proof
proof: setup-dev ## Try what can go wrong; write docs/proof.md: PART=load
	@CDK_VALIDATION=false .venv/bin/python -m tests.proof $${SEED:+"--seed=$$SEED"} -- $${PART:+"$$PART"}

.PHONY: drill
drill: setup-dev ## Make each alarm of a laptop cloud go off
	CDK_VALIDATION=false .venv/bin/python -m tests.drill

.PHONY: restore-drill
restore-drill: setup-dev ## Damage the tables of a laptop cloud and restore them
	@CDK_VALIDATION=false .venv/bin/python -m tests.drill.restore

.PHONY: rehearse
rehearse: setup-dev ## Rehearse the upgrade FROM=v0.1.0 on a laptop cloud
	@CDK_VALIDATION=false .venv/bin/python -m tests.rehearsal $${FROM:+"--from=$$FROM"}

.PHONY: benchmark
benchmark: setup-dev ## Measure speed; write benchmarks/README.md
	CDK_VALIDATION=false .venv/bin/python -m benchmarks

.PHONY: benchmark-check
benchmark-check: setup-dev ## Fail if a ratio is worse than at the last benchmark
	CDK_VALIDATION=false .venv/bin/python -m benchmarks --check

.PHONY: due-together
due-together: setup ## Send 10,000 reminders that are due at once
	CDK_VALIDATION=false nice .venv/bin/python -m benchmarks.due_together

.PHONY: format
format: setup-dev ## Format the code
	.venv/bin/ruff format --quiet . && .venv/bin/ruff check --fix . && .venv/bin/ruff format .
	$(CHECKS)/eslint $(ESLINT) --fix . && $(CHECKS)/prettier $(PRETTIER) --write .

# CDK zips files with their modes, and Lambda reads them as another user than their owner.
.PHONY: synth
synth: setup ## Synthesise the templates of STAGE (default: dev)
	@chmod -R go+rX lambdas
	@.venv/bin/python -m stacks.synthesis $(CONTEXT)

.PHONY: openapi
openapi: setup ## Write docs/openapi from the templates
	CDK_VALIDATION=false .venv/bin/python -m tools.openapi

.PHONY: docs
docs: setup-dev ## Build the site of the documentation in build/site
	@CDK_VALIDATION=false .venv/bin/python -m tools.docs
	@.venv/bin/python -m tools.site

.PHONY: contract
contract: setup-dev build/contract/installed ## Test the APIs and clients; write docs/contract.md
	CDK_VALIDATION=false .venv/bin/python -m tests.contract

.PHONY: security
security: setup-dev build/security/installed ## Run security scanners; write docs/security-report.md
	@.venv/bin/python -m tools.security $${SERVICES:+"--services=$$SERVICES"}

.PHONY: sbom
sbom: setup build/security/installed ## List the packages of the layer in build/sbom
	@.venv/bin/python -m tools.security.sbom

.PHONY: bootstrap
bootstrap: setup ## Prepare an AWS account and region for CDK, once
	@.venv/bin/cdk bootstrap $(CONTEXT)

.PHONY: deploy
deploy: setup ## Deploy STAGE, unless something unnamed would be lost
	@$(DOCTOR) --deploying $${ALLOW:+"--allow=$$ALLOW"}
	@# `--strict` stops at a warning before the first stack, for example about a sender that nobody can confirm.
	@# What the guards have judged is what CDK deploys: both take the same templates from cdk.out.
	@chmod -R go+rX lambdas
	@.venv/bin/cdk synth --quiet --strict $(CONTEXT)
	@.venv/bin/python -m tools.guards check "--stage=$${STAGE:-dev}" $${ALLOW:+"--allow=$$ALLOW"}
	@.venv/bin/cdk deploy --app=cdk.out --all --strict

.PHONY: diff
diff: synth ## Show what a deployment of STAGE would change
	@.venv/bin/python -m tools.guards diff "--stage=$${STAGE:-dev}"

.PHONY: drift
drift: setup ## Show what was changed in AWS since STAGE was deployed
	@# The stage may have been deployed with any settings, so this names all stacks that it can have.
	@.venv/bin/python -m stacks.synthesis -c "stage=$${STAGE:-dev}" -c cache=on -c consumer=on
	@.venv/bin/python -m tools.guards drift "--stage=$${STAGE:-dev}"

.PHONY: deployer
deployer: setup ## Let workflows of REPOSITORY=owner/name deploy STAGE
	@.venv/bin/cdk deploy Deployer -c "stage=$${STAGE:-dev}" -c "repository=$$REPOSITORY" \
		$${PROVIDER:+-c "provider=$$PROVIDER"}

.PHONY: doctor
doctor: setup ## Look for problems of STAGE, before and after deploying
	@$(DOCTOR)

.PHONY: cost
cost: setup $(if $(PLOT),plots) ## Say what STAGE costs: ORDERS=1e6 PLOT=cost.svg
	@.venv/bin/python -m tools.cost "--stage=$${STAGE:-dev}" $${ORDERS:+"--orders=$$ORDERS"} $${LOOKUPS:+"--lookups=$$LOOKUPS"} \
		$${REMINDERS:+"--reminders=$$REMINDERS"} $${CACHE:+"--cache=$$CACHE"} $${PLOT:+"--plot=$$PLOT"}

.PHONY: cost-docs
cost-docs: setup ## Write the tables and the picture of docs/cost.md
	@.venv/bin/python -m tools.cost --stage=prod --write

.PHONY: verify
verify: setup .venv/with-tests ## Verify a deployed STAGE; PHONE=... also sends texts
	@.venv/bin/python -m tools.verify "--stage=$${STAGE:-dev}" $${PHONE:+"--phone=$$PHONE"} \
		$$(test "$$STAGE" != local || echo --report=docs/verify.md)

.PHONY: simulate
simulate: setup plots ## Simulate a flash sale; write docs/load.md
	@.venv/bin/python -m tools.simulate

.PHONY: dashboards
dashboards: setup plots ## Draw the dashboards of the laptop cloud for its docs
	@.venv/bin/python -m tools.dashboards

.PHONY: plots
plots: build/plots/installed ## Install the packages that draw pictures and simulate

.PHONY: destroy
destroy: setup ## Remove STAGE; asks first, then lists what is left
	@.venv/bin/python -m tools.teardown "--stage=$${STAGE:-dev}" --destroy

.PHONY: layer
layer: build/layer/with-time-zones.zip ## Build the Lambda layer of third-party packages

.PHONY: lock
lock: setup-dev ## Write the installed versions to constraints.txt
	.venv/bin/python -m pip --isolated freeze --exclude-editable > build/constraints.txt
	mv build/constraints.txt constraints.txt

.PHONY: always

# `.venv/bin/python` comes first. An earlier run has found it.
.venv/installed: always
	@PATH=$${PATH#*/.venv/bin:}; \
	if [ "$(ONLY)" ]; then set -- "$$PYTHON"; \
	else set -- .venv/bin/python "$${PYTHON:-python3}" python3 python3.13 python3.14 python3.12 python3.11; fi; \
	for python do \
		"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && \
			exec "$$python" -m tools.install python $(ONLY) $(WITH_TESTS); \
	done; \
	printf 'error: Python 3.11 or newer is needed. None of these has it: %s\n' "$$*" >&2; \
	echo "Install it, or say where it is: make setup PYTHON=/path/to/python3" >&2; exit 1

node_modules/installed: .venv/installed package.json package-lock.json
	@.venv/bin/python -m tools.install node

tools/checks/node_modules/installed: .venv/installed tools/checks/package.json tools/checks/package-lock.json
	@.venv/bin/python -m tools.install checks

.venv/with-tests: .venv/installed requirements-dev.txt
	@.venv/bin/python -m tools.install tests

build/layer/with-time-zones.zip: .venv/installed lambdas/requirements.txt
	@echo "Building the Lambda layer"
	@.venv/bin/python -m stacks.layer

# The packages that draw pictures are in a folder of their own, so that setup does not install them.
build/plots/installed: .venv/installed tools/plots/requirements.txt
	@.venv/bin/python -m tools.plots

# The packages of `make contract`. They have their own folder, because some versions differ from those in .venv.
build/contract/installed: .venv/installed tests/contract/requirements.txt tests/contract/package.json tests/contract/package-lock.json
	@.venv/bin/python -m tests.contract.install

# The scanners of `make security`. They have their own folder, because they need other versions of some packages.
build/security/installed: .venv/installed $(wildcard tools/security/requirements*.txt)
	@.venv/bin/python -m tools.security.install
