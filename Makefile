# Every target works on a machine that has Rust and a Debian-like system: what else is needed is
# installed or started by deploy/local. Given DATABASE_URL, AMQP_URL or REDIS_URL, that server is
# used as it is; else a private one in .local/ on a free port.

.DEFAULT_GOAL := help
SHELL := /bin/bash

WITH_SERVICES := deploy/local/with-services
TOOLS := deploy/local/tools
TARGET := $(or $(CARGO_TARGET_DIR),target)

# Most tests wait for a server; more of them at once than cores keeps the cores busy.
export RUST_TEST_THREADS ?= 4

# What `make chaos` runs, one after the other.
SEED ?= 1 2 3

.PHONY: help demo up down test check chaos advisories migrate sim flood bench fmt clean-local release compiler

help: ## Lists the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: release ## Shows the whole way of 1,000 messages on the simulator
	$(WITH_SERVICES) "$(TARGET)/release/waypost" demo

up: release ## Starts Waypost in the background and prints its URLs and a curl line
	deploy/local/up

down: ## Stops what up, demo and test left running
	deploy/local/down

test: compiler ## Runs all tests beside private servers, which stay up for the next run
	$(WITH_SERVICES) cargo test --workspace --locked

check: compiler ## Format, lints, documentation, layers and licences, unused dependencies
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS=-Dwarnings cargo doc --workspace --no-deps --locked
	$(TOOLS) cargo deny --locked check --allow unused-wrapper bans licenses sources
	$(TOOLS) cargo machete

advisories: ## Looks for known vulnerabilities (needs the network)
	$(TOOLS) cargo deny --locked check advisories

migrate: release ## Brings the database to the schema of this version
	$(WITH_SERVICES) "$(TARGET)/release/waypost" migrate

sim: compiler ## Runs the simulator of Meta's API alone
	cargo run --release --locked -p graph-sim

flood: compiler ## Measures signed webhooks alone, and beside a flood of unsigned ones
	$(WITH_SERVICES) cargo run --release --locked -p ingress --example flood

chaos: compiler ## Kills, restarts, stalls and fails everything under load, and checks the laws (SEED=n)
	cargo build --release --locked --workspace --bins
	@compgen -G '/usr/lib/*/faketime/libfaketimeMT.so.1' >/dev/null || deploy/local/install clocks || \
	  echo "without libfaketime no clock is set wrong; the rest runs"
	cargo test --release --locked -p chaos
	"$(TARGET)/release/chaos" $(SEED)

bench: compiler ## Measures everything beside a raw baseline: a table, and .local/bench.json
	cargo build --release --locked --workspace --bins
	$(WITH_SERVICES) "$(TARGET)/release/bench"

fmt: ## Formats the code
	cargo fmt --all

clean-local: ## Stops everything and removes .local: data, logs, keys, tools
	deploy/local/clean

release: compiler
	cargo build --release --locked -p waypost

# Rust links by a C compiler, and ring builds its C and assembly by it.
compiler:
	@command -v cc >/dev/null || deploy/local/install compiler
