#!/bin/sh
# A stand-in for systemctl of systemd 252, for tests in a copy of this machine where no systemd runs: the words, states and exit
# codes of the verbs that ssh.service uses. One folder a unit under /var/lib/fake-units; a file for each thing that is true.
root=/var/lib/fake-units
verb= ; unit=
while [ $# -gt 0 ]; do
  case $1 in
    -p | -n) shift ;;
    --) ;;
    -*) ;;
    *) if [ -z "$verb" ]; then verb=$1; else unit=$1; fi ;;
  esac
  shift
done
dir=$root/$unit
is() { [ -e "$dir/$1" ]; }
case $verb in
  daemon-reload) rm -f "$root"/*/stale; echo daemon-reload >>"$root/log"; exit 0 ;;
  show)
    if ! [ -d "$dir" ]; then printf 'Type=\nResult=success\nLoadState=not-found\nActiveState=inactive\nSubState=dead\nUnitFileState=\nNeedDaemonReload=no\nCanReload=no\n'; exit 0; fi
    load=loaded; file=disabled; active=inactive; stale=no; reload=no; type=simple; result=success
    is enabled && file=enabled
    is static && file=static
    is masked && load=masked && file=masked
    is active && active=active
    is failed && active=failed && result=exit-code
    is stale && stale=yes
    is reloadable && reload=yes
    is oneshot && type=oneshot
    printf 'Type=%s\nResult=%s\nLoadState=%s\nActiveState=%s\nSubState=x\nUnitFileState=%s\nNeedDaemonReload=%s\nCanReload=%s\n' "$type" "$result" "$load" "$active" "$file" "$stale" "$reload"
    exit 0 ;;
  status) echo "* $unit"; exit 3 ;;
esac
if ! [ -d "$dir" ] && [ "$verb" != mask ]; then echo "Failed to $verb $unit: Unit $unit not found." >&2; exit 5; fi
mkdir -p "$dir"
echo "$verb $unit" >>"$root/log"
case $verb in
  start | restart | reload)
    if is masked; then echo "Failed to $verb $unit: Unit $unit is masked." >&2; exit 1; fi
    if is broken; then touch "$dir/failed"; echo "Job for $unit failed because the control process exited with error code." >&2; exit 1; fi
    rm -f "$dir/failed"
    is oneshot || is dies || touch "$dir/active"
    if is dies; then rm -f "$dir/active"; touch "$dir/failed"; fi ;;
  stop) rm -f "$dir/active" "$dir/failed" ;;
  enable) touch "$dir/enabled" ;;
  disable) rm -f "$dir/enabled" ;;
  mask) touch "$dir/masked" ;;
  unmask) rm -f "$dir/masked" ;;
  *) echo "Unknown command verb $verb." >&2; exit 1 ;;
esac
exit 0
