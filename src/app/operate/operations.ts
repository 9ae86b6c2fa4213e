import { EXIT, SlipwayError } from '../../core/index.ts';
import type { Session } from '../types.ts';
import type { Wiring } from '../wiring.ts';
import { retryDeliveries, seeDeliveries } from './deliveries.ts';
import { driftRecords, type DriftRecord } from './drift/book.ts';
import { checkDrift } from './drift/check.ts';
import { headsOf } from './heads.ts';
import { kpis } from './kpis.ts';
import { operate, tend, tickOnce } from './operate.ts';
import { seeSchedules } from './see-schedules.ts';
import { storeCounts } from './store-counts.ts';
import type { Operations } from './types.ts';

/** The use cases about what happens without a person. */
export function operations(wiring: Wiring): Operations {
  return {
    tend: (session, options) => tend(session, wiring, options),
    operate: (session, options) => operate(session, wiring, options),
    schedules: (session) => seeSchedules(session, wiring),
    tickSchedules: (session) => tickOnce(session, wiring),
    drift: async () => {
      await using store = await wiring.store();
      return await driftRecords(store);
    },
    checkDrift: (session, runbook) => checkNow(session, wiring, runbook),
    deliveries: (_session, query) => seeDeliveries(wiring, query),
    retryDeliveries: (session, id) => retryDeliveries(session, wiring, id),
    kpis: (session, query) => kpis(session, wiring, query),
    metrics: async () => wiring.telemetry.scrape(await storeCounts(wiring)),
  };
}

async function checkNow(session: Session, wiring: Wiring, runbook: string): Promise<DriftRecord> {
  const [head] = await headsOf(session, wiring)();
  if (!head) throw new SlipwayError('NOT_A_REPOSITORY', 'there is no default branch here', { exitCode: EXIT.usage });
  await using store = await wiring.store();
  return await checkDrift(session, wiring, { store, head, runbook, at: wiring.clock.now() });
}
