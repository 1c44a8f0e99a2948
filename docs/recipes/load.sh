#!/usr/bin/env bash
# Reads what is new in Act-On and hands it to a target:
#
#     load.sh FOLDER TARGET [ARGUMENTS OF THE TARGET]
#
# FOLDER must survive between runs. It has the state, the token store, and catalog.json if not all
# streams are to be read. Settings come from the environment, or from .env in the current folder.
# The exit code is the tap's, or the target's if that fails.
set -euo pipefail
umask 077

folder=$1
shift
export TAP_ACTON_TOKEN_STORE=${TAP_ACTON_TOKEN_STORE:-$folder/store}

# The target prints a state once its rows are safe, so that the last one counts, however a run ends.
keep_state() {
  local line='' last=''
  [[ -e $folder/states.jsonl ]] || return 0
  # A line that is cut off, as a killed target may leave it, does not count.
  while IFS= read -r line; do last=$line; done < "$folder/states.jsonl"
  if [[ -n $last ]]; then
    printf '%s\n' "$last" > "$folder/state.new"
    mv "$folder/state.new" "$folder/state.json"
  fi
  rm "$folder/states.jsonl"
}

keep_state # of a run that was killed
options=(--config=ENV)
[[ ! -s $folder/catalog.json ]] || options+=(--catalog "$folder/catalog.json")
[[ ! -s $folder/state.json ]] || options+=(--state "$folder/state.json")

tap-acton "${options[@]}" | "$@" > "$folder/states.jsonl" &

# A signal is for the tap: it writes its state and ends, and then the target ends by itself.
trap 'kill -TERM "$(jobs -p)"' INT TERM
status=0
wait %1 || status=$?
while [[ -n $(jobs -r) ]]; do # a signal has ended the wait
  status=0
  wait %1 || status=$?
done
keep_state
exit "$status"
