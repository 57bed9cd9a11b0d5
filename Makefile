# Fråga Göteborg. `make help` lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
RASA_BIN := .venv-rasa/bin
RASA_ENV := RASA_TELEMETRY_ENABLED=false TF_CPP_MIN_LOG_LEVEL=3 SQLALCHEMY_SILENCE_UBER_WARNING=1 PYTHONPATH=.
ROOMS := bot knowledge connectors handover actions

.PHONY: help setup run test lint types imports format unit rasa-unit rasa-test rasa-checks rasa train admin demo-channels evaluate quality-page bench clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

setup: ## Build both environments, the language model, the index, Rasa's model and the database
	@$(PYTHON) deploy/setup.py

run: setup ## Start the assistant (Ctrl-C stops it)
	@exec $(BIN)/python -m bot.supervisor

admin: setup ## Make an admin for the desk: make admin EMAIL=anna@example.org NAME="Anna A"
	@$(BIN)/python -m handover create-agent --email "$(EMAIL)" --name "$(NAME)" --role admin

demo-channels: setup ## SMS, Telegram, WhatsApp and Messenger without an account: phones to try them on, beside `make run`
	@exec $(BIN)/python -m connectors.simulator

test: setup lint types imports unit rasa-unit rasa-test ## Run every check and test

lint: ## ruff: faults and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: ## mypy --strict on our packages
	@$(BIN)/mypy
	@$(RASA_BIN)/mypy --config-file bot/nlu/mypy.ini -p bot.nlu

imports: ## Who may import whom
	@$(BIN)/lint-imports

format: ## Let ruff put the code in order
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

unit: ## Tests of everything outside Rasa's environment, real browser and running assistant included
	@$(BIN)/python -m knowledge validate
	@$(BIN)/python -m pytest --ignore=tests/stack -n 2 --dist worksteal  # both end together, whatever the files' lengths
	@$(BIN)/python -m pytest tests/stack

rasa-unit: ## Tests of Rasa's components, in Rasa's environment
	@$(RASA_ENV) $(RASA_BIN)/python -m pytest tests/bot/nlu -q -p no:cacheprovider -c tests/bot/nlu/pytest.ini

rasa-test: ## rasa data validate, NLU and conversation tests
	@deploy/with-knowledge.sh $(MAKE) --no-print-directory rasa-checks

rasa-checks:
	@$(RASA_ENV) $(RASA_BIN)/python -W ignore -m rasa data validate --data nlu_data
	@$(RASA_ENV) $(RASA_BIN)/python -W ignore -m rasa test core -m var/models/fraga.tar.gz --stories tests/rasa --fail-on-prediction-errors --out results/core
	@$(RASA_ENV) $(RASA_BIN)/python -W ignore -m rasa test nlu -m var/models/fraga.tar.gz --nlu tests/rasa/nlu_test.yml --out results/nlu --no-plot
	@$(BIN)/python tests/rasa/check_nlu.py results/nlu/intent_report.json

rasa: ## Any rasa command beside the services it needs: make rasa CMD="shell"
	@[ -e models ] || ln -s var/models models  # where Rasa's commands look when they are not told
	@deploy/with-knowledge.sh env $(RASA_ENV) $(RASA_BIN)/python -W ignore -m rasa $(CMD) \
	  $(if $(filter shell run interactive,$(firstword $(CMD))),-i 127.0.0.1)  # Rasa's own default is every network

train: ## Train Rasa again
	@rm -f .setup/rasa && $(PYTHON) deploy/setup.py

evaluate: setup ## How often the right answer comes first, per language; the report with plots is saved in results/evaluation
	@for kept in 0 3; do echo "phrasings per article and language: at most $$kept"; \
	  $(BIN)/python -m knowledge evaluate knowledge/evaluation/held_out.jsonl --table --phrasings $$kept; done
	@echo "all phrasings"
	@$(BIN)/python -m knowledge evaluate knowledge/evaluation/held_out.jsonl --table --out results/evaluation

quality-page: setup ## Renew the figures and plots of docs/kvalitet.md
	@$(BIN)/python -m knowledge evaluate knowledge/evaluation/held_out.jsonl --table --out results/evaluation --page docs/kvalitet.md

bench: setup ## p50/p95 of a whole web turn, beside stock Rasa
	@$(BIN)/python benchmarks/turns.py

clean: ## Remove everything generated but the environments and the database
	@rm -rf .setup/encoder .setup/index .setup/rasa var/encoder var/index var/models var/nlu .rasa results .pytest_cache .mypy_cache .ruff_cache
