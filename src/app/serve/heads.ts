import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AccessRules, type Judges, rulesOf } from '../../access/index.ts';
import { createMasker, didYouMean, EXIT, type Parsed, SlipwayError } from '../../core/index.ts';
import { ACCESS_PACKAGE, type PolicySet } from '../../policy/index.ts';
import { listRunbookFiles, type Mirror, openMirror, type RemoteAccess } from '../../repo/index.ts';
import { type LoadedAccess, parseFile } from '../../runbook/index.ts';
import { type Estate, findRunbook, openEstate } from '../load.ts';
import { policyDirOf } from '../plan-change.ts';
import type { Session } from '../types.ts';
import type { Wiring } from '../wiring.ts';

/** A repository that a server works for. */
export interface ServedRepository {
  readonly name: string;
  readonly branch: string;
  /** Asked for before every fetch: credentials may be short-lived. */
  readonly access: () => Promise<RemoteAccess>;
}
/** The newest commit of a default branch that was seen, read. */
export interface Head {
  readonly repository: string;
  readonly commit: string;
  /** The mirror, for the `root` of a session. */
  readonly root: string;
  /** Absolute path of its files. */
  readonly files: string;
  readonly estate: Parsed<Estate>;
  /** What requests are judged by. Also there when other files than those of access have mistakes: whoever may stop a run still may. */
  readonly judges: Judges;
}
export interface Heads {
  readonly names: readonly string[];
  /** Fetch, and read what is new. @throws {SlipwayError} `UNKNOWN_REPOSITORY`, and what fetching throws. */
  fetched(name: string): Promise<Head>;
  /** As it was seen last, at most `FRESH_MS` ago. @throws the same. */
  recent(name: string): Promise<Head>;
  /** What a repository is read from. @throws {SlipwayError} `UNKNOWN_REPOSITORY`. */
  mirror(name: string): Promise<Mirror>;
}
export interface HeadsOptions {
  readonly wiring: Wiring;
  readonly repositories: readonly ServedRepository[];
  readonly stateDir: string;
  readonly signal: AbortSignal;
}

/** A head that was looked at within this time is taken for the newest by everything but the start of a run. */
const FRESH_MS = 10_000;

interface Known {
  head?: { readonly at: number; readonly value: Head };
  /** A fetch that goes on, and one that begins behind it: the first may have read the branch before what a caller wants to see. */
  running: Promise<Head> | undefined;
  next: Promise<Head> | undefined;
  mirror?: Promise<Mirror>;
}

/** Follow the default branches of the served repositories. */
export function createHeads(options: HeadsOptions): Heads {
  const { repositories, wiring } = options;
  const names = repositories.map(({ name }) => name);
  const known = new Map<string, Known>(names.map((name) => [name, { running: undefined, next: undefined }]));
  const find = (name: string): { readonly repository: ServedRepository; readonly state: Known } => {
    const repository = repositories.find((each) => each.name === name);
    const state = known.get(name);
    if (repository && state) return { repository, state };
    const near = didYouMean(name, names);
    throw new SlipwayError('UNKNOWN_REPOSITORY', `there is no repository "${name}" here`, {
      exitCode: EXIT.notFound,
      hint: near === undefined ? `there are ${names.join(', ')}` : `did you mean "${near}"?`,
    });
  };
  const fetched = async (name: string): Promise<Head> => {
    const { repository, state } = find(name);
    const start = (): Promise<Head> => {
      state.next = undefined;
      return (state.running = read(options, repository, state).finally(() => (state.running = undefined)));
    };
    if (!state.running) return start();
    return (state.next ??= state.running.then(start, start));
  };
  return {
    names,
    fetched,
    recent: async (name) => {
      const { state } = find(name);
      if (state.head && wiring.clock.monotonic() - state.head.at < FRESH_MS) return state.head.value;
      return state.running ?? fetched(name);
    },
    mirror: async (name) => {
      const { repository, state } = find(name);
      return mirrorOf(options, repository, state);
    },
  };
}

