import { z } from 'zod';
import { SlipwayError } from '../../core/index.ts';
import { Env } from '../fields.ts';
import { defineStep } from '../kind.ts';
import type { ExecResult } from '../ports.ts';
import { execOn, tailOf } from './exec.ts';

const Expect = z.strictObject({
  exitCode: z.int().min(0).max(255).default(0),
  stdoutContains: z.string().min(1).optional(),
  stdoutMatches: z.string().refine(isPattern, { error: 'not a regular expression' }).optional(),
});

/** Run a command that only looks, on hosts, and judge its exit code and output. Fails with `CHECK_FAILED`, or the codes of SSH. */
export const checkCommand = defineStep({
  uses: 'check.command',
  summary: 'run a command that only looks on hosts and check what it says',
  with: z.strictObject({
    cmd: z.string().min(1).meta({ description: 'shell text; values reach it through env only', slipwayShell: true }),
    env: Env.default({}),
    expect: Expect.default({ exitCode: 0 }),
  }),
  outputs: z.strictObject({ stdout: z.string(), exitCode: z.int() }),
  example: { cmd: 'pg_isready --quiet', expect: { exitCode: 0 } },
  mutates: false,
  failureTrigger: 'healthFailed',
  describe: ({ cmd }) => `check command ${cmd.split('\n', 1)[0] ?? ''}`,
  target: 'hosts',
  idempotency: 'safe',
  executeHost: async ({ cmd, env, expect }, context) => {
    const result = await execOn(context, { script: cmd, env });
    const misses = missesOf(result, expect);
    if (misses.length > 0) {
      throw new SlipwayError('CHECK_FAILED', `${context.host.name}: ${misses.join('; ')}${tailOf(result.stderr)}`, {
        retry: 'afterBackoff',
        hint: 'look at the host, or change "expect" in the runbook',
      });
    }
    return { status: 'ok', outputs: { stdout: result.stdout, exitCode: result.exitCode ?? 0 } };
  },
});

function missesOf(result: ExecResult, expect: z.output<typeof Expect>): readonly string[] {
  const ended = result.exitCode === null ? `ended by signal ${result.signal ?? 'unknown'}` : `exit code ${result.exitCode}`;
  const { stdoutContains: part, stdoutMatches: pattern } = expect;
  return [
    result.exitCode === expect.exitCode ? undefined : `${ended} instead of ${expect.exitCode}`,
    part !== undefined && !result.stdout.includes(part) ? `output does not contain ${JSON.stringify(part)}` : undefined,
    pattern !== undefined && !new RegExp(pattern, 'm').test(result.stdout) ? `output does not match ${pattern}` : undefined,
  ].filter((miss) => miss !== undefined);
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text, 'm');
    return true;
  } catch {
    return false;
  }
}
