import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { Secret } from '../../src/core/index.ts';
import { headerOf, type HexHeader, keyBytes, signStandardWebhook, verifyHexHeaders, verifyStandardWebhook, verifyToken } from '../../src/githost/index.ts';
import { refused } from './expect.ts';

const HUB: readonly HexHeader[] = [{ name: 'x-hub-signature-256', prefix: 'sha256=' }];
const secrets = [new Secret('the new webhook secret'), new Secret('the old webhook secret')];
const [fresh = new Secret(''), old = new Secret('')] = secrets;
const hex = (secret: Secret, body: Uint8Array, algorithm = 'sha256') => createHmac(algorithm, secret.reveal()).update(body).digest('hex');
const hub = (value: string) => ({ 'X-Hub-Signature-256': value });
const body = Buffer.from('{"a":1}');

suite('signatures in hexadecimal', () => {
  test('each secret is taken, and told which; case of name and digits does not matter', () => {
    for (const [index, secret] of secrets.entries()) {
      assert.equal(verifyHexHeaders(hub(`sha256=${hex(secret, body)}`), body, { accepted: HUB, secrets }), index);
      assert.equal(verifyHexHeaders({ 'x-HUB-signature-256': `sha256=${hex(secret, body).toUpperCase()}` }, body, { accepted: HUB, secrets }), index);
    }
  });

  test('the example of GitHub’s documentation verifies', () => {
    const value = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';
    assert.equal(verifyHexHeaders(hub(value), Buffer.from('Hello, World!'), { accepted: HUB, secrets: [new Secret("It's a Secret to Everybody")] }), 0);
  });

  test('whatever else is in the header is no signature', () => {
    const good = hex(fresh, body);
    const wrong = [
      `sha1=${hex(fresh, body, 'sha1')}`,
      good,
      `sha256=${good.slice(1)}`,
      `sha256=${good}00`,
      `sha256= ${good}`,
      `SHA256=${good}`,
      `sha256=${good},sha256=${good}`,
      'sha256=é',
      `sha256=${'0'.repeat(64)}`,
    ];
    for (const value of wrong) assert.throws(() => verifyHexHeaders(hub(value), body, { accepted: HUB, secrets }), refused('SIGNATURE_INVALID'), value);
    for (const headers of [{}, hub(''), hub('sha256='), hub('   ')])
      assert.throws(() => verifyHexHeaders(headers, body, { accepted: HUB, secrets }), refused('SIGNATURE_MISSING'));
    assert.throws(() => verifyHexHeaders(hub(`sha256=${good}`), body, { accepted: HUB, secrets: [] }), refused('SIGNATURE_INVALID'), 'no secret, no trust');
  });

  test('every signature that is there must be right', () => {
    const accepted: readonly HexHeader[] = [{ name: 'x-gitea-signature', prefix: '' }, ...HUB];
    const good = hex(fresh, body);
    assert.equal(verifyHexHeaders({ 'x-gitea-signature': good, ...hub(`sha256=${good}`) }, body, { accepted, secrets }), 0);
    assert.equal(verifyHexHeaders({ 'x-gitea-signature': good }, body, { accepted, secrets }), 0);
    for (const other of [`sha256=${'1'.repeat(64)}`, `sha256=${hex(old, body)}`]) {
      assert.throws(() => verifyHexHeaders({ 'x-gitea-signature': good, ...hub(other) }, body, { accepted, secrets }), refused('SIGNATURE_INVALID'));
    }
  });

  test('a header that is there twice, or far too long, is refused before anything else', () => {
    const good = `sha256=${hex(fresh, body)}`;
    assert.throws(
      () => verifyHexHeaders({ 'x-hub-signature-256': good, 'X-Hub-Signature-256': 'sha256=00' }, body, { accepted: HUB, secrets }),
      refused('DELIVERY_MALFORMED'),
    );
    assert.throws(() => headerOf({ 'x-a': 'y'.repeat(5_000) }, 'x-a'), refused('DELIVERY_MALFORMED'));
    assert.equal(headerOf({ 'x-a': ' same ', 'X-A': 'same' }, 'x-a'), 'same');
  });

  test('no byte of the body can change, and no other secret signs it', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 300 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        fc.string({ minLength: 16 }),
        (bytes, at, flip, other) => {
          const value = `sha256=${hex(fresh, bytes)}`;
          assert.equal(verifyHexHeaders(hub(value), bytes, { accepted: HUB, secrets }), 0);
          const changed = Uint8Array.from(bytes);
          changed[at % bytes.length] = (changed[at % bytes.length] ?? 0) ^ flip;
          for (const wrong of [changed, bytes.subarray(1), Buffer.concat([bytes, Buffer.of(0)])])
            assert.throws(() => verifyHexHeaders(hub(value), wrong, { accepted: HUB, secrets }), refused('SIGNATURE_INVALID'));
          fc.pre(other !== fresh.reveal());
          assert.throws(() => verifyHexHeaders(hub(value), bytes, { accepted: HUB, secrets: [new Secret(other)] }), refused('SIGNATURE_INVALID'));
        },
      ),
      { numRuns: 100 },
    );
  });
});

