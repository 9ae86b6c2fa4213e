import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createMasker } from '../../src/core/index.ts';
import { ACCESS, GREET } from './files.ts';
import { type Call, GITHUB_SECRET, openSite, type Site, signed, until, untilRun } from './site.ts';

let site: Site;
let root: string;
before(async () => {
  site = await openSite();
  root = await site.token('root', '*');
});
after(async () => site[Symbol.asyncDispose]());

const runsOf = async (runbook: string): Promise<number> => (await site.parts.deps.app.runs(reading(), { runbook })).length;
const reading = () => ({
  ...{ actor: 'system', teams: [], root: site.stateDir, stateDir: site.stateDir, notice: () => undefined },
  ...{ masker: createMasker(), signal: new AbortController().signal },
});
const github = (body: unknown, secret = GITHUB_SECRET): Call => {
  const raw = JSON.stringify(body);
  const digest = createHmac('sha256', secret).update(raw).digest('hex');
  return { raw, headers: { 'x-hub-signature-256': `sha256=${digest}`, 'content-type': 'application/json' } };
};

describe('a signed webhook', () => {
  test('starts a run of the runbook that declares it, and says where to look', async () => {
    const answer = await site.call('/v1/triggers/portal', signed({ inputs: { name: 'bob', times: 2 } }));
    assert.equal(answer.status, 202, answer.text);
    const run = answer.get('runId');
    assert.equal(answer.get('url'), `http://127.0.0.1:8080/runs/${run}`);
    assert.equal(answer.headers.get('location'), `/v1/runs/${run}`);
    const done = await untilRun(site, root, run, 'succeeded', 'refused', 'failed');
    assert.equal(done.get('state'), 'succeeded', done.text);
    assert.equal(done.get('by'), 'trigger:portal');
    assert.equal(done.get('cause'), 'webhook portal');
  });

  test('is one run however often the same delivery comes, also at once', async () => {
    const before = await runsOf('greet');
    const call = signed({ inputs: { name: 'once' } });
    const answers = await Promise.all(Array.from({ length: 8 }, () => site.call('/v1/triggers/portal', call)));
    answers.push(await site.call('/v1/triggers/portal', call));
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([202]));
    const runs = new Set(answers.map((answer) => answer.get('runId')));
    assert.equal(runs.size, 1);
    assert.equal(answers.filter(({ json }) => json['repeated'] === false).length >= 1, true);
    await untilRun(site, root, [...runs][0] ?? '', 'succeeded');
    assert.equal(await runsOf('greet'), before + 1);
  });

  test('a key in the body makes two deliveries one, and is refused for another request', async () => {
    const first = await site.call('/v1/triggers/portal', signed({ inputs: { name: 'keyed' }, idempotencyKey: 'order-17' }));
    const again = await site.call('/v1/triggers/portal', signed({ inputs: { name: 'keyed' }, idempotencyKey: 'order-17' }));
    assert.equal(again.get('runId'), first.get('runId'));
    assert.equal(again.json['repeated'], true);
    const other = await site.call('/v1/triggers/portal', signed({ inputs: { name: 'other' }, idempotencyKey: 'order-17' }));
    assert.deepEqual([other.status, other.get('code')], [422, 'IDEMPOTENCY_MISMATCH']);
  });

  test('a key in a header makes two deliveries one; a captured delivery with another key in its header is still itself', async () => {
    const call = signed({ inputs: { name: 'header' } });
    const keyed = (key: string): Call => ({ ...call, headers: { ...call.headers, 'idempotency-key': key } });
    const first = await site.call('/v1/triggers/portal', keyed('key-1'));
    const second = { ...signed({ inputs: { name: 'header' } }) };
    const same = await site.call('/v1/triggers/portal', { ...second, headers: { ...second.headers, 'idempotency-key': 'key-1' } });
    assert.equal(same.get('runId'), first.get('runId'));
    const replayed = await site.call('/v1/triggers/portal', keyed('key-2'));
    assert.equal(replayed.get('runId'), first.get('runId'));
  });

  test('as GitHub signs: only the body is signed, and so only the body tells deliveries apart', async () => {
    const first = await site.call('/v1/triggers/github', github({ inputs: { name: 'octo' } }));
    assert.equal(first.status, 202, first.text);
    const replayed = github({ inputs: { name: 'octo' } });
    const again = await site.call('/v1/triggers/github', {
      ...replayed,
      headers: { ...replayed.headers, 'x-github-delivery': 'another', 'idempotency-key': 'x' },
    });
    assert.equal(again.get('runId'), first.get('runId'));
    const next = await site.call('/v1/triggers/github', github({ inputs: { name: 'octo' }, idempotencyKey: '2' }));
    assert.notEqual(next.get('runId'), first.get('runId'));
    assert.equal((await site.call('/v1/triggers/github', github({ inputs: { name: 'octo' } }, 'wrong-secret-of-32-characters-00'))).status, 401);
  });

  test('tells every mistake of its inputs at once, and starts nothing', async () => {
    const before = await runsOf('greet');
    const answer = await site.call('/v1/triggers/portal', signed({ inputs: { name: 'x', times: '2', style: 'loud', nmae: 'y' } }));
    assert.equal(answer.status, 422);
    assert.equal(answer.headers.get('content-type'), 'application/problem+json');
    assert.equal(answer.get('type'), 'urn:slipway:problem:INVALID');
    const errors = answer.json['errors'] as unknown as readonly { readonly pointer: string; readonly code: string }[];
    assert.deepEqual(errors.map(({ pointer, code }) => `${pointer} ${code}`).toSorted(), [
      '/inputs/name BAD_INPUT',
      '/inputs/nmae UNKNOWN_INPUT',
      '/inputs/style BAD_INPUT',
      '/inputs/times BAD_INPUT',
    ]);
    assert.equal((await site.call('/v1/triggers/portal', signed({ inputs: {} }))).status, 422);
    const shape = await site.call('/v1/triggers/portal', signed({ input: {}, requestedBy: 'ada', idempotencyKey: '' }));
    assert.deepEqual([shape.status, (shape.json['errors'] as unknown as readonly unknown[]).length], [400, 3]);
    assert.equal(await runsOf('greet'), before);
  });

  test('needs a binding: what runs in production is not started by a trigger of the lab', async () => {
    const answer = await site.call('/v1/triggers/prodportal', signed({}));
    assert.deepEqual([answer.status, answer.get('code')], [403, 'NOT_AUTHORIZED']);
    const audit = await site.parts.deps.store.audit.read({ limit: 1_000 });
    const denial = audit.findLast(({ actor }) => actor === 'trigger:prodportal');
    assert.deepEqual([denial?.action, denial?.object, denial?.details['allowed']], ['run.start', 'runbook:prod-greet', false]);
  });

  test('whose trigger no runbook declares, or that is not configured, is not found', async () => {
    assert.deepEqual([(await site.call('/v1/triggers/nowhere', signed({}))).status, (await site.call('/v1/triggers/unknown', signed({}))).status], [404, 404]);
  });

  test('starts the runbook as it is on the default branch at that moment, however new', async () => {
    const estate = ACCESS.replace("'trigger:portal'", "'trigger:portal', 'trigger:nowhere', 'trigger:vault'");
    const triggers = /triggers:[^]*?\ninputs:/;
    site.commit({
      'runbooks/fresh.yaml': GREET.replace('name: greet', 'name: fresh').replace(triggers, 'triggers: [{ webhook: { id: nowhere } }]\ninputs:'),
      'runbooks/estate.yaml': estate,
    });
    const answer = await site.call('/v1/triggers/nowhere', signed({ inputs: { name: 'new' } }));
    assert.equal(answer.status, 202, answer.text);
    assert.equal((await untilRun(site, root, answer.get('runId'), 'succeeded')).get('runbook'), 'fresh');
  });

  test('never leaves a secret input anywhere but in the vault', async () => {
    const password = 'S3cret-pass-8812-not-anywhere';
    const answer = await site.call('/v1/triggers/vault', signed({ inputs: { password } }));
    assert.equal(answer.status, 202, answer.text);
    await untilRun(site, root, answer.get('runId'), 'succeeded');
    const files = ['journal.db', 'journal.db-wal'].map((name) => join(site.stateDir, name)).filter((path) => existsSync(path));
    for (const file of files) assert.equal(readFileSync(file).includes(password), false, file);
    assert.doesNotMatch(JSON.stringify(site.logged), new RegExp(password));
    const short = await site.call('/v1/triggers/vault', signed({ inputs: { password: 'abc' } }));
    assert.deepEqual([short.status, (short.json['errors'] as unknown as readonly { code: string }[])[0]?.code], [422, 'SHORT_SECRET']);
  });

  test('that policies deny is refused, and says so where it said to look', async () => {
    const answer = await site.call('/v1/triggers/portal', signed({ inputs: { name: 'eve' } }));
    assert.equal(answer.status, 202);
    const refused = await untilRun(site, root, answer.get('runId'), 'refused');
    assert.match(JSON.stringify(refused.json['refusal']), /POLICY_DENIED.*nobody greets eve/);
  });

  test('the same change twice waits for the first, and then runs too', async () => {
    const ask = async (): Promise<string> => (await site.call('/v1/runs', { token: root, body: { runbook: 'slow', inputs: { for: '10m' } } })).get('id');
    const stop = async (run: string): Promise<unknown> => site.call(`/v1/runs/${run}/cancel`, { token: root, body: {} });
    const [first, second] = [await ask(), await ask()];
    assert.notEqual(first, second);
    const waits = async (run: string): Promise<boolean> => /already being run/.test((await site.call(`/v1/runs/${run}`, { token: root })).get('waitsFor'));
    const [running, waiting] = await until('one of them waits', async () =>
      (await waits(first)) ? [second, first] : (await waits(second)) ? [first, second] : undefined,
    );
    await stop(running ?? '');
    await untilRun(site, root, running ?? '', 'cancelled');
    await untilRun(site, root, waiting ?? '', 'waiting');
    await stop(waiting ?? '');
    await untilRun(site, root, waiting ?? '', 'cancelled');
  });
});

