import { SlipwayError } from '../../core/index.ts';
import type { Become } from '../../steps/index.ts';
import { shellQuote } from './quote.ts';

/** Printed once a shell of the other user stands and reads its input: before that, whatever is sent could be taken for a password. */
export const STANDS = 'SLIPWAY-SHELL';
export const PASSWORD_PROMPT = 'slipway-become-password:';

/**
 * The long way to a shell that reads the payload: it first makes itself leader of a process group of its own, which changing the user takes away
 * and which few servers do not give. No newline, single quote or exclamation mark: csh would choke on them.
 */
const LONG_WAY = [
  // A process group of this number is there only when this shell leads it.
  'if [ -z "$2" ]; then if kill -0 -$$ 2>/dev/null; then :; else' +
    ' if command -v setsid >/dev/null 2>&1; then setsid /bin/sh -c "eval \\"\\$1\\"" slipway "$1" 1; exit $?; fi;' +
    ' if command -v perl >/dev/null 2>&1; then exec perl -e "setpgrp(0,0); exec @ARGV" /bin/sh -c "eval \\"\\$1\\"" slipway "$1" 1; fi;' +
    ' fi; fi',
  `printf "${STANDS}\\n"`,
  'exec /bin/sh',
].join('; ');
const RUN_LONG_WAY = `/bin/sh -c 'eval "$1"' slipway '${LONG_WAY}'`;

/** `short`: the server makes the command leader of a process group, as OpenSSH does. */
export type Way = 'short' | 'long';

/**
 * The command line handed to the SSH server: the same for every command of a user, and it holds no value. What it starts reads a payload on its
 * standard input.
 *
 * @throws {SlipwayError} `SSH_VALUE` for a user name that is not one, or for doas with a password.
 */
export function commandLine(way: Way, become?: Become): string {
  if (!become) return way === 'short' ? 'exec /bin/sh' : `exec ${RUN_LONG_WAY}`;
  const { user, method, password } = become;
  if (!/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(user)) {
    throw new SlipwayError('SSH_VALUE', `not a user name: ${JSON.stringify(user)}`, { hint: 'correct become.user' });
  }
  switch (method) {
    case 'sudo':
      return `exec sudo ${password ? `-S -p ${PASSWORD_PROMPT}` : '-n'} -H -u ${user} -- ${RUN_LONG_WAY}`;
    case 'su':
      return `LC_ALL=C exec su ${user} -c ${shellQuote(`exec ${RUN_LONG_WAY}`)}`;
    case 'doas':
      if (password)
        throw new SlipwayError('SSH_VALUE', 'doas reads passwords from a terminal only', { hint: 'allow it with nopass in doas.conf, or use sudo' });
      return `exec doas -n -u ${user} ${RUN_LONG_WAY}`;
  }
}