suite('a secret in a header', () => {
  test('is compared whole', () => {
    assert.equal(verifyToken({ 'X-Gitlab-Token': old.reveal() }, 'x-gitlab-token', secrets), 1);
    for (const value of [old.reveal().slice(0, -1), `${old.reveal()}x`, old.reveal().toUpperCase(), 'x']) {
      assert.throws(() => verifyToken({ 'x-gitlab-token': value }, 'x-gitlab-token', secrets), refused('SIGNATURE_INVALID'));
    }
    assert.throws(() => verifyToken({}, 'x-gitlab-token', secrets), refused('SIGNATURE_MISSING'));
    assert.throws(() => verifyToken({ 'x-gitlab-token': 'x' }, 'x-gitlab-token', []), refused('SIGNATURE_INVALID'));
  });
});

suite('Standard Webhooks', () => {
  const now = Date.UTC(2026, 10, 23, 10);
  const timestamp = now / 1_000;
  const key = new Secret('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
  const message = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp, body };
  const verified = (headers: Record<string, string>, bytes: Uint8Array = body, at = now) =>
    verifyStandardWebhook(headers, bytes, { keys: { secrets: [fresh, key] }, now: at });

  test('the example of its specification verifies', () => {
    const example = {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    };
    const result = verifyStandardWebhook(example, Buffer.from('{"test": 2432232314}'), { keys: { secrets: [key] }, now: 1_614_265_330_000 });
    assert.deepEqual(result, { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp: 1_614_265_330, keyIndex: 0 });
  });

  test('what we sign verifies, with either kind of secret', () => {
    assert.deepEqual(verified(signStandardWebhook(message, key)), { id: message.id, timestamp, keyIndex: 1 });
    assert.equal(verified(signStandardWebhook(message, fresh)).keyIndex, 0);
    assert.deepEqual(keyBytes(key), Buffer.from('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'base64'));
    assert.throws(() => keyBytes(new Secret('whsec_not base64')), refused('SECRET_FORMAT'));
  });

  test('id and time are signed too, and hold for five minutes', () => {
    const headers = signStandardWebhook(message, key);
    assert.throws(() => verified({ ...headers, 'webhook-id': 'msg_other' }), refused('SIGNATURE_INVALID'));
    assert.throws(() => verified({ ...headers, 'webhook-timestamp': String(timestamp + 1) }), refused('SIGNATURE_INVALID'));
    for (const late of [-299_000, 299_000]) assert.equal(verified(headers, body, now + late).keyIndex, 1);
    for (const late of [-301_000, 301_000]) assert.throws(() => verified(headers, body, now + late), refused('SIGNATURE_STALE'));
    assert.throws(
      () => verified({ ...headers, 'webhook-signature': 'v1,AAAA' }, body, now + 301_000),
      refused('SIGNATURE_INVALID'),
      'a forger learns nothing of the clock',
    );
  });

  test('several signatures: one that fits is enough, unknown versions are passed over, too many are refused', () => {
    const good = signStandardWebhook(message, key)['webhook-signature'] ?? '';
    const withList = (list: string) => ({ 'webhook-id': message.id, 'webhook-timestamp': String(timestamp), 'webhook-signature': list });
    assert.equal(verified(withList(`v1,AAAA v9,zzzz ${good}`)).keyIndex, 1);
    for (const list of ['v1', 'v1,', good.replace('v1,', 'v2,'), good.replace('v1,', ''), `v1,${good}`])
      assert.throws(() => verified(withList(list)), refused('SIGNATURE_INVALID'), list);
    assert.throws(() => verified(withList(Array.from({ length: 17 }, () => 'v1,AAAA').join(' '))), refused('DELIVERY_MALFORMED'));
    for (const missing of ['webhook-id', 'webhook-timestamp', 'webhook-signature'])
      assert.throws(() => verified({ ...withList(good), [missing]: '' }), refused('SIGNATURE_MISSING'));
    for (const odd of [{ 'webhook-timestamp': '1e9' }, { 'webhook-timestamp': '-1' }, { 'webhook-id': 'a b' }, { 'webhook-id': 'x'.repeat(300) }])
      assert.throws(() => verified({ ...withList(good), ...odd }), refused('DELIVERY_MALFORMED'));
  });

  test('v1a is Ed25519', () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64');
    const signature = sign(null, Buffer.concat([Buffer.from(`${message.id}.${timestamp}.`), body]), privateKey).toString('base64');
    const headers = { 'webhook-id': message.id, 'webhook-timestamp': String(timestamp), 'webhook-signature': `v1a,${signature}` };
    const keys = { secrets: [fresh], publicKeys: [`whpk_${raw}`] };
    assert.equal(verifyStandardWebhook(headers, body, { keys, now }).keyIndex, 1);
    assert.throws(() => verifyStandardWebhook(headers, Buffer.from('{}'), { keys, now }), refused('SIGNATURE_INVALID'));
    assert.throws(() => verifyStandardWebhook(headers, body, { keys: { secrets: [fresh] }, now }), refused('SIGNATURE_INVALID'));
    assert.throws(() => verifyStandardWebhook(headers, body, { keys: { secrets: [], publicKeys: ['whpk_AAAA'] }, now }), refused('SECRET_FORMAT'));
  });
});
