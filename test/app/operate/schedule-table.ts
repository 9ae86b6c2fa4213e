import type { Estate } from '../../../src/app/load.ts';
import type { Head } from '../../../src/app/operate/heads.ts';
import type { Operating } from '../../../src/app/operate/operating.ts';
import { type FireHands, SCHEDULE_LABEL } from '../../../src/app/operate/schedule-fire.ts';
import { type Scheduled, schedulesOf } from '../../../src/app/operate/scheduled.ts';
import { OPEN_STATES } from '../../../src/app/overview.ts';
import type { Clock } from '../../../src/core/index.ts';
import type { EventBody } from '../../../src/engine/index.ts';
import { validateRepository } from '../../../src/runbook/index.ts';
import { graphOf } from '../../engine/support.ts';
import { movedClock, openPlace, type Place } from './place.ts';

/** A default branch with one runbook, `nightly`, that has these schedules; JSON is YAML. */
export function headOf(schedules: readonly object[]): Head {
  const text = JSON.stringify({
    ...{ apiVersion: 'slipway/v1', kind: 'Runbook', metadata: { name: 'nightly' }, triggers: schedules.map((schedule) => ({ schedule })) },
    phases: [{ id: 'work', type: 'custom', steps: [{ id: 'wait', uses: 'pause', with: { duration: '1s' } }] }],
  });
  const parsed = validateRepository([{ path: 'runbooks/nightly.yaml', text }]);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const estate: Pick<Estate, 'repository'> = { repository: parsed.value };
  return { root: '/', commit: 'c'.repeat(40), estate: { ok: true, value: estate as Estate, problems: [] } }; // schedules ask for nothing else of it
}

/** Hands that record a run and do nothing else. */
export function handsOf({ journal, clock }: Operating, scheduled: Scheduled): FireHands {
  return {
    declared: async () => new Set([scheduled.key]),
    start: async ({ runbook, key }, runId) => {
      const first: EventBody = {
        ...{ type: 'runCreated', planDigest: 'sha256:x', graph: graphOf([]), inputs: {}, actor: 'schedule:nightly', rehearsal: false },
        ...{ checkout: '/', authors: [] },
      };
      const row = { id: runId, runbook, planDigest: 'sha256:x', createdAt: clock.now(), rehearsal: false, labels: { [SCHEDULE_LABEL]: key } } as const;
      await journal.create(row, first);
    },
    checkDrift: async () => undefined,
    refused: async () => undefined,
  };
}

export type Endings = { readonly ok: 'succeeded' | 'cancelled' };
export interface Table extends Place {
  readonly clock: Clock & { readonly advance: (ms: number) => void };
  readonly head: Head;
  readonly scheduled: Scheduled;
  readonly operating: Operating;
  readonly hands: FireHands;
  /** End every run that is open. */
  readonly endRuns: (how: Endings) => Promise<void>;
}

export function operatingOf({ journal, store }: Place, clock: Clock, owner = 'test:1'): Operating {
  const { signal } = new AbortController();
  return { journal, store, clock, owner, stop: signal, signal, notice: () => undefined };
}

export function openTable(schedule: object, from: string): Table {
  const clock = movedClock(Date.parse(from));
  const place = openPlace(clock);
  const head = headOf([schedule]);
  const [scheduled] = schedulesOf(head);
  if (!scheduled) throw new Error('no schedule');
  const operating = operatingOf(place, clock);
  return {
    ...{ ...place, clock, head, scheduled, operating, hands: handsOf(operating, scheduled) },
    endRuns: async ({ ok: state }) => {
      for (const { id } of await place.journal.runs({ states: OPEN_STATES })) {
        const lease = await place.journal.acquire(id, 'test', 60_000);
        if (!('token' in lease)) continue;
        await place.journal.append(id, [{ type: 'runFinished', state, outputs: {} }], lease, state);
        await place.journal.release(lease);
      }
    },
  };
}

export async function recordedRuns({ journal }: Pick<Place, 'journal'>): Promise<readonly string[]> {
  return (await journal.runs()).map(({ id }) => id);
}
