import { createMasker, createRecent, digestOf, messageOf, type Problem, SlipwayError } from '../../core/index.ts';
import { buildInventory } from '../../inventory/index.ts';
import type { PlanGraph, PlanVerdict } from '../../plan/index.ts';
import { type PolicySet, wereUnheard } from '../../policy/index.ts';
import type { LoadedRunbook } from '../../runbook/index.ts';
import { withGates } from '../gates.ts';
import { digestsOf, type Estate } from '../load.ts';
import { judgeUnseen } from '../plan-change.ts';
import type { PlanRequest, Session } from '../types.ts';
import { type Affected, affectedBy, createSnapshots, isTouched, type Snapshot, type Snapshots } from './affected/index.ts';
import type { OpenedPull } from './opened.ts';
import { subjectOf } from './people.ts';
import type { PullsOptions } from './types.ts';

/** What the files of a change say, without credentials and without executing anything of them. */
export interface Look {
  readonly affected: readonly Affected[];
  readonly problems: readonly Problem[];
  /** Undefined when the change, or the default branch, has mistakes. */
  readonly estate: Estate | undefined;
  readonly policies: PolicySet | undefined;
  /** By runbook; of those that are touched. */
  readonly judged: ReadonlyMap<string, Judged>;
}
export type Judged = { readonly graph: PlanGraph; readonly verdict: PlanVerdict; readonly note?: string } | { readonly missing: string };
/** The part of an open pull request that a look needs. */
export interface OpenedForLook extends Pick<OpenedPull, 'ref' | 'mirror' | 'target' | 'gates' | 'signal'> {
  readonly head: Pick<OpenedPull['head'], 'repository' | 'commit'>;
  readonly served: { readonly name: string; readonly host: Pick<OpenedPull['served']['host'], 'name'> };
  readonly pull: { readonly author: Pick<OpenedPull['pull']['author'], 'login'> };
}
type LookOptions = Pick<PullsOptions, 'wiring' | 'session' | 'log'>;
/** Looks at changes; what has been looked at is remembered. */
export interface Looks {
  look(opened: OpenedForLook): Promise<Look>;
  /** Is a runbook other at one commit than at another? */
  isOther(opened: Pick<OpenedPull, 'mirror'>, runbook: string, between: readonly [string, string]): Promise<boolean>;
}

const MOST_KEPT = 64;
/** Policies may go by the time of day, and sample sizes by what was measured since: what they said counts no longer than this. */
const JUDGED_FOR_MS = 10 * 60_000;

export function createLooks(options: LookOptions): Looks {
  const snapshots = new Map<string, Snapshots>();
  const kept = createRecent<Promise<Look>>(MOST_KEPT);
  const snapshotsOf = ({ mirror }: Pick<OpenedPull, 'mirror'>): Snapshots => {
    const known = snapshots.get(mirror.path) ?? createSnapshots(mirror);
    snapshots.set(mirror.path, known);
    return known;
  };
  return {
    look: (opened) => {
      const { head, target, pull } = opened;
      const slot = Math.floor(options.wiring.clock.now() / JUDGED_FOR_MS);
      const key = digestOf([head.repository, head.commit, target.commit, target.base, pull.author.login, slot]);
      const known = kept.use(key, () => lookAt(options, opened, snapshotsOf(opened)));
      const forget = (): void => kept.forget(key, known);
      known.then((look) => wasHeard(look) || forget(), forget);
      return known;
    },
    isOther: async (opened, runbook, [before, after]) => {
      const open = snapshotsOf(opened);
      const affected = affectedBy(await open.open(before), await open.open(after));
      return affected.some((each) => each.runbook === runbook && (each.change === 'removed' || isTouched(each)));
    },
  };
}

/** Could policies say what they think of it? What they were kept from saying is not remembered. */
export function wasHeard({ judged }: Look): boolean {
  return [...judged.values()].every((each) => 'missing' in each || !wereUnheard(each.verdict.findings));
}

