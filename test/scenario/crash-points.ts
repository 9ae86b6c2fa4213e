import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { check, type Reference, referenceOf } from './crash-check.ts';
import { copyOf, crashAt, runIn } from './crash-run.ts';
import { type Decided, isUndecided, untilDecided } from './crash-decided.ts';
import { eventsIn, type EventRow, runSlipway, stateIn } from './support.ts';

/** Rehearsals at once, for the test that crashEverywhere is given; more would measure each other. */
export const SIDE_BY_SIDE = { concurrency: 2 };

export interface Enumeration {
  /** State folder of a run whose process was killed; every crash begins with a copy of it. */
  readonly start: string;
  /** The stretch is over when the process died after this event: the next stretch begins there. */
  readonly until?: string;
  /** Boundaries at which it has to die for the test to have tested anything. */
  readonly least: number;
  /** Exit code of a resume that ends the run. */
  readonly code: number;
  /** How many boundaries to die at, spread evenly, and names of others; all of them unless told. */
  readonly sample?: { readonly spread: number; readonly named: readonly string[] };
}

/** Resume the run, die at a boundary, resume again, check; for each boundary there is. */
export async function crashEverywhere(t: TestContext, plan: Enumeration): Promise<void> {
  const { reference, boundaries } = await untilDecided(() => unbroken(plan));
  const points = plan.sample ? [...plan.sample.named, ...spread(plan.sample.spread, boundaries)] : upTo(boundaries * 2);
  let next = 0;
  let died = 0;
  let isOver = false;
  const worker = async (): Promise<void> => {
    for (let point = points[next++]; point !== undefined && !isOver; point = points[next++]) {
      const here = point;
      await t.test(`boundary ${here}`, async (one) => {
        const { where } = await untilDecided(() => crashOnce(plan, here, reference));
        if (where !== undefined) died++;
        // Batches differ a little from run to run: the last boundary is the one after which none was reached.
        else isOver = plan.sample === undefined;
        one.diagnostic(where ?? 'it ended before');
      });
    }
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE.concurrency }, worker));
  t.diagnostic(`died at ${died} boundaries; to its very end an unbroken run has ${boundaries}`);
  assert.ok(died >= plan.least, `died at ${died} boundaries, and there are at least ${plan.least}`);
}

function upTo(last: number): readonly number[] {
  return Array.from({ length: last }, (_, index) => index + 1);
}

async function unbroken({ start, code }: Enumeration): Promise<Decided<{ readonly reference: Reference; readonly boundaries: number }>> {
  using home = copyOf(start);
  const ended = await crashAt(home.dir, 'never', ['resume', runIn(home.dir)]);
  if (isUndecided(home.dir)) return 'undecided';
  assert.equal(ended.code, code, ended.stderr);
  const reference = referenceOf(home.dir);
  await check(home.dir, reference);
  return { reference, boundaries: ended.boundaries.length };
}

function spread(count: number, boundaries: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => 1 + Math.floor(((index + 0.5) * boundaries) / count));
}

/** @returns where it died, or nothing when the run ended before this boundary. */
async function crashOnce({ start, until, code }: Enumeration, point: number | string, reference: Reference): Promise<Decided<{ readonly where?: string }>> {
  using home = copyOf(start);
  const run = runIn(home.dir);
  const crashed = await crashAt(home.dir, point, ['resume', run]);
  if (crashed.signal === null) {
    if (isUndecided(home.dir)) return 'undecided';
    assert.equal(crashed.code, code, crashed.stderr);
    await check(home.dir, reference);
    return {};
  }
  assert.equal(crashed.signal, 'SIGKILL');
  if (until !== undefined && eventsIn(home.dir).some(({ body }) => signatureOf(body) === until)) return {};
  const last = eventsIn(home.dir).at(-1);
  const where = `killed ${crashed.boundaries.at(-1) ?? ''}, last event ${last?.seq ?? 0} ${last ? signatureOf(last.body) : ''}`;
  try {
    if ((await goOn(home.dir, run, code)) === 'undecided') return 'undecided';
    await check(home.dir, reference);
  } catch (cause) {
    throw new Error(where, { cause });
  }
  return { where };
}

function signatureOf({ type, path, phase }: EventRow['body']): string {
  return [type, path ?? phase ?? ''].join(' ').trim();
}

/** A dead process's lease is taken over at once; a run that had ended when its process died is over. */
async function goOn(home: string, run: string, code: number): Promise<Decided<void>> {
  const wasOver = stateIn(home) !== undefined;
  const resumed = await runSlipway(home, ['resume', run]);
  if (isUndecided(home)) return 'undecided';
  if (wasOver) assert.match(resumed.stderr, /is over/);
  else assert.equal(resumed.code, code, resumed.stderr);
}
