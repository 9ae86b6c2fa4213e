import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { SlipwayError } from '../../src/core/index.ts';
import type { EventBody } from '../../src/engine/index.ts';
import type { Journal } from '../../src/journal/index.ts';
import { resume } from './crash-check.ts';
import { settingIn } from './crash-scenario.ts';
import { drive } from './support.ts';

const WRITES = ['append', 'setState', 'acquire', 'heartbeat', 'release', 'seal', 'log', 'putEvidence'] as const;
type How = 'applied' | 'not applied';

/** A store whose n-th write reports an error, whether it was made or not. Everything before and after is as it should be. */
function failingAt(journal: Journal<EventBody>, nth: number, how: How): { readonly journal: Journal<EventBody>; readonly hit: () => string | undefined } {
  let count = 0;
  let hit: string | undefined;
  const wrapped = WRITES.map((name) => {
    const write = journal[name] as (...args: readonly unknown[]) => Promise<unknown>; // every one of them gives a promise
    const failing = async (...args: readonly unknown[]): Promise<unknown> => {
      const isHit = ++count === nth;
      if (isHit) hit = name;
      if (isHit && how === 'not applied') throw broken();
      const result = await write(...args);
      if (isHit) throw broken();
      return result;
    };
    return [name, failing] as const;
  });
  return { journal: { ...journal, ...Object.fromEntries(wrapped) }, hit: () => hit };
}
const broken = () => new SlipwayError('JOURNAL_IO', 'the disk says no', { retry: 'pauseForHuman' });

for (const how of ['applied', 'not applied'] as const) {
  test(`every write of a run in turn reports an error and was ${how}: the next driver ends the run rightly`, { timeout: 120_000 }, async () => {
    const hits = new Set<string>();
    for (let nth = 1; ; nth++) {
      const dir = mkdtempSync(join(tmpdir(), 'slipway-write-'));
      try {
        const hit = await disturbed(dir, nth, how);
        if (hit === undefined) break;
        hits.add(hit);
        await resume(dir, nth);
      } finally {
        rmSync(dir, { recursive: true, force: true });
      }
    }
    assert.deepEqual([...hits].toSorted(), ['acquire', 'append', 'release', 'setState']);
  });
}

/** @returns the write that failed; nothing when the run ended before it came. */
async function disturbed(dir: string, nth: number, how: How): Promise<string | undefined> {
  await using setting = await settingIn(dir, 'test:child');
  const failing = failingAt(setting.journal, nth, how);
  const ended = await drive({ ...setting, journal: failing.journal }).then(
    ({ state }) => state,
    (cause: unknown) => cause,
  );
  const hit = failing.hit();
  // A lease that is not given back runs out; nothing else may be lost in silence.
  if (hit === undefined || hit === 'release') assert.equal(ended, 'rolledBack');
  else assert.ok(ended instanceof SlipwayError && ended.code === 'JOURNAL_IO', `write ${nth}, ${hit}: ${String(ended)}`);
  return hit;
}
