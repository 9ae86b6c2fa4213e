import type { Forge, Opinion, Person, Pull, Remark, Repo } from './forge/forge.ts';
import { changesBetween, commitAt, commitsBetween, entryAt } from './forge/git.ts';
import { type Answer, type Asked, iso, textOf } from './forge/server.ts';

export const notFound = (what: string): Answer => ({ status: 404, body: { message: `404 ${what} Not Found` } });

export function userOf({ id, login, name }: Person): object {
  return { id, username: login, name, state: 'active', web_url: `https://gitlab.example/${login}` };
}
export function projectOf({ id, name }: Repo): object {
  return { id, path_with_namespace: name, name: name.split('/').at(-1), default_branch: 'main' };
}
export function memberOf(forge: Forge, { level, id }: { readonly level: (login: string) => number; readonly id: string | undefined }): Answer {
  const person = forge.people.find((each) => String(each.id) === id);
  const access = person === undefined ? 0 : level(person.login);
  return person === undefined || access === 0 ? notFound('') : { body: { ...userOf(person), access_level: access, expires_at: null } };
}
export function branch(repo: Repo, name: string): Answer {
  const sha = commitAt(repo.folder, `refs/heads/${name}`);
  return sha === undefined ? notFound('Branch') : { body: { name, commit: { id: sha } } };
}
export function file(repo: Repo, { params, query }: Asked): Answer {
  const ref = query.get('ref') ?? '';
  if (commitAt(repo.folder, ref) === undefined) return notFound('Commit');
  const entry = entryAt(repo.folder, ref, params['path'] ?? '');
  if (entry?.type !== 'blob') return notFound('File');
  return { body: { file_path: params['path'], size: entry.bytes.length, encoding: 'base64', content: entry.bytes.toString('base64'), ref } };
}
export function lastStatuses(repo: Repo, sha: string): ReadonlyMap<string, { readonly status: string; readonly name: string }> {
  const all = (repo.statuses.get(sha) ?? []).map(({ id, context, state, description, url }) => ({
    id,
    sha,
    name: context,
    status: state,
    description,
    target_url: url ?? null,
  }));
  return new Map(all.map((status) => [status.name, status]));
}
/** A status that has not ended cannot be given the state that it has; one that has ended is followed by another. */
export function setStatus(forge: Forge, repo: Repo, { params, body }: Asked): Answer {
  const [sha, context, state] = [params['sha'] ?? '', textOf(body['name']), textOf(body['state'])];
  if (commitAt(repo.folder, sha) === undefined) return notFound('Commit');
  const words = `Cannot transition status via :${state === 'running' ? 'run' : 'enqueue'} from :${state} (Reason(s): Status cannot transition via "run")`;
  if (['pending', 'running'].includes(state) && lastStatuses(repo, sha).get(context)?.status === state) return { status: 400, body: { message: words } };
  if (textOf(body['description']).length > 255) return { status: 400, body: { message: { description: ['is too long (maximum is 255 characters)'] } } };
  const url = typeof body['target_url'] === 'string' ? body['target_url'] : undefined;
  forge.setStatus(repo, sha, { context, state, description: textOf(body['description']), url });
  return { status: 201, body: lastStatuses(repo, sha).get(context) };
}
export function matches(pull: Pull, query: URLSearchParams): boolean {
  const is = (name: string, value: string) => query.get(name) === null || query.get(name) === value;
  return is('state', pull.state === 'open' ? 'opened' : pull.state) && is('source_branch', pull.head) && is('target_branch', pull.base);
}
export function pullOf(forge: Forge, repo: Repo, pull: Pull): object {
  const conflicts = pull.state === 'open' && forge.conflicts(repo, pull);
  return {
    id: repo.id * 1_000 + pull.number,
    iid: pull.number,
    title: pull.title,
    description: pull.body,
    state: pull.state === 'open' ? 'opened' : pull.state,
    draft: false,
    author: userOf(pull.author),
    source_branch: pull.head,
    target_branch: pull.base,
    source_project_id: pull.from.id,
    target_project_id: repo.id,
    project_id: repo.id,
    sha: pull.sha,
    merge_status: pull.state === 'open' ? (conflicts ? 'cannot_be_merged' : 'can_be_merged') : 'can_be_merged',
    detailed_merge_status: conflicts ? 'conflict' : 'ci_must_pass',
    has_conflicts: conflicts,
    labels: [],
    merge_commit_sha: pull.mergedAs ?? null,
    squash_commit_sha: null,
    web_url: `https://gitlab.example/${repo.name}/-/merge_requests/${pull.number}`,
  };
}
export function open(forge: Forge, repo: Repo, { body, by }: Asked): Answer {
  const [head, base] = [textOf(body['source_branch']), textOf(body['target_branch'])];
  const known = repo.pulls.find((pull) => pull.state === 'open' && pull.from === repo && pull.head === head && pull.base === base);
  if (known) return { status: 409, body: { message: [`Another open merge request already exists for this source branch: !${known.number}`] } };
  const pull = forge.openPull(repo, { from: repo, head, base, title: textOf(body['title']), body: textOf(body['description']), by });
  return pull ? { status: 201, body: pullOf(forge, repo, pull) } : { status: 400, body: { message: 'source_branch is missing' } };
}
export function merge(forge: Forge, { repo, pull, asked }: { readonly repo: Repo; readonly pull: Pull; readonly asked: Asked }): Answer {
  if (pull.state !== 'open') return { status: 405, body: { message: '405 Method Not Allowed' } };
  if (asked.body['sha'] !== pull.sha) return { status: 409, body: { message: 'SHA does not match HEAD of source branch' } };
  return forge.merge(repo, pull, asked.by) === undefined ? { status: 422, body: { message: 'Branch cannot be merged' } } : { body: pullOf(forge, repo, pull) };
}
export function diffOf({ letter, path, previous }: ReturnType<typeof changesBetween>[number]): object {
  return {
    old_path: letter === 'R' ? previous : path,
    new_path: path,
    new_file: letter === 'A',
    renamed_file: letter === 'R',
    deleted_file: letter === 'D',
    diff: '',
  };
}
export function commitOf({ sha, author, committer }: ReturnType<typeof commitsBetween>[number]): object {
  return { id: sha, author_name: author.name, author_email: author.email, committer_name: committer.name, committer_email: committer.email };
}
export function lastOpinions(pull: Pull): readonly Opinion[] {
  return [...new Map(pull.opinions.map((opinion) => [opinion.by, opinion])).values()];
}
export function approvers(pull: Pull): readonly Opinion[] {
  return lastOpinions(pull).filter(({ state }) => state === 'approved');
}
export function notesOf(pull: Pull): readonly object[] {
  const said = pull.opinions.map(({ id, by, at, state }) => ({
    ...noteLike(id, by, at),
    body: state === 'approved' ? 'approved this merge request' : 'unapproved this merge request',
    system: true,
    type: null,
  }));
  const line = { ...noteLike(1, pull.author, pull.createdAt), body: 'on a line of code', system: false, type: 'DiffNote' };
  return [line, ...pull.remarks.map((remark) => noteOf(pull, remark)), ...said];
}
export function noteLike(id: number, by: Person, at: number): object {
  return { id, author: userOf(by), created_at: iso(at), updated_at: iso(at), noteable_type: 'MergeRequest' };
}
export function noteOf(pull: Pull, { id, author, text, createdAt, updatedAt, parent }: Remark): object {
  return {
    ...noteLike(id, author, createdAt),
    updated_at: iso(updatedAt),
    type: parent === undefined ? null : 'DiscussionNote',
    body: text,
    system: false,
    noteable_iid: pull.number,
  };
}
export function threadOf({ id }: Remark): string {
  return id.toString(16).padStart(40, '0');
}
export function award(note: Remark, by: Person, name: string): Answer {
  if (note.reactions.some((each) => each.by === by && each.name === name))
    return { status: 404, body: { message: '404 Award Emoji Name has already been taken Not Found' } };
  note.reactions.push({ by, name });
  return { status: 201, body: { id: 1, name, user: userOf(by) } };
}
