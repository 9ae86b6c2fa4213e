/**
 * How long Slipway takes to say which runbooks a pull request touches, what is wrong with it, and what policies think of it, in a real repository of 1,000 runbooks and
 * 200 stacks. Cold is the first look of a process at that repository; warm is the first look at another change once a process has seen one.
 *
 * The peer, in the same run and on the same commits: `git diff --name-only`, then one plain parse (npm `yaml`) of every YAML file of the head, out of `git cat-file --batch`.
 * That names files and finds wrong YAML; it knows no imports, no names between files, no inputs and no policies. Prints one JSON line; exit code 1 over the limit.
 *
 * node bench/affected.ts
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { createHeads } from '../src/app/index.ts';
import { createLooks, type Look, type OpenedForLook } from '../src/app/pulls/look.ts';
import { loadConfig } from '../src/config/index.ts';
import { openWiring } from '../src/wire.ts';
import { removeAll } from '../test/server/site.ts';
import { createRepository, estateFiles, RUNBOOKS, smallChange, STACKS, wideChange } from './affected/estate.ts';

const LIMIT_MS = 2_000;
const TURNS = 5;

const dir = mkdtempSync(join(tmpdir(), 'slipway-bench-affected-'));
const folder = join(dir, 'repository');
const { commit, git } = createRepository(folder);
commit('main', estateFiles());
const small = Array.from({ length: TURNS + 1 }, (_, turn) => commit(`small-${turn}`, smallChange(turn)));
const wide = Array.from({ length: TURNS }, (_, turn) => commit(`wide-${turn}`, wideChange(turn)));
const base = git('rev-parse', 'main');

const loaded = loadConfig({ ...process.env, SLIPWAY_HOME: join(dir, 'state') }, dir);
if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
const wiring = openWiring(loaded.value);
const signal = new AbortController().signal;
try {
  const access = async () => ({ url: pathToFileURL(folder).href });
  const heads = createHeads({ wiring, repositories: [{ name: 'estate', branch: 'main', access }], stateDir: loaded.value.stateDir, signal });
  const opening = await timed(() => heads.fetched('estate'));
  const { value: head } = opening;
  const { estate, files } = head;
  if (!estate.ok) throw new Error(JSON.stringify(estate.problems.slice(0, 3)));
  const { environments, calendars } = estate.value.repository;
  const mirror = await heads.mirror('estate');
  const opened = (target: string): OpenedForLook => ({
    ...{ head, mirror, signal, target: { commit: target, base }, gates: { policyDir: join(files, 'policies'), environments, calendars } },
    ...{ ref: { host: 'git', repo: 'acme/estate', number: 1 }, served: { name: 'estate', host: { name: 'git' } }, pull: { author: { login: 'ada' } } },
  });
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const looks = createLooks({ wiring, log, session: { stateDir: loaded.value.stateDir, signal, isTold: true } });
  const look = (target: string): Promise<Timed<Look>> => timed(() => looks.look(opened(target)));

  const [first = '', ...later] = small;
  const cold = await look(first);
  const warm = await each(later, look);
  const again = await look(later.at(-1) ?? '');
  const wideWarm = await each(wide, look);
  const peerSmall = await each(later, (target) => timed(async () => peer(target)));
  const line = {
    ...{ bench: 'affected', runbooks: RUNBOOKS, stacks: STACKS, files: git('ls-files').split('\n').length },
    ...{
      openMs: round(opening.ms),
      coldMs: round(cold.ms),
      warmMs: median(warm),
      warmAllMs: warm.map(({ ms }) => round(ms)),
      limitMs: LIMIT_MS,
      againMs: round(again.ms),
    },
    ...{ touched: cold.value.affected.length, judged: cold.value.judged.size, wideTouched: wideWarm[0]?.value.affected.length, wideWarmMs: median(wideWarm) },
    ...{ peerMs: median(peerSmall), peerFiles: peerSmall[0]?.value.changed, ratioWarm: Math.round((median(warm) / median(peerSmall)) * 100) / 100 },
    peakMiB: round(process.resourceUsage().maxRSS / 1_024),
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
  const isWrong = [cold, ...warm, ...wideWarm].some(
    ({ value }) => value.problems.length > 0 || value.affected.length === 0 || value.judged.size !== value.affected.length,
  );
  if (isWrong || median(warm) > LIMIT_MS) process.exitCode = 1;
} finally {
  await wiring.close();
  await removeAll(dir);
}

/** What is there without Slipway: names of changed files, and whether all YAML can be read. */
function peer(target: string): { readonly changed: number; readonly documents: number } {
  const changed = git('diff', '--name-only', `${base}...${target}`).split('\n');
  const paths = git('ls-tree', '-r', '--name-only', target)
    .split('\n')
    .filter((path) => /\.ya?ml$/.test(path));
  const batch = execFileSync('git', ['-C', folder, 'cat-file', '--batch'], { input: paths.map((path) => `${target}:${path}\n`).join(''), maxBuffer: 2 ** 27 });
  let at = 0;
  let documents = 0;
  while (at < batch.length) {
    const end = batch.indexOf(10, at);
    const size = Number(batch.subarray(at, end).toString().split(' ')[2]);
    documents += parseAllDocuments(batch.subarray(end + 1, end + 1 + size).toString()).filter(({ errors }) => errors.length === 0).length;
    at = end + 1 + size + 1;
  }
  return { changed: changed.length, documents };
}

interface Timed<T> {
  readonly ms: number;
  readonly value: T;
}

async function timed<T>(work: () => Promise<T>): Promise<Timed<T>> {
  const began = performance.now();
  const value = await work();
  return { ms: performance.now() - began, value };
}

async function each<T>(targets: readonly string[], work: (target: string) => Promise<Timed<T>>): Promise<readonly Timed<T>[]> {
  const all: Timed<T>[] = [];
  for (const target of targets) all.push(await work(target));
  return all;
}

function median(all: readonly { readonly ms: number }[]): number {
  return round(all.map(({ ms }) => ms).toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? Number.NaN);
}

function round(ms: number): number {
  return Math.round(ms);
}
