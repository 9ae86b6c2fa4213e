import { PATTERN, type Problem } from '../core/index.ts';
import type { HostEntry, Inventory, LoadedInventory } from '../runbook/index.ts';
import { expandRange } from './range.ts';
import { type Report, reporterOf } from './report.ts';

/** A host as one inventory describes it. */
export interface Entry {
  readonly name: string;
  /** Key it is written under; the same for all hosts of a range. */
  readonly key: string;
  readonly entry: HostEntry;
  readonly defaults: NonNullable<Inventory['defaults']>;
  readonly report: Report;
}
const MOST_HOSTS = 50_000;

/** The hosts of all inventories by name, ranges expanded, in order. */
export function readEntries(inventories: readonly LoadedInventory[], problems: Problem[]): ReadonlyMap<string, Entry> {
  const entries = new Map<string, Entry>();
  for (const loaded of inventories) {
    const report = reporterOf(loaded, problems);
    const { hosts, defaults = {} } = loaded.inventory;
    for (const [key, entry] of Object.entries(hosts)) {
      for (const name of namesOf(key, entry, report)) {
        if (entries.has(name))
          report({ code: 'DUPLICATE_NAME', path: ['hosts', key], message: `host "${name}" is described twice`, hint: 'keep one of the descriptions' });
        else entries.set(name, { name, key, entry: entry ?? {}, defaults, report });
      }
      if (entries.size > MOST_HOSTS) {
        report({
          code: 'TOO_MANY_HOSTS',
          path: ['hosts', key],
          message: `the inventories have more than ${MOST_HOSTS} hosts`,
          hint: 'split them over several repositories',
        });
        return entries;
      }
    }
  }
  return entries;
}

function namesOf(key: string, entry: HostEntry | null, report: Report): readonly string[] {
  const path = ['hosts', key];
  const names = expandRange(key);
  if (!names) {
    report({
      code: 'BAD_HOST_NAME',
      path,
      message: `"${key}" is no host name and no range`,
      hint: 'write a name, or a range such as web[01:20] with at most 10000 names',
    });
    return [];
  }
  const wrong = names.find((name) => !PATTERN.host.test(name));
  if (wrong !== undefined || names.includes('all')) {
    report({
      code: 'BAD_HOST_NAME',
      path,
      message: `"${wrong ?? 'all'}" cannot be the name of a host`,
      hint: 'use letters, digits, dots, hyphens and underscores; "all" is every host',
    });
    return [];
  }
  if (names.length > 1 && (entry?.address !== undefined || entry?.hostKey !== undefined)) {
    const what = entry.address === undefined ? 'hostKey' : 'address';
    report({
      code: 'SHARED_ADDRESS',
      path: [...path, what],
      message: `the ${names.length} hosts of "${key}" cannot share one ${what}`,
      hint: 'describe each host by itself',
    });
  }
  return names;
}
