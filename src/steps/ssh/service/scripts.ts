/*
 * Scripts that look at and move units of systemd. Each is fixed text; values come as SLIPWAY_* variables. The first line names a
 * script, so that a rehearsal can play it without a shell.
 */

export const NO_SYSTEMD_EXIT = 69;

/** \`Name=value\`, one a line. Exit code 69: no systemd runs here; \`found …\` says what does. */
export const LOOK_SCRIPT = `# slipway:service
LC_ALL=C; export LC_ALL
PATH=$PATH:/usr/sbin:/sbin; export PATH
if [ ! -d /run/systemd/system ] || ! command -v systemctl >/dev/null 2>&1; then
  if [ -d /run/openrc ]; then echo 'found openrc'
  elif command -v launchctl >/dev/null 2>&1; then echo 'found launchd'
  elif [ -r /proc/1/comm ]; then read -r first </proc/1/comm; echo "found $first"
  else echo "found $(uname -s)"
  fi
  exit ${NO_SYSTEMD_EXIT}
fi
exec systemctl --no-pager show -p LoadState -p ActiveState -p SubState -p UnitFileState -p NeedDaemonReload -p CanReload -p Type -p Result -- "$SLIPWAY_UNIT"
`;

/** One verb. When it fails, what systemd knows of the unit follows on standard error. */
export const ACT_SCRIPT = `# slipway:service-act
LC_ALL=C; export LC_ALL
PATH=$PATH:/usr/sbin:/sbin; export PATH
case $SLIPWAY_ACTION in
  daemon-reload) exec systemctl --no-ask-password daemon-reload ;;
  start|stop|restart|reload|enable|disable|mask|unmask) ;;
  *) exit 2 ;;
esac
systemctl --no-ask-password "$SLIPWAY_ACTION" -- "$SLIPWAY_UNIT" && exit 0
code=$?
systemctl --no-pager --full -n 10 status -- "$SLIPWAY_UNIT" >&2
exit "$code"
`;
