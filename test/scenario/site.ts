import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Ended, type EventRow, eventsIn, MAIN, type Started, slipwayIn } from './support.ts';

/** Nothing here takes this long, however loaded the machine is. */
const PATIENCE_MS = 60_000;
const LOOK_MS = 40;

/** Who runs a command: a person, and the teams they are of. */
export interface Who {
  readonly actor?: string;
  readonly teams?: string;
  readonly env?: { readonly [name: string]: string };
}
/** A repository of a team, made for one test, and the state of whoever works with it. */
export interface Site extends Disposable {
  readonly dir: string;
  readonly home: string;
  /** Write a file of the repository. */
  readonly write: (path: string, text: string) => void;
  readonly commit: (message: string) => void;
  readonly start: (args: readonly string[], who?: Who) => Started;
  /** Run a command to its end, and check its exit code. */
  readonly run: (code: number, args: readonly string[], who?: Who) => Promise<Ended>;
}

/** Make a Git repository of these files, all committed by `grace`. */
export function openSite(files: { readonly [path: string]: string }, env: { readonly [name: string]: string } = {}): Site {
  const top = mkdtempSync(join(tmpdir(), 'slipway-site-'));
  const [dir, home] = [join(top, 'repository'), join(top, 'home')];
  const git = (...args: string[]): void => void execFileSync('git', ['-c', 'user.name=Grace', '-c', 'user.email=grace@site.test', '-C', dir, ...args]);
  const write: Site['write'] = (path, text) => {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  };
  const commit: Site['commit'] = (message) => {
    git('add', '-A');
    git('commit', '-q', '--allow-empty', '-m', message);
  };
  const children: Started[] = [];
  const start: Site['start'] = (args, { actor = 'user:ada', teams = '', env: more = {} } = {}) => {
    const started = slipwayIn(dir, home, [...MAIN, ...args], { ...env, ...more, SLIPWAY_ACTOR: actor, SLIPWAY_TEAMS: teams });
    children.push(started);
    return started;
  };
  mkdirSync(dir);
  git('init', '-q', '-b', 'main');
  for (const [path, text] of Object.entries(files)) write(path, text);
  commit('first');
  return {
    ...{ dir, home, write, commit, start },
    run: async (code, args, who) => {
      const started = start(args, who);
      const impatience = setTimeout(() => started.child.kill('SIGKILL'), PATIENCE_MS);
      const ended = await started.ended;
      clearTimeout(impatience);
      assert.equal(ended.code, code, `slipway ${args.join(' ')}\n${ended.stderr}\n${ended.stdout}`);
      return ended;
    },
    [Symbol.dispose]: () => {
      // Those that still go on when a test has failed would go on for ever.
      for (const { child } of children) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      rmSync(top, { recursive: true, force: true });
    },
  };
}

/** Look until there is something to see; fails when there is not within a minute, or when the process that should bring it is gone. */
export async function until<T>(what: string, look: () => T | undefined | Promise<T | undefined>, started?: Started): Promise<T> {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await delay(LOOK_MS)) {
    const isGone = started !== undefined && (started.child.exitCode !== null || started.child.signalCode !== null);
    const seen = await look();
    if (seen !== undefined) return seen;
    if (isGone) break;
  }
  assert.fail(`${what}: not within ${PATIENCE_MS / 1_000} s\n${started?.said() ?? ''}`);
}

/** Id of the run that this command drives, once it has said so. */
export async function runIdOf(started: Started): Promise<string> {
  return until('the id of the run', () => /run (run-[0-9a-z-]+)/.exec(started.said())?.[1], started);
}

export interface Live {
  readonly id: string;
  readonly started: Started;
  readonly ended: Started['ended'];
  readonly events: () => readonly EventRow['body'][];
  /** Wait for an event of this kind, of this task. */
  readonly sees: (type: string, path?: string) => Promise<EventRow['body']>;
  /** Wait for the process to end with this code. */
  readonly ends: (code: number) => Promise<Ended>;
}

/** Start a command that drives a run, and wait until the run is there. */
export async function live(site: Site, args: readonly string[], who?: Who): Promise<Live> {
  const started = site.start(args, who);
  const id = await runIdOf(started);
  const events: Live['events'] = () => eventsIn(site.home).flatMap(({ run, body }) => (run === id ? [body] : []));
  return {
    ...{ id, started, events, ended: started.ended },
    sees: (type, path) =>
      until(`${type} ${path ?? ''}`, () => events().find((body) => body.type === type && (path === undefined || body.path === path)), started),
    ends: async (code) => {
      const impatience = setTimeout(() => started.child.kill('SIGKILL'), PATIENCE_MS);
      const ended = await started.ended;
      clearTimeout(impatience);
      assert.equal(ended.code, code, `slipway ${args.join(' ')}\n${ended.stderr}\n${ended.stdout}`);
      return ended;
    },
  };
}
