/** End a process group: ask, wait, force. Exit code 0 when nothing of it runs any more. The target is a number, negative for a group. */
export const STOP_SCRIPT = `# slipway:stop
t=$SLIPWAY_TARGET
alive() {
  kill -0 "$t" 2>/dev/null || return 1
  listed=$(ps -A -o pgid= -o pid= -o stat= 2>/dev/null) || return 0
  # A dead process that nobody has waited for is still listed, with the state Z.
  printf '%s\\n' "$listed" | while read -r group pid state; do
    if [ "-$group" = "$t" ] || [ "$pid" = "$t" ]; then case $state in Z*) ;; *) echo yes ;; esac; fi
  done | grep yes >/dev/null
}
wait_for() {
  n=0
  while [ "$n" -lt "$1" ] && alive; do sleep 0.1 2>/dev/null || sleep 1; n=$((n + 1)); done
}
kill -TERM "$t" 2>/dev/null
wait_for 50
alive || exit 0
kill -KILL "$t" 2>/dev/null
wait_for 50
if alive; then exit 1; fi
exit 0
`;
/** Longest the script above can take, in milliseconds, where \`sleep\` knows tenths of a second. */
export const STOP_MS = 20_000;