async function lookAt(options: LookOptions, opened: OpenedForLook, snapshots: Snapshots): Promise<Look> {
  const { target, gates, signal } = opened;
  const [before, after] = [await snapshots.open(target.base), await snapshots.open(target.commit)];
  const affected = affectedBy(before, after);
  const { parsed } = after;
  const inventory = parsed.ok ? buildInventory([...parsed.value.inventories.values()]) : undefined;
  const problems = [...parsed.problems, ...(inventory?.problems ?? [])];
  const estate = gates ? await estateOf(opened, after) : undefined;
  if (!estate || !gates) return { affected, problems, estate: undefined, policies: undefined, judged: new Map() };
  const policies = await options.wiring.loadPolicies(gates.policyDir, signal);
  const judged = new Map<string, Judged>();
  for (const { runbook } of affected.filter(isTouched)) judged.set(runbook, await judge(options, opened, { runbook, estate, policies }));
  return { affected, problems, estate, policies, judged };
}

/** The repository as a plan would see it, without taking its files out of the mirror. */
async function estateOf({ gates, target, mirror }: OpenedForLook, { parsed, tree }: Snapshot): Promise<Estate | undefined> {
  if (!parsed.ok || !gates) return undefined;
  const inventory = buildInventory([...parsed.value.inventories.values()]);
  if (!inventory.ok) return undefined;
  const repository = withGates(parsed.value, gates);
  const people = await mirror.people({ base: target.base, head: target.commit });
  const digest = digestOf([...tree].map(([path, { oid, mode }]) => [path, oid, mode]));
  const checkout = { root: '', repository: mirror.path, commit: target.commit, base: target.base, dirty: false, digest, people, droppedLinks: [] };
  return { checkout, repository, inventory: inventory.value, digests: digestsOf(repository) };
}

interface Judging {
  readonly runbook: string;
  readonly estate: Estate;
  readonly policies: PolicySet;
}

/** Policies over what the files say. A runbook whose inputs nobody has given is judged as in its rehearsal. */
async function judge(options: LookOptions, opened: OpenedForLook, { runbook, estate, policies }: Judging): Promise<Judged> {
  const loaded = estate.repository.runbooks.get(runbook);
  if (!loaded) return { missing: 'the runbook cannot be read' };
  const session = sessionFor(options, opened, { actor: subjectOf(opened.served.host, opened.pull.author), teams: [] });
  const around = { estate, policies, wiring: options.wiring };
  const given = inputsOf(loaded);
  const attempts: readonly PlanRequest[] = [
    { runbook, inputs: given },
    { runbook, inputs: { ...loaded.runbook.rehearsal?.inputs, ...given } },
  ];
  try {
    const [plain, rehearsed] = [await judgeUnseen(session, attempts[0] ?? { runbook, inputs: {} }, around), attempts[1]];
    if (plain.ok) return plain.value;
    const again = rehearsed && (await judgeUnseen(session, rehearsed, around));
    if (again?.ok) return { ...again.value, note: `judged with the inputs of its rehearsal: ${wordsOf(plain.problems)}` };
    return { missing: wordsOf(plain.problems) };
  } catch (cause) {
    if (!(cause instanceof SlipwayError) || opened.signal.aborted) throw cause;
    return { missing: messageOf(cause) };
  }
}

/** Values that the runbook itself gives its plans in pull requests. */
export function inputsOf({ runbook }: LoadedRunbook): PlanRequest['inputs'] {
  return Object.assign({}, ...(runbook.triggers ?? []).map((trigger) => ('pullRequest' in trigger ? trigger.pullRequest.inputs : {}))) as PlanRequest['inputs']; // JSON by its schema
}

/** A session in which the change is the repository, held back by the gates of the default branch. */
export function sessionFor(
  options: LookOptions,
  { mirror, target, gates, served, signal, ref }: OpenedForLook,
  { actor, teams }: Pick<Session, 'actor' | 'teams'>,
): Session {
  return {
    ...options.session,
    ...{ actor, teams, signal, root: mirror.path, commit: target.commit, base: target.base, repository: served.name },
    ...(gates ? { gates } : {}),
    masker: createMasker(),
    notice: (line) => options.log.info({ pull: `${ref.repo}#${ref.number}` }, line),
  };
}

function wordsOf(problems: readonly Problem[]): string {
  return problems.map(({ message, hint }) => `${message}${hint === undefined ? '' : ` (${hint})`}`).join('; ');
}
