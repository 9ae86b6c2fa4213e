import { SlipwayError } from '../../core/index.ts';
import type { ExecRequest } from '../../steps/index.ts';
import { exportLine, MOST_SCRIPT_BYTES, shellQuote, shellWords } from './quote.ts';

/** Printed before the script begins: `SLIPWAY-READY <process group or 0> <pid>`. */
export const READY = 'SLIPWAY-READY';
/** Printed by a shell that leads no process group and was sent by the short way: nothing was run, and nothing will be. */
export const AGAIN = 'SLIPWAY-AGAIN';

/** What a command is, apart from its own input. */
export type Payload = Pick<ExecRequest, 'script' | 'env' | 'shell' | 'cwd'> & {
  /** The script gets input of its own, sent after `READY`; without it, its input is empty. */
  readonly hasInput: boolean;
  /** Run even when the shell leads no process group: there is no other way left. */
  readonly isLast: boolean;
};

/** There is a process group of this number only when this shell leads it. */
const LEADS = 'kill -0 -$$ 2>/dev/null';
const READY_WITH_GROUP = `printf '${READY} %s %s\\n' $$ $$`;
const READY_ALONE = `printf '${READY} 0 %s\\n' $$`;

/**
 * Shell text for a shell that reads its commands from standard input. It is one compound command: a shell runs it only when the last line has arrived, so
 * that a connection that dies in the middle runs nothing. It says its process group and number, so that a timeout can end the command with all its
 * children. Values stand here and not in the command line: the process list shows none of them, nor the script.
 *
 * A shell may read ahead of what it runs, so the script's own input must not be sent before `READY`.
 *
 * @throws {SlipwayError} `SSH_VALUE` for what no process can receive.
 */
export function payloadText({ script, env, shell, cwd, hasInput, isLast }: Payload): string {
  if (Buffer.byteLength(script) > MOST_SCRIPT_BYTES) {
    throw new SlipwayError('SSH_VALUE', `the command is longer than ${MOST_SCRIPT_BYTES} bytes`, { hint: 'put it in a file and use ssh.script' });
  }
  const exports = Object.entries(env).map(([name, value]) => exportLine(name, typeof value === 'string' ? value : value.reveal()));
  return [
    `{ if ${LEADS}; then ${READY_WITH_GROUP}; else ${isLast ? READY_ALONE : `printf '${AGAIN}\\n'; exit 98`}; fi`,
    ...exports,
    ...(cwd === undefined ? [] : [`CDPATH= cd -- ${shellQuote(cwd)} || exit 96`]),
    ...(hasInput ? [] : ['exec </dev/null']),
    // The shell that stands here is the default one already: it needs no second.
    shell === undefined ? `eval ${shellQuote(script)}` : `exec ${[...shellWords(shell).map(shellQuote), "'-c'", shellQuote(script)].join(' ')}`,
    'exit $?',
    '}\n',
  ].join('\n');
}
