import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { eventsIn } from '../scenario/support.ts';
import { freePort } from '../support/free-port.ts';
import { FILES } from './files.ts';
import { ENVIRONMENT, makeRepository, removeAll, settingsText, signed } from './site.ts';

const CRASH_MAIN = join(import.meta.dirname, '..', 'scenario', 'crash-main.ts');
const PATIENCE_MS = 90_000;

interface Served {
  readonly child: ChildProcess;
  readonly ended: Promise<NodeJS.Signals | null>;
  readonly said: () => string;
}
export interface Place {
  readonly dir: string;
  readonly home: string;
  readonly settings: string;
  readonly trail: string;
  readonly url: string;
}

/** A repository and the settings of a server for it, in a folder of its own. */
export async function openPlace(): Promise<Place & AsyncDisposable> {
  const dir = mkdtempSync(join(tmpdir(), 'slipway-served-'));
  const [repository, home] = [join(dir, 'repository'), join(dir, 'state')];
  makeRepository(repository, FILES);
  const port = await freePort();
  const settings = join(dir, 'slipway-server.yaml');
  const url = `http://127.0.0.1:${port}`;
  writeFileSync(
    settings,
    settingsText(repository)
      .replace('port: 0', `port: ${port}`)
      .replace(/publicUrl: .*/, `publicUrl: ${url}`),
  );
  return { dir, home, settings, trail: join(dir, 'trail'), url, [Symbol.asyncDispose]: () => removeAll(dir) };
}

/** Start `slipway serve` as its own process; it is killed at this boundary of its journal or store, counted from 1, or never for 0. */
export function serve({ dir, home, settings, trail }: Place, at: number): Served {
  writeFileSync(trail, '');
  const child = spawn(process.execPath, [CRASH_MAIN, trail, String(at), 'serve', '--config', settings], {
    cwd: dir,
    env: { ...process.env, ...ENVIRONMENT, SLIPWAY_HOME: home, SLIPWAY_ACTOR: 'user:test', NODE_COMPILE_CACHE: join(tmpdir(), 'slipway-scenario-compiled') },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let text = '';
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return { child, said: () => text, ended: new Promise((resolve) => child.on('close', (_code, signal) => resolve(signal))) };
}

const isGone = ({ child }: Served): boolean => child.exitCode !== null || child.signalCode !== null;

/** Send a delivery until it is acknowledged, or the server is dead. */
export async function deliver({ url }: Place, served: Served, id: string): Promise<string | undefined> {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end && !isGone(served); await delay(50)) {
    const call = signed({ inputs: { name: 'crash' } }, { id });
    try {
      const answer = await fetch(`${url}/v1/triggers/portal`, {
        method: 'POST',
        headers: { ...call.headers },
        body: String(call.raw),
        signal: AbortSignal.timeout(20_000),
      });
      const body = (await answer.json()) as { readonly runId?: string };
      if (answer.status === 202) return body.runId;
    } catch {
      continue; // it does not listen yet, or it died in the middle
    }
  }
  return undefined;
}

const bodies = (home: string): readonly { readonly run: string; readonly type: string; readonly state?: string | undefined }[] => {
  try {
    return eventsIn(home).map(({ run, body }) => ({ run, type: body.type, state: body.state }));
  } catch {
    return []; // there is no journal yet
  }
};

/** Wait for a run to end, or for the server to die. */
export async function untilOver({ home }: Place, served: Served): Promise<void> {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end && !isGone(served); await delay(100)) {
    if (bodies(home).some(({ type }) => type === 'runFinished')) return;
  }
  if (!isGone(served)) assert.fail(`no run ended\n${served.said().slice(-3_000)}`);
}

/** One server is killed at a boundary while it takes and carries out a delivery; the next one goes on. @returns whether the boundary was reached. */
export async function crashAt(at: number): Promise<boolean> {
  await using place = await openPlace();
  const first = serve(place, at);
  const acknowledged = await deliver(place, first, 'msg_crash');
  if (acknowledged !== undefined) await untilOver(place, first);
  const settled = await Promise.race([first.ended, delay(300).then(() => 'alive' as const)]);
  if (settled === 'alive') {
    first.child.kill('SIGKILL');
    await first.ended;
    return false;
  }
  assert.equal(settled, 'SIGKILL', first.said().slice(-2_000));
  const second = serve(place, 0);
  try {
    // What was acknowledged needs no second delivery; a sender that got no answer sends again.
    const again = acknowledged ?? (await deliver(place, second, 'msg_crash'));
    await untilOver(place, second);
    const repeated = await deliver(place, second, 'msg_crash');
    assert.equal(repeated, again, `another run for the same delivery, killed at ${at}`);
    const all = bodies(place.home);
    const where = `killed at ${readFileSync(place.trail, 'utf8').split('\n')[0] ?? ''} (${at})`;
    assert.deepEqual([...new Set(all.map(({ run }) => run))], [again], `${where}: one run, the one that was acknowledged`);
    assert.deepEqual(
      all.filter(({ type }) => type === 'runFinished').map(({ state }) => state),
      ['succeeded'],
      where,
    );
    assert.equal(all.filter(({ type }) => type === 'runCreated').length, 1, where);
  } finally {
    second.child.kill('SIGTERM');
    assert.equal(await second.ended, null, `it did not go when asked\n${second.said().slice(-2_000)}`);
  }
  return true;
}

/** How many boundaries there are from start to the end of one delivery. */
export async function countBoundaries(): Promise<number> {
  await using place = await openPlace();
  const served = serve(place, 0);
  await deliver(place, served, 'msg_count');
  await untilOver(place, served);
  await delay(300);
  const count = readFileSync(place.trail, 'utf8').split('\n').length - 1;
  served.child.kill('SIGTERM');
  assert.equal(await served.ended, null, served.said().slice(-2_000));
  return count;
}
