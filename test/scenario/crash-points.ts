import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { check, type Reference, referenceOf } from './crash-check.ts';
import { copyOf, crashAt, runIn } from './crash-run.ts';
import { eventsIn, runSlipway, stateIn } from './support.ts';

/** Rehearsals at once; more would measure each other. */
const AT_ONCE = 2;

export interface Enumeration {
  /** State folder of a run whose process was killed; every crash begins with a copy of it. */
  readonly start: string;
  /** Exit code of a resume that ends the run. */
  readonly code: number;
  /** How many boundaries to die at, spread evenly, and names of others; all of them unless told. */
  readonly sample?: { readonly spread: number; readonly named: readonly string[] };
}

/** Resume the run, die at a boundary, resume again, check; for each boundary there is. @returns how many there are and at how many it died. */
export async function crashEverywhere(t: TestContext, plan: Enumeration): Promise<{ readonly boundaries: number; readonly died: number }> {
  const { reference, boundaries } = await unbroken(plan);
  const points = plan.sample && [...plan.sample.named, ...spread(plan.sample.spread, boundaries)];
  let next = 0;
  let died = 0;
  let isOver = false;
  const worker = async (): Promise<void> => {
    while (!isOver) {
      const point = points ? points[next++] : ++next;
      if (point === undefined) return;
      await t.test(`boundary ${point}`, async (one) => {
        const where = await crashOnce(plan, point, reference);
        // Batches differ a little from run to run: the last boundary is the one after which none was reached.
        if (where === undefined) isOver = points === undefined;
        else died++;
        one.diagnostic(where ?? 'the run ended before');
      });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return { boundaries, died };
}

async function unbroken({ start, code }: Enumeration): Promise<{ readonly reference: Reference; readonly boundaries: number }> {
  using home = copyOf(start);
  const ended = await crashAt(home.dir, 'never', ['resume', runIn(home.dir)]);
  assert.equal(ended.code, code, ended.stderr);
  const reference = referenceOf(home.dir);
  await check(home.dir, reference);
  return { reference, boundaries: ended.boundaries.length };
}

function spread(count: number, boundaries: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => 1 + Math.floor(((index + 0.5) * boundaries) / count));
}

/** @returns where it died, or undefined when the run ended before this boundary. */
async function crashOnce({ start, code }: Enumeration, point: number | string, reference: Reference): Promise<string | undefined> {
  using home = copyOf(start);
  const run = runIn(home.dir);
  const crashed = await crashAt(home.dir, point, ['resume', run]);
  if (crashed.signal === null) {
    assert.equal(crashed.code, code, crashed.stderr);
    await check(home.dir, reference);
    return undefined;
  }
  assert.equal(crashed.signal, 'SIGKILL');
  const last = eventsIn(home.dir).at(-1);
  const where = `killed ${crashed.boundaries.at(-1) ?? ''}, last event ${last?.seq ?? 0} ${last?.body.type ?? ''} ${last?.body.path ?? ''}`;
  try {
    await goOn(home.dir, run, code);
    await check(home.dir, reference);
  } catch (cause) {
    throw new Error(where, { cause });
  }
  return where;
}

/** A dead process's lease is taken over at once; a run that had ended when its process died is over. */
async function goOn(home: string, run: string, code: number): Promise<void> {
  const wasOver = stateIn(home) !== undefined;
  const resumed = await runSlipway(home, ['resume', run]);
  if (wasOver) assert.match(resumed.stderr, /is over/);
  else assert.equal(resumed.code, code, resumed.stderr);
}
