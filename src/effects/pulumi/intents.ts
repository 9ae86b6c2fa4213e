import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomText } from '../../core/index.ts';
import type { LockHolder } from './protocol.ts';
import { isAlive, sessionMembers } from './session.ts';

/** A stack operation that was started and has not ended; on disk, so that a later process recognises what died. */
export interface Intent {
  readonly backendUrl: string;
  readonly stack: string;
  readonly runId: string;
  readonly host: string;
  /** The process that drives the operation. */
  readonly pid: number;
  /** Folder of the operation; its child writes there who it is. */
  readonly workDir: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}
export interface Intents {
  /** Record before the child starts. @returns the function that takes it back. */
  begin(intent: Intent): () => void;
  /** Live processes of operations whose orchestrator died here: they are about to notice. */
  leftBehind(where: Pick<Intent, 'backendUrl' | 'stack' | 'host'>): readonly number[];
  /** Are all holders dead processes of operations that this installation started here and never saw the end of? */
  areOurDead(holders: readonly LockHolder[], where: Pick<Intent, 'backendUrl' | 'stack' | 'host'>): boolean;
  /** Forget the dead ones of a stack, after its lock was released. */
  forget(where: Pick<Intent, 'backendUrl' | 'stack' | 'host'>): void;
}

/** The lock's time has seconds only, and clocks of two processes may differ a little. */
const SLACK_MS = 2_000;

/** Intents in a folder, one small file each. */
export function openIntents(dir: string): Intents {
  const prefixOf = ({ backendUrl, stack, host }: Pick<Intent, 'backendUrl' | 'stack' | 'host'>) =>
    createHash('sha256').update([backendUrl, stack, host].join('\n')).digest('hex').slice(0, 24);
  const filesOf = (where: Pick<Intent, 'backendUrl' | 'stack' | 'host'>) => {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    return readdirSync(dir)
      .filter((name) => name.startsWith(prefixOf(where)) && name.endsWith('.json'))
      .map((name) => join(dir, name));
  };
  const intentsOf = (where: Parameters<typeof filesOf>[0]) => filesOf(where).map((file) => JSON.parse(readFileSync(file, 'utf8')) as Intent); // written by begin only
  return {
    begin: (intent) => {
      mkdirSync(dir, { recursive: true, mode: 0o700 });
      const file = join(dir, `${prefixOf(intent)}-${randomText(10)}.json`);
      writeFileSync(`${file}.tmp`, JSON.stringify(intent), { mode: 0o600, flush: true });
      renameSync(`${file}.tmp`, file);
      return () => rmSync(file, { force: true });
    },
    leftBehind: (where) => intentsOf(where).flatMap(({ pid, workDir }) => (isAlive(pid) ? [] : livingIn(workDir))),
    areOurDead: (holders, where) => {
      const intents = intentsOf(where);
      return (
        holders.length > 0 && holders.every((holder) => isDead(holder, where.host) && intents.some((intent) => intent.startedAt <= timeOf(holder) + SLACK_MS))
      );
    },
    forget: (where) => {
      for (const file of filesOf(where)) {
        const { pid, workDir } = JSON.parse(readFileSync(file, 'utf8')) as Intent; // written by begin only
        if (pid === process.pid || isAlive(pid)) continue;
        rmSync(workDir, { recursive: true, force: true });
        rmSync(file, { force: true });
      }
    },
  };
}

const PID_FILE = 'pid';

/** The child of an operation says who it is, for whoever comes after the death of its parent. */
export function signWorkDir(workDir: string): void {
  writeFileSync(join(workDir, PID_FILE), String(process.pid), { mode: 0o600 });
}

/** What lives of the session that the child of an operation leads. */
function livingIn(workDir: string): readonly number[] {
  try {
    const leader = Number(readFileSync(join(workDir, PID_FILE), 'utf8'));
    return (sessionMembers(leader) ?? [leader]).filter(isAlive);
  } catch {
    return []; // it never came so far, or has been cleaned up
  }
}

function isDead({ host, pid }: LockHolder, ownHost: string): boolean {
  return host === ownHost && !isAlive(pid);
}

function timeOf({ at }: LockHolder): number {
  const time = Date.parse(at);
  return Number.isNaN(time) ? -Infinity : time;
}
