import { z } from 'zod';
import { Secret } from '../../core/index.ts';
import { Env, Secretable } from '../fields.ts';
import { defineStep } from '../kind.ts';
import { callHost, refuseExit } from './call.ts';
import { firstLine, skippedBecause, whyDone } from './guard.ts';
import { previewCommand } from './preview.ts';
import { probeByGuard } from './probe.ts';

export const ExitCodes = z.array(z.int().min(0).max(255)).min(1).default([0]);
export const Shell = z
  .string()
  .regex(/^[A-Za-z0-9._/+=-]+( [A-Za-z0-9._/+=-]+)*$/, { error: 'not a program with plain options, for example /bin/bash -eu' })
  .meta({ description: 'program with plain options, for example /bin/bash -eu' });

/** Run shell text on hosts. Fails with `SSH_EXIT` for an exit code that is not fine, or the codes of SSH. */
export const sshRun = defineStep({
  uses: 'ssh.run',
  summary: 'run shell text on hosts',
  with: z.strictObject({
    cmd: z.string().min(1).meta({ description: 'shell text; values reach it through env only', slipwayShell: true }),
    env: Env.default({}),
    cwd: z.string().min(1).optional().meta({ description: 'folder on the host to run in' }),
    shell: Shell.optional(),
    stdin: Secretable.optional(),
    okExitCodes: ExitCodes,
  }),
  outputs: z.strictObject({ exitCode: z.int(), stdout: z.string(), stderr: z.string() }),
  example: { cmd: 'systemctl restart "$UNIT"', env: { UNIT: 'erp' } },
  mutates: true,
  describe: ({ cmd }) => `run ${firstLine(cmd)}`,
  target: 'hosts',
  idempotency: 'manual',
  executeHost: async ({ cmd, env, cwd, shell, stdin, okExitCodes }, context) => {
    const done = await whyDone(context);
    if (done !== undefined) return skippedBecause(done);
    const input = stdin === undefined ? undefined : Buffer.from(stdin instanceof Secret ? stdin.reveal() : stdin);
    const result = await callHost(context, { script: cmd, powershell: cmd, env, cwd, shell, stdin: input });
    refuseExit(result, okExitCodes, { what: `"${firstLine(cmd)}"`, host: context.host.name });
    return { status: 'changed', outputs: { exitCode: result.exitCode ?? 0, stdout: result.stdout, stderr: result.stderr } };
  },
  probeHost: (_input, context) => probeByGuard(context),
  preview: ({ cmd }, context) => previewCommand(context, cmd.trim()),
});
