import { SlipwayError } from '../../core/index.ts';
import type { Become, ExecRequest } from '../../steps/index.ts';
import { exportLine, MOST_SCRIPT_BYTES, shellQuote, shellWords } from './quote.ts';

/** Printed by the bootstrap before it reads anything: `SLIPWAY-READY <process group or 0> <pid>`. */
export const READY = 'SLIPWAY-READY';
/** Exit code of the bootstrap when its input ended early; nothing was run. */
const CUT_SHORT = 98;
export const PASSWORD_PROMPT = 'slipway-become-password:';

/**
 * What the remote shell runs. It is the same for every command, so that the process list shows no value: environment,
 * folder and script follow on standard input, between two lines with the same nonce, and what follows those is the
 * script's own input. `read` takes one byte at a time from a pipe, so it never takes too much. A connection that dies
 * in the middle runs nothing. The process makes itself leader of a group of its own and says its number, so that a timeout can
 * end the command with all its children. No newline, single quote or exclamation mark: csh would choke on them.
 */
const BOOTSTRAP = [
  'sw_g=; if [ -r /proc/$$/stat ]; then read -r sw_a sw_b sw_c sw_d sw_g sw_x </proc/$$/stat; else sw_g=$(ps -o pgid= -p $$ 2>/dev/null); fi',
  'if [ ${sw_g:-0} -ne $$ ] && [ -z "$2" ]; then' +
    ' if command -v setsid >/dev/null 2>&1; then setsid /bin/sh -c "eval \\"\\$1\\"" slipway "$1" 1; exit $?; fi;' +
    ' if command -v perl >/dev/null 2>&1; then exec perl -e "setpgrp(0,0); exec @ARGV" /bin/sh -c "eval \\"\\$1\\"" slipway "$1" 1; fi;' +
    ' fi',
  '[ ${sw_g:-0} -eq $$ ] || sw_g=0',
  `printf "${READY} %s %s\\n" "$sw_g" "$$"`,
  `sw_n=$(printf "\\nx"); sw_n=\${sw_n%x}; IFS= read -r sw_e || exit ${CUT_SHORT}`,
  'sw_s=; while IFS= read -r sw_l; do if [ "$sw_l" = "$sw_e" ]; then eval "$sw_s"; exit $?; fi; sw_s="$sw_s$sw_l$sw_n"; done',
  `exit ${CUT_SHORT}`,
].join('; ');
const RUN_BOOTSTRAP = `/bin/sh -c 'eval "$1"' slipway '${BOOTSTRAP}'`;

/**
 * The command line handed to the SSH server.
 *
 * @throws {SlipwayError} `SSH_VALUE` for a user name that is not one, or for doas with a password.
 */
export function commandLine(become?: Become): string {
  if (!become) return `exec ${RUN_BOOTSTRAP}`;
  const { user, method, password } = become;
  if (!/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(user)) {
    throw new SlipwayError('SSH_VALUE', `not a user name: ${JSON.stringify(user)}`, { hint: 'correct become.user' });
  }
  switch (method) {
    case 'sudo':
      return `exec sudo ${password ? `-S -p ${PASSWORD_PROMPT}` : '-n'} -H -u ${user} -- ${RUN_BOOTSTRAP}`;
    case 'su':
      return `LC_ALL=C exec su ${user} -c ${shellQuote(`exec ${RUN_BOOTSTRAP}`)}`;
    case 'doas':
      if (password)
        throw new SlipwayError('SSH_VALUE', 'doas reads passwords from a terminal only', { hint: 'allow it with nopass in doas.conf, or use sudo' });
      return `exec doas -n -u ${user} ${RUN_BOOTSTRAP}`;
  }
}

/** What precedes the script's own input on the channel. */
export type Payload = Pick<ExecRequest, 'script' | 'env' | 'shell' | 'cwd'>;

/**
 * The lines between the nonces.
 *
 * @throws {SlipwayError} `SSH_VALUE` for what no process can receive.
 */
export function payloadLines(payload: Payload): string {
  if (Buffer.byteLength(payload.script) > MOST_SCRIPT_BYTES) {
    throw new SlipwayError('SSH_VALUE', `the command is longer than ${MOST_SCRIPT_BYTES} bytes`, { hint: 'put it in a file and use ssh.script' });
  }
  const exports = Object.entries(payload.env).map(([name, value]) => exportLine(name, typeof value === 'string' ? value : value.reveal()));
  const enter = payload.cwd === undefined ? [] : [`CDPATH= cd -- ${shellQuote(payload.cwd)} || exit 96`];
  const words = [...shellWords(payload.shell ?? '/bin/sh').map(shellQuote), "'-c'", shellQuote(payload.script)];
  return [...exports, ...enter, `exec ${words.join(' ')}`].join('\n');
}

/** The bytes to send: nonce, lines, nonce, input. The nonce must not occur as a line of the payload: make it of random bits. */
export function payloadBytes(payload: Payload, nonce: string, stdin?: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${nonce}\n${payloadLines(payload)}\n${nonce}\n`), stdin ?? Buffer.alloc(0)]);
}
