import { z } from 'zod';
import { BODY_CHARS, id, login, number, repo, sha, text, TITLE_CHARS } from '../read.ts';

/** Shapes that webhooks and the API share. The slug is the name of an account in addresses, and in Latin letters. */
export const User = z.object({ id, slug: login }).transform(({ id: key, slug }) => ({ id: key, login: slug }));
export const Account = z.object({ id, slug: login, name: z.string().min(1).max(255), active: z.boolean().default(true) });
const Repository = z.object({ slug: z.string().max(128), project: z.object({ key: z.string().max(255) }) });
export const RepositoryName = Repository.transform(({ slug, project }) => `${project.key}/${slug}`).pipe(repo);

const Ref = z.object({ id: z.string().max(1_024), displayId: z.string().max(1_024), latestCommit: sha, repository: RepositoryName });
const Participant = z.object({
  user: User,
  status: z.string().max(32).nullish(),
  approved: z.boolean().nullish(),
  lastReviewedCommit: z.union([sha, z.literal('')]).nullish(),
});
export const Pull = z.object({
  id: number,
  version: z.int().nonnegative(),
  title: text(TITLE_CHARS),
  state: z.enum(['OPEN', 'MERGED', 'DECLINED']),
  draft: z.boolean().nullish(),
  fromRef: Ref,
  toRef: Ref,
  author: z.object({ user: User }),
  reviewers: Participant.array().default([]),
  participants: Participant.array().default([]),
  properties: z
    .object({ mergeCommit: z.object({ id: sha }).nullish() })
    .nullish()
    .transform((properties) => properties ?? {}),
});
export type Pull = z.infer<typeof Pull>;

export interface Comment {
  readonly id: string;
  readonly version: number;
  readonly text: string;
  readonly author: { readonly id: string; readonly login: string };
  readonly createdDate: number;
  readonly updatedDate: number;
  readonly comments: readonly Comment[];
}
/** Replies stand inside the comment they answer. */
export const Comment: z.ZodType<Comment> = z.object({
  id,
  version: z.int().nonnegative(),
  text: text(BODY_CHARS),
  author: User,
  createdDate: z.int(),
  updatedDate: z.int(),
  get comments() {
    return Comment.array().default([]);
  },
});
export const Activity = z.object({
  action: z.string().max(64),
  comment: Comment.nullish(),
  commentAction: z.string().max(32).nullish(),
  commentAnchor: z.unknown().optional(),
});
const Person = z.object({ name: text(255), emailAddress: text(255), id: id.optional(), slug: login.optional() });
export const Commit = z.object({ author: Person, committer: Person.nullish() });
const Path = z.object({ toString: z.string().min(1).max(4_096) });
export const Change = z.object({ type: z.string().max(32), path: Path, srcPath: Path.nullish() });
export const Status = z.object({ key: z.string().max(1_024), state: z.string().max(32), description: text(1_024), url: z.string().max(2_048).nullish() });
