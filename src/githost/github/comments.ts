import { z } from 'zod';
import type { Adapter } from '../adapter.ts';
import type { Comment as PortComment, Reaction } from '../port.ts';
import { type Clients, data, everything, ownerAndName, signalled } from './client.ts';
import { Comment } from './shapes.ts';

const MOST_COMMENTS = 10_000;
const WORDS = { seen: 'eyes', done: '+1', refused: '-1' } as const satisfies Readonly<Record<Reaction, string>>;

export function commentsOf(clients: Clients): Adapter['comments'] {
  const create: Adapter['comments']['create'] = async (repo, number, body, call) => {
    const client = await clients.of(repo, call);
    const params = { ...ownerAndName(repo), issue_number: number, body, ...signalled(call) };
    return toComment(await data(Comment, () => client.request('POST /repos/{owner}/{repo}/issues/{issue_number}/comments', params)));
  };
  return {
    list: async (repo, number, call) => {
      const client = await clients.of(repo, call);
      const params = { ...ownerAndName(repo), issue_number: number, per_page: 100, ...signalled(call) };
      const pages = client.paginate.iterator('GET /repos/{owner}/{repo}/issues/{issue_number}/comments', params);
      return (await everything(Comment, pages, { path: `comments of #${number}`, most: MOST_COMMENTS })).map(toComment);
    },
    get: async ({ repo, id }, call) => {
      const client = await clients.of(repo, call);
      const params = { ...ownerAndName(repo), comment_id: Number(id), ...signalled(call) };
      return toComment(await data(Comment, () => client.request('GET /repos/{owner}/{repo}/issues/comments/{comment_id}', params)));
    },
    create,
    edit: async ({ repo, id }, body, call) => {
      const client = await clients.of(repo, call);
      const params = { ...ownerAndName(repo), comment_id: Number(id), body, ...signalled(call) };
      return toComment(await data(Comment, () => client.request('PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}', params)));
    },
    react: async ({ repo, id }, reaction, call) => {
      const client = await clients.of(repo, call);
      const params = { ...ownerAndName(repo), comment_id: Number(id), content: WORDS[reaction], ...signalled(call) };
      await data(z.unknown(), () => client.request('POST /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions', params));
    },
    reply: ({ repo, number }, body, call) => create(repo, number, body, call),
  };
}

function toComment({ id, user, body, html_url: url, created_at: createdAt, updated_at: updatedAt }: Comment): PortComment {
  return { id, author: user, body, url, createdAt, edited: updatedAt > createdAt };
}
