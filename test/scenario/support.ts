import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DatabaseSync } from 'node:sqlite';

export const ROOT = join(import.meta.dirname, '..', '..');

/** A state folder of its own for one scenario. */
export function scenarioHome(): { readonly dir: string } & Disposable {
  const dir = mkdtempSync(join(tmpdir(), 'slipway-scenario-'));
  return { dir, [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }) };
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export const MAIN = [join(ROOT, 'src', 'main.ts')];

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** What it has printed so far. */
  readonly said: () => string;
}

/** Start the command line as a person does, in this repository, with its state elsewhere. */
export function slipway(home: string, args: readonly string[], env: { readonly [name: string]: string } = {}, entry: readonly string[] = MAIN): Started {
  return slipwayIn(ROOT, home, [...entry, ...args], env);
}

/** Start it in another repository; `words` begin with its entry. */
export function slipwayIn(repository: string, home: string, words: readonly string[], env: { readonly [name: string]: string } = {}): Started {
  const child = spawn(process.execPath, [...words], {
    cwd: repository,
    // Compiled once for all of these processes: starting is most of what a small command costs.
    env: {
      ...process.env,
      NODE_COMPILE_CACHE: join(tmpdir(), 'slipway-scenario-compiled'),
      SLIPWAY_HOME: home,
      SLIPWAY_ACTOR: 'user:ada',
      NO_COLOR: '1',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = new Promise<Ended>((resolve) => child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr })));
  return { child, ended, said: () => stdout + stderr };
}

export async function runSlipway(home: string, args: readonly string[], env: { readonly [name: string]: string } = {}): Promise<Ended> {
  return slipway(home, args, env).ended;
}

/** Inputs that make the flagship quick: what it does stays the same. */
export const QUICK = ['probeTime=6s', 'warmUp=500ms', 'probeRate=60', 'stepSoak=200ms', 'finalSoak=300ms'].flatMap((input) => ['--input', input]);

export interface EventRow {
  readonly run: string;
  readonly seq: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly body: {
    readonly type: string;
    readonly path?: string;
    readonly phase?: string;
    readonly attempt?: number;
    readonly state?: string;
    readonly [more: string]: unknown;
  };
}

/** What the journal holds, read past Slipway. */
export function eventsIn(home: string): readonly EventRow[] {
  const database = new DatabaseSync(join(home, 'journal.db'), { readOnly: true });
  try {
    return database
      .prepare('SELECT run_id, seq, at, body FROM events ORDER BY run_id, seq')
      .all()
      .map((row) => ({
        run: String(row['run_id']),
        seq: Number(row['seq']),
        at: Number(row['at']),
        body: JSON.parse(String(row['body'])) as EventRow['body'],
      }));
  } finally {
    database.close();
  }
}

export function stateIn(home: string): string | undefined {
  return eventsIn(home).findLast(({ body }) => body.type === 'runFinished')?.body.state;
}

/** What the stand-in machines did, one object a line. */
export function hostLedger(
  home: string,
  run: string,
): readonly { readonly at: number; readonly host: string; readonly type: string; readonly detail: { readonly [key: string]: unknown } }[] {
  return linesOf(join(home, 'rehearsals', run, 'hosts', 'ledger.jsonl'));
}

/** What the stand-in clouds did. */
export function cloudLedger(home: string, run: string): readonly { readonly op: string; readonly urn: string; readonly id: string }[] {
  return linesOf(join(home, 'rehearsals', run, 'cloud', 'ledger.jsonl'));
}

/** A stand-in that nothing was done to has written nothing. */
function linesOf<T>(file: string): T[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}

export interface Customer {
  readonly asked: number;
  readonly failed: readonly string[];
}

/** A customer from outside who asks the rehearsed front again and again until told to stop, and counts from the first good answer: before it nothing was up. */
export async function customer(home: string, run: () => string | undefined, signal: AbortSignal): Promise<Customer> {
  const failed: string[] = [];
  let asked = 0;
  while (!signal.aborted) {
    const place = placeOf(home, run());
    if (place !== undefined) {
      const said = await ask(place);
      if (said === '200' || asked > 0) asked++;
      if (said !== '200' && asked > 0) failed.push(said);
    }
    await delay(25, undefined, { signal }).catch(() => undefined);
  }
  return { asked, failed };
}

function placeOf(home: string, run: string | undefined): string | undefined {
  if (run === undefined) return undefined;
  try {
    const places = JSON.parse(readFileSync(join(home, 'rehearsals', run, 'places.json'), 'utf8')) as { readonly [name: string]: string };
    return places['erp.internal:8080'];
  } catch {
    return undefined; // not there yet
  }
}

function ask(place: string): Promise<string> {
  return new Promise((resolve) => {
    const [host, port] = place.split(':');
    const asking = request({ host, port, path: '/health', timeout: 5_000 }, (response) => {
      response.resume();
      response.on('end', () => resolve(String(response.statusCode)));
      response.on('error', (error) => resolve(error.message));
    });
    asking.on('error', (error) => resolve(error.message));
    asking.on('timeout', () => asking.destroy(new Error('no answer within 5 s')));
    asking.end();
  });
}
