import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { SlipwayError, systemClock } from '../../src/core/index.ts';
import type { EventBody } from '../../src/engine/index.ts';
import { type JournalOptions, openJournal } from '../../src/journal/index.ts';
import type { PlanNode } from '../../src/plan/index.ts';
import { type AnyKind, defineStep } from '../../src/steps/index.ts';
import { create, graphOf, hostRule, node, RUN_ID, type Setting } from './support.ts';

export interface Effect {
  readonly path: string;
  readonly host: string;
  readonly key: string;
}
const fileOf = (dir: string) => join(dir, 'ledger');

/** What the outside has seen, in order. */
export function effectsOf(dir: string): readonly Effect[] {
  if (!existsSync(fileOf(dir))) return [];
  const lines = readFileSync(fileOf(dir), 'utf8').trimEnd().split('\n');
  return lines.map((line) => {
    const [path = '', host = '', key = ''] = line.split(' ');
    return { path, host, key };
  });
}

function kinds(dir: string): readonly AnyKind[] {
  const act = (path: string, host: string, key: string) => appendFileSync(fileOf(dir), `${path} ${host} ${key}\n`);
  const shape = { with: z.looseObject({}), outputs: z.looseObject({}), example: {}, mutates: true, describe: () => 'work', summary: 'a step of a test' };
  const work = defineStep({
    ...shape,
    ...{ uses: 'test.work', target: 'none', idempotency: 'safe' },
    execute: async (_input, { path, idempotencyKey }) => {
      if (path === 'two/bad') throw new SlipwayError('BROKEN', 'broken');
      act(path, '-', idempotencyKey);
      return { status: 'changed', outputs: { path } };
    },
    probe: async (_input, { path }) =>
      effectsOf(dir).some((effect) => effect.path === path) ? { verdict: 'done', outcome: { status: 'changed', outputs: { path } } } : { verdict: 'notDone' },
  });
  const host = defineStep({
    ...shape,
    ...{ uses: 'test.hosts', target: 'hosts', idempotency: 'safe' },
    executeHost: async (_input, context) => {
      act(context.path, context.host.name, context.idempotencyKey);
      return { status: 'changed', outputs: {} };
    },
  });
  return [work, host];
}

/** Every kind of idempotency, a foreach, hosts, an approval, and a failure that undoes all of it. */
export const GRAPH = graphOf(
  [
    node('one/@approval', { uses: 'approval', with: { approvers: ['user:bo'] }, timeoutMs: 0 }),
    step('one/safe', ['one/@approval'], 'safe'),
    step('one/keyed', ['one/@approval'], 'keyed'),
    step('one/probe', ['one/safe', 'one/keyed'], 'probe'),
    step('one/manual', ['one/safe', 'one/keyed'], 'manual'),
    step('one/each', ['one/probe', 'one/manual'], 'safe', { foreach: ['x', 'y'], maxParallel: 2 }),
    step('one/hosts', ['one/probe', 'one/manual'], 'manual', { uses: 'test.hosts', hosts: hostRule(['h1', 'h2']) }),
    node('two/bad'),
    ...['safe', 'keyed', 'probe', 'each'].map((name) =>
      node(`one/${name}/compensate/0`, { role: 'compensate', owner: `one/${name}`, order: 'normal', idempotency: name === 'probe' ? 'manual' : 'safe' }),
    ),
    node('@rollback/note', { role: 'rollback', phase: '@rollback' }),
  ],
  { hosts: {} },
);
function step(path: string, needs: readonly string[], idempotency: PlanNode['idempotency'], rest: Partial<PlanNode> = {}): PlanNode {
  return node(path, { needs, idempotency, ...rest });
}

/** The run in a folder, created and voted for; doing it again changes nothing. */
export async function settingIn(dir: string, owner: string, options: Partial<JournalOptions> = {}): Promise<Setting & AsyncDisposable> {
  const journal = openJournal<EventBody>({ dir, clock: systemClock, isDead: (holder) => holder === 'test:child', ...options });
  const setting = { journal, graph: GRAPH, kinds: kinds(dir), owner };
  await create({ ...setting, createdAt: 1 });
  await journal.post(
    RUN_ID,
    { type: 'voteCast', id: 'v', path: 'one/@approval', voter: 'user:bo', teams: [], decision: 'approve', planDigest: 'sha256:test' },
    'v',
  );
  return { ...setting, [Symbol.asyncDispose]: () => journal[Symbol.asyncDispose]() };
}
