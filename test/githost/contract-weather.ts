import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type HostError, placeComment } from '../../src/githost/index.ts';
import type { Fake } from '../fakes/forge/server.ts';
import { refused } from './expect.ts';
import type { ForgeSite } from './forge-site.ts';

const PULL = /GET .*(?:pulls|merge_requests|pull-requests)\/\d+$/;
const COMMENT = /POST .*(?:comments|notes)$/;

/** What goes wrong on the way to a host, and must look alike whichever client is used. */
export function weather(label: string, open: () => Promise<ForgeSite<Fake>>): void {
  suite(`githost weather: ${label}`, () => {
    const withPull = async (work: (site: ForgeSite<Fake>, number: number) => Promise<void>) => {
      await using site = await open();
      await site.commit({ branch: 'change', files: { 'a.md': '1' } });
      await work(site, await site.openPull(site.ada, { head: 'change', title: 'change' }));
    };

    test('reads are repeated, limits are waited out or told, and other answers are refused', () =>
      withPull(async (site, number) => {
        const ask = () => site.host.pull(site.repo, number);
        site.fake.answerNext(PULL, { status: 502 }, { status: 503 });
        assert.equal((await ask()).number, number);
        site.fake.answerNext(PULL, { status: 429, headers: { 'retry-after': '1' } });
        assert.equal((await ask()).number, number);
        site.fake.answerNext(PULL, { status: 429, headers: { 'retry-after': '900' } });
        await assert.rejects(
          ask(),
          (thrown: HostError) => refused('HOST_RATE_LIMITED')(thrown) && Math.abs((thrown.retryAt ?? 0) - Date.now() - 900_000) < 60_000,
        );
        site.fake.answerNext(PULL, { body: { surprise: true } });
        await assert.rejects(ask(), refused('HOST_ANSWER'));
        site.fake.answerNext(PULL, { body: Buffer.from('<html>sign in</html>'), headers: { 'content-type': 'text/html' } });
        await assert.rejects(ask(), refused('HOST_ANSWER'));
        site.fake.answerNext(PULL, { status: 301, headers: { location: 'https://evil.example/' } });
        await assert.rejects(ask(), refused('HOST_FAILED'));
        assert.equal((await ask()).number, number);
      }));

    test('a comment is sent once when nobody knows whether it arrived', () =>
      withPull(async (site, number) => {
        const posts = () => site.fake.log.filter((line) => COMMENT.test(line.split(' → ')[0] ?? '')).length;
        site.fake.answerNext(COMMENT, { status: 502 });
        await assert.rejects(site.host.comments.create(site.repo, number, 'hello'), (thrown: HostError) => thrown.uncertain);
        assert.equal(posts(), 1);
        site.fake.answerNext(COMMENT, { status: 502 });
        await assert.rejects(placeComment(site.host, { repo: site.repo, number, key: 'plan', body: 'a plan' }), (thrown: HostError) => thrown.uncertain);
        assert.equal(posts(), 2, 'it looked, did not find it, and left the next try to whoever keeps the queue');
        assert.equal((await placeComment(site.host, { repo: site.repo, number, key: 'plan', body: 'a plan' })).outcome, 'created');
      }));

    test('no error tells the token', () =>
      withPull(async (site, number) => {
        for (const status of [401, 403, 404, 500, 422]) {
          site.fake.answerNext(PULL, ...Array.from({ length: 4 }, () => ({ status, body: { message: 'no' } })));
          await assert.rejects(site.host.pull(site.repo, number), (thrown: Error) => {
            for (let error: unknown = thrown; error instanceof Error; error = error.cause) {
              const all = [error.message, error.stack, JSON.stringify(error), JSON.stringify(Object.getOwnPropertyDescriptors(error))].join();
              assert.ok(!all.includes('token-of-slipway-bot'), all);
            }
            return true;
          });
          await site.host.pull(site.repo, number).catch(() => undefined); // nothing planned is left for the next round
        }
      }));
  });
}
