import { MergeRequestDiscussions, MergeRequestNoteAwardEmojis, MergeRequestNotes } from '@gitbeaker/rest';
import type { Adapter } from '../adapter.ts';
import { HostError } from '../error.ts';
import type { Comment, Reaction } from '../port.ts';
import { PAGES, type Resources, shapedAs, wholeList } from './client.ts';
import { Discussion, Note } from './shapes.ts';

const WORDS: Readonly<Record<Reaction, string>> = { seen: 'eyes', done: 'thumbsup', refused: 'thumbsdown' };

export function commentsOf(resources: Resources, url: string): Adapter['comments'] {
  const commentOf = (repo: string, number: number, note: Note): Comment => ({
    id: note.id,
    author: { id: note.author.id, login: note.author.login },
    body: note.body,
    url: `${url}/${repo}/-/merge_requests/${number}#note_${note.id}`,
    createdAt: note.created_at,
    edited: note.updated_at > note.created_at,
  });
  return {
    list: async (repo, number, call) => {
      const answer = resources(MergeRequestNotes, call).all(repo, number, { ...PAGES, sort: 'asc', orderBy: 'created_at' });
      const notes = await wholeList(Note, answer, `comments of !${number}`);
      return notes.filter(({ system, type }) => !system && type !== 'DiffNote').map((note) => commentOf(repo, number, note));
    },
    get: async ({ repo, number, id }, call) => commentOf(repo, number, await shapedAs(Note, resources(MergeRequestNotes, call).show(repo, number, Number(id)))),
    create: async (repo, number, body, call) => commentOf(repo, number, await shapedAs(Note, resources(MergeRequestNotes, call).create(repo, number, body))),
    edit: async ({ repo, number, id }, body, call) =>
      commentOf(repo, number, await shapedAs(Note, resources(MergeRequestNotes, call).edit(repo, number, Number(id), { body }))),
    react: async ({ repo, number, id }, reaction, call) => {
      try {
        await resources(MergeRequestNoteAwardEmojis, call).award(repo, number, Number(id), WORDS[reaction]);
      } catch (cause) {
        // GitLab answers "not found: already taken" to the second of the same.
        if (!(cause instanceof HostError) || !/already been taken/i.test(cause.message)) throw cause;
      }
    },
    reply: async ({ repo, number, id }, body, call) => {
      const all = await wholeList(Discussion, resources(MergeRequestDiscussions, call).all(repo, number, PAGES), `threads of !${number}`);
      const thread = all.find(({ notes }) => notes.some((note) => note.id === id));
      if (thread === undefined) throw new HostError('HOST_NOT_FOUND', `the comment ${id} is gone`);
      return commentOf(repo, number, await shapedAs(Note, resources(MergeRequestDiscussions, call).addNote(repo, number, thread.id, body)));
    },
  };
}
