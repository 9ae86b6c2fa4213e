import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openSite, type Site, signed, untilRun } from './site.ts';

let site: Site;
let root: string;
before(async () => {
  site = await openSite();
  root = await site.token('root', '*');
});
after(async () => site[Symbol.asyncDispose]());

describe('a signed webhook', () => {
  test('starts a run of the runbook that declares it, and says where to look', async () => {
    const answer = await site.call('/v1/triggers/portal', signed({ inputs: { name: 'bob', times: 2 } }));
    assert.equal(answer.status, 202, answer.text);
    const run = String(answer.json['runId']);
    assert.match(run, /^run-/);
    assert.equal(answer.json['url'], `http://127.0.0.1:8080/v1/runs/${run}`);
    const done = await untilRun(site, root, run, 'succeeded', 'refused', 'failed');
    assert.equal(done.json['state'], 'succeeded', done.text);
    console.log(site.logged); console.log(JSON.stringify(done.json, undefined, 1).slice(0, 3000));
  });
});
