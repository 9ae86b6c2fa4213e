import { z } from 'zod';
import type { Json } from '../../core/index.ts';
import { placeComment } from '../../githost/index.ts';
import { replyMarkdown, type ReplyView } from '../../report/index.ts';
import type { Store } from '../../store/index.ts';
import { type Command, VERBS } from './command.ts';
import { keyOf, type PulledRepository, type PullRef } from './types.ts';

/** A command that somebody has given in a comment, and what came of it. */
const Ask = z.strictObject({
  host: z.string(),
  repo: z.string(),
  number: z.number(),
  /** Id of the comment. */
  comment: z.string(),
  login: z.string(),
  account: z.string(),
  /** Of the comment, by the clock of the host. */
  createdAt: z.number(),
  command: z.strictObject({ verb: z.enum(VERBS), runbook: z.string().exactOptional(), phase: z.string().exactOptional(), commit: z.string().exactOptional() }),
  answer: z.custom<ReplyView>((value) => typeof value === 'object' && value !== null).optional(),
});
export type Ask = z.output<typeof Ask> & { readonly command: Command };

const COLLECTION = 'pull-commands';

/** What was asked in a comment, once it was accepted. */
export async function readAsk({ documents }: Store, ref: PullRef, comment: string): Promise<Ask | undefined> {
  const found = await documents.get(COLLECTION, `${keyOf(ref)} ${comment}`);
  return found && Ask.parse(found.value);
}

/** Remember what was asked, or what came of it. An answer stays what it is. */
export async function keepAsk({ documents }: Store, ask: Ask): Promise<Ask> {
  const key = `${keyOf(ask)} ${ask.comment}`;
  const found = await documents.get(COLLECTION, key);
  const known = found && Ask.parse(found.value);
  if (known?.answer) return known;
  await documents.put(COLLECTION, key, JSON.parse(JSON.stringify(ask)) as Json, { ifVersion: found?.version ?? 0 });
  return ask;
}

/** Answer with a reaction and a reply. Both are looked for first, so that this may be done again. */
export async function say({ host }: PulledRepository, ask: Ask, signal: AbortSignal): Promise<void> {
  const { repo, number, comment, answer } = ask;
  if (!answer) return;
  const ref = { repo, number, id: comment };
  await host.comments.react(ref, answer.isDone ? 'done' : 'refused', { signal });
  await placeComment(host, { repo, number, key: `reply:${comment.toLowerCase()}`, body: replyMarkdown(answer), replyTo: comment }, { signal });
}
