import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { HostRequest } from '../../src/githost/index.ts';
import type { Fake } from '../fakes/forge/server.ts';
import { type Dialect, type ForgeSite, openForgeSite } from '../githost/forge-site.ts';
import { eventsIn } from '../scenario/support.ts';
import { removeAll } from '../server/site.ts';
import { freePort } from '../support/free-port.ts';
import { FILES, saying } from './estate.ts';
import { settingsText } from './served.ts';

const CRASH_MAIN = join(import.meta.dirname, '..', 'scenario', 'crash-main.ts');
const PATIENCE_MS = 120_000;

/** Where the server dies: at a boundary of its journal or store, or when the host has done what it asked for and has not answered yet; counted from 1. */
export interface Strike {
  readonly at: 'boundary' | 'write' | 'never';
  readonly nth: number;
}
export const NEVER: Strike = { at: 'never', nth: 0 };

interface Place extends AsyncDisposable {
  readonly git: ForgeSite<Fake>;
  readonly secrets: Readonly<Record<string, string>>;
  readonly dir: string;
  readonly url: string;
  readonly settings: string;
}
interface Served {
  readonly child: ChildProcess;
  readonly ended: Promise<NodeJS.Signals | null>;
  readonly said: () => string;
}

async function openPlace<F extends Fake>(dialect: Dialect<F>): Promise<Place> {
  const git = await openForgeSite(dialect);
  const dir = mkdtempSync(join(tmpdir(), 'slipway-pulls-'));
  await git.commit({ branch: 'main', files: FILES });
  const url = `http://127.0.0.1:${await freePort()}`;
  const settings = join(dir, 'slipway-server.yaml');
  writeFileSync(settings, settingsText(git, url));
  const close = async (): Promise<void> => {
    await git[Symbol.asyncDispose]();
    await removeAll(dir);
  };
  const secrets = dialect.secrets(git.fake, git.forge.person('slipway-bot'));
  return { git, dir, url, settings, secrets, [Symbol.asyncDispose]: close };
}

