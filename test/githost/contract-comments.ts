import assert from 'node:assert/strict';
import { test } from 'node:test';
import { markerOf, placeComment } from '../../src/githost/index.ts';
import { refused } from './expect.ts';
import type { Site } from './site.ts';

export function commentContract(open: () => Promise<Site>): void {
  let pull: Promise<number> | undefined;
  const pullOf = (site: Site) =>
    (pull ??= site.commit({ branch: 'talk', files: { 'talk.md': '1' } }).then(() => site.openPull(site.ada, { head: 'talk', title: 'talk' })));
  const bodies = async (site: Site, number: number) => (await site.host.comments.list(site.repo, number)).map(({ body }) => body);

  test('our comment is made, read, changed; that of another is not', async () => {
    const site = await open();
    const number = await pullOf(site);
    const { comments } = site.host;
    const theirs = await site.comment(site.ada, number, 'slipway plan');
    const ours = await comments.create(site.repo, number, 'first');
    const listed = await comments.list(site.repo, number);
    assert.deepEqual(
      listed.map(({ id, author, body }) => ({ id, author: author.id, body })),
      [
        { id: theirs, author: site.ada.id, body: 'slipway plan' },
        { id: ours.id, author: (await site.host.self()).id, body: 'first' },
      ],
    );
    assert.ok(Math.abs((listed[0]?.createdAt ?? 0) - Date.now()) < 3_600_000);
    assert.equal((await comments.edit({ repo: site.repo, number, id: ours.id }, 'second'))?.body, 'second');
    await assert.rejects(comments.edit({ repo: site.repo, number, id: theirs }, 'mine now'), refused('COMMENT_NOT_OURS'));
    await assert.rejects(comments.edit({ repo: site.repo, number, id: '987654321' }, 'x'), refused('HOST_NOT_FOUND'));
    await assert.rejects(comments.edit({ repo: site.repo, number, id: '1/../2' }, 'x'), refused('HOST_NAME'));
    assert.deepEqual(await bodies(site, number), ['slipway plan', 'second']);
  });

  test('a reaction can be given twice and is there once', async () => {
    const site = await open();
    const number = await pullOf(site);
    const id = await site.comment(site.ada, number, 'slipway apply');
    for (const reaction of ['seen', 'seen', 'done'] as const) await site.host.comments.react({ repo: site.repo, number, id }, reaction);
    assert.equal((await site.reactions(number, id)).length, 2);
  });

  test('a reply is a comment of ours, and is placed once', async () => {
    const site = await open();
    const number = await pullOf(site);
    const id = await site.comment(site.bert, number, 'slipway help');
    const request = { repo: site.repo, number, key: `reply:${id}`, body: 'commands: …', replyTo: id };
    const first = await placeComment(site.host, request);
    const again = await placeComment(site.host, request);
    assert.deepEqual([first.outcome, again.outcome, again.id], ['created', 'unchanged', first.id]);
    assert.equal((await bodies(site, number)).filter((body) => body.includes('commands: …')).length, 1);
  });

  test('the sticky comment is one, is edited in place, and comes back when it was deleted', async () => {
    const site = await open();
    const number = await pullOf(site);
    const place = (body: string) => placeComment(site.host, { repo: site.repo, number, key: 'plan', body });
    await site.comment(site.eve, number, `${markerOf('plan')}\n\nnot by slipway`);
    const first = await place('| runbook | verdict |\n| --- | --- |\n| erp | allow |');
    assert.equal(first.outcome, 'created', 'the marker in the comment of another is nothing');
    assert.deepEqual(await place('| runbook | verdict |\n| --- | --- |\n| erp | allow |'), { ...first, outcome: 'unchanged' });
    assert.deepEqual(await place('other'), { ...first, outcome: 'edited' });
    assert.ok((await bodies(site, number)).some((body) => body.includes('not by slipway')));
    await site.deleteComment(number, first.id);
    const anew = await place('back');
    assert.equal(anew.outcome, 'created');
    assert.notEqual(anew.id, first.id);
  });

  test('a comment whose answer is lost is there once', async () => {
    const site = await open();
    const number = await pullOf(site);
    site.wire.loseAnswerOf(/POST .*(?:comments|notes)$/);
    const placed = await placeComment(site.host, { repo: site.repo, number, key: 'lost', body: 'only once' });
    assert.equal((await bodies(site, number)).filter((body) => body.includes('only once')).length, 1);
    assert.equal((await placeComment(site.host, { repo: site.repo, number, key: 'lost', body: 'only once' })).id, placed.id);
  });

  test('a comment that is too long is cut where Markdown still holds', async () => {
    const site = await open();
    const number = await pullOf(site);
    const most = site.host.limits.commentChars;
    await placeComment(site.host, {
      repo: site.repo,
      number,
      key: 'long',
      body: `<details>\n\n\`\`\`\n${'0123456789abcde\n'.repeat(most / 16 + 1)}\`\`\`\n\n</details>`,
    });
    const placed = (await bodies(site, number)).find((body) => body.startsWith(markerOf('long'))) ?? '';
    assert.ok(placed.length <= most && placed.length > most - 200, `${placed.length} of ${most}`);
    assert.match(placed.replaceAll('\r\n', '\n'), /\n```\n\n<\/details>\n\n_The rest/);
  });

  test('more comments than fit on a page are all listed, oldest first', async () => {
    const site = await open();
    await site.commit({ branch: 'chatty', files: { 'chatty.md': '1' } });
    const number = await site.openPull(site.ada, { head: 'chatty', title: 'chatty' });
    const wanted = Array.from({ length: 120 }, (_, index) => `remark ${index}`);
    for (const body of wanted) await site.comment(site.ada, number, body);
    assert.deepEqual(await bodies(site, number), wanted);
  });

  test('a status is one line, fits, and is sent only when it says something new', async () => {
    const site = await open();
    const sha = await site.commit({ branch: 'talk', files: { 'status.md': '1' } });
    const status = {
      context: 'slipway/plan: erp\nhack',
      state: 'pending',
      description: `a\r\nb ${'long '.repeat(100)}`,
      url: 'https://slipway.example/runs/1',
    } as const;
    await site.host.setStatus(site.repo, sha, status);
    const writes = () => site.wire.sent.filter((line) => line.startsWith('POST ')).length;
    const before = writes();
    await site.host.setStatus(site.repo, sha, status);
    assert.equal(writes(), before, 'nothing new, nothing sent');
    await site.host.setStatus(site.repo, sha, { context: 'slipway', state: 'success', description: 'all good' });
    const read = async () => new Map((await site.host.statuses(site.repo, sha)).map((each) => [each.context, each]));
    const first = (await read()).get('slipway/plan: erp hack');
    assert.equal(first?.state, 'pending');
    assert.equal(first?.url, status.url);
    assert.ok((first?.description.length ?? 0) <= site.host.limits.statusDescriptionChars && first?.description.startsWith('a b long') === true);
    for (const state of ['failure', 'error', 'success'] as const) {
      await site.host.setStatus(site.repo, sha, { ...status, state, description: state });
      const now = (await read()).get('slipway/plan: erp hack');
      assert.deepEqual([now?.state === 'success', now?.state === 'pending', now?.description], [state === 'success', false, state]);
    }
    assert.equal((await read()).get('slipway')?.state, 'success');
    await assert.rejects(site.host.setStatus(site.repo, sha, { ...status, url: 'javascript:alert(1)' }), refused('HOST_NAME'));
    await assert.rejects(site.host.setStatus(site.repo, sha, { ...status, context: '\n' }), refused('HOST_NAME'));
  });
}
