import type { AccessRules, Judges } from '../../../access/index.ts';
import { messageOf } from '../../../core/index.ts';
import type { Approval, Committer, GitHost, HostUser } from '../../../githost/index.ts';
import type { OpenedPull } from '../opened.ts';
import { isSamePerson, mayWrite, type Speaker, speakerOf, subjectOf } from '../people.ts';
import type { PullsOptions } from '../types.ts';

/** Somebody's last word about one plan. */
export interface Ballot {
  readonly speaker: Speaker;
  readonly decision: 'approve' | 'reject';
  readonly at: number;
}
/** Who has said what, once for all runbooks of a pull request. */
export interface Poll {
  /** Ballots that count for a plan: of people who may vote now. */
  readonly of: (runbook: string, digest: string) => readonly Ballot[];
  /** Names of those who made the change; they do not approve it. */
  readonly makers: readonly string[];
  /** Why nobody can say who made it. */
  readonly unknown: string | undefined;
}

interface Counting {
  readonly options: PullsOptions;
  readonly opened: OpenedPull;
  readonly objectOf: (runbook: string) => { readonly kind: 'runbook'; readonly runbook: string; readonly environments: readonly string[] };
}

/** Ask the host who wrote the change and who approved it, and of everybody who voted whether they still may. */
export async function takePoll(counting: Counting, { runbooks, reviews }: { readonly runbooks: readonly string[]; readonly reviews: boolean }): Promise<Poll> {
  const { options, opened } = counting;
  const { served, ref, record, head, signal } = opened;
  const { host } = served;
  const call = { signal };
  const [makers, opinions] = await Promise.all([makersOf(opened), reviews && host.can.approvals !== 'none' ? host.approvals(ref.repo, ref.number, call) : []]);
  const speakers = await speakersOf(opened, head.judges.rules, [
    ...record.votes.map(({ login, account: id }) => ({ login, id })),
    ...opinions.map(({ user }) => user),
  ]);
  const may = await votersOf(options, { speakers, judges: head.judges, objects: runbooks.map(counting.objectOf), signal });
  const ballots = (runbook: string, digest: string): readonly Ballot[] => {
    const said = record.votes.filter((vote) => vote.runbook === runbook && vote.digest === digest);
    const last = new Map<string, Ballot>();
    for (const { login, account, decision, at } of said) put(last, speakers.get(account), { decision, at, login });
    for (const { user, state, at } of countedOpinions(opinions, opened)) {
      if (!last.has(user.id)) put(last, speakers.get(user.id), { decision: state === 'approved' ? 'approve' : 'reject', at, login: user.login });
    }
    return [...last.values()].filter(({ speaker }) => may(speaker, runbook));
  };
  return { of: ballots, makers: makers.names, unknown: makers.unknown };
}

function put(
  last: Map<string, Ballot>,
  speaker: Speaker | undefined,
  { decision, at }: { readonly decision: Ballot['decision']; readonly at: number; readonly login: string },
): void {
  if (speaker?.account.id !== undefined) last.set(speaker.account.id, { speaker, decision, at });
}

/** A review counts for the head it looked at, and for nothing else; hosts do not say when it was, so that it is as old as the head was seen. */
function countedOpinions(opinions: readonly Approval[], { record, target }: OpenedPull): readonly (Approval & { readonly at: number })[] {
  if (target.commit !== record.head) return []; // what it became by the merge is not what was looked at
  const seen = Math.max(0, ...Object.values(record.plans).map(({ at }) => at));
  return opinions.filter(({ sha }) => sha === record.head).map((opinion) => ({ ...opinion, at: seen }));
}

/** Who made a change. */
export interface Makers {
  readonly names: readonly string[];
  /** Why nobody can say who made it. */
  readonly unknown: string | undefined;
}

/** As hosts, sign-ins and commits call them: one person may have several names, and none of them approves. Git is asked too; it forgets nobody. */
export async function makersOf({ pull, served, ref, mirror, record, signal }: OpenedPull): Promise<Makers> {
  const { host } = served;
  const mails = (await mirror.people({ base: record.base, head: record.head })).map(({ email }) => `user:${email}`);
  try {
    const committers = await host.committers(ref.repo, ref.number, { signal });
    return { names: namesOf(host, pull.author, { committers, mails }), unknown: undefined };
  } catch (cause) {
    signal.throwIfAborted();
    return { names: namesOf(host, pull.author, { committers: [], mails }), unknown: messageOf(cause) };
  }
}

function namesOf(
  host: GitHost,
  author: HostUser,
  { committers, mails }: { readonly committers: readonly Committer[]; readonly mails: readonly string[] },
): readonly string[] {
  const accounts = [author, ...committers.flatMap(({ account }) => account ?? [])];
  const names = accounts.flatMap((account) => [subjectOf(host, account), `user:${account.login}`]);
  return [...new Set([...names, ...committers.map(({ email }) => `user:${email}`), ...mails])];
}

async function speakersOf(
  { served, ref, signal }: OpenedPull,
  rules: AccessRules,
  accounts: readonly { readonly login: string; readonly id?: string }[],
): Promise<ReadonlyMap<string, Speaker>> {
  const speakers = new Map<string, Speaker>();
  for (const account of accounts) {
    if (account.id === undefined || speakers.has(account.id)) continue;
    if (await mayWrite(served.host, ref.repo, account, signal)) speakers.set(account.id, await speakerOf(served.host, rules, account, signal));
  }
  return speakers;
}

interface Asking {
  readonly speakers: ReadonlyMap<string, Speaker>;
  readonly judges: Judges;
  readonly objects: readonly ReturnType<Counting['objectOf']>[];
  readonly signal: AbortSignal;
}

/** Everybody is asked for once: access may have been taken away since they voted. */
async function votersOf({ gate }: PullsOptions, { speakers, judges, objects, signal }: Asking): Promise<(speaker: Speaker, runbook: string) => boolean> {
  const allowed = new Set<string>();
  for (const { identity } of speakers.values()) {
    for (const object of objects) {
      if (await gate.mayList(judges, { identity, action: 'run.vote', object }, signal)) allowed.add(`${identity.id} ${object.runbook}`);
    }
  }
  return ({ identity }, runbook) => allowed.has(`${identity.id} ${runbook}`);
}

/** Is somebody one of those? */
export function isOneOf({ identity, account }: Speaker, names: readonly string[]): boolean {
  return names.some((name) => isSamePerson(name, identity.id) || isSamePerson(name, `user:${account.login}`));
}
