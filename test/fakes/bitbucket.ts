import type { Forge, Pull, Remark, Repo } from './forge/forge.ts';
import { changesBetween, commitsBetween, entryAt } from './forge/git.ts';
import { gitOf } from './forge/git-served.ts';
import { type Answer, type Asked, type Fake, type Route, serveFake } from './forge/server.ts';
import {
  activitiesOf,
  browse,
  build,
  buildsOf,
  changeOf,
  comment,
  commentOf,
  commitOf,
  commits,
  edit,
  failure,
  matches,
  merge,
  mergeState,
  noComment,
  noPull,
  noRepo,
  open,
  paged,
  pullOf,
  userOf,
  userOr404,
  usersFound,
} from './bitbucket-answers.ts';

/** Bitbucket Data Center's REST API, as its documentation describes it, over a forge. */
export async function serveBitbucket(forge: Forge): Promise<Fake> {
  return serveFake({
    git: gitOf(forge, { prefix: '/scm', tokenIn: (authorization) => authorization.replace(/^Bearer /, '') }),
    routes: routesOf(forge),
    authenticate: (headers) => forge.withToken(/^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? ''),
    refuse: (status, message) => failure(status, { message, exceptionName: 'com.atlassian.bitbucket.AuthorisationException' }),
    headers: (by) => (by ? { 'x-ausername': encodeURIComponent(by.login), 'x-auserid': String(by.id) } : {}),
  });
}

function routesOf(forge: Forge): readonly Route[] {
  const A = '/rest/api/latest';
  const R = `${A}/projects/:project/repos/:slug`;
  const P = `${R}/pull-requests/:id`;
  const withRepo = (handle: (repo: Repo, asked: Asked) => Answer) => (asked: Asked) => {
    const repo = forge.repo(`${asked.params['project'] ?? ''}/${asked.params['slug'] ?? ''}`);
    return repo ? handle(repo, asked) : noRepo;
  };
  const withPull = (handle: (repo: Repo, pull: Pull, asked: Asked) => Answer) =>
    withRepo((repo, asked) => {
      const pull = repo.pulls.find(({ number }) => String(number) === asked.params['id']);
      return pull ? handle(repo, pull, asked) : noPull;
    });
  const withComment = (handle: (pull: Pull, remark: Remark, asked: Asked) => Answer) =>
    withPull((_repo, pull, asked) => {
      const remark = pull.remarks.find(({ id }) => String(id) === asked.params['comment']);
      return remark ? handle(pull, remark, asked) : noComment;
    });
  return [
    [`GET ${A}/application-properties`, () => ({ body: { version: '9.4.0', displayName: 'Bitbucket' } })],
    [`GET ${A}/users/:login`, ({ params }) => userOr404(forge, params['login'])],
    [`GET ${A}/users`, (asked) => paged(usersFound(forge, asked.query).map(userOf), asked)],
    [
      `GET ${A}/admin/groups/more-members`,
      (asked) => paged(forge.people.filter(({ login }) => forge.groups.get(asked.query.get('context') ?? '')?.includes(login) === true).map(userOf), asked),
    ],
    [`GET ${P}`, withPull((repo, pull) => ({ body: pullOf(repo, pull) }))],
    [
      `GET ${P}/merge`,
      withPull((repo, pull) =>
        pull.state === 'open'
          ? { body: mergeState(forge.conflicts(repo, pull)) }
          : failure(409, { message: 'This pull request is not open.', exceptionName: 'pull.IllegalPullRequestStateException' }),
      ),
    ],
    [`POST ${P}/merge`, withPull((repo, pull, asked) => merge(forge, { repo, pull, asked }))],
    [`GET ${P}/changes`, withPull((repo, pull, asked) => paged(changesBetween(repo.folder, `refs/heads/${pull.base}`, pull.sha).map(changeOf), asked))],
    [
      `GET ${P}/commits`,
      withPull((repo, pull, asked) =>
        paged(
          commitsBetween(repo.folder, `refs/heads/${pull.base}`, pull.sha)
            .toReversed()
            .map((commit) => commitOf(forge, commit)),
          asked,
        ),
      ),
    ],
    [`GET ${P}/activities`, withPull((_repo, pull, asked) => paged(activitiesOf(pull), asked))],
    [`POST ${P}/comments`, withPull((repo, pull, asked) => comment(forge, { repo, pull, asked }))],
    [`GET ${P}/comments/:comment`, withComment((pull, remark) => ({ body: commentOf(pull, remark) }))],
    [`PUT ${P}/comments/:comment`, withComment((pull, remark, asked) => edit(forge, { pull, remark, asked }))],
    [
      'PUT /rest/comment-likes/latest/projects/:project/repos/:slug/pull-requests/:id/comments/:comment/reactions/:name',
      withComment((_pull, remark, { by, params }) => {
        const name = params['name'] ?? '';
        if (remark.reactions.some((each) => each.by === by && each.name === name))
          return failure(409, { message: 'You have already reacted so.', exceptionName: 'comment.DuplicateReaction' });
        remark.reactions.push({ by, name });
        return { body: { emoticon: { shortcut: name }, user: userOf(by) } };
      }),
    ],
    [
      `GET ${R}/pull-requests`,
      withRepo((repo, asked) =>
        paged(
          repo.pulls.filter((pull) => matches(pull, asked.query)).map((pull) => pullOf(repo, pull)),
          asked,
        ),
      ),
    ],
    [`POST ${R}/pull-requests`, withRepo((repo, asked) => open(forge, repo, asked))],
    [`GET ${R}/commits`, withRepo(commits)],
    [`POST ${R}/commits/:sha/builds`, withRepo((repo, asked) => build(forge, repo, asked))],
    ['GET /rest/build-status/latest/commits/:sha', (asked) => paged(buildsOf(forge, asked.params['sha'] ?? ''), asked)],
    [`GET ${R}/browse/*path`, withRepo(browse)],
    [`GET ${R}/raw/*path`, withRepo((repo, { params, query }) => ({ body: entryAt(repo.folder, query.get('at') ?? 'HEAD', params['path'] ?? '')?.bytes }))],
  ];
}
