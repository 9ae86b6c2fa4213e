import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Ended, eventsIn, scenarioHome, slipway } from './support.ts';

const CRASH_MAIN = join(import.meta.dirname, 'crash-main.ts');

export interface Crashed extends Ended {
  /** Names of the boundaries that were reached, the last one is where it died. */
  readonly boundaries: readonly string[];
}

/** Run a command and kill it at a boundary: its number from 1, or its name, with `#3` for the third of that name. */
export async function crashAt(home: string, at: number | string, args: readonly string[]): Promise<Crashed> {
  const trail = join(mkdtempSync(join(tmpdir(), 'slipway-trail-')), 'boundaries');
  writeFileSync(trail, '');
  const ended = await slipway(home, [trail, String(at), ...args], {}, [CRASH_MAIN]).ended;
  const boundaries = readFileSync(trail, 'utf8').split('\n').slice(0, -1);
  rmSync(join(trail, '..'), { recursive: true });
  return { ...ended, boundaries };
}

/** A state folder that is a copy of one whose processes are dead: each crash begins at the same place. */
export function copyOf(home: string): ReturnType<typeof scenarioHome> {
  const copy = scenarioHome();
  cpSync(home, copy.dir, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
  return copy;
}

/** The only run of a state folder. */
export function runIn(home: string): string {
  return eventsIn(home)[0]?.run ?? '';
}

/** Command lines of live processes that work in this state folder; what a killed process started has some seconds to notice. */
export async function leftOvers(home: string, patienceMs: number): Promise<readonly string[]> {
  const until = Date.now() + patienceMs;
  for (;;) {
    const found = processesIn(home);
    if (found.length === 0 || Date.now() > until) return found;
    await delay(100);
  }
}

function processesIn(home: string): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return `${command} ${readFileSync(`/proc/${pid}/environ`, 'utf8')}`.includes(home) ? [`${pid} ${command}`] : [];
      } catch {
        return []; // ended meanwhile, or somebody else's
      }
    });
}
