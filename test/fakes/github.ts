import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { backend } from '../support/git-http.ts';
import type { Forge, Person, Pull, Repo } from './forge/forge.ts';
import { changesBetween, commitAt, commitsBetween } from './forge/git.ts';
import { type Answer, type Asked, type Fake, iso, pageOf, type Route, serveFake, textOf } from './forge/server.ts';
import {
  bodyOr404,
  commitOf,
  compare,
  contents,
  fileOf,
  merge,
  notFound,
  open,
  pullOf,
  react,
  remarkOfApi,
  reviewOf,
  setStatus,
  userOf,
} from './github-answers.ts';

export interface GithubFake extends Fake {
  /** Private key of the App 4711, which is installed for everybody. */
  readonly appKey: string;
  /** Credentials that git came with. */
  readonly gitCredentials: readonly (string | undefined)[];
}
const APP = { id: 4_711, slug: 'slipway-bot' };
const INSTALLATION = 9_001;
const INSTALLATION_TOKEN = 'ghs_ofTheInstallation0000000000000000000';

/** GitHub's REST API, as its documentation describes it, over a forge. */
export async function serveGithub(forge: Forge, asBot: Person): Promise<GithubFake> {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const authenticate = (headers: IncomingMessage['headers'], path: string): Person | undefined => {
    const [scheme = '', token = ''] = (headers.authorization ?? '').split(' ');
    if (token === INSTALLATION_TOKEN) return path.startsWith('/app') ? undefined : asBot;
    if (scheme.toLowerCase() === 'bearer' && token.split('.').length === 3)
      return isAppJwt(token, publicKey.export({ type: 'spki', format: 'pem' }).toString()) ? asBot : undefined;
    return forge.withToken(token);
  };
  const at: { url: string } = { url: '' };
  const gitCredentials: (string | undefined)[] = [];
  const fake = await serveFake({
    git: (request, response) => {
      if (!/\.git\/(?:info\/refs|git-(?:upload|receive)-pack)(?:\?|$)/.test(request.url ?? '')) return false;
      gitCredentials.push(request.headers.authorization);
      backend(forge.root, request, response);
      return true;
    },
    routes: [...appRoutes(asBot), ...repoRoutes(forge, () => at.url)],
    authenticate,
    refuse: (status, message) => ({ status, body: { message, documentation_url: 'https://docs.github.com/rest', status: String(status) } }),
    headers: () => ({ 'x-ratelimit-limit': '5000', 'x-ratelimit-remaining': '4999', 'x-github-media-type': 'github.v3; format=json' }),
  });
  at.url = fake.url;
  return { ...fake, gitCredentials, appKey: privateKey.export({ type: 'pkcs1', format: 'pem' }).toString() };
}

function isAppJwt(token: string, pem: string): boolean {
  const [head = '', claims = '', signature = ''] = token.split('.');
  const isSigned = verify('sha256', Buffer.from(`${head}.${claims}`), createPublicKey(pem), Buffer.from(signature, 'base64url'));
  const { iss, exp } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { iss: number | string; exp: number }; // signed by our own key
  return isSigned && String(iss) === String(APP.id) && exp * 1_000 > Date.now() && exp * 1_000 < Date.now() + 11 * 60_000;
}

function appRoutes(bot: Person): readonly Route[] {
  const installation = { id: INSTALLATION, app_id: APP.id, account: { login: 'ada' } };
  return [
    ['GET /app', () => ({ body: { id: APP.id, slug: APP.slug, name: 'Slipway' } })],
    ['GET /app/installations', () => ({ body: [installation] })],
    ['GET /repos/:owner/:repo/installation', () => ({ body: installation })],
    ['GET /orgs/:org/installation', () => ({ body: installation })],
    [
      'POST /app/installations/:id/access_tokens',
      ({ params, body }) =>
        params['id'] === String(INSTALLATION)
          ? {
              status: 201,
              body: {
                token: INSTALLATION_TOKEN,
                expires_at: iso(Date.now() + 3_600_000),
                permissions: body['permissions'] ?? { contents: 'write' },
                repository_selection: 'all',
              },
            }
          : notFound,
    ],
    // Accounts of Apps have brackets in their names.
    ['GET /users/slipway-bot%5Bbot%5D', () => ({ body: userOf(bot) })],
  ];
}

