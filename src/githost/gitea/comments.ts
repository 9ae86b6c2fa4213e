import type { Adapter } from '../adapter.ts';
import { type Api, allPages, apiPath } from '../http/index.ts';
import type { Comment as PortComment, Reaction } from '../port.ts';
import { repoPath } from './paths.ts';
import { Comment } from './shapes.ts';

const MOST_COMMENTS = 10_000;
const WORDS: Readonly<Record<Reaction, string>> = { seen: 'eyes', done: '+1', refused: '-1' };

export function commentsOf(api: Api): Adapter['comments'] {
  const one = (repo: string, id: string) => `${repoPath(repo)}${apiPath`/issues/comments/${id}`}`;
  const ofPull = (repo: string, number: number) => `${repoPath(repo)}${apiPath`/issues/${number}/comments`}`;
  const create: Adapter['comments']['create'] = async (repo, number, body, call) =>
    toComment(await api.read(Comment, { method: 'POST', path: ofPull(repo, number), body: { body }, ...call }));
  return {
    list: async (repo, number, call) => {
      const found = await allPages(api, { item: Comment, call: { path: ofPull(repo, number), ...call }, most: MOST_COMMENTS });
      return found.map(toComment);
    },
    get: async ({ repo, id }, call) => toComment(await api.read(Comment, { path: one(repo, id), ...call })),
    create,
    edit: async ({ repo, id }, body, call) => toComment(await api.read(Comment, { method: 'PATCH', path: one(repo, id), body: { body }, ...call })),
    react: async ({ repo, id }, reaction, call) => {
      await api.send({ method: 'POST', path: `${one(repo, id)}/reactions`, body: { content: WORDS[reaction] }, repeatable: true, ...call });
    },
    reply: ({ repo, number }, body, call) => create(repo, number, body, call),
  };
}

function toComment({ id, user, body, html_url: url, created_at: createdAt, updated_at: updatedAt }: Comment): PortComment {
  return { id, author: user, body, url, createdAt, edited: updatedAt > createdAt };
}
