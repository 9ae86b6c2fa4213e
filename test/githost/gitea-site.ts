import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import type { HostRequest, HostUser } from '../../src/githost/index.ts';
import { type Gitea, type GiteaUser, startGitea } from '../support/gitea.ts';
import { createWork } from './git-work.ts';
import { createWire, openSite, type Site } from './site.ts';

export const HOOK_SECRET = 'a webhook secret of tests';

/** A real Gitea with a private repository, its people, and a webhook that leads to us. */
export async function openGiteaSite(): Promise<Site & { readonly gitea: Gitea; readonly users: ReadonlyMap<string, GiteaUser> }> {
  const gitea = await startGitea();
  const sink = await openSink();
  const names = ['slipway-bot', 'ada', 'bert', 'eve'] as const;
  const users = new Map<string, GiteaUser>();
  for (const name of names) users.set(name, await gitea.user(name));
  const user = (login: string): GiteaUser => users.get(login) ?? gitea.admin;
  const repo = 'ada/estate';
  const path = `/repos/${repo}`;
  await gitea.api('POST /user/repos', { as: user('ada'), body: { name: 'estate', auto_init: true, default_branch: 'main', private: true } });
  const permit = async (login: string, level: string) => {
    if (level === 'none') await gitea.api(`DELETE ${path}/collaborators/${login}`, { as: user('ada') });
    else await gitea.api(`PUT ${path}/collaborators/${login}`, { as: user('ada'), body: { permission: level } });
  };
  for (const [login, level] of [
    ['slipway-bot', 'admin'],
    ['bert', 'write'],
    ['eve', 'read'],
  ] as const)
    await permit(login, level);
  const config = { url: sink.url, content_type: 'json', secret: HOOK_SECRET };
  await gitea.api(`POST ${path}/hooks`, {
    as: user('ada'),
    body: {
      type: 'gitea',
      active: true,
      events: ['push', 'pull_request', 'pull_request_sync', 'pull_request_comment', 'issue_comment', 'pull_request_review'],
      config,
    },
  });
  const work = createWork(
    (fork) =>
      `http://${(fork ?? user('ada')).login}:${user((fork ?? user('ada')).login).token}@${new URL(gitea.url).host}/${fork ? `${fork.login}/estate` : repo}.git`,
  );
  const wire = createWire();
  const settings = { name: 'git', kind: 'gitea', url: gitea.url, auth: { token: 'env:TOKEN' }, webhookSecrets: ['env:HOOK'] } as const;
  const host = await openSite({ ...settings, webhookSecrets: [...settings.webhookSecrets] }, wire.exchange, {
    TOKEN: user('slipway-bot').token,
    HOOK: HOOK_SECRET,
  });
  const person = (login: string): HostUser => ({ id: String(user(login).id), login });
  let forked = false;
  return {
    gitea,
    users,
    host,
    settings: { ...settings, webhookSecrets: [...settings.webhookSecrets] },
    repo,
    ada: person('ada'),
    bert: person('bert'),
    eve: person('eve'),
    wire,
    commit: async (change) => {
      if (change.fork && !forked) {
        await gitea.api(`POST ${path}/forks`, { as: user(change.fork.login), body: {} });
        forked = true;
      }
      return work.commit(change);
    },
    openPull: async (by, { head, title, fork }) => {
      const body = { head: fork === true ? `${by.login}:${head}` : head, base: 'main', title };
      return ((await gitea.api(`POST ${path}/pulls`, { as: user(by.login), body })) as { number: number }).number;
    },
    comment: async (by, number, body) =>
      String(((await gitea.api(`POST ${path}/issues/${number}/comments`, { as: user(by.login), body: { body } })) as { id: number }).id),
    deleteComment: async (_number, id) => void (await gitea.api(`DELETE ${path}/issues/comments/${id}`, { as: user('ada') })),
    review: async (by, number, opinion) => {
      const event = opinion === 'approve' ? 'APPROVED' : 'REQUEST_CHANGES';
      await gitea.api(`POST ${path}/pulls/${number}/reviews`, { as: user(by.login), body: { event, body: 'seen' } });
    },
    reactions: async (_number, id) =>
      ((await gitea.api(`GET ${path}/issues/comments/${id}/reactions`)) as readonly { content: string }[]).map(({ content }) => content),
    permit: (whom, level) => permit(whom.login, level),
    close: async (number) => void (await gitea.api(`PATCH ${path}/pulls/${number}`, { as: user('ada'), body: { state: 'closed' } })),
    deliveries: (least) => sink.take(least),
    [Symbol.asyncDispose]: async () => {
      wire[Symbol.dispose]();
      await sink[Symbol.asyncDispose]();
      work[Symbol.dispose]();
      await gitea[Symbol.asyncDispose]();
    },
  };
}

/** Where webhooks arrive. */
export async function openSink(): Promise<{ readonly url: string; take(least: number): Promise<readonly HostRequest[]> } & AsyncDisposable> {
  const came: HostRequest[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]));
      came.push({ headers, body: Buffer.concat(chunks) });
      response.writeHead(202).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // a TCP server that listens has one
  const settle = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  return {
    url: `http://127.0.0.1:${port}/hook`,
    take: async (least) => {
      for (let tries = 0; came.length < least && tries < 100; tries++) await settle(100);
      // Others may be on their way; a host sends them within a moment, and a busy one when it has time.
      for (let [seen, tries] = [-1, 0]; seen !== came.length && tries < 20; tries++) {
        seen = came.length;
        await settle(least === 0 ? 1_500 : 300);
      }
      return came.splice(0);
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Git in a folder, for tests that look at a repository themselves. */
export function gitIn(folder: string, ...args: string[]): string {
  return execFileSync('git', args, {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: folder, GIT_CONFIG_NOSYSTEM: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim();
}
