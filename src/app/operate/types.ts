import type { Kpis } from '../../report/index.ts';
import type { Exposition } from '../../telemetry/index.ts';
import type { SuperviseOptions } from '../supervise.ts';
import type { Session } from '../types.ts';
import type { DeliveryQuery, SeenDelivery } from './deliveries.ts';
import type { DriftRecord } from './drift/book.ts';
import type { KpiQuery } from './kpis.ts';
import type { OperateOptions } from './operate.ts';
import type { SeenSchedule } from './see-schedules.ts';

/** Use cases about what happens without a person. */
export interface Operations {
  /** Drive runs that nobody drives, and do everything else that happens without a person, until the session drains. @throws {SlipwayError} `CANNOT_LISTEN`. */
  tend(session: Session, options: SuperviseOptions & OperateOptions): Promise<void>;
  /** The same without driving runs: for a process that drives them in another way. */
  operate(session: Session, options: OperateOptions): Promise<void>;
  /** Schedules of the default branch in the order in which they fire next. */
  schedules(session: Session): Promise<readonly SeenSchedule[]>;
  /** Look at the schedules once, and carry out what is due. Runs are recorded; whoever drives runs drives them. */
  tickSchedules(session: Session): Promise<{ readonly fires: number }>;
  /** How the last look at each runbook went. */
  drift(session: Session): Promise<readonly DriftRecord[]>;
  /** Look now. @throws {SlipwayError} `RUNBOOK_NOT_FOUND`, `ALREADY_RUNNING`, `LOCKED`. */
  checkDrift(session: Session, runbook: string): Promise<DriftRecord>;
  deliveries(session: Session, query: DeliveryQuery): Promise<readonly SeenDelivery[]>;
  /** Ids of messages that are tried again. @throws {SlipwayError} `DELIVERY_NOT_DEAD`. */
  retryDeliveries(session: Session, id?: string): Promise<readonly string[]>;
  kpis(session: Session, query: KpiQuery): Promise<Kpis>;
  /** Metrics of this process and of the store, in the text format of Prometheus. */
  metrics(session: Session): Promise<Exposition>;
}
