#!/usr/bin/env bash
# Runs a command with the knowledge service and the action server beside it; uses those that already run.
set -euo pipefail
cd "$(dirname "$0")/.."
export KNOWLEDGE_URL="${KNOWLEDGE_URL:-http://127.0.0.1:8001}" ACTIONS_URL="${ACTIONS_URL:-http://127.0.0.1:5055}"
started=()
stop() { for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done; for pid in "${started[@]}"; do wait "$pid" 2>/dev/null || true; done; }
trap stop EXIT
mkdir -p var/log
answers() { .venv/bin/python -c "import sys,urllib.request; sys.exit(urllib.request.urlopen(sys.argv[1], timeout=2).status != 200)" "$1" 2>/dev/null; }
ensure() { # name, url that answers when ready, command...
  local name=$1 url=$2; shift 2
  answers "$url" && return
  "$@" >"var/log/$name-beside.log" 2>&1 &
  started+=($!)
  for _ in $(seq 240); do answers "$url" && return; sleep 0.5; done
  echo "$name did not start; see var/log/$name-beside.log" >&2; exit 1
}
ensure knowledge "$KNOWLEDGE_URL/readyz" .venv/bin/python -m knowledge serve
ensure actions "$ACTIONS_URL/health" .venv/bin/python -m actions
"$@"
