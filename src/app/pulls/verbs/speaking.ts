import type { AccessAction } from '../../../runbook/index.ts';
import { createMasker, didYouMean, EXIT, SlipwayError } from '../../../core/index.ts';
import type { ReplyView } from '../../../report/index.ts';
import type { Session } from '../../types.ts';
import { isTouched } from '../affected/index.ts';
import type { Ask } from '../asks.ts';
import { objectFor } from '../assess.ts';
import type { Look, Looks } from '../look.ts';
import type { OpenedPull } from '../opened.ts';
import { mayWrite, type Speaker, speakerOf } from '../people.ts';
import type { PullsOptions } from '../types.ts';

/** Somebody who asks for something in a pull request, and all that is known about it. */
export interface Speaking {
  readonly options: PullsOptions;
  readonly looks: Looks;
  readonly opened: OpenedPull;
  readonly look: Look;
  readonly ask: Ask;
  readonly speaker: Speaker;
}
/** Carries out a command. @throws {SlipwayError} for what is refused. */
export type Verb = (speaking: Speaking) => Promise<ReplyView>;

/** Ask the host, now, who it is that speaks. @throws {SlipwayError} `NOT_AUTHORIZED`. */
export async function speakerFor({ served, ref, head, signal }: OpenedPull, { login, account }: Ask): Promise<Speaker> {
  const who = { login, id: account };
  if (await mayWrite(served.host, ref.repo, who, signal)) return speakerOf(served.host, head.judges.rules, who, signal);
  throw new SlipwayError('NOT_AUTHORIZED', `${login} may not write to this repository`, { exitCode: EXIT.notAuthorized, hint: 'ask somebody who may' });
}

/** Is it allowed by the access rules of the default branch? Kept as a decision. @throws {SlipwayError} `NOT_AUTHORIZED`. */
export async function authorize({ options, opened, look, speaker }: Speaking, action: AccessAction, runbooks: readonly string[]): Promise<void> {
  const objects = runbooks.length === 0 ? [{ kind: 'server' as const }] : runbooks.map((runbook) => objectFor(opened, look, runbook));
  for (const object of objects) await options.gate.authorize(opened.head.judges, { identity: speaker.identity, action, object }, opened.signal);
}

/** Runbooks that a command is about: the one it names, or all that the change touches. @throws {SlipwayError} `RUNBOOK_NOT_FOUND` with candidates. */
export function targetsOf({ look, ask }: Pick<Speaking, 'look' | 'ask'>): readonly string[] {
  const names = look.affected.filter(isTouched).map(({ runbook }) => runbook);
  const { runbook } = ask.command;
  if (runbook === undefined) return names;
  if (names.includes(runbook)) return [runbook];
  const near = didYouMean(runbook, names);
  throw new SlipwayError('RUNBOOK_NOT_FOUND', `this change touches no runbook "${runbook}"`, {
    exitCode: EXIT.notFound,
    hint: near === undefined ? candidates(names) : `did you mean "${near}"? ${candidates(names)}`,
  });
}

/** The one runbook that is meant. @throws {SlipwayError} `RUNBOOK_NOT_FOUND`, `WHICH_RUNBOOK`. */
export function oneOf(names: readonly string[], { command }: Ask, what: string): string {
  const { runbook, verb } = command;
  const found = runbook === undefined ? names : names.filter((name) => name === runbook);
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  if (found.length > 1) {
    throw new SlipwayError('WHICH_RUNBOOK', `${found.length} runbooks ${what}`, {
      exitCode: EXIT.usage,
      hint: `name one: slipway ${verb} -r ${found.join(' or -r ')}`,
    });
  }
  throw new SlipwayError('RUNBOOK_NOT_FOUND', runbook === undefined ? `no runbook of this change ${what}` : `"${runbook}" is none of those that ${what}`, {
    exitCode: EXIT.notFound,
    hint: candidates(names),
  });
}

function candidates(names: readonly string[]): string {
  return names.length === 0 ? 'there is none' : `there are ${names.slice(0, 40).join(', ')}`;
}

/** A session of whoever speaks, for what goes on already. */
export function sessionOf({ options, opened, speaker }: Speaking): Session {
  return {
    ...options.session,
    ...{ actor: speaker.identity.id, teams: speaker.teams, root: opened.mirror.path, commit: opened.target.commit, repository: opened.served.name },
    masker: createMasker(),
    notice: (line) => options.log.info({ pull: `${opened.ref.repo}#${opened.ref.number}` }, line),
  };
}

/** What somebody says is about what they could see. @throws {SlipwayError} `HEAD_MOVED`. */
export function refuseMoved({ opened }: Pick<Speaking, 'opened'>): void {
  const { record } = opened;
  if (record.newest === undefined || record.newest === record.head) return;
  throw new SlipwayError('HEAD_MOVED', `the head has moved to ${record.newest.slice(0, 12)}`, { hint: 'look at the new plan once it is there' });
}
