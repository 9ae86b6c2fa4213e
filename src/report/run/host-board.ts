import type { HostResult } from '../../engine/index.ts';
import type { HostState } from '../../steps/index.ts';
import { clean } from '../clean.ts';

export type HostNow = HostState | 'running';

/** The hosts of a step, kept count of event by event: asking costs by what is shown, not by how many hosts there are. */
export interface HostBoard {
  readonly states: ReadonlyMap<string, HostNow>;
  count(state: HostNow): number;
  /** Hosts that have ended. */
  readonly ended: number;
  /** Those that did not end well, the first ones first, with why. */
  readonly unwell: ReadonlyMap<string, string>;
  /** Running ones, by when they began: the slowest are the first. */
  readonly running: ReadonlyMap<string, number>;
  started(host: string, at: number): void;
  finished(host: string, result: HostResult): void;
}

export function createHostBoard(): HostBoard {
  const states = new Map<string, HostNow>();
  const counts = new Map<HostNow, number>();
  const unwell = new Map<string, string>();
  const running = new Map<string, number>();
  const set = (host: string, state: HostNow): void => {
    const before = states.get(host);
    if (before !== undefined) counts.set(before, (counts.get(before) ?? 1) - 1);
    counts.set(state, (counts.get(state) ?? 0) + 1);
    states.set(host, state);
    running.delete(host);
    unwell.delete(host);
  };
  const count = (state: HostNow): number => counts.get(state) ?? 0;
  return {
    states,
    count,
    get ended() {
      return states.size - count('running');
    },
    unwell,
    running,
    started: (host, at) => {
      set(host, 'running');
      running.set(host, at);
    },
    finished: (host, { state, error, inDoubt }) => {
      set(host, state);
      if (state !== 'failed' && state !== 'unreachable') return;
      unwell.set(host, `${inDoubt === true ? 'in doubt' : state}${error === undefined ? '' : `: ${clean(error.message)}`}`);
    },
  };
}

const ORDER: readonly HostNow[] = ['failed', 'unreachable', 'changed', 'ok', 'skipped', 'rescued', 'ignored', 'running'];

/** `12 failed, 4 unreachable, 3,050 changed`; what went wrong comes first. Empty without hosts. */
export function boardWords(board: HostBoard, isOver: boolean): string {
  const shown = ORDER.filter((state) => board.count(state) > 0 && !(isOver && state === 'running'));
  return shown.map((state) => `${grouped(board.count(state))} ${state}`).join(', ');
}

/** Lines for hosts that did not end well: so many of them, and how many more there are. */
export function unwellLines(board: HostBoard, most: number): readonly string[] {
  const lines: string[] = [];
  for (const [host, why] of board.unwell) {
    if (lines.length === most) break;
    lines.push(`      ${clean(host)}: ${why.split('\n', 1)[0] ?? ''}`);
  }
  const more = board.unwell.size - lines.length;
  return more > 0 ? [...lines, `      … and ${grouped(more)} more`] : lines;
}

/** `12,345`. */
export function grouped(count: number): string {
  return String(count).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}
