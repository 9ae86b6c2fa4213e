import type { Forge, Opinion, Person, Pull, Remark, Repo } from './forge/forge.ts';
import { changesBetween, commitAt, commitsBetween, countBetween, entryAt } from './forge/git.ts';
import { type Answer, type Asked, iso, textOf } from './forge/server.ts';

export const notFound: Answer = { status: 404, body: { message: 'Not Found', documentation_url: 'https://docs.github.com/rest', status: '404' } };

export function bodyOr404<T>(found: T | undefined, body: (found: T) => unknown): Answer {
  return found === undefined ? notFound : { body: body(found) };
}

export function userOf({ id, login }: Person): object {
  return { login, id, node_id: `U_${id}`, type: 'User', site_admin: false };
}
export function repositoryOf({ id, name }: Repo): object {
  return { id, full_name: name, name: name.split('/')[1], private: true };
}
export function pullOf(forge: Forge, repo: Repo, pull: Pull): object {
  return {
    id: pull.number * 100,
    number: pull.number,
    state: pull.state === 'open' ? 'open' : 'closed',
    title: pull.title,
    body: pull.body,
    html_url: `https://github.example/${repo.name}/pull/${pull.number}`,
    user: userOf(pull.author),
    labels: [],
    draft: false,
    merged: pull.state === 'merged',
    mergeable: pull.state === 'open' ? !forge.conflicts(repo, pull) : null,
    merge_commit_sha: pull.mergedAs ?? null,
    head: { ref: pull.head, sha: pull.sha, label: `${pull.from.name.split('/')[0]}:${pull.head}`, repo: repositoryOf(pull.from) },
    base: { ref: pull.base, sha: pull.baseSha, repo: repositoryOf(repo) },
    commits: countBetween(repo.folder, `refs/heads/${pull.base}`, pull.sha),
    changed_files: changesBetween(repo.folder, `refs/heads/${pull.base}`, pull.sha).length,
    created_at: iso(pull.createdAt),
    updated_at: iso(pull.updatedAt),
  };
}
export function remarkOfApi(pull: Pull, remark: Remark): object {
  return {
    id: remark.id,
    user: userOf(remark.author),
    body: remark.text,
    html_url: `https://github.example/x/y/pull/${pull.number}#issuecomment-${remark.id}`,
    created_at: iso(remark.createdAt),
    updated_at: iso(remark.updatedAt),
    author_association: 'MEMBER',
  };
}
export function reviewOf({ id, by, state, sha, at }: Opinion): object {
  const words = { approved: 'APPROVED', changesRequested: 'CHANGES_REQUESTED', dismissed: 'DISMISSED', withdrawn: 'CHANGES_REQUESTED' };
  return { id, user: userOf(by), state: words[state], commit_id: sha, body: '', submitted_at: iso(at) };
}
export function fileOf({ letter, path, previous }: ReturnType<typeof changesBetween>[number]): object {
  const status = { A: 'added', M: 'modified', D: 'removed', R: 'renamed' }[letter];
  return { sha: 'x', filename: path, status, additions: 1, deletions: 1, changes: 2, ...(letter === 'R' ? { previous_filename: previous } : {}) };
}
export function commitOf(forge: Forge, commit: ReturnType<typeof commitsBetween>[number]): object {
  // An address that belongs to nobody gives null, and sometimes an empty object.
  const account = (email: string) => {
    const person = forge.people.find((each) => each.email === email);
    return person ? userOf(person) : email.startsWith('dora') ? {} : null;
  };
  return {
    sha: commit.sha,
    commit: { author: commit.author, committer: commit.committer },
    author: account(commit.author.email),
    committer: account(commit.committer.email),
  };
}
export function merge(forge: Forge, { repo, pull, asked }: { readonly repo: Repo; readonly pull: Pull; readonly asked: Asked }): Answer {
  if (pull.state !== 'open') return { status: 405, body: { message: 'Pull Request is not mergeable' } };
  if (asked.body['sha'] !== pull.sha) return { status: 409, body: { message: 'Head branch was modified. Review and try the merge again.' } };
  const sha = forge.merge(repo, pull, asked.by);
  return sha === undefined
    ? { status: 405, body: { message: 'Merge conflict' } }
    : { body: { sha, merged: true, message: 'Pull Request successfully merged' } };
}
export function open(forge: Forge, repo: Repo, { body, by }: Asked): Answer {
  const [head, base] = [textOf(body['head']), textOf(body['base'])];
  if (repo.pulls.some((pull) => pull.state === 'open' && pull.head === head && pull.base === base && pull.from === repo)) {
    return {
      status: 422,
      body: { message: 'Validation Failed', errors: [{ resource: 'PullRequest', code: 'custom', message: `A pull request already exists for ${head}.` }] },
    };
  }
  const pull = forge.openPull(repo, { from: repo, head, base, title: textOf(body['title']), body: textOf(body['body']), by });
  return pull ? { status: 201, body: pullOf(forge, repo, pull) } : { status: 422, body: { message: 'Validation Failed' } };
}
export function react(remark: Remark | undefined, { by, body }: Asked): Answer {
  if (!remark) return notFound;
  const name = textOf(body['content']);
  const known = remark.reactions.some((each) => each.by === by && each.name === name);
  if (!known) remark.reactions.push({ by, name });
  return { status: known ? 200 : 201, body: { id: 1, content: name, user: userOf(by) } };
}
export function setStatus(forge: Forge, repo: Repo, { params, body }: Asked): Answer {
  const [context, description] = [textOf(body['context'], 'default'), textOf(body['description'])];
  if (commitAt(repo.folder, params['sha'] ?? '') === undefined) return { status: 422, body: { message: `No commit found for SHA: ${params['sha'] ?? ''}` } };
  if (description.length > 140)
    return {
      status: 422,
      body: { message: 'Validation Failed', errors: [{ field: 'description', message: 'description is too long (maximum is 140 characters)' }] },
    };
  const url = typeof body['target_url'] === 'string' ? body['target_url'] : undefined;
  return { status: 201, body: forge.setStatus(repo, params['sha'] ?? '', { context, state: textOf(body['state']), description, url }) };
}
/** Lists every commit, a page at a time. */
export function compare(forge: Forge, repo: Repo, { params, query }: Asked): Answer {
  const [from, to] = (params['range'] ?? '').split('...').map((each) => commitAt(repo.folder, each));
  if (from === undefined || to === undefined) return notFound;
  const [size, page] = [Number(query.get('per_page') ?? 250), Number(query.get('page') ?? 1)];
  const all = commitsBetween(repo.folder, from, to);
  return {
    body: {
      status: 'diverged',
      base_commit: { sha: from },
      ahead_by: all.length,
      behind_by: countBetween(repo.folder, to, from),
      total_commits: all.length,
      commits: all.slice((page - 1) * size, page * size).map((commit) => commitOf(forge, commit)),
      files: [],
    },
  };
}
export function contents(repo: Repo, { params, query, headers }: Asked): Answer {
  const entry = entryAt(repo.folder, query.get('ref') ?? 'HEAD', params['path'] ?? '');
  if (!entry) return notFound;
  if (!(headers.accept ?? '').includes('object')) return { status: 415, body: { message: 'this fake knows only the object media type' } };
  const path = params['path'] ?? '';
  if (entry.type === 'tree') return { body: { type: 'dir', path, entries: [] } };
  const size = entry.bytes.length;
  // GitHub leaves the content out from one megabyte on.
  const content =
    size > 1_000_000 ? { encoding: 'none', content: '' } : { encoding: 'base64', content: entry.bytes.toString('base64').replaceAll(/(.{60})/g, '$1\n') };
  return { body: { type: 'file', path, size, ...content } };
}
