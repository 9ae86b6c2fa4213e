import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Digest, digestOfBytes, SlipwayError } from '../../src/core/index.ts';
import { createEvidence } from '../../src/effects/index.ts';

function store() {
  const kept = new Map<Digest, Uint8Array>();
  const runs: string[] = [];
  return {
    kept,
    runs,
    putEvidence: async (runId: string, bytes: Uint8Array) => {
      const digest = digestOfBytes(bytes);
      runs.push(runId);
      kept.set(digest, bytes);
      return digest;
    },
    evidence: async (digest: Digest) => kept.get(digest),
  };
}
const code = (expected: string) => (thrown: unknown) => thrown instanceof SlipwayError && thrown.code === expected;

test('evidence comes back as it went in, for its run', async () => {
  const journal = store();
  const evidence = createEvidence(journal, 'run-1');
  const digest = await evidence.put(Buffer.from('seen'));
  assert.equal(Buffer.from(await evidence.get(digest)).toString(), 'seen');
  assert.deepEqual(journal.runs, ['run-1']);
});

test('missing and changed evidence are told apart', async () => {
  const journal = store();
  const evidence = createEvidence(journal, 'run-1');
  const digest = await evidence.put(Buffer.from('seen'));
  await assert.rejects(evidence.get(digestOfBytes('other')), code('EVIDENCE_MISSING'));
  journal.kept.set(digest, Buffer.from('altered'));
  await assert.rejects(evidence.get(digest), code('EVIDENCE_TAMPERED'));
});
