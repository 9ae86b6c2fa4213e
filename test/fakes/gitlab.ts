import type { Forge, Pull, Remark, Repo } from './forge/forge.ts';
import { changesBetween, commitAt, commitsBetween } from './forge/git.ts';
import { gitOf } from './forge/git-served.ts';
import { type Answer, type Asked, type Fake, iso, pageOf, type Route, serveFake, textOf } from './forge/server.ts';
import {
  approvers,
  award,
  branch,
  commitOf,
  diffOf,
  file,
  lastOpinions,
  lastStatuses,
  matches,
  memberOf,
  merge,
  notFound,
  noteOf,
  notesOf,
  open,
  projectOf,
  pullOf,
  setStatus,
  threadOf,
  userOf,
} from './gitlab-answers.ts';

const ACCESS = { none: 0, read: 20, write: 30, admin: 40 } as const;

/** GitLab's REST API v4, as its documentation describes it, over a forge. */
export async function serveGitlab(forge: Forge): Promise<Fake> {
  const at: { url: string } = { url: '' };
  const tokenIn = (authorization: string): string =>
    Buffer.from(authorization.replace(/^Basic /, ''), 'base64')
      .toString()
      .replace(/^oauth2:/, '');
  const fake = await serveFake({
    git: gitOf(forge, { prefix: '', tokenIn }),
    routes: routesOf(forge, () => at.url),
    authenticate: (headers) => forge.withToken(String(headers['private-token'] ?? '')),
    refuse: (status, message) => ({ status, body: { message: `${status} ${message}` } }),
    headers: () => ({ 'ratelimit-limit': '2000', 'ratelimit-remaining': '1999', 'x-gitlab-meta': '{"version":"1"}' }),
  });
  at.url = fake.url;
  return fake;
}

