import type { Adapter } from '../adapter.ts';
import { HostError } from '../error.ts';
import { type Api, apiPath } from '../http/index.ts';
import type { Comment as PortComment, CommentRef, Reaction } from '../port.ts';
import { everyPage, repoPath } from './paths.ts';
import { Activity, Comment } from './shapes.ts';

const MOST_ACTIVITIES = 20_000;
const WORDS: Readonly<Record<Reaction, string>> = { seen: 'eyes', done: 'thumbsup', refused: 'thumbsdown' };

/** @param reactions another part of the REST API. */
export function commentsOf(api: Api, { reactions, url }: { readonly reactions: Api; readonly url: string }): Adapter['comments'] {
  const pullPath = (repo: string, number: number) => `${repoPath(repo)}${apiPath`/pull-requests/${number}`}`;
  const one = ({ repo, number, id }: CommentRef) => `${pullPath(repo, number)}${apiPath`/comments/${id}`}`;
  const toComment = (repo: string, number: number, { id, text, author, createdDate, updatedDate }: Comment): PortComment => ({
    id,
    author,
    body: text,
    url: `${url}${pullPath(repo, number)}/overview?commentId=${id}`,
    createdAt: createdDate,
    edited: updatedDate > createdDate,
  });
  return {
    list: async (repo, number, call) => {
      const activities = await everyPage(api, { item: Activity, call: { path: `${pullPath(repo, number)}/activities`, ...call }, most: MOST_ACTIVITIES });
      const roots = activities.flatMap(({ action, comment, commentAction, commentAnchor }) =>
        action === 'COMMENTED' && commentAction === 'ADDED' && comment && (commentAnchor ?? undefined) === undefined ? [comment] : [],
      );
      const all = roots.flatMap(withReplies).sort((a, b) => a.createdDate - b.createdDate || Number(a.id) - Number(b.id));
      return all.map((comment) => toComment(repo, number, comment));
    },
    get: async (ref, call) => toComment(ref.repo, ref.number, await api.read(Comment, { path: one(ref), ...call })),
    create: async (repo, number, text, call) =>
      toComment(repo, number, await api.read(Comment, { method: 'POST', path: `${pullPath(repo, number)}/comments`, body: { text }, ...call })),
    edit: async (ref, text, call) => {
      const { version } = await api.read(Comment, { path: one(ref), ...call });
      // Sent twice it would be refused, because the version has gone on.
      return toComment(ref.repo, ref.number, await api.read(Comment, { method: 'PUT', path: one(ref), body: { text, version }, repeatable: false, ...call }));
    },
    react: async (ref, reaction, call) => {
      try {
        await reactions.send({ method: 'PUT', path: `${one(ref)}${apiPath`/reactions/${WORDS[reaction]}`}`, ...call });
      } catch (cause) {
        if (!(cause instanceof HostError) || cause.status !== 409) throw cause; // it is there already
      }
    },
    reply: async ({ repo, number, id }, text, call) => {
      const body = { text, parent: { id: Number(id) } };
      return toComment(repo, number, await api.read(Comment, { method: 'POST', path: `${pullPath(repo, number)}/comments`, body, ...call }));
    },
  };
}

function withReplies(comment: Comment): readonly Comment[] {
  return [comment, ...comment.comments.flatMap(withReplies)];
}
