import { SlipwayError } from '../../../core/index.ts';
import type { Unit } from './unit.ts';

export interface Wish {
  readonly unit: string;
  readonly state?: 'started' | 'stopped' | 'restarted' | 'reloaded' | undefined;
  readonly enabled?: boolean | undefined;
  readonly masked?: boolean | undefined;
  readonly daemonReload: 'auto' | 'always' | 'never';
}
export type Action = 'daemon-reload' | 'unmask' | 'enable' | 'disable' | 'start' | 'stop' | 'restart' | 'reload' | 'mask';

const NEEDS_INSTALL = new Set(['static', 'indirect', 'generated', 'transient']);

/**
 * What has to be done, in order. `restarted` and `reloaded` act every time.
 *
 * @throws {SlipwayError} `SERVICE_UNKNOWN`, `SERVICE_STATE`: what systemd would refuse, before anything is touched.
 */
export function planUnit(wish: Wish, unit: Unit, host: string): readonly Action[] {
  refuseImpossible(wish, unit, host);
  const { state, enabled, masked, daemonReload } = wish;
  const isMasked = unit.load === 'masked' || unit.file.startsWith('masked');
  const isEnabled = unit.file === 'enabled' || unit.file === 'alias' || unit.file === 'static' || unit.file === 'generated';
  const isRunning = unit.active === 'active' || unit.active === 'reloading';
  const isStopped = unit.active === 'inactive' || unit.active === 'failed';
  return [
    ...when('daemon-reload', daemonReload === 'always' || (daemonReload === 'auto' && unit.needsReload)),
    ...when('unmask', masked === false && isMasked),
    ...when('enable', enabled === true && !isEnabled),
    ...when('disable', enabled === false && (unit.file === 'enabled' || unit.file === 'enabled-runtime')),
    ...when('start', (state === 'started' || state === 'reloaded') && !isRunning),
    ...when('stop', state === 'stopped' && !isStopped),
    ...when('restart', state === 'restarted'),
    ...when('reload', state === 'reloaded' && isRunning),
    ...when('mask', masked === true && !isMasked),
  ];
}

function when(action: Action, isNeeded: boolean): readonly Action[] {
  return isNeeded ? [action] : [];
}

function refuseImpossible({ unit: name, state, enabled, masked }: Wish, unit: Unit, host: string): void {
  const wantsUnit = (state !== undefined && state !== 'stopped') || enabled === true;
  if (wantsUnit && unit.load === 'not-found') {
    throw new SlipwayError('SERVICE_UNKNOWN', `systemd on ${host} knows no unit ${name}`, { hint: 'correct the name, or install what brings it first' });
  }
  if (wantsUnit && unit.load === 'masked' && masked !== false) {
    throw new SlipwayError('SERVICE_STATE', `${name} is masked on ${host}`, { hint: 'set masked: false to let it run again' });
  }
  if (enabled === true && NEEDS_INSTALL.has(unit.file) && unit.file !== 'static' && unit.file !== 'generated') {
    throw new SlipwayError('SERVICE_STATE', `${name} on ${host} is ${unit.file} and cannot be enabled`, { hint: 'enable the unit that starts it' });
  }
  if (state === 'reloaded' && unit.active === 'active' && !unit.canReload) {
    throw new SlipwayError('SERVICE_STATE', `${name} on ${host} cannot reload its configuration while it runs`, { hint: 'use state: restarted' });
  }
}

/** Why the unit is not as wanted after all was done; undefined when it is. */
export function whatIsWrong({ state, enabled, masked }: Wish, unit: Unit): string | undefined {
  const hasRun = unit.type === 'oneshot' && unit.result === 'success' && unit.active === 'inactive';
  const runs = unit.active === 'active' || unit.active === 'reloading' || hasRun;
  if (state !== undefined && state !== 'stopped' && !runs) return `it is ${unit.active} (${unit.result})`;
  if (state === 'stopped' && unit.active !== 'inactive' && unit.active !== 'failed') return `it is ${unit.active}`;
  if (enabled === true && !['enabled', 'alias', 'static', 'generated'].includes(unit.file)) return `its file is ${unit.file || 'missing'}`;
  if (enabled === false && unit.file === 'enabled') return 'it is enabled';
  if (masked === true && !unit.file.startsWith('masked') && unit.load !== 'masked') return 'it is not masked';
  return undefined;
}
