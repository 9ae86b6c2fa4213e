import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { WorldRequest } from '../../src/app/index.ts';
import type { Comment, HostUser } from '../../src/githost/index.ts';
import { HOOK_SECRET, openGiteaSite } from '../githost/gitea-site.ts';
import { FILES, POLICY, saying } from './estate.ts';
import { type Running, sendTo, settingsText, startServer } from './served.ts';

const PATIENCE_MS = 120_000;

// The loop against a real Gitea: its webhooks, its comments, statuses, reviews and merges, and Git over HTTP.
suite('the pull-request loop with a real Gitea', () => {
  let site: Awaited<ReturnType<typeof openGiteaSite>>;
  let server: Running;
  const dir = mkdtempSync(join(tmpdir(), 'slipway-loop-'));
  const worlds: WorldRequest[] = [];
  const logged: { [field: string]: unknown }[] = [];
  before(async () => {
    site = await openGiteaSite();
    await site.commit({ branch: 'main', files: FILES });
    await site.deliveries(1);
    const token = site.users.get('slipway-bot')?.token ?? '';
    server = await startServer({ settings: settingsText(site), secrets: { TOKEN: token, HOOK: HOOK_SECRET }, dir, worlds, logged });
  });
  after(async () => {
    await server?.stop();
    await site?.[Symbol.asyncDispose]();
    execFileSync('chmod', ['-R', 'u+w', dir]);
    await rm(dir, { recursive: true, force: true });
  });

  /** What Gitea has told since goes to the server, until something is so. */
  const until = async <T>(what: string, look: () => Promise<T | undefined>): Promise<T> => {
    for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await delay(200)) {
      for (const delivery of await site.deliveries(0)) assert.equal((await sendTo(server, delivery)).status, 202);
      const seen = await look();
      if (seen !== undefined) return seen;
    }
    throw new Error(`${what}: not within ${PATIENCE_MS / 1_000} s; ${JSON.stringify(logged.filter(({ level }) => level !== 'info').slice(-6))}`);
  };
  const ours = async (number: number): Promise<readonly Comment[]> => {
    const self = await site.host.self();
    return (await site.host.comments.list(site.repo, number)).filter(({ author }) => author.id === self.id);
  };
  const comment = (number: number, words: RegExp): Promise<string> =>
    until(`a comment like ${String(words)}`, async () => (await ours(number)).find(({ body }) => body.includes('(slipway plan)') && words.test(body))?.body);
  const status = (number: number, context: string, state: string): Promise<string> =>
    until(`${context} ${state}`, async () => {
      const { head } = await site.host.pull(site.repo, number);
      return (await site.host.statuses(site.repo, head.sha)).find((each) => each.context === context && each.state === state)?.description;
    });
  const say = async (by: HostUser, number: number, text: string): Promise<string> => {
    // Gitea tells times in whole seconds, and what somebody answers to they have seen.
    await delay(1_100);
    const id = await site.comment(by, number, text);
    return until(`an answer to ${text}`, async () => (await ours(number)).find(({ body }) => body.includes(`(slipway reply:${id})`))?.body);
  };
  const propose = async (by: HostUser, branch: string, files: Readonly<Record<string, string>>, fork = false): Promise<number> => {
    await site.commit({ branch, files, ...(fork ? { fork: by } : {}) });
    return site.openPull(by, { head: branch, title: branch, fork });
  };

  test('a change is planned, approved, applied and told', async () => {
    const number = await propose(site.ada, 'greet', { 'runbooks/hello.yaml': saying('hello', 'lab', 'good morning') });
    await comment(number, /1 planned/);
    await status(number, 'slipway: hello', 'pending');
    assert.match(await say(site.eve, number, 'slipway apply'), /⛔ eve may not write/);
    assert.match(await say(site.ada, number, 'slipway apply -r hello'), /✅ started run-/);
    await comment(number, /run-\S+: succeeded/);
    await status(number, 'slipway: hello', 'success');
    assert.equal((await ours(number)).filter(({ body }) => body.includes('(slipway plan)')).length, 1);
  });

  test('an approval of an older head does not count, and what was approved is applied after the merge', async () => {
    const number = await propose(site.ada, 'ship', { 'runbooks/ship.yaml': saying('ship', 'prod', 'first') });
    await comment(number, /1 planned/);
    assert.match(await say(site.bert, number, 'slipway approve'), /✅ approved/);
    await comment(number, /1 of 1, by bert/);
    const next = await site.commit({ branch: 'ship', files: { 'runbooks/ship.yaml': saying('ship', 'prod', 'second') } });
    const told = await comment(number, new RegExp(`${next.slice(0, 12)}\`[^]*plan: sha256`));
    assert.match(told, /1 approval for prod: 0 of 1/);
    const [, digest = ''] = /plan: (sha256:[0-9a-f]{64})/.exec(told) ?? [];
    assert.match(await say(site.bert, number, 'slipway approve'), /✅ approved/);
    await until('it is merged', async () => site.host.merge(site.repo, number, { sha: next }).catch(() => undefined));
    await comment(number, /default branch: has what was planned/);
    assert.match(await say(site.ada, number, 'slipway apply'), /✅ started/);
    await comment(number, /run-\S+: succeeded/);
    const { length } = await server.parts.deps.store.audit.read({ action: 'run.start' });
    assert.ok(length >= 2, 'every start was decided, and is in the audit');
    assert.match(await comment(number, /succeeded/), new RegExp(digest));
  });

  test('a fork is not executed, and policies of a change do not judge it', async () => {
    const opened = worlds.length;
    const gift = await propose(site.eve, 'gift', { 'runbooks/hello.yaml': saying('hello', 'lab', 'from outside') }, true);
    await comment(gift, /nothing of this change was executed: its head comes from another repository/);
    assert.equal(worlds.length, opened);
    const loose = await propose(site.ada, 'loosen', {
      'policies/site.rego': POLICY.replace('== "eve"', '== "nobody"'),
      'runbooks/auto.yaml': saying('auto', 'auto', 'x').replace('default: world', 'default: eve'),
    });
    await comment(loose, /nobody greets eve/);
    assert.equal(await status(loose, 'slipway: auto', 'failure'), 'denied by policies');
  });
});
