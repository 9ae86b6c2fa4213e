import { z } from 'zod';
import { Secret, SlipwayError } from '../../../core/index.ts';
import { Duration, Secretable } from '../../fields.ts';
import { defineStep } from '../../kind.ts';
import { Pattern } from '../../pattern.ts';
import { firstLine } from '../guard.ts';
import { ExitCodes } from '../run.ts';
import { talk, type Turn } from './talk.ts';

const Expect = z.strictObject({
  command: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'a program that runs on the terminal; the login shell of the account when absent. It holds no value', slipwayShell: true }),
  dialogue: z
    .array(
      z.strictObject({
        expect: Pattern,
        send: Secretable.optional().meta({ description: 'what is typed then; nothing when absent', slipwaySecret: true }),
        enter: z.boolean().default(true).meta({ description: 'press Enter behind it' }),
        timeout: Duration.default(10_000).meta({ description: 'longest wait for what is expected' }),
      }),
    )
    .min(1)
    .max(200),
  end: z.enum(['close', 'exit']).default('close').meta({ description: 'behind the last turn: close the terminal, or wait until the program ends by itself' }),
  endTimeout: Duration.default(30_000),
  okExitCodes: ExitCodes,
  columns: z.int().min(20).max(1_000).default(200),
});
type Expect = z.output<typeof Expect>;

/** Talk to a program that wants a terminal: consoles, switches, installers. Fails with `SSH_EXPECT`, `SSH_EXIT`, `PATTERN_SLOW`, or the codes of SSH. */
export const sshExpect = defineStep({
  uses: 'ssh.expect',
  summary: 'answer a program on hosts that wants a terminal',
  with: Expect,
  outputs: z.strictObject({ transcript: z.string(), exitCode: z.int().nullable() }),
  example: {
    dialogue: [
      { expect: '>\\s*$', send: 'enable' },
      { expect: '#\\s*$', send: 'write memory' },
      { expect: '\\[OK\\]', timeout: '30s' },
    ],
  },
  mutates: true,
  describe: ({ command, dialogue }) => `talk to ${command === undefined ? 'the console' : firstLine(command)} in ${dialogue.length} turns`,
  target: 'hosts',
  idempotency: 'manual',
  executeHost: async (input, context) => {
    const { host, options, ports, runId, signal } = context;
    if (options.become)
      throw new SlipwayError('SSH_VALUE', 'ssh.expect does not become another user', {
        hint: 'type the command that does, such as sudo -i or enable, as a turn',
      });
    const terminal = await ports.ssh.terminal(
      host,
      { columns: input.columns, rows: 50, ...(input.command === undefined ? {} : { command: input.command }) },
      { runId, signal },
    );
    try {
      const { transcript, exitCode } = await talk(terminal, input.dialogue, context, input.end === 'exit' ? input.endTimeout : undefined);
      if (input.end === 'exit' && exitCode !== null && !input.okExitCodes.includes(exitCode)) {
        throw new SlipwayError('SSH_EXIT', `the program on ${host.name} ended with exit code ${exitCode}`, {
          hint: 'see the whole conversation with slipway logs',
        });
      }
      return { status: 'changed', outputs: { transcript, exitCode }, summary: `${input.dialogue.length} turns` };
    } finally {
      terminal.close();
    }
  },
  preview: (input, context) =>
    Promise.resolve({
      type: 'hosts',
      hosts: context.hosts.map(({ name }) => ({ host: name, verdict: 'wouldRun', detail: input.dialogue.map(wordsOf).join('\n') })),
    }),
});

function wordsOf({ expect, send }: Turn): string {
  return `${expect} ${send === undefined ? '' : `→ ${send instanceof Secret ? '[secret]' : send}`}`.trim();
}
