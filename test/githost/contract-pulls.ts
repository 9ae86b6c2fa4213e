import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HostError, type Merged } from '../../src/githost/index.ts';
import { eventually, refused } from './expect.ts';
import type { Site } from './site.ts';

/** A host that is still looking for conflicts says "later". */
async function mergeSoon(site: Site, number: number, sha: string, tries = 50): Promise<Merged> {
  try {
    return await site.host.merge(site.repo, number, { sha });
  } catch (cause) {
    if (!(cause instanceof HostError) || cause.code !== 'PULL_NOT_MERGEABLE' || cause.retry !== 'afterBackoff' || tries <= 0) throw cause;
    await new Promise((resolve) => setTimeout(resolve, 100));
    return mergeSoon(site, number, sha, tries - 1);
  }
}

export function pullContract(open: () => Promise<Site>): void {
  let used = 0;
  /** A pull request of Ada with one file. */
  const pullOf = async (site: Site, files: Readonly<Record<string, string>> = { 'runbooks/erp.yaml': `v${used}` }) => {
    const head = `change/${(used += 1)}`;
    const sha = await site.commit({ branch: head, files });
    return { head, sha, number: await site.openPull(site.ada, { head, title: `change ${used}` }) };
  };

  test('a pull request says who, what and from where', async () => {
    const site = await open();
    const { number, head, sha } = await pullOf(site);
    const pull = await eventually(
      () => site.host.pull(site.repo, number),
      ({ mergeable }) => mergeable === 'yes',
    );
    assert.deepEqual(
      { ...pull, url: new URL(pull.url).pathname.includes(String(number)), base: pull.base.branch },
      {
        number,
        title: `change ${used}`,
        url: true,
        state: 'open',
        draft: false,
        author: site.ada,
        head: { repo: site.repo, branch: head, sha },
        base: 'main',
        isFork: false,
        mergeable: 'yes',
        behindBy: 0,
        labels: [],
      },
    );
  });

  test('a pull request from a fork is one', async () => {
    const site = await open();
    await site.commit({ branch: 'from-outside', files: { 'runbooks/odd.yaml': 'x' }, fork: site.eve });
    const number = await site.openPull(site.eve, { head: 'from-outside', title: 'a gift', fork: true });
    const pull = await site.host.pull(site.repo, number);
    assert.deepEqual([pull.isFork, pull.author, pull.head.repo === site.repo], [true, site.eve, false]);
  });

  test('a base that goes on is noticed', async () => {
    const site = await open();
    const { number } = await pullOf(site, { 'docs/one.md': '1' });
    const main = await site.commit({ branch: 'main', files: { 'docs/two.md': `${used}` } });
    const pull = await eventually(
      () => site.host.pull(site.repo, number),
      ({ behindBy }) => behindBy === 1,
    );
    assert.deepEqual([pull.behindBy, pull.base.sha], [1, main]);
  });

  test('changed files have both names of a renamed one', async () => {
    const site = await open();
    const long = Array.from({ length: 40 }, (_, line) => `line ${line}\n`).join('');
    await site.commit({ branch: 'main', files: { 'stacks/old name.yaml': long, 'stacks/gone.yaml': 'g', 'stacks/same.yaml': 's' } });
    await site.commit({
      branch: 'files',
      files: { 'stacks/größe.yaml': 'n', 'stacks/same.yaml': 'other' },
      remove: ['stacks/gone.yaml'],
      rename: [['stacks/old name.yaml', 'stacks/new name.yaml']],
    });
    const number = await site.openPull(site.ada, { head: 'files', title: 'files' });
    const files = await site.host.changedFiles(site.repo, number);
    assert.deepEqual(
      [...files].sort((a, b) => (a.path < b.path ? -1 : 1)),
      [
        { path: 'stacks/gone.yaml', change: 'deleted' },
        { path: 'stacks/größe.yaml', change: 'added' },
        { path: 'stacks/new name.yaml', change: 'renamed', previousPath: 'stacks/old name.yaml' },
        { path: 'stacks/same.yaml', change: 'modified' },
      ].sort((a, b) => (a.path < b.path ? -1 : 1)),
    );
  });

  test('everybody who wrote or committed something is a committer', async () => {
    const site = await open();
    const [carl, dora] = [
      { name: 'Carl', email: 'carl@example.com' },
      { name: 'Dora', email: 'dora@example.com' },
    ];
    await site.commit({ branch: 'people', files: { 'a.md': '1' }, author: carl, committer: dora });
    await site.commit({ branch: 'people', files: { 'a.md': '2' }, author: { name: 'Bert', email: 'bert@example.org' } });
    const number = await site.openPull(site.ada, { head: 'people', title: 'people' });
    const people = await site.host.committers(site.repo, number);
    const emails = new Set(people.map(({ email }) => email));
    for (const email of [carl.email, dora.email, 'bert@example.org']) assert.ok(emails.has(email), `${email} is missing`);
    const bert = people.find(({ email }) => email === 'bert@example.org');
    if (bert?.account) assert.equal(bert.account.id, site.bert.id);
  });

  test('an approval is bound to the commit that was looked at', async () => {
    const site = await open();
    const { number, head, sha } = await pullOf(site);
    await site.review(site.bert, number, 'approve');
    assert.deepEqual(await site.host.approvals(site.repo, number), [{ user: site.bert, state: 'approved', sha }]);
    const next = await site.commit({ branch: head, files: { 'more.md': '1' } });
    await eventually(
      () => site.host.pull(site.repo, number),
      (pull) => pull.head.sha === next,
    );
    assert.equal((await site.host.approvals(site.repo, number)).filter((approval) => approval.sha === next).length, 0, 'a new head has no votes');
    await site.review(site.bert, number, 'approve');
    assert.deepEqual(
      (await site.host.approvals(site.repo, number)).map((approval) => approval.sha),
      [next],
    );
    await site.review(site.bert, number, 'withdraw');
    assert.deepEqual(
      (await site.host.approvals(site.repo, number)).filter(({ state }) => state === 'approved'),
      [],
    );
  });

  test('a permission is what it is now, and of that account', async () => {
    const site = await open();
    const ask = () => site.host.permission(site.repo, site.bert);
    assert.equal(await ask(), 'write');
    await site.permit(site.bert, 'read');
    assert.notEqual(await ask(), 'write');
    await site.permit(site.bert, 'admin');
    assert.equal(await ask(), 'admin');
    await site.permit(site.bert, 'write');
    assert.equal(await ask(), 'write');
    assert.equal(await site.host.permission(site.repo, { login: site.bert.login, id: site.ada.id }), 'none', 'the name belongs to somebody else');
    assert.equal(await site.host.permission(site.repo, { login: 'nobody-of-that-name' }), 'none');
    assert.ok(['none', 'read'].includes(await site.host.permission(site.repo, site.eve)));
  });

  test('only the head that was approved is merged', async () => {
    const site = await open();
    const { number, head, sha } = await pullOf(site, { 'merge.md': '1' });
    const next = await site.commit({ branch: head, files: { 'merge.md': '2' } });
    await eventually(
      () => site.host.pull(site.repo, number),
      (pull) => pull.head.sha === next && pull.mergeable === 'yes',
    );
    await assert.rejects(site.host.merge(site.repo, number, { sha }), refused('PULL_HEAD_MOVED'));
    assert.equal((await site.host.pull(site.repo, number)).state, 'open');
    const merged = await mergeSoon(site, number, next);
    const pull = await site.host.pull(site.repo, number);
    assert.deepEqual([pull.state, pull.mergedAs], ['merged', merged.sha]);
    assert.match(merged.sha ?? '', /^[0-9a-f]{40}$/);
    assert.deepEqual(await site.host.merge(site.repo, number, { sha: next }), merged, 'asked again, it says the same');
    await assert.rejects(site.host.merge(site.repo, number, { sha }), refused('PULL_HEAD_MOVED'));
    assert.equal(Buffer.from((await site.host.fileAt(site.repo, 'main', 'merge.md')) ?? []).toString(), '2');
  });

  test('a merge whose answer is lost happened once', async () => {
    const site = await open();
    const { number, sha } = await pullOf(site, { 'lost.md': '1' });
    await eventually(
      () => site.host.pull(site.repo, number),
      ({ mergeable }) => mergeable === 'yes',
    );
    site.wire.loseAnswerOf(/(?:POST|PUT) .*\/merge$/);
    const { sha: merged } = await site.host.merge(site.repo, number, { sha });
    assert.equal((await site.host.pull(site.repo, number)).mergedAs, merged);
  });

  test('what conflicts or is closed is not merged', async () => {
    const site = await open();
    const { number, sha } = await pullOf(site, { 'fight.md': 'ours' });
    await site.commit({ branch: 'main', files: { 'fight.md': 'theirs' } });
    const pull = await eventually(
      () => site.host.pull(site.repo, number),
      ({ mergeable }) => mergeable !== 'yes',
    );
    assert.notEqual(pull.mergeable, 'yes');
    await assert.rejects(site.host.merge(site.repo, number, { sha }), refused('PULL_NOT_MERGEABLE'));
    await site.close(number);
    assert.equal((await site.host.pull(site.repo, number)).state, 'closed');
    await assert.rejects(site.host.merge(site.repo, number, { sha }), refused('PULL_NOT_MERGEABLE'));
  });

  test('a pull request is opened once', async () => {
    const site = await open();
    await site.commit({ branch: 'slipway/revert-1', files: { 'revert.md': '1' } });
    const request = { repo: site.repo, head: 'slipway/revert-1', base: 'main', title: 'Revert\nthat', body: 'because' };
    site.wire.loseAnswerOf(/POST .*(?:pulls|merge_requests|pull-requests)$/);
    const first = await site.host.openPullRequest(request);
    const again = await site.host.openPullRequest(request);
    assert.deepEqual([first.number, first.created, again.created], [again.number, true, false]);
    const pull = await site.host.pull(site.repo, first.number);
    assert.deepEqual([pull.title, pull.head.branch, pull.author.id], ['Revert that', 'slipway/revert-1', (await site.host.self()).id]);
  });

  test('a file is read at a commit, and a commit that is not there is no missing file', async () => {
    const site = await open();
    const sha = await site.commit({ branch: 'main', files: { 'docs/a b/größe.md': 'grün\n' } });
    const read = async (ref: string, path: string) => {
      const bytes = await site.host.fileAt(site.repo, ref, path);
      return bytes && Buffer.from(bytes).toString();
    };
    assert.equal(await read(sha, 'docs/a b/größe.md'), 'grün\n');
    assert.equal(await read('main', 'docs/a b/größe.md'), 'grün\n');
    assert.equal(await read(sha, 'docs/none.md'), undefined);
    assert.equal(await read(sha, 'docs'), undefined);
    await assert.rejects(read('0123456789abcdef0123456789abcdef01234567', 'docs/none.md'), refused('HOST_NOT_FOUND'));
    await assert.rejects(read('main', '../../etc/passwd'), refused('HOST_NAME'));
    const big = await site.commit({ branch: 'big', files: { 'big.bin': 'x'.repeat(1024 * 1024 + 1) } });
    await assert.rejects(read(big, 'big.bin'), refused('FILE_TOO_LARGE'));
  });

  test('what is not there, and who stopped waiting', async () => {
    const site = await open();
    await assert.rejects(site.host.pull(site.repo, 999_999), refused('HOST_NOT_FOUND'));
    await assert.rejects(site.host.pull(`${site.repo.split('/')[0] ?? ''}/no-such-repository`, 1), refused('HOST_NOT_FOUND'));
    for (const repo of ['../admin', 'a/../b', 'a', 'a/b?x=1', 'a/b#c', ''])
      await assert.rejects(site.host.pull(repo, 1), (thrown: Error) => /HOST_NAME/.test(String((thrown as { code?: string }).code)), repo);
    const stop = AbortSignal.abort(new Error('enough'));
    await assert.rejects(site.host.pull(site.repo, 1, { signal: stop }), /^Error: enough$/, 'who stopped waiting hears his own reason');
  });

  test('git gets an address without credentials and a header with them', async () => {
    const site = await open();
    const { url, authorization } = await site.host.clone(site.repo);
    const { username, password, pathname } = new URL(url);
    assert.deepEqual([username, password], ['', '']);
    assert.ok(pathname.toLowerCase().includes(site.repo.split('/').at(-1)?.toLowerCase() ?? '-'), pathname);
    assert.match(authorization?.reveal() ?? '', /^(?:Basic|Bearer) \S+$/);
    assert.ok(!JSON.stringify(await site.host.clone(site.repo)).includes(authorization?.reveal() ?? '-'), 'it prints as [secret]');
  });
}
