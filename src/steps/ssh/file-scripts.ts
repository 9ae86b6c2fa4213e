/*
 * Scripts for files in place. Each is fixed text; values come as SLIPWAY_* variables. The first line names it, so that a
 * rehearsal can play it without a shell.
 */

export const MAKE_FOLDER = `# slipway:folder
mkdir -p "$SLIPWAY_PATH"
`;

/** The same for PowerShell. */
export const WIN_MAKE_FOLDER = `# slipway:win-folder
[IO.Directory]::CreateDirectory($env:SLIPWAY_PATH) | Out-Null
`;

/** Names and numbers of owner and group: \`user group uid gid\`. */
export const OWNER = `# slipway:owner
LC_ALL=C; export LC_ALL
stat -c '%U %G %u %g' "$SLIPWAY_PATH" 2>/dev/null || stat -f '%Su %Sg %u %g' "$SLIPWAY_PATH"
`;

/** The numbered variables SLIPWAY_ARG_1 … become the arguments; \`eval\` sees their names only. */
export const TAKE_ARGUMENTS = `set --
n=1
while [ "$n" -le "$SLIPWAY_ARGC" ]; do
  eval "set -- \\"\\$@\\" \\"\\\${SLIPWAY_ARG_$n}\\""
  unset "SLIPWAY_ARG_$n"
  n=$((n + 1))
done
`;

export const REFUSED_EXIT = 65;
export const NO_VALIDATOR_EXIT = 66;

/** Let a program judge the draft, then put it in place, or remove it. Exit codes: 65 refused, 66 there is no such program. */
export const ACCEPT = `# slipway:accept
draft=$SLIPWAY_DRAFT
target=$SLIPWAY_PATH
trap 'rm -f "$draft"' EXIT
trap 'exit 1' HUP INT PIPE TERM
${TAKE_ARGUMENTS}PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin; export PATH
command -v "$1" >/dev/null 2>&1 || { echo "slipway: there is no program $1" >&2; exit ${NO_VALIDATOR_EXIT}; }
"$@" </dev/null >&2 || { echo "slipway: exit code $?" >&2; exit ${REFUSED_EXIT}; }
if [ -L "$target" ] && [ -d "$target" ]; then rm -f "$target" || exit 1; fi
mv -f "$draft" "$target" || exit 1
trap - EXIT
`;
