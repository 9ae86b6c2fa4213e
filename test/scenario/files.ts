import type { Machine } from './machine.ts';

/** An inventory with one machine; JSON is YAML. */
export function inventoryOf({ entry }: Machine): string {
  return JSON.stringify({
    apiVersion: 'slipway/v1',
    kind: 'Inventory',
    metadata: { name: 'site', owner: 'team-web' },
    hosts: { 'web-1': entry },
    groups: { web: { hosts: ['web-1'] } },
  });
}

export interface RunbookParts {
  readonly name: string;
  readonly steps: readonly unknown[];
  readonly [more: string]: unknown;
}

/** A runbook of one phase; `more` are further keys of its top level. */
export function runbookOf({ name, steps, ...more }: RunbookParts): string {
  return JSON.stringify({
    apiVersion: 'slipway/v1',
    kind: 'Runbook',
    metadata: { name, owner: 'team-web', tier: 3 },
    phases: [{ id: 'work', type: 'custom', steps }],
    ...more,
  });
}
