import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { createGuard } from '../../../src/effects/webhook/guard.ts';
import { createWebhooks, type WebhooksOptions } from '../../../src/effects/index.ts';
import { Secret, systemClock } from '../../../src/core/index.ts';
import { selfSigned } from '../http/certificate.ts';
import { openReceiver, type Receiver } from './receiver.ts';

const KEYS = [Buffer.alloc(32, 1), Buffer.alloc(24, 2)] as const;
const SECRETS = KEYS.map((key) => new Secret(`whsec_${key.toString('base64')}`));
const never = new AbortController().signal;
const message = { id: 'evt_1', body: '{"a":1}' };

const of = (url: string, more: Partial<WebhooksOptions> = {}) =>
  createWebhooks({ endpoints: [{ name: 'erp', url: new Secret(url), secrets: SECRETS }], allow: ['127.0.0.0/8'], clock: systemClock, ...more });

test('addresses that are not public are closed, however they are written, until somebody allows them', async () => {
  const guard = createGuard(['10.20.0.0/16', 'fd00::1']);
  const closed = [
    ...[
      '127.0.0.1',
      '10.0.0.1',
      '192.168.1.1',
      '172.31.255.255',
      '169.254.169.254',
      '100.100.100.200',
      '168.63.129.16',
      '0.0.0.0',
      '255.255.255.255',
      '224.0.0.1',
    ],
    ...[
      '[::1]',
      '[::]',
      '[fd00:ec2::254]',
      '[fe80::1]',
      '[::ffff:127.0.0.1]',
      '[::ffff:7f00:1]',
      '[::7f00:1]',
      '[64:ff9b::7f00:1]',
      '[2002:7f00:1::]',
      '[ff02::1]',
    ],
    ...[new URL('http://0x7f.1').hostname, new URL('http://2130706433').hostname, new URL('http://017700000001').hostname],
  ];
  for (const host of closed) await assert.rejects(guard.placeOf(host), { code: 'WEBHOOK_FORBIDDEN' }, host);
  for (const host of ['93.184.216.34', '[2606:2800:220:1::1]', '10.20.255.1', '[fd00::1]'])
    assert.equal(await guard.placeOf(host), host.replace(/^\[|\]$/g, ''));
});

test('a name with one address that is closed is closed as a whole; a name is asked for each time, and what was checked is what is used', async () => {
  let answers: readonly string[] = ['93.184.216.34', '169.254.169.254'];
  const guard = createGuard([], async () => answers);
  await assert.rejects(guard.placeOf('rebind.example.com'), { code: 'WEBHOOK_FORBIDDEN' });
  answers = ['93.184.216.34'];
  assert.equal(await guard.placeOf('rebind.example.com'), '93.184.216.34');
  answers = [];
  await assert.rejects(guard.placeOf('rebind.example.com'), { code: 'WEBHOOK_FORBIDDEN' });
});

test('the connection goes to the address that was checked, with the certificate of the name; every secret signs', async () => {
  const tls = selfSigned('hooks.example.com', new Date());
  using receiver = await openReceiver(tls);
  const looked: string[] = [];
  const lookUp = async (host: string) => {
    looked.push(host);
    return ['127.0.0.1'];
  };
  const hooks = of(`https://hooks.example.com:${receiver.port}/in?x=1`, { lookUp, ca: tls.cert });
  assert.deepEqual(await hooks.send('erp', message, never), { ok: true, status: 200 });
  assert.deepEqual(looked, ['hooks.example.com'], 'asked once: nothing looks the name up again');
  const [got] = receiver.got;
  assert.ok(got);
  assert.deepEqual([got.url, got.body, got.headers.host], ['/in?x=1', '{"a":1}', `hooks.example.com:${receiver.port}`]);
  assert.match(String(got.headers['content-type']), /^application\/cloudevents\+json/);
  const at = String(got.headers['webhook-timestamp']);
  const expected = KEYS.map((key) => `v1,${createHmac('sha256', key).update(`evt_1.${at}.{"a":1}`).digest('base64')}`);
  assert.equal(got.headers['webhook-signature'], expected.join(' '));
  assert.ok(Math.abs(Number(at) - Date.now() / 1_000) < 60);
  const other = of(`https://other.example.com:${receiver.port}/`, { lookUp, ca: tls.cert });
  assert.deepEqual(await other.send('erp', message, never), { ok: false, code: 'HTTP_TLS', message: 'cannot be reached (HTTP_TLS)', isFinal: false });
});

test('http is for this machine only, and only where that is allowed', async () => {
  using receiver = await openReceiver();
  assert.equal((await of(`http://127.0.0.1:${receiver.port}/`).send('erp', message, never)).ok, true);
  assert.deepEqual(await of(`http://127.0.0.1:${receiver.port}/`, { allow: [] }).send('erp', message, never), {
    ...{ ok: false, code: 'WEBHOOK_FORBIDDEN', message: 'its name stands for an address that is not public', isFinal: false },
  });
  const plain = await of('http://hooks.example.com/', { lookUp: async () => ['10.0.0.1'], allow: ['10.0.0.0/8'] }).send('erp', message, never);
  assert.deepEqual(plain, { ok: false, code: 'WEBHOOK_PLAIN', message: 'its address is not https', isFinal: true });
  assert.equal(receiver.got.length, 1);
});

async function answer(receiver: Receiver, given: Receiver['answers'][number]) {
  receiver.answers.push(given);
  return of(`http://127.0.0.1:${receiver.port}/`).send('erp', message, never);
}

test('redirects are not followed; what an answer says about trying again is heard', async () => {
  using receiver = await openReceiver();
  using elsewhere = await openReceiver();
  const redirected = await answer(receiver, { status: 307, headers: { location: `http://127.0.0.1:${elsewhere.port}/` } });
  assert.deepEqual([redirected.ok, elsewhere.got.length], [false, 0]);
  assert.deepEqual(await answer(receiver, { status: 429, headers: { 'retry-after': '7' } }), {
    ...{ ok: false, status: 429, code: 'REJECTED', message: 'answered 429', isFinal: false, retryAfterMs: 7_000 },
  });
  assert.equal((await answer(receiver, { status: 503, headers: { 'retry-after': '999999999' } })).ok, false);
});

test('nothing that is said of a failure holds the address', async () => {
  const away = of('https://hooks.example.com:1/very-secret', { lookUp: async () => ['127.0.0.1'] });
  const told = JSON.stringify([await away.send('erp', message, never), await away.send('nobody', message, never)]);
  assert.doesNotMatch(told, /very-secret|hooks\.example|127\.0/);
});