describe('a business event', () => {
  const event = (data: unknown, more: object = {}): object => ({ specversion: '1.0', id: '1', source: '/shop', type: 'com.example.greeting', data, ...more });
  const structured = (body: object): Call => {
    const call = signed(body);
    return { ...call, headers: { ...call.headers, 'content-type': 'application/cloudevents+json' } };
  };

  test('starts what its type and condition meet, with inputs made from it, once', async () => {
    const answer = await site.call('/v1/triggers/portal', structured(event({ who: 'carl' })));
    assert.equal(answer.status, 202, answer.text);
    const [run] = answer.json['runs'] as unknown as readonly { readonly runId: string; readonly runbook: string }[];
    assert.equal(run?.runbook, 'greet');
    const done = await untilRun(site, root, run.runId, 'succeeded');
    assert.match(done.text, /event com.example.greeting/);
    const again = await site.call('/v1/triggers/portal', structured(event({ who: 'carl' })));
    assert.deepEqual([(again.json['runs'] as unknown as readonly { runId: string }[])[0]?.runId, again.json['repeated']], [run.runId, true]);
  });

  test('that meets nothing is taken all the same; one whose inputs are wrong is refused by name', async () => {
    const loud = await site.call('/v1/triggers/portal', structured(event({ who: 'carl', loud: true }, { id: '2' })));
    assert.deepEqual([loud.status, loud.json['runs'], loud.json['refused']], [202, [], []]);
    const other = await site.call('/v1/triggers/portal', structured(event({}, { id: '3', type: 'com.example.other' })));
    assert.deepEqual([other.status, other.json['runs']], [202, []]);
    const wrong = await site.call('/v1/triggers/portal', structured(event({ who: 'c' }, { id: '4' })));
    assert.deepEqual([wrong.status, wrong.json['runs']], [202, []]);
    assert.match(JSON.stringify(wrong.json['refused']), /greet.*INVALID/);
  });

  test('of a type that the sender may not send is refused', async () => {
    const answer = await site.call('/v1/triggers/portal', structured(event({}, { type: 'org.other.greeting' })));
    assert.deepEqual([answer.status, answer.get('code')], [403, 'EVENT_NOT_ALLOWED']);
    const none = await site.call('/v1/triggers/nowhere', structured(event({})));
    assert.equal(none.get('code'), 'EVENT_NOT_ALLOWED');
  });

  test('in headers is not signed, and so needs a token', async () => {
    const ce = { 'ce-specversion': '1.0', 'ce-id': 'b1', 'ce-source': '/shop', 'ce-type': 'com.example.greeting' };
    const call = signed({ who: 'dora' });
    const unsigned = await site.call('/v1/triggers/portal', { ...call, headers: { ...call.headers, ...ce } });
    assert.deepEqual([unsigned.status, unsigned.get('code')], [400, 'UNSIGNED_ATTRIBUTES']);
    const token = await site.token('ci', 'run.start');
    const answer = await site.call('/v1/triggers/portal', { token, body: { who: 'dora' }, headers: ce });
    assert.equal(answer.status, 202, answer.text);
    assert.equal((answer.json['runs'] as unknown as readonly unknown[]).length, 1);
    const wrong = await site.call('/v1/triggers/portal', {
      token: 'slw_0000000000_0000000000000000000000000000000000000000',
      body: { who: 'dora' },
      headers: ce,
    });
    assert.equal(wrong.status, 401);
  });

  test('that is none says everything that is wrong with it', async () => {
    const answer = await site.call('/v1/triggers/portal', structured({ specversion: '0.3', type: '', source: '' }));
    assert.deepEqual([answer.status, answer.get('code'), (answer.json['errors'] as unknown as readonly unknown[]).length], [400, 'BAD_EVENT', 4]);
  });
});
