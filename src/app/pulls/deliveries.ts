import { isDeepStrictEqual } from 'node:util';
import { isObject, type Json } from '../../core/index.ts';
import type { Comment, CommentEvent, Delivery, HostUser, PushEvent } from '../../githost/index.ts';
import type { Outcome, QueueHandler } from '../serve/worker.ts';
import { type Ask, keepAsk } from './asks.ts';
import { parseCommand } from './command.ts';
import { servedFor } from './opened.ts';
import { enqueuePull } from './queue.ts';
import { changeRecord, openRecords, readRecord } from './record.ts';
import { keyOf, type PulledRepository, type PullRef, type PullsOptions } from './types.ts';
import type { Working } from './working.ts';

/** Makes work of what hosts tell. An event is only a hint: how a pull request stands is asked by whoever works on it. */
export function deliveriesHandler(options: PullsOptions, working: Working): QueueHandler {
  return {
    lanes: 2,
    handle: async ({ payload }, signal) => {
      const delivery = deliveryIn(payload);
      const { event, host, cause } = delivery;
      if (!('repo' in event)) return over('nothing to do');
      const served = servedFor(options, { host, repo: event.repo });
      if (!served) return over('no repository of ours');
      if (event.type === 'push') return pushed(options, { served, event });
      const ref: PullRef = { host, repo: served.repo, number: event.number };
      if (event.type === 'comment') return commented(options, { served, ref, event, cause, signal });
      if (event.type === 'pullRequest' && event.action === 'updated') await noteHead(options, { ref, head: event.head, working });
      await enqueuePull(options, ref, cause);
      return over(event.action);
    },
  };
}

function deliveryIn(payload: Json): Delivery {
  if (isObject(payload) && isObject(payload['event'])) return payload as never as Delivery; // verified and parsed by the intake, and kept by us since
  throw new TypeError('this is no delivery');
}

function over(what: string): Outcome {
  return { done: what };
}

/** Another default branch changes what open pull requests are judged by, and how far they are behind. */
async function pushed(options: PullsOptions, { served, event }: { readonly served: PulledRepository; readonly event: PushEvent }): Promise<Outcome> {
  const moved = event.changes.find(({ ref, after }) => ref === `refs/heads/${served.branch}` && after !== undefined);
  if (!moved) return over('another branch');
  const records = await openRecords(options.store, { host: served.host.name, repo: served.repo });
  for (const { host, repo, number } of records) await enqueuePull(options, { host, repo, number }, `base ${moved.after ?? ''}`);
  return over(`${records.length} open`);
}

/** Whoever works on the old head stops now, and its plans are not kept; also when another process works on it. */
async function noteHead(
  options: PullsOptions,
  { ref, head, working }: { readonly ref: PullRef; readonly head: string; readonly working: Working },
): Promise<void> {
  const known = await readRecord(options.store, ref);
  if (!known || known.head === head) return;
  await changeRecord(options.store, ref, (record) => ({ ...(record ?? known), newest: head }));
  working.supersede(keyOf(ref), head);
}

interface Commented {
  readonly served: PulledRepository;
  readonly ref: PullRef;
  readonly event: CommentEvent;
  readonly cause: string;
  readonly signal: AbortSignal;
}

/** A comment that speaks to Slipway is kept before anything follows from it. Comments that were edited ask for nothing. */
async function commented(options: PullsOptions, { served, ref, event, cause, signal }: Commented): Promise<Outcome> {
  if (event.action !== 'created') return over(`a comment was ${event.action}`);
  const parsed = parseCommand(event.comment.body);
  if (!parsed) return over('not for us');
  const { host } = served;
  const { id, author } = event.comment;
  if ((await host.self({ signal })).id === author.id) return over('our own');
  const comment = (await host.comments.list(ref.repo, ref.number, { signal })).find((each) => each.id === id);
  if (!comment || !isAsSent(comment, event.comment)) return over('gone or edited');
  const asked: Ask = { ...ref, comment: id, login: author.login, account: author.id, createdAt: comment.createdAt, command: { verb: 'help' } };
  const ask: Ask = 'command' in parsed ? { ...asked, command: parsed.command } : { ...asked, answer: { isDone: false, text: parsed.wrong, hint: parsed.hint } };
  await keepAsk(options.store, ask);
  await host.comments.react({ repo: ref.repo, number: ref.number, id }, 'seen', { signal });
  await enqueuePull(options, { ...ref, ask: id }, cause);
  return over(ask.command.verb);
}

function isAsSent({ author, body }: Comment, sent: { readonly author: HostUser; readonly body: string }): boolean {
  return author.id === sent.author.id && isDeepStrictEqual(parseCommand(body), parseCommand(sent.body));
}
