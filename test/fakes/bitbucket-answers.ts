import type { Forge, Opinion, Person, Pull, Remark, Repo } from './forge/forge.ts';
import { changesBetween, commitAt, commitsBetween, countBetween, entryAt } from './forge/git.ts';
import { type Answer, type Asked, textOf } from './forge/server.ts';

const LEVELS = ['REPO_READ', 'REPO_WRITE', 'REPO_ADMIN'];
const RANK = { none: 0, read: 1, write: 2, admin: 3 } as const;

export function failure(status: number, { message, exceptionName }: { readonly message: string; readonly exceptionName: string }): Answer {
  return { status, body: { errors: [{ context: null, message, exceptionName: `com.atlassian.bitbucket.${exceptionName}` }] } };
}
export const noRepo = failure(404, { message: 'Repository does not exist.', exceptionName: 'repository.NoSuchRepositoryException' });
export const noPull = failure(404, { message: 'No pull request exists with that id.', exceptionName: 'pull.NoSuchPullRequestException' });
export const noComment = failure(404, { message: 'The comment does not exist.', exceptionName: 'comment.NoSuchCommentException' });
export const noCommit = failure(404, { message: 'Commit does not exist.', exceptionName: 'commit.NoSuchCommitException' });

export function paged<T>(items: readonly T[], { query }: Asked): Answer {
  const [start, limit] = [Number(query.get('start') ?? 0), Math.min(25, Number(query.get('limit') ?? 25))];
  const values = items.slice(start, start + limit);
  const isLastPage = start + limit >= items.length;
  return { body: { size: values.length, limit, start, isLastPage, values, nextPageStart: isLastPage ? null : start + limit } };
}
export function userOf({ id, login, name, email }: Person): object {
  return { id, name: login, slug: login, emailAddress: email, displayName: name, active: true, type: 'NORMAL' };
}
export function userOr404(forge: Forge, login: string | undefined): Answer {
  const person = forge.people.find((each) => each.login.toLowerCase() === login?.toLowerCase());
  return person ? { body: userOf(person) } : failure(404, { message: `No user with the name ${login ?? ''}`, exceptionName: 'user.NoSuchUserException' });
}
/** Filters by parts of a name, and by numbered permissions that start at 1; what it does not understand it drops. */
export function usersFound(forge: Forge, query: URLSearchParams): readonly Person[] {
  const filter = (query.get('filter') ?? '').toLowerCase();
  const named = forge.people.filter(({ login, name, email }) => [login, name, email].some((text) => text.toLowerCase().includes(filter)));
  const permission = query.get('permission.1');
  const repo = forge.repo(`${query.get('permission.1.projectKey') ?? ''}/${query.get('permission.1.repositorySlug') ?? ''}`);
  if (permission === null || !LEVELS.includes(permission)) return named;
  return named.filter(({ login }) => RANK[repo?.members.get(login) ?? 'none'] > LEVELS.indexOf(permission));
}
export function repositoryOf({ id, name }: Repo): object {
  const [key, slug] = name.split('/');
  return { id, slug, name: slug, scmId: 'git', project: { key, id: 1, name: key, type: key?.startsWith('~') === true ? 'PERSONAL' : 'NORMAL' } };
}
export function pullOf(repo: Repo, pull: Pull): object {
  const ref = (owner: Repo, branch: string, sha: string | undefined) => ({
    id: `refs/heads/${branch}`,
    displayId: branch,
    latestCommit: sha,
    repository: repositoryOf(owner),
  });
  const isOpen = pull.state === 'open';
  return {
    id: pull.number,
    version: pull.version,
    title: pull.title,
    description: pull.body,
    state: isOpen ? 'OPEN' : pull.state === 'merged' ? 'MERGED' : 'DECLINED',
    open: isOpen,
    closed: !isOpen,
    createdDate: pull.createdAt,
    updatedDate: pull.updatedAt,
    fromRef: ref(pull.from, pull.head, pull.sha),
    toRef: ref(repo, pull.base, commitAt(repo.folder, `refs/heads/${pull.base}`)),
    locked: false,
    author: { user: userOf(pull.author), role: 'AUTHOR', approved: false, status: 'UNAPPROVED' },
    reviewers: lastOpinions(pull).map(participantOf),
    participants: [],
    ...(pull.mergedAs === undefined ? {} : { properties: { mergeCommit: { id: pull.mergedAs, displayId: pull.mergedAs.slice(0, 11) } } }),
    links: { self: [{ href: `https://bitbucket.example/projects/X/repos/y/pull-requests/${pull.number}` }] },
  };
}
export function lastOpinions(pull: Pull): readonly Opinion[] {
  return [...new Map(pull.opinions.map((opinion) => [opinion.by, opinion])).values()];
}
export function participantOf({ by, state, sha }: Opinion): object {
  const status = state === 'approved' ? 'APPROVED' : state === 'changesRequested' ? 'NEEDS_WORK' : 'UNAPPROVED';
  return { user: userOf(by), role: 'REVIEWER', approved: state === 'approved', status, lastReviewedCommit: sha };
}
export function mergeState(conflicted: boolean): object {
  return {
    canMerge: false,
    conflicted,
    outcome: conflicted ? 'CONFLICTED' : 'CLEAN',
    vetoes: [{ summaryMessage: 'Not all required builds are successful yet' }],
  };
}
export function merge(forge: Forge, { repo, pull, asked }: { readonly repo: Repo; readonly pull: Pull; readonly asked: Asked }): Answer {
  if (asked.headers['x-atlassian-token'] !== 'no-check') return { status: 403, body: 'XSRF check failed' };
  if (asked.query.get('version') !== String(pull.version)) {
    return failure(409, {
      message: 'You are attempting to modify a pull request based on out-of-date information.',
      exceptionName: 'pull.PullRequestOutOfDateException',
    });
  }
  if (forge.merge(repo, pull, asked.by) === undefined)
    return failure(409, { message: 'The pull request has conflicts and cannot be merged.', exceptionName: 'pull.PullRequestMergeVetoedException' });
  return { body: pullOf(repo, pull) };
}
export function changeOf({ letter, path, previous }: ReturnType<typeof changesBetween>[number]): object {
  const split = (text: string) => ({ components: text.split('/'), name: text.split('/').at(-1), toString: text });
  const type = { A: 'ADD', M: 'MODIFY', D: 'DELETE', R: 'MOVE' }[letter];
  return { contentId: 'x', type, nodeType: 'FILE', path: split(path), ...(letter === 'R' ? { srcPath: split(previous) } : {}) };
}
export function commitOf(forge: Forge, { sha, author, committer }: ReturnType<typeof commitsBetween>[number]): object {
  const person = ({ name, email }: { readonly name: string; readonly email: string }) => {
    const known = forge.people.find((each) => each.email === email);
    return known ? userOf(known) : { name, emailAddress: email };
  };
  return { id: sha, author: person(author), committer: person(committer) };
}
/** Newest first; replies stand inside the comment they answer; remarks on code have an anchor. */
export function activitiesOf(pull: Pull): readonly object[] {
  const roots = pull.remarks.filter(({ parent }) => parent === undefined);
  const comments = roots.map((remark) => ({
    id: remark.id,
    action: 'COMMENTED',
    commentAction: 'ADDED',
    user: userOf(remark.author),
    createdDate: remark.createdAt,
    comment: commentOf(pull, remark),
  }));
  const onCode = {
    id: 2,
    action: 'COMMENTED',
    commentAction: 'ADDED',
    comment: commentOf(pull, { ...line(pull), text: 'on a line' }),
    commentAnchor: { path: 'x', line: 1 },
  };
  const opened = { id: 1, action: 'OPENED', user: userOf(pull.author), createdDate: pull.createdAt };
  return [...comments.toReversed(), onCode, opened];
}
export function line(pull: Pull): Remark {
  return { id: 3, author: pull.author, text: '', createdAt: pull.createdAt, updatedAt: pull.createdAt, version: 0, parent: undefined, reactions: [] };
}
export function commentOf(pull: Pull, { id, author, text, createdAt, updatedAt, version }: Remark): object {
  const replies = pull.remarks.filter(({ parent }) => parent === id).map((reply) => commentOf(pull, reply));
  return {
    id,
    version,
    text,
    author: userOf(author),
    createdDate: createdAt,
    updatedDate: updatedAt,
    comments: replies,
    tasks: [],
    severity: 'NORMAL',
    state: 'OPEN',
  };
}
export function comment(forge: Forge, { repo, pull, asked: { by, body } }: { readonly repo: Repo; readonly pull: Pull; readonly asked: Asked }): Answer {
  const parent = (body['parent'] as { id: number } | undefined)?.id; // what clients send
  if (parent !== undefined && !pull.remarks.some(({ id }) => id === parent)) return noComment;
  if (textOf(body['text']).length > 32_768)
    return failure(400, { message: 'The comment text is too long.', exceptionName: 'validation.ArgumentValidationException' });
  return { status: 201, body: commentOf(pull, forge.remark(repo, pull, { by, text: textOf(body['text']), ...(parent === undefined ? {} : { parent }) })) };
}
export function edit(forge: Forge, { pull, remark, asked: { by, body } }: { readonly pull: Pull; readonly remark: Remark; readonly asked: Asked }): Answer {
  if (remark.author !== by) return failure(401, { message: 'You are not permitted to edit this comment.', exceptionName: 'AuthorisationException' });
  if (body['version'] !== remark.version)
    return failure(409, {
      message: 'You are attempting to modify a comment based on out-of-date information.',
      exceptionName: 'comment.CommentOutOfDateException',
    });
  Object.assign(remark, { text: textOf(body['text']), updatedAt: forge.now(), version: remark.version + 1 });
  return { body: commentOf(pull, remark) };
}
export function matches(pull: Pull, query: URLSearchParams): boolean {
  const state = query.get('state') ?? 'OPEN';
  const at = query.get('at');
  const isState = state === 'ALL' || (state === 'OPEN') === (pull.state === 'open');
  return isState && (at === null || at === `refs/heads/${query.get('direction') === 'OUTGOING' ? pull.head : pull.base}`);
}
export function open(forge: Forge, repo: Repo, { body, by }: Asked): Answer {
  const branch = (side: string) => ((body[side] as { id: string }).id ?? '').replace('refs/heads/', ''); // what clients send
  const [head, base] = [branch('fromRef'), branch('toRef')];
  if (repo.pulls.some((pull) => pull.state === 'open' && pull.head === head && pull.base === base && pull.from === repo)) {
    return failure(409, {
      message: 'Only one pull request may be open for a given source and target branch',
      exceptionName: 'pull.DuplicatePullRequestException',
    });
  }
  const pull = forge.openPull(repo, { from: repo, head, base, title: textOf(body['title']), body: textOf(body['description']), by });
  return pull ? { status: 201, body: pullOf(repo, pull) } : failure(404, { message: 'no such branch', exceptionName: 'commit.NoSuchBranchException' });
}
export function commits(repo: Repo, { query }: Asked): Answer {
  const [until, since] = [commitAt(repo.folder, query.get('until') ?? 'HEAD'), query.get('since')];
  if (until === undefined || (since !== null && commitAt(repo.folder, since) === undefined)) return noCommit;
  const total = since === null ? 1 : countBetween(repo.folder, since, until);
  return {
    body: {
      values: [{ id: until }].slice(0, total),
      size: 1,
      isLastPage: true,
      start: 0,
      limit: 1,
      ...(query.get('withCounts') === 'true' ? { totalCount: total, authorCount: 1 } : {}),
    },
  };
}
export function build(forge: Forge, repo: Repo, { params, body }: Asked): Answer {
  const [key, state, url] = [body['key'], body['state'], body['url']].map(String) as [string, string, string];
  const isSound = key.length <= 255 && ['SUCCESSFUL', 'FAILED', 'INPROGRESS', 'CANCELLED', 'UNKNOWN'].includes(state) && URL.canParse(url);
  if (!isSound) return failure(400, { message: 'A valid key, state and url are needed.', exceptionName: 'validation.ArgumentValidationException' });
  forge.setStatus(repo, params['sha'] ?? '', { context: key, state, description: textOf(body['description']), url });
  return { status: 204 };
}
export function buildsOf(forge: Forge, sha: string): readonly object[] {
  const all = forge.repos.flatMap((repo) => repo.statuses.get(sha) ?? []);
  return [...new Map(all.map(({ context, state, description, url }) => [context, { key: context, name: context, state, description, url }])).values()];
}
export function browse(repo: Repo, { params, query }: Asked): Answer {
  const at = query.get('at') ?? 'HEAD';
  if (commitAt(repo.folder, at) === undefined) return noCommit;
  const entry = entryAt(repo.folder, at, params['path'] ?? '');
  if (!entry) return failure(404, { message: `The path "${params['path'] ?? ''}" does not exist`, exceptionName: 'content.NoSuchPathException' });
  return { body: { type: entry.type === 'tree' ? 'DIRECTORY' : 'FILE' } };
}
