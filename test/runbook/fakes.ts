import { z } from 'zod';
import { type AnyKind, defineStep, Duration, Env, Secretable } from '../../src/steps/index.ts';

const outcome = { status: 'ok', outputs: {} } as const;

/** Small kinds that mirror real names; enough for every rule of loading. */
export const fakeKinds: readonly AnyKind[] = [
  defineStep({
    uses: 'ssh.run',
    summary: 'run',
    with: z.strictObject({ cmd: z.string().min(1).meta({ slipwayShell: true }), env: Env.optional() }),
    outputs: z.strictObject({ stdout: z.string() }),
    example: { cmd: 'true' },
    mutates: true,
    describe: ({ cmd }) => cmd,
    target: 'hosts',
    idempotency: 'manual',
    executeHost: async () => outcome,
  }),
  defineStep({
    uses: 'pulumi.up',
    summary: 'up',
    with: z.strictObject({ stack: z.string(), parallel: z.int().min(1).optional(), token: Secretable.optional() }),
    outputs: z.strictObject({ outputs: z.record(z.string(), z.json()), changes: z.int(), password: Secretable }),
    example: { stack: 'a/b' },
    mutates: true,
    describe: ({ stack }) => stack,
    target: 'stack',
    idempotency: 'probe',
    execute: async () => outcome,
    probe: async () => ({ verdict: 'notDone' }),
  }),
  defineStep({
    uses: 'pause',
    summary: 'pause',
    with: z.strictObject({ duration: Duration }),
    outputs: z.strictObject({}),
    example: { duration: '1s' },
    mutates: false,
    describe: () => 'pause',
    target: 'control',
    wait: ({ duration }, now) => ({ type: 'timer', until: now + duration }),
  }),
  defineStep({
    uses: 'switch',
    summary: 'switch',
    with: z.strictObject({ value: z.string() }),
    outputs: z.strictObject({ branch: z.string() }),
    example: { value: 'a' },
    mutates: false,
    describe: () => 'switch',
    target: 'control',
    wait: ({ value }) => ({ type: 'branch', branch: value }),
  }),
];

/** A runbook with these steps in one phase, written as YAML flow maps, one a line. */
export function runbookOf(...steps: readonly string[]): string {
  const lines = steps.map((step) => `      - ${step}`).join('\n');
  return `apiVersion: slipway/v1\nkind: Runbook\nmetadata: {name: demo}\ninputs: {size: {type: string}, token: {type: string, secret: true}, list: {type: array, items: {type: string}}}\nphases:\n  - id: main\n    type: custom\n    environment: prod\n    steps:\n${lines}\n`;
}
