import { EXIT, SlipwayError } from '../../core/index.ts';
import type { PlanBody } from '../../plan/index.ts';
import type { LockRow, Store } from '../../store/index.ts';
import { changeLock, locksOf, pullHolder } from '../change-locks.ts';
import type { PullRef } from './types.ts';

/** A change keeps what it changed until it is merged, closed or unlocked, and not until some time is over. */
const FOR_EVER_MS = 10 * 366 * 86_400_000;
/** Locks of a change belong to no run. */
const NO_RUN = 'change';

/** Keep everything that a plan changes to this pull request. All or nothing, and safe to repeat. @throws {SlipwayError} `LOCKED`. */
export async function hold(store: Store, ref: PullRef, { body, backend }: { readonly body: PlanBody; readonly backend: string }): Promise<void> {
  const holder = pullHolder(ref.host, ref.repo, ref.number);
  const before = new Set((await heldBy(store, ref)).map(({ lock }) => lock));
  for (const lock of locksOf(body, backend).map(changeLock)) {
    const answer = await store.locks.acquire(lock, { holder, runId: NO_RUN, ttlMs: FOR_EVER_MS, queue: false });
    if (answer.state === 'held') continue;
    await release(
      store,
      (await heldBy(store, ref)).filter((each) => !before.has(each.lock)),
    );
    const by = answer.heldBy;
    throw new SlipwayError('LOCKED', `${lock.replace(/^change:/, '')} is held by ${by?.holder ?? 'somebody who waited before'}`, {
      exitCode: EXIT.locked,
      hint: 'wait until that change is merged or closed, or say "slipway unlock" there',
    });
  }
}

/** Locks that a pull request holds. */
export async function heldBy({ locks }: Store, { host, repo, number }: PullRef): Promise<readonly LockRow[]> {
  const holder = pullHolder(host, repo, number);
  return (await locks.locks()).filter((row) => row.heldBy?.holder === holder);
}

/** Let go of everything. @returns the names of what was held. */
export async function letGo(store: Store, ref: PullRef): Promise<readonly string[]> {
  const held = await heldBy(store, ref);
  await release(store, held);
  return held.map(({ lock }) => lock.replace(/^change:/, ''));
}

async function release({ locks }: Store, rows: readonly LockRow[]): Promise<void> {
  for (const { lock, heldBy: by } of rows) if (by) await locks.release({ lock, holder: by.holder, runId: by.runId, token: by.token });
}
