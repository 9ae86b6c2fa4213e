import { z } from 'zod';
import { BODY_CHARS, id, login, number, repo, sha, text, time, TITLE_CHARS, url } from '../read.ts';

/** Shapes of the API; webhooks have others. */
export const User = z
  .object({ id, username: login, state: z.string().max(32).optional() })
  .transform(({ id: key, username, state }) => ({ id: key, login: username, state }));
export const Project = z.object({ path_with_namespace: repo });

export const Pull = z.object({
  iid: number,
  title: text(TITLE_CHARS),
  web_url: url,
  state: z.string().max(32),
  draft: z.boolean().nullish(),
  author: User,
  source_branch: z.string().max(1_024),
  target_branch: z.string().max(1_024),
  source_project_id: z.int().nullish(),
  target_project_id: z.int(),
  sha,
  merge_status: z.string().max(64).nullish(),
  has_conflicts: z.boolean().nullish(),
  diverged_commits_count: z.int().nonnegative().nullish(),
  labels: z.array(z.string().max(255)),
  merge_commit_sha: sha.nullish(),
  squash_commit_sha: sha.nullish(),
});
export type Pull = z.infer<typeof Pull>;

export const Note = z.object({
  id,
  type: z.string().max(64).nullish(),
  author: User,
  body: text(BODY_CHARS),
  system: z.boolean(),
  created_at: time,
  updated_at: time,
});
export type Note = z.infer<typeof Note>;

export const Discussion = z.object({ id: z.string().regex(/^[0-9a-f]{1,64}$/), notes: z.array(z.object({ id })) });
export const Commit = z.object({ author_name: text(255), author_email: text(255), committer_name: text(255), committer_email: text(255) });
export const Diff = z.object({
  old_path: z.string().min(1).max(4_096),
  new_path: z.string().min(1).max(4_096),
  new_file: z.boolean(),
  renamed_file: z.boolean(),
  deleted_file: z.boolean(),
});
export const Version = z.object({ head_commit_sha: sha, created_at: time });
export const Approvals = z.object({ approved_by: z.array(z.object({ user: User, approved_at: time.nullish() })) });
export const Reviewer = z.object({ user: User, state: z.string().max(64) });
export const Status = z.object({
  name: z.string().max(1_024),
  status: z.string().max(32),
  description: text(1_024),
  target_url: z.string().max(2_048).nullish(),
});
export const Member = z.object({ access_level: z.int(), state: z.string().max(32).nullish() });
export const Branch = z.object({ commit: z.object({ id: sha }) });
export const File = z.object({ size: z.int().nonnegative(), encoding: z.string(), content: z.string() });