function routesOf(forge: Forge, base: () => string): readonly Route[] {
  const P = '/api/v4/projects/:project';
  const M = `${P}/merge_requests/:iid`;
  const project = (asked: Asked) =>
    forge.repos.find(({ id, name }) => String(id) === asked.params['project'] || name.toLowerCase() === asked.params['project']?.toLowerCase());
  const withProject = (handle: (repo: Repo, asked: Asked) => Answer) => (asked: Asked) => {
    const repo = project(asked);
    return repo ? handle(repo, asked) : notFound('Project');
  };
  const withPull = (handle: (repo: Repo, pull: Pull, asked: Asked) => Answer) =>
    withProject((repo, asked) => {
      const pull = repo.pulls.find(({ number }) => String(number) === asked.params['iid']);
      return pull ? handle(repo, pull, asked) : notFound('Merge Request');
    });
  const withNote = (handle: (pull: Pull, note: Remark, asked: Asked, repo: Repo) => Answer) =>
    withPull((repo, pull, asked) => {
      const note = pull.remarks.find(({ id }) => String(id) === asked.params['note']);
      return note ? handle(pull, note, asked, repo) : notFound('Note');
    });
  const list = <T>(items: readonly T[], asked: Asked): Answer => {
    const { page, headers } = pageOf(items, asked, base());
    return { body: page, headers: { ...headers, 'x-total': String(items.length) } };
  };
  return [
    ['GET /api/v4/user', ({ by }) => ({ body: userOf(by) })],
    [
      'GET /api/v4/users',
      (asked) => list(forge.people.filter(({ login }) => login.toLowerCase() === asked.query.get('username')?.toLowerCase()).map(userOf), asked),
    ],
    [`GET ${P}`, withProject((repo) => ({ body: projectOf(repo) }))],
    [
      `GET ${P}/members/all/:user`,
      withProject((repo, { params }) => memberOf(forge, { level: (login) => ACCESS[repo.members.get(login) ?? 'none'], id: params['user'] })),
    ],
    [
      'GET /api/v4/groups/:group/members/all/:user',
      ({ params }) => memberOf(forge, { level: (login) => (forge.groups.get(params['group'] ?? '')?.includes(login) === true ? 30 : 0), id: params['user'] }),
    ],
    [`GET ${P}/repository/branches/:branch`, withProject((repo, { params }) => branch(repo, params['branch'] ?? ''))],
    [`GET ${P}/repository/files/:path`, withProject(file)],
    [
      `GET ${P}/repository/commits/:sha`,
      withProject((repo, { params }) =>
        commitAt(repo.folder, params['sha'] ?? '') === undefined ? notFound('Commit') : { body: { id: commitAt(repo.folder, params['sha'] ?? '') } },
      ),
    ],
    [`GET ${P}/repository/commits/:sha/statuses`, withProject((repo, asked) => list([...lastStatuses(repo, asked.params['sha'] ?? '').values()], asked))],
    [`POST ${P}/statuses/:sha`, withProject((repo, asked) => setStatus(forge, repo, asked))],
    [
      `GET ${P}/merge_requests`,
      withProject((repo, asked) =>
        list(
          repo.pulls.filter((pull) => matches(pull, asked.query)).map((pull) => pullOf(forge, repo, pull)),
          asked,
        ),
      ),
    ],
    [`POST ${P}/merge_requests`, withProject((repo, asked) => open(forge, repo, asked))],
    [
      `GET ${M}`,
      withPull((repo, pull, { query }) => ({
        body: {
          ...pullOf(forge, repo, pull),
          ...(query.get('include_diverged_commits_count') === 'true' ? { diverged_commits_count: forge.behindBy(repo, pull) } : {}),
        },
      })),
    ],
    [`GET ${M}/diffs`, withPull((repo, pull, asked) => list(changesBetween(repo.folder, `refs/heads/${pull.base}`, pull.sha).map(diffOf), asked))],
    [
      `GET ${M}/commits`,
      withPull((repo, pull, asked) => list(commitsBetween(repo.folder, `refs/heads/${pull.base}`, pull.sha).toReversed().map(commitOf), asked)),
    ],
    [
      `GET ${M}/versions`,
      withPull((_repo, pull, asked) =>
        list(
          pull.heads.toReversed().map(({ sha, at }, index) => ({ id: index, head_commit_sha: sha, created_at: iso(at), state: 'collected' })),
          asked,
        ),
      ),
    ],
    [
      `GET ${M}/approvals`,
      withPull((_repo, pull) => ({ body: { approved_by: approvers(pull).map(({ by, at }) => ({ user: userOf(by), approved_at: iso(at) })) } })),
    ],
    [
      `GET ${M}/reviewers`,
      withPull((_repo, pull, asked) =>
        list(
          lastOpinions(pull).map(({ by, state }) => ({ user: userOf(by), state: state === 'changesRequested' ? 'requested_changes' : 'reviewed' })),
          asked,
        ),
      ),
    ],
    [`PUT ${M}/merge`, withPull((repo, pull, asked) => merge(forge, { repo, pull, asked }))],
    [`GET ${M}/notes`, withPull((_repo, pull, asked) => list([...(asked.query.get('sort') === 'asc' ? notesOf(pull) : notesOf(pull).toReversed())], asked))],
    [
      `POST ${M}/notes`,
      withPull((repo, pull, { by, body }) => ({ status: 201, body: noteOf(pull, forge.remark(repo, pull, { by, text: textOf(body['body']) })) })),
    ],
    [`GET ${M}/notes/:note`, withNote((pull, note) => ({ body: noteOf(pull, note) }))],
    [
      `PUT ${M}/notes/:note`,
      withNote((pull, note, { body, by }) => {
        if (note.author !== by) return { status: 403, body: { message: '403 Forbidden' } };
        Object.assign(note, { text: textOf(body['body']), updatedAt: forge.now() });
        return { body: noteOf(pull, note) };
      }),
    ],
    [`POST ${M}/notes/:note/award_emoji`, withNote((_pull, note, { by, body }) => award(note, by, textOf(body['name'])))],
    [
      `GET ${M}/discussions`,
      withPull((_repo, pull, asked) =>
        list(
          pull.remarks
            .filter(({ parent }) => parent === undefined)
            .map((root) => ({
              id: threadOf(root),
              individual_note: true,
              notes: [root, ...pull.remarks.filter(({ parent }) => parent === root.id)].map((note) => noteOf(pull, note)),
            })),
          asked,
        ),
      ),
    ],
    [
      `POST ${M}/discussions/:thread/notes`,
      withPull((repo, pull, { by, body, params }) => {
        const root = pull.remarks.find((remark) => remark.parent === undefined && threadOf(remark) === params['thread']);
        return root
          ? { status: 201, body: noteOf(pull, forge.remark(repo, pull, { by, text: textOf(body['body']), parent: root.id })) }
          : notFound('Discussion');
      }),
    ],
  ];
}
