/*
 * Scripts that run on the machines. Each is fixed text; values come as SLIPWAY_* variables. The first line names it, so
 * that a rehearsal can play it without a shell.
 */

/** Two lines: number of the owner, number of the group; empty when unknown. */
export const IDS_SCRIPT = `# slipway:ids
if [ -n "$SLIPWAY_OWNER" ]; then id -u "$SLIPWAY_OWNER" 2>/dev/null || echo; else echo; fi
if [ -n "$SLIPWAY_GROUP" ]; then
  if command -v getent >/dev/null 2>&1; then getent group "$SLIPWAY_GROUP" | cut -d: -f3
  else awk -F: -v name="$SLIPWAY_GROUP" '$1 == name { print $3 }' /etc/group
  fi
else echo; fi
`;

const SHA256 = `sha256() {
  if command -v sha256sum >/dev/null 2>&1; then sha256sum
  elif command -v shasum >/dev/null 2>&1; then shasum -a 256
  else openssl dgst -sha256 -r
  fi | cut -d' ' -f1
}
`;

/** First line \`<octal mode> <sha256>\`, then the first SLIPWAY_BYTES bytes. Exit codes: 44 no such file, 45 a folder. */
export const READ_SCRIPT = `# slipway:read
[ -e "$SLIPWAY_PATH" ] || exit 44
if [ -d "$SLIPWAY_PATH" ]; then exit 45; fi
${SHA256}mode=$(stat -L -c %a "$SLIPWAY_PATH" 2>/dev/null || stat -L -f %Lp "$SLIPWAY_PATH") || exit 1
digest=$(sha256 <"$SLIPWAY_PATH") || exit 1
[ -n "$digest" ] || exit 1
printf '%s %s\\n' "$mode" "$digest"
head -c "$SLIPWAY_BYTES" "$SLIPWAY_PATH"
`;

/** Standard input becomes the file, whole or not at all; drafts that earlier attempts left are removed. Exit codes: 45 a folder, 46 what arrived is not what was sent. */
export const WRITE_SCRIPT = `# slipway:write
set -e
umask 077
if [ -d "$SLIPWAY_PATH" ] && [ ! -L "$SLIPWAY_PATH" ]; then exit 45; fi
draft="$(dirname "$SLIPWAY_PATH")/.slipway-"
if [ -n "$SLIPWAY_DRAFT" ]; then
  draft="$draft$SLIPWAY_DRAFT-"
  rm -f "$draft"* 2>/dev/null || :
fi
beside=$(mktemp "\${draft}XXXXXXXXXX")
trap 'rm -f "$beside"' EXIT
trap 'exit 1' HUP INT PIPE TERM
cat >"$beside"
${SHA256}[ "$(sha256 <"$beside")" = "$SLIPWAY_SHA256" ] || exit 46
if [ -n "$SLIPWAY_OWNER" ]; then chown "$SLIPWAY_OWNER" "$beside"; fi
if [ -n "$SLIPWAY_GROUP" ]; then chgrp "$SLIPWAY_GROUP" "$beside"; fi
chmod "$SLIPWAY_MODE" "$beside"
sync "$beside" 2>/dev/null || sync
if [ -L "$SLIPWAY_PATH" ] && [ -d "$SLIPWAY_PATH" ]; then rm -f "$SLIPWAY_PATH"; fi
mv -f "$beside" "$SLIPWAY_PATH"
trap - EXIT
`;

/** Put a file in the place of another one, for SFTP servers that cannot. */
export const MOVE_SCRIPT = `# slipway:move
if [ -L "$SLIPWAY_PATH" ] && [ -d "$SLIPWAY_PATH" ]; then rm -f "$SLIPWAY_PATH"; fi
exec mv -f "$SLIPWAY_FROM" "$SLIPWAY_PATH"
`;
