import { z } from 'zod';
import { BODY_CHARS, id, login, number, repo, sha, text, time, TITLE_CHARS, url } from '../read.ts';

/** Shapes that webhooks and the API share. */
export const User = z.object({ id: z.int().transform(String), login });
export const Repository = z.object({ full_name: repo });

const Side = z.object({ ref: z.string().max(1_024), sha, repo: Repository.nullish() });
export const Pull = z.object({
  number,
  title: text(TITLE_CHARS),
  html_url: url,
  state: z.enum(['open', 'closed']),
  draft: z.boolean().default(false),
  merged: z.boolean(),
  merge_commit_sha: sha.nullish(),
  mergeable: z.boolean().default(false),
  user: User,
  labels: z
    .array(z.object({ name: z.string().max(255) }))
    .nullish()
    .transform((labels) => labels ?? []),
  head: Side,
  base: Side,
  updated_at: time,
});
export type Pull = z.infer<typeof Pull>;

export const Comment = z.object({ id, user: User, body: text(BODY_CHARS), html_url: url, created_at: time, updated_at: time });
export type Comment = z.infer<typeof Comment>;

const Identity = z.object({ name: text(255), email: text(255) }).nullish();
export const Commit = z.object({ author: User.nullish(), committer: User.nullish(), commit: z.object({ author: Identity, committer: Identity }) });
export const File = z.object({ filename: z.string().min(1).max(4_096), previous_filename: z.string().max(4_096).nullish(), status: z.string().max(32) });
export const Review = z.object({
  id: z.int(),
  user: User.nullish(),
  state: z.string().max(32),
  commit_id: z.union([sha, z.literal('')]).nullish(),
  dismissed: z.boolean().default(false),
});
export const Status = z.object({
  id: z.int(),
  context: z.string().max(1_024),
  status: z.string().max(32),
  description: text(1_024),
  target_url: z.string().max(2_048).nullish(),
});
