import { z } from 'zod';
import type { HostUser } from '../port.ts';
import { BODY_CHARS, id, login, number, repo, sha, text, time, TITLE_CHARS, url } from '../read.ts';

/** Accounts that were deleted leave their words to this one. */
export const GHOST: HostUser = { id: '0', login: 'ghost' };

/** Shapes that webhooks and the API share. */
export const User = z.object({ id, login });
export const Repository = z.object({ full_name: repo });
const MaybeUser = User.nullish().transform((user) => user ?? GHOST);

export const Pull = z.object({
  number,
  title: text(TITLE_CHARS),
  html_url: url,
  state: z.enum(['open', 'closed']),
  draft: z.boolean().nullish(),
  merged: z.boolean().nullish(),
  merge_commit_sha: sha.nullish(),
  mergeable: z.boolean().nullish(),
  user: MaybeUser,
  labels: z.array(z.object({ name: z.string().max(255) })),
  head: z.object({ ref: z.string().max(1_024), sha, repo: Repository.nullish() }),
  base: z.object({ ref: z.string().max(1_024), sha }),
  commits: z.int().nonnegative().optional(),
  changed_files: z.int().nonnegative().optional(),
});
export type Pull = z.infer<typeof Pull>;

export const Comment = z.object({ id, user: MaybeUser, body: text(BODY_CHARS), html_url: url, created_at: time, updated_at: time });
export type Comment = z.infer<typeof Comment>;

const Identity = z.object({ name: text(255), email: text(255) }).nullish();
/** GitHub writes an empty object where it does not know the account. */
const Account = z.union([User, z.object({}).transform(() => undefined)]).nullish();
export const Commit = z.object({ author: Account, committer: Account, commit: z.object({ author: Identity, committer: Identity }) });
export const File = z.object({ filename: z.string().min(1).max(4_096), previous_filename: z.string().max(4_096).optional(), status: z.string().max(32) });
export const Review = z.object({ id: z.int(), user: User.nullish(), state: z.string().max(32), commit_id: sha.nullish() });
export const Status = z.object({
  context: z.string().max(1_024),
  state: z.string().max(32),
  description: text(1_024),
  target_url: z.string().max(2_048).nullish(),
});
