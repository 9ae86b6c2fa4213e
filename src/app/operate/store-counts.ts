import type { StoreCounts } from '../../telemetry/index.ts';
import { driverOf, OPEN_STATES } from '../overview.ts';
import type { Wiring } from '../wiring.ts';

const MOST_ROWS = 1_000_000;
/** Nothing moves these on but people: they need no driver. */
const FOR_PEOPLE = new Set(['attention', 'paused']);

/** What a scrape asks of the store; reads rows only, no events. */
export async function storeCounts(wiring: Wiring): Promise<StoreCounts> {
  const rows = await (await wiring.journal()).runs({ states: OPEN_STATES, limit: MOST_ROWS });
  const none = OPEN_STATES.map((state) => [state, 0] as const);
  const runs = Object.fromEntries([...none, ...[...Map.groupBy(rows, ({ state }) => state)].map(([state, those]) => [state, those.length] as const)]);
  const drivers = rows.map((row) => ({ row, driver: driverOf(row, wiring) }));
  const alive = drivers.flatMap(({ driver }) => (driver.state === 'alive' ? [driver.owner] : []));
  // A called run is driven with its caller, a rehearsal by the process that plays its world.
  const undriven = drivers.filter(
    ({ row, driver }) => driver.state !== 'alive' && !FOR_PEOPLE.has(row.state) && !row.rehearsal && !('parent' in row.labels),
  ).length;
  await using store = await wiring.store();
  const queues = (await store.queues.counts()).map(({ queue, ready, delayed, claimed, dead }) => ({ queue, ready, delayed, claimed, dead }));
  return { runs, undriven, drivers: new Set(alive).size, queues };
}
