import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Delivery, HostRequest } from '../../src/githost/index.ts';
import { refused } from './expect.ts';
import type { Site } from './site.ts';

export function eventContract(open: () => Promise<Site>): void {
  /** What the host sent while something was done, without what nothing follows from. */
  const during = async (site: Site, least: number, work: () => Promise<unknown>): Promise<readonly Delivery[]> => {
    await site.deliveries(0);
    await work();
    return (await site.deliveries(least)).map((request) => site.host.receive(request)).filter(({ event }) => event.type !== 'ignored');
  };
  const about = (deliveries: readonly Delivery[]) => deliveries.map(({ event }) => `${event.type}${'action' in event ? ` ${event.action}` : ''}`).sort();

  test('what people do arrives as events', async () => {
    const site = await open();
    const { repo, ada, bert } = site;
    let [sha, number] = ['', 0];
    const opened = await during(site, 2, async () => {
      sha = await site.commit({ branch: 'events', files: { 'events.md': '1' } });
      number = await site.openPull(ada, { head: 'events', title: 'events' });
    });
    // A busy host may look at the push only after the pull request is there, and tells of new commits then.
    assert.deepEqual(
      about(opened).filter((each) => each !== 'pullRequest updated'),
      ['pullRequest opened', 'push'],
    );
    const push = opened.find(({ event }) => event.type === 'push')?.event;
    assert.deepEqual(push?.type === 'push' ? [push.repo, push.changes] : [], [repo, [{ ref: 'refs/heads/events', before: undefined, after: sha }]]);
    const pull = opened.find(({ event }) => event.type === 'pullRequest');
    assert.deepEqual(pull?.event, { type: 'pullRequest', action: 'opened', repo, number, head: sha, sender: ada });
    assert.deepEqual([pull?.host, pull?.repo, pull?.secretIndex], [site.host.name, repo, 0]);

    const next = { sha: '' };
    const updated = await during(site, 2, async () => {
      next.sha = await site.commit({ branch: 'events', files: { 'events.md': '2' } });
    });
    const update = updated.find(({ event }) => event.type === 'pullRequest')?.event;
    assert.deepEqual(update?.type === 'pullRequest' ? [update.action, update.number, update.head] : [], ['updated', number, next.sha]);
    assert.deepEqual(about(updated), ['pullRequest updated', 'push']);

    const said = await during(site, 1, () => site.comment(bert, number, 'slipway plan -r erp'));
    const comment = said.find(({ event }) => event.type === 'comment')?.event;
    assert.ok(comment?.type === 'comment');
    assert.deepEqual(
      [comment.action, comment.number, comment.comment.author, comment.comment.body, comment.sender],
      ['created', number, bert, 'slipway plan -r erp', bert],
    );

    const approved = await during(site, 1, () => site.review(bert, number, 'approve'));
    const review = approved.find(({ event }) => event.type === 'review')?.event;
    assert.deepEqual(review?.type === 'review' ? [review.action, review.number, review.sender] : [], ['approved', number, bert]);

    const merged = await during(site, 1, () => site.host.merge(repo, number, { sha: next.sha }));
    assert.ok(about(merged).includes('pullRequest merged'), about(merged).join());
  });

  test('a copy of a delivery has the same cause, whatever its id says', async () => {
    const site = await open();
    await site.commit({ branch: 'copies', files: { 'copies.md': '1' } });
    const number = await site.openPull(site.ada, { head: 'copies', title: 'copies' });
    await site.deliveries(0);
    await site.comment(site.ada, number, 'slipway apply');
    const requests = await site.deliveries(1);
    const isComment = (request: HostRequest) => site.host.receive(request).event.type === 'comment';
    const request = requests.find(isComment);
    assert.ok(request);
    assert.equal(site.host.receive(request).cause, site.host.receive({ ...request }).cause);
    assert.match(site.host.receive(request).cause, /^comment:/);
  });

  test('a delivery that was touched is refused', async () => {
    const site = await open();
    await site.deliveries(0);
    await site.commit({ branch: 'touched', files: { 'touched.md': '1' } });
    const [request] = await site.deliveries(1);
    assert.ok(request);
    const upper = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name.toUpperCase(), value]));
    assert.equal(site.host.receive({ ...request, headers: upper }).event.type, 'push');
    const flipped = Uint8Array.from(request.body);
    flipped[flipped.length - 2] = (flipped[flipped.length - 2] ?? 0) ^ 1;
    assert.throws(() => site.host.receive({ ...request, body: flipped }), refused('SIGNATURE_INVALID'));
    assert.throws(() => site.host.receive({ ...request, body: request.body.subarray(0, -1) }), refused('SIGNATURE_INVALID'));
    const unsigned = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !/signature|token/i.test(name)));
    assert.throws(() => site.host.receive({ ...request, headers: unsigned }), refused('SIGNATURE_MISSING'));
  });
}
