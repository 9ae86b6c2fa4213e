import { createHash } from 'node:crypto';
import type { Scenario } from './scenario.ts';
import { ESTATE } from './scenarios-estate.ts';
import { FLOW } from './scenarios-flow.ts';
import { PEOPLE } from './scenarios-people.ts';

/** Every story that all engines must tell alike. */
export const SCENARIOS: readonly Scenario[] = [...FLOW, ...PEOPLE, ...ESTATE];

/** The same run id for the same story, so that also what names a run can be compared. */
export function runIdOf({ name }: Scenario): string {
  return `run-20261123-${createHash('sha256').update(name).digest('hex').slice(0, 10)}`;
}
