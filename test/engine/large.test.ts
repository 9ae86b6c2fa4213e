import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '../../src/core/index.ts';
import { stateOf } from '../../src/engine/index.ts';
import { withLarge, withoutLarge } from '../../src/engine/local/large.ts';
import { defineStep } from '../../src/steps/index.ts';
import { z } from 'zod';
import { graphOf, hostRule, node, RUN_ID, runGraph, temporaryJournal, workKind } from './support.ts';

const LARGE = 'x'.repeat(300_000);

test('an output that is too large to travel is kept as evidence, and the step that takes it gets it whole', async () => {
  await using place = temporaryJournal();
  let taken: unknown;
  const make = workKind([], async ({ path }) => (path === 'one/a' ? { text: LARGE, note: 'small' } : {}));
  const take = defineStep({
    ...{
      uses: 'test.take',
      summary: 'takes',
      outputs: z.looseObject({}),
      example: { text: '', note: '' },
      mutates: false,
      target: 'none',
      idempotency: 'safe',
    },
    with: z.strictObject({ text: z.string(), note: z.string() }),
    describe: () => 'take',
    execute: async (input) => {
      taken = input;
      return { status: 'ok', outputs: {} };
    },
  });
  const graph = graphOf([
    node('one/a', { id: 'a' }),
    node('one/b', { uses: 'test.take', needs: ['one/a'], with: { text: '${{ steps.a.outputs.text }}', note: '${{ steps.a.outputs.note }}' } }),
  ]);
  const { state } = await runGraph({ journal: place.journal, graph, kinds: [make, take] });
  assert.equal(state, 'succeeded');
  assert.deepEqual(taken, { text: LARGE, note: 'small' });
  const events = await place.journal.read(RUN_ID);
  assert.ok(events.every(({ body }) => JSON.stringify(body).length < 10_000));
  const outputs = stateOf(events).tasks.get('one/a')?.outputs;
  assert.deepEqual(Object.keys(outputs?.['text'] ?? {}), ['$evidence', 'bytes']);
  assert.equal(outputs?.['note'], 'small');
});

test('what a machine says is judged whole and recorded small', async () => {
  await using place = temporaryJournal();
  const kind = defineStep({
    ...{ uses: 'test.hosts', summary: 'says much', with: z.looseObject({}), outputs: z.looseObject({}), example: {}, mutates: true, target: 'hosts' },
    ...{ idempotency: 'safe', describe: () => 'say' },
    executeHost: async () => ({ status: 'ok', outputs: { stdout: LARGE } }),
  });
  const hosts = hostRule(['h1'], { changedWhen: `\${{ length(result.stdout) == ${LARGE.length} }}` });
  const { state } = await runGraph({ journal: place.journal, graph: graphOf([node('one/a', { uses: 'test.hosts', hosts })]), kinds: [kind] });
  assert.equal(state, 'succeeded');
  const { tasks } = stateOf(await place.journal.read(RUN_ID));
  assert.equal(tasks.get('one/a')?.state, 'changed');
  assert.ok(JSON.stringify(tasks.get('one/a')).length < 10_000);
});

test('only what must is moved, largest first, and nothing that holds a sealed secret', async () => {
  await using place = temporaryJournal();
  const { journal } = place;
  const sealed = { $secret: await journal.seal(RUN_ID, new Secret('a secret text')), more: LARGE };
  const outputs = { sealed, large: LARGE, middle: 'y'.repeat(100_000), small: 1 };
  const kept = await withoutLarge(outputs, RUN_ID, journal);
  assert.deepEqual(kept['sealed'], sealed);
  assert.equal(typeof kept['middle'], 'object', 'the sealed one is still too large, so the next one goes too');
  assert.deepEqual(await withLarge(kept, journal), outputs);
  assert.equal(await withoutLarge({ a: 'y'.repeat(200_000) }, RUN_ID, journal).then(({ a }) => typeof a), 'string');
  await assert.rejects(withLarge([{ $evidence: `sha256:${'0'.repeat(64)}` }], journal), { code: 'EVIDENCE_MISSING', retry: 'pauseForHuman' });
  await assert.rejects(withLarge({ $evidence: '../../etc/passwd' }, journal), { code: 'EVIDENCE_MISSING' });
});

test('a value from outside cannot name evidence', async () => {
  await using place = temporaryJournal();
  const kind = workKind([], async () => ({ answer: { $evidence: `sha256:${'0'.repeat(64)}` } }));
  await runGraph({ journal: place.journal, graph: graphOf([node('one/a')]), kinds: [kind] });
  assert.equal(stateOf(await place.journal.read(RUN_ID)).tasks.get('one/a')?.error?.code, 'RESERVED_KEY');
});