function serve({ git, dir, settings, secrets }: Place, { at, nth }: Strike): Served {
  writeFileSync(join(dir, 'trail'), '');
  const own = { SLIPWAY_HOME: join(dir, 'state'), SLIPWAY_ACTOR: 'user:test', NODE_COMPILE_CACHE: join(tmpdir(), 'slipway-scenario-compiled') };
  const argv = [CRASH_MAIN, join(dir, 'trail'), at === 'boundary' ? String(nth) : '0', 'serve', '--config', settings];
  const child = spawn(process.execPath, argv, { cwd: dir, env: { ...process.env, ...own, ...secrets }, stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  let writes = 0;
  const strike = (line: string): void => {
    if (!line.startsWith('GET ') && ++writes === nth && at === 'write') child.kill('SIGKILL');
  };
  git.fake.onDone.splice(0, Infinity, strike);
  return { child, said: () => text, ended: new Promise((resolve) => child.on('close', (_code, signal) => resolve(signal))) };
}

const isGone = ({ child }: Served): boolean => child.exitCode !== null || child.signalCode !== null;

/** Send deliveries until each is acknowledged, as a host does that is told to repeat them. @returns those that were not, when the server died. */
async function deliver({ url }: Place, served: Served, deliveries: readonly HostRequest[]): Promise<readonly HostRequest[]> {
  const left = [...deliveries];
  for (const end = Date.now() + PATIENCE_MS; left.length > 0 && Date.now() < end && !isGone(served);) {
    const [next] = left;
    const headers = Object.entries(next?.headers ?? {}).map(([name, value]): [string, string] => [name, value ?? '']);
    const request = { method: 'POST', headers, body: Buffer.from(next?.body ?? []), signal: AbortSignal.timeout(20_000) };
    const status = await fetch(`${url}/v1/hosts/git/webhook`, request).then(
      (answer) => answer.status,
      () => 0, // it does not listen yet, or it died in the middle
    );
    if (status === 202) left.shift();
    else await delay(50);
  }
  return left;
}

/** Wait until the pull request says something, or the server is dead. */
async function untilSaid({ git }: Place, served: Served, words: RegExp): Promise<boolean> {
  const texts = () => git.repository.pulls[0]?.remarks.map(({ text }) => text) ?? [];
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end && !isGone(served); await delay(100)) if (texts().some((text) => words.test(text))) return true;
  if (!isGone(served)) assert.fail(`nothing says ${String(words)}: ${texts().join('\n---\n')}\n${served.said().slice(-3_000)}`);
  return false;
}

interface Ways {
  /** Deliveries that nobody has acknowledged. */
  waiting: readonly HostRequest[];
  asked: boolean;
}
const PLANNED = /1 planned/;
const ENDED = /\(slipway plan\)[^]*run-\S+: succeeded/;
const ANSWERED = /\(slipway reply:/;

/** One change from pull request to run, as far as this server lives. */
async function goOn(place: Place, served: Served, ways: Ways): Promise<void> {
  const { git } = place;
  ways.waiting = await deliver(place, served, ways.waiting);
  if (ways.waiting.length > 0) return;
  if (!ways.asked) {
    if (!(await untilSaid(place, served, PLANNED))) return;
    await git.comment(git.ada, 1, 'slipway apply -r hello');
    Object.assign(ways, { asked: true, waiting: await git.deliveries(0) });
    return goOn(place, served, ways);
  }
  if ((await untilSaid(place, served, ENDED)) && (await untilSaid(place, served, ANSWERED))) await delay(300);
}

/** A server is killed at one place of that way; the next one goes on. @returns whether the place was reached, and what there was to reach. */
export async function crashAt<F extends Fake>(
  dialect: Dialect<F>,
  strike: Strike,
): Promise<{ readonly isReached: boolean; readonly boundaries: number; readonly writes: number }> {
  await using place = await openPlace(dialect);
  const { git, dir } = place;
  await git.commit({ branch: 'greet', files: { 'runbooks/hello.yaml': saying('hello', 'lab', 'good morning') } });
  await git.openPull(git.ada, { head: 'greet', title: 'greet' });
  const ways: Ways = { waiting: await git.deliveries(0), asked: false };
  const first = serve(place, strike);
  await leaving(first, () => goOn(place, first, ways));
  // It may be struck as late as on its way out: the places are not the same ones every time.
  const isReached = (await sendAway(first)) === 'SIGKILL';
  git.fake.onDone.length = 0;
  const trail = readFileSync(join(dir, 'trail'), 'utf8').split('\n').slice(0, -1);
  const where = `killed at ${strike.at} ${strike.nth}${strike.at === 'boundary' ? ` (${trail.at(-1) ?? ''})` : ''}`;
  const writes = git.fake.log.filter((line) => !line.startsWith('GET ')).length;
  if (isReached) {
    const second = serve(place, NEVER);
    await leaving(second, () => goOn(place, second, ways)).catch((cause: unknown) => {
      throw new Error(`${where}: the next one did not go on`, { cause });
    });
    assert.equal(await sendAway(second), null, `${where}: it did not go when asked\n${second.said().slice(-2_000)}`);
  }
  await check(place, where);
  return { isReached, boundaries: trail.length, writes };
}

/** No process is left behind by a test that fails. */
async function leaving({ child }: Served, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (cause) {
    child.kill('SIGKILL');
    throw cause;
  }
}

/** Ask a server to go, once it knows how: when there was nothing left to do, it may only just begin. @returns what ended it, if it did not end itself. */
async function sendAway(served: Served): Promise<NodeJS.Signals | null> {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end && !isGone(served) && !served.said().includes('"serving"');) await delay(50);
  served.child.kill('SIGTERM');
  return served.ended;
}

/** One comment, one answer, one run, and the comment says how that ended. */
async function check({ git, dir }: Place, where: string): Promise<void> {
  const bot = git.forge.person('slipway-bot');
  const remarks = git.repository.pulls[0]?.remarks.filter(({ author }) => author === bot) ?? [];
  const kinds = remarks.map(({ text }) => /\(slipway (plan|reply)/.exec(text)?.[1]);
  assert.deepEqual([kinds.length, new Set(kinds)], [2, new Set(['plan', 'reply'])], `${where}: ${remarks.map(({ text }) => text).join('\n---\n')}`);
  assert.match(remarks.find(({ text }) => ANSWERED.test(text))?.text ?? '', /✅ started run-/, where);
  const events = eventsIn(join(dir, 'state'));
  assert.equal(events.filter(({ body }) => body.type === 'runCreated').length, 1, where);
  assert.deepEqual(
    events.filter(({ body }) => body.type === 'runFinished').map(({ body }) => body.state),
    ['succeeded'],
    where,
  );
  const last = (await git.host.statuses(git.repo, git.repository.pulls[0]?.sha ?? '')).find(({ context }) => context === 'slipway: hello');
  assert.equal(last?.state, 'success', where);
}