async function mirrorOf({ wiring, stateDir, signal }: HeadsOptions, { name, access }: ServedRepository, state: Known): Promise<Mirror> {
  state.mirror ??= openMirror({ ...wiring.git, signal, name, access, cacheDir: join(stateDir, 'checkouts'), clock: wiring.clock });
  state.mirror.catch(() => delete state.mirror); // the next one who asks tries again
  return state.mirror;
}

async function read(options: HeadsOptions, repository: ServedRepository, state: Known): Promise<Head> {
  const { name, branch } = repository;
  const { wiring, stateDir, signal } = options;
  const at = wiring.clock.monotonic();
  const mirror = await mirrorOf(options, repository, state);
  await mirror.fetch();
  const commit = await mirror.resolve(`refs/heads/${branch}`);
  const value =
    state.head?.value.commit === commit ? state.head.value : await readHead({ wiring, stateDir, signal }, { repository: name, root: mirror.path, commit });
  state.head = { at, value };
  return value;
}

async function readHead(
  { wiring, stateDir, signal }: Pick<HeadsOptions, 'wiring' | 'stateDir' | 'signal'>,
  at: Pick<Head, 'repository' | 'root' | 'commit'>,
): Promise<Head> {
  const session: Session = { actor: 'system', teams: [], root: at.root, stateDir, commit: at.commit, masker: createMasker(), signal, notice: () => undefined };
  const { checkout, parsed: estate } = await openEstate(session, wiring);
  const rules = estate.ok ? rulesOf(estate.value.repository.accesses.values()) : await rulesIn(checkout.root);
  return { ...at, files: checkout.root, estate, judges: { rules, policies: await accessPolicies(wiring, checkout.root, signal) } };
}

/** Rules of a repository that has mistakes elsewhere; with a mistake in a file that gives access, nothing is given. */
async function rulesIn(root: string): Promise<AccessRules> {
  const names = await listRunbookFiles(root);
  const files = await Promise.all(names.map(async (path) => ({ path, text: await readFile(join(root, path), 'utf8') })));
  const parsed = files.filter(({ text }) => /^kind:\s*["']?Access\b/m.test(text)).map(({ path, text }) => parseFile(text, path));
  if (parsed.some(({ ok }) => !ok)) return rulesOf([]);
  return rulesOf(parsed.flatMap((file) => (file.ok ? file.value.filter((document): document is LoadedAccess => document.kind === 'Access') : [])));
}

/** A repository whose own policies do not speak of access is judged by the shipped ones, which give nothing by themselves. */
async function accessPolicies(wiring: Wiring, root: string, signal: AbortSignal): Promise<PolicySet> {
  const own = await wiring.loadPolicies(policyDirOf(root, wiring), signal);
  return own.packages.includes(ACCESS_PACKAGE) ? own : wiring.loadPolicies(wiring.shippedPolicies, signal);
}

/** The files of a head. @throws {SlipwayError} `REPOSITORY_INVALID`: whoever asks has made no mistake, and whoever merged them is told by the log. */
export function estateOf({ estate, repository, commit }: Head): Estate {
  if (estate.ok) return estate.value;
  const count = estate.problems.filter(({ severity }) => severity === 'error').length;
  throw new SlipwayError('REPOSITORY_INVALID', `the default branch of ${repository} has ${count} mistake${count === 1 ? '' : 's'} at ${commit.slice(0, 12)}`, {
    retry: 'afterBackoff',
    hint: 'nothing can be started before they are mended; "slipway validate" lists them',
  });
}

/** Runbook of a head, by name. @throws {SlipwayError} `RUNBOOK_NOT_FOUND`, `REPOSITORY_INVALID`. */
export function runbookOf(head: Head, name: string): ReturnType<typeof findRunbook> {
  return findRunbook(estateOf(head), name);
}

/** Environments that the phases of a runbook work in. */
export function environmentsOf(phases: readonly { readonly environment?: string | undefined }[]): readonly string[] {
  return [...new Set(phases.flatMap(({ environment }) => environment ?? []))].sort();
}
