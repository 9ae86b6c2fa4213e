import { messageOf, SlipwayError } from '../../../core/index.ts';
import type { ReplyView } from '../../../report/index.ts';
import type { Ask } from '../asks.ts';
import type { Looks } from '../look.ts';
import type { OpenedPull } from '../opened.ts';
import { keyOf, type PullsOptions } from '../types.ts';
import { apply } from './apply.ts';
import { plan } from './plan.ts';
import { allow, cancel, help, release, rollback, unlock } from './quick.ts';
import { speakerFor, type Verb } from './speaking.ts';
import { approve, reject } from './votes.ts';

const CARRY: { readonly [verb in Ask['command']['verb']]: Verb } = { plan, apply, approve, reject, allow, rollback, cancel, unlock, release, help };

export interface Carrying {
  readonly options: PullsOptions;
  readonly looks: Looks;
  readonly opened: OpenedPull;
  readonly ask: Ask;
  /** Permission that nobody could decide on may be given a little later. */
  readonly mayRetry: boolean;
}

/**
 * Do what a comment asks for, when whoever wrote it may, and say what came of it. What was answered already is not done again.
 *
 * @throws what passes by itself, so that it is tried again; everything else is an answer.
 */
export async function carryOut({ options, looks, opened, ask, mayRetry }: Carrying): Promise<Ask> {
  if (ask.answer) return ask;
  try {
    const speaker = await speakerFor(opened, ask);
    const look = await looks.look(opened);
    return { ...ask, answer: await CARRY[ask.command.verb]({ options, looks, opened, look, ask, speaker }) };
  } catch (cause) {
    if (!(cause instanceof SlipwayError) || opened.signal.aborted || cause.code === 'PULL_SUPERSEDED') throw cause;
    if (cause.retry === 'afterBackoff' && (mayRetry || cause.code !== 'NOT_AUTHORIZED')) throw cause;
    options.log.warn({ pull: keyOf(opened.ref), by: ask.login, verb: ask.command.verb, code: cause.code, reason: cause.message }, 'a command was refused');
    return { ...ask, answer: refusalOf(cause) };
  }
}

function refusalOf(cause: SlipwayError): ReplyView {
  const { hint, problems } = cause;
  const text = problems.length > 0 ? `${messageOf(cause)}: ${problems.map(({ message }) => message).join('; ')}` : messageOf(cause);
  return { isDone: false, text, ...(hint === undefined ? {} : { hint }) };
}