function repoRoutes(forge: Forge, base: () => string): readonly Route[] {
  const repoOf = ({ params }: Asked): Repo | undefined => forge.repo(`${params['owner'] ?? ''}/${params['repo'] ?? ''}`);
  const withRepo = (handle: (repo: Repo, asked: Asked) => Answer) => (asked: Asked) => {
    const repo = repoOf(asked);
    return repo && forge.repo(repo.name)?.members.has(asked.by.login) === true ? handle(repo, asked) : notFound;
  };
  const withPull = (handle: (repo: Repo, pull: Pull, asked: Asked) => Answer) =>
    withRepo((repo, asked) => {
      const pull = repo.pulls.find(({ number }) => String(number) === (asked.params['number'] ?? ''));
      return pull ? handle(repo, pull, asked) : notFound;
    });
  const list = <T>(items: readonly T[], asked: Asked): Answer => {
    const { page, headers } = pageOf(items, asked, base());
    return { body: page, headers };
  };
  const remarkOf = (repo: Repo, id: string | undefined) => {
    for (const pull of repo.pulls) for (const remark of pull.remarks) if (String(remark.id) === id) return { pull, remark };
    return undefined;
  };
  return [
    ['GET /user', ({ by }) => ({ body: userOf(by) })],
    [
      'GET /users/:login',
      ({ params }) =>
        bodyOr404(
          forge.people.find(({ login }) => login.toLowerCase() === params['login']?.toLowerCase()),
          userOf,
        ),
    ],
    ['GET /repos/:owner/:repo/pulls/:number', withPull((repo, pull) => ({ body: pullOf(forge, repo, pull) }))],
    [
      'GET /repos/:owner/:repo/pulls/:number/files',
      withPull((repo, pull, asked) => list(changesBetween(repo.folder, `refs/heads/${pull.base}`, pull.sha).slice(0, 3_000).map(fileOf), asked)),
    ],
    [
      'GET /repos/:owner/:repo/pulls/:number/commits',
      withPull((repo, pull, asked) =>
        list(
          commitsBetween(repo.folder, `refs/heads/${pull.base}`, pull.sha)
            .slice(0, 250)
            .map((commit) => commitOf(forge, commit)),
          asked,
        ),
      ),
    ],
    ['GET /repos/:owner/:repo/pulls/:number/reviews', withPull((_repo, pull, asked) => list(pull.opinions.map(reviewOf), asked))],
    ['PUT /repos/:owner/:repo/pulls/:number/merge', withPull((repo, pull, asked) => merge(forge, { repo, pull, asked }))],
    [
      'GET /repos/:owner/:repo/pulls',
      withRepo((repo, asked) => {
        const [head, to] = [asked.query.get('head'), asked.query.get('base')];
        const open = repo.pulls.filter(
          (pull) => pull.state === 'open' && (head === null || `${pull.from.name.split('/')[0]}:${pull.head}` === head) && (to === null || pull.base === to),
        );
        return list(
          open.map((pull) => pullOf(forge, repo, pull)),
          asked,
        );
      }),
    ],
    ['POST /repos/:owner/:repo/pulls', withRepo((repo, asked) => open(forge, repo, asked))],
    [
      'GET /repos/:owner/:repo/issues/:number/comments',
      withPull((_repo, pull, asked) =>
        list(
          pull.remarks.map((remark) => remarkOfApi(pull, remark)),
          asked,
        ),
      ),
    ],
    [
      'POST /repos/:owner/:repo/issues/:number/comments',
      withPull((repo, pull, { by, body }) => ({ status: 201, body: remarkOfApi(pull, forge.remark(repo, pull, { by, text: textOf(body['body']) })) })),
    ],
    [
      'GET /repos/:owner/:repo/issues/comments/:id',
      withRepo((repo, { params }) => bodyOr404(remarkOf(repo, params['id']), ({ pull, remark }) => remarkOfApi(pull, remark))),
    ],
    [
      'PATCH /repos/:owner/:repo/issues/comments/:id',
      // Whoever may write can change everybody's comments.
      withRepo((repo, { params, body }) =>
        bodyOr404(remarkOf(repo, params['id']), ({ pull, remark }) => {
          Object.assign(remark, { text: textOf(body['body']), updatedAt: forge.now() });
          return remarkOfApi(pull, remark);
        }),
      ),
    ],
    ['POST /repos/:owner/:repo/issues/comments/:id/reactions', withRepo((repo, asked) => react(remarkOf(repo, asked.params['id'])?.remark, asked))],
    ['POST /repos/:owner/:repo/statuses/:sha', withRepo((repo, asked) => setStatus(forge, repo, asked))],
    [
      'GET /repos/:owner/:repo/commits/:ref/status',
      withRepo((repo, asked) => {
        const last = new Map((repo.statuses.get(asked.params['ref'] ?? '') ?? []).map((status) => [status.context, status]));
        const { page, headers } = pageOf([...last.values()], asked, base());
        const statuses = page.map(({ id, context, state, description, url }) => ({ id, context, state, description, target_url: url ?? null }));
        return { body: { state: 'pending', total_count: last.size, statuses }, headers };
      }),
    ],
    ['GET /repos/:owner/:repo/commits/:ref', withRepo((repo, { params }) => bodyOr404(commitAt(repo.folder, params['ref'] ?? ''), (sha) => ({ sha })))],
    ['GET /repos/:owner/:repo/compare/:range', withRepo((repo, asked) => compare(forge, repo, asked))],
    ['GET /repos/:owner/:repo/contents/:path', withRepo(contents)],
    [
      'GET /repos/:owner/:repo/collaborators/:login/permission',
      withRepo((repo, { params }) =>
        bodyOr404(
          forge.people.find(({ login }) => login.toLowerCase() === params['login']?.toLowerCase()),
          (person) => {
            const level = repo.members.get(person.login) ?? 'none';
            return { permission: level, role_name: level, user: userOf(person) };
          },
        ),
      ),
    ],
    [
      'GET /orgs/:org/teams/:team',
      ({ params }) => bodyOr404(forge.groups.get(`${params['org'] ?? ''}/${params['team'] ?? ''}`), () => ({ slug: params['team'] })),
    ],
    [
      'GET /orgs/:org/teams/:team/memberships/:login',
      ({ params }) =>
        forge.groups.get(`${params['org'] ?? ''}/${params['team'] ?? ''}`)?.includes(params['login'] ?? '') === true
          ? { body: { state: 'active', role: 'member' } }
          : notFound,
    ],
  ];
}
