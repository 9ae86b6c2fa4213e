import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { SlipwayError } from '../../src/core/index.ts';
import { type Delivery, type GitHost, isRef, isRepo, openHost } from '../../src/githost/index.ts';
import { GITHUB, GITLAB, HOOK, SPEAKERS, type Speaker } from './deliveries.ts';
import { refused } from './expect.ts';
import { depsOf } from './site.ts';

const never = async () => {
  throw new Error('nothing is sent');
};
const open = (settings: Speaker['settings'], secrets: Readonly<Record<string, string>> = {}): Promise<GitHost> =>
  openHost(settings, depsOf(never, { TOKEN: 'a-token', HOOK, ...secrets }));
const words = ({ event }: Delivery) => (event.type === 'ignored' ? event.why : `${event.type}${'action' in event ? ` ${event.action}` : ''}`);
const SAFE_LOGIN = /^[\w.@+~-]+(?:\[bot\])?$/;

/** What came in is what it says, or refused; it is never something else. */
function sound(host: GitHost, request: Parameters<GitHost['receive']>[0]): Delivery | undefined {
  try {
    const delivery = host.receive(request);
    const { event } = delivery;
    if ('repo' in event) assert.ok(isRepo(event.repo), event.repo);
    if ('sender' in event && event.sender) assert.match(event.sender.login, SAFE_LOGIN);
    if (event.type === 'comment') assert.match(event.comment.author.login, SAFE_LOGIN);
    if (event.type === 'push') for (const { ref } of event.changes) assert.ok(isRef(ref), ref);
    if ('number' in event) assert.ok(Number.isSafeInteger(event.number) && event.number > 0);
    return delivery;
  } catch (cause) {
    assert.ok(cause instanceof SlipwayError, String(cause));
    assert.equal(cause.code, 'DELIVERY_MALFORMED', cause.message);
    assert.ok(cause.message.length < 2_000);
    return undefined;
  }
}

for (const [label, speaker] of SPEAKERS) {
  suite(`deliveries of ${label}`, () => {
    const { sign } = speaker;
    const repo = label === 'GitLab' ? 'harbor/north/piers' : label === 'Bitbucket' ? 'HARBOR/piers' : 'harbor/piers';
    const mona = { id: '501', login: 'mona' };

    test('what it says is understood', async () => {
      const host = await open(speaker.settings);
      const read = ([name, payload]: readonly [string, object]) => host.receive(sign(name, payload)).event;
      assert.deepEqual(read(speaker.push), {
        type: 'push',
        repo,
        changes: [{ ref: 'refs/heads/main', before: '1'.repeat(40), after: '2'.repeat(40) }],
        sender: mona,
      });
      assert.deepEqual(read(speaker.pull), { type: 'pullRequest', action: 'opened', repo, number: 12, head: '2'.repeat(40), sender: mona });
      assert.deepEqual(read(speaker.comment), {
        type: 'comment',
        action: 'created',
        repo,
        number: 12,
        comment: { id: '6001', author: mona, body: 'slipway plan' },
        sender: mona,
      });
      assert.deepEqual(read(speaker.review), { type: 'review', action: 'approved', repo, number: 12, sender: mona });
      for (const [name, payload, what] of speaker.others) assert.match(words(host.receive(sign(name, payload))), what, name);
    });

    test('a comment has one cause however it comes; other events have that of their bytes', async () => {
      const host = await open(speaker.settings);
      const [first, again] = [host.receive(sign(...speaker.comment)), host.receive(sign(...speaker.comment))];
      assert.deepEqual([first.cause, first.cause], [again.cause, `comment:${repo}:12:6001`]);
      assert.notEqual(first.id, again.id);
      const [one, two] = [host.receive(sign(...speaker.push)), host.receive(sign(speaker.push[0], { ...speaker.push[1], more: 1 }))];
      assert.notEqual(one.cause, two.cause);
    });

    test('bodies that are not JSON in UTF-8 are refused, whatever the headers say', async () => {
      const host = await open(speaker.settings);
      const fine = sign(...speaker.comment);
      for (const type of [
        'application/x-www-form-urlencoded',
        'text/plain',
        'application/json; charset=utf-16',
        'application/json; charset=iso-8859-1',
        'application/jsonp',
      ]) {
        assert.throws(() => host.receive({ ...fine, headers: { ...fine.headers, 'Content-Type': type } }), refused('DELIVERY_MALFORMED'), type);
      }
    });

    test('names that could become something else are refused', async () => {
      const host = await open(speaker.settings);
      const text = JSON.stringify(speaker.comment[1]);
      const swap = (from: string, to: string) => {
        assert.ok(text.includes(from), from);
        return sign(speaker.comment[0], JSON.parse(text.replaceAll(JSON.stringify(from).slice(1, -1), JSON.stringify(to).slice(1, -1))) as object);
      };
      // The second "a" is Cyrillic, and the last one has a right-to-left mark.
      for (const login of ['mon\u0430', '../mona', 'mona\nadmin', 'mona admin', '-mona', '', 'mona\u200F', 'mona\u0000', 'm'.repeat(400)]) {
        assert.throws(() => host.receive(swap('mona', login)), refused('DELIVERY_MALFORMED'), JSON.stringify(login));
      }
      for (const name of ['..', 'piers/../../admin', 'piers?x', 'piers#x', 'piers\n', 'piers%2f..', '-piers', 'pi\u0435rs']) {
        assert.throws(() => host.receive(swap('piers', name)), refused('DELIVERY_MALFORMED'), JSON.stringify(name));
      }
    });

    test('long words are cut, and what nobody needs may be anything', async () => {
      const host = await open(speaker.settings);
      const text = JSON.stringify(speaker.comment[1]).replace('slipway plan', 'x'.repeat(900_000));
      const { event } = host.receive(
        sign(speaker.comment[0], { ...(JSON.parse(text) as object), __proto__: { polluted: 1 }, constructor: null, new_in_a_later_version: [[{}]] }),
      );
      assert.equal(event.type === 'comment' ? event.comment.body.length : 0, 65_536);
      assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
    });

    test('headers it cannot do without', async () => {
      const host = await open(speaker.settings);
      const fine = sign(...speaker.comment);
      const without = (pattern: RegExp) => ({ ...fine, headers: Object.fromEntries(Object.entries(fine.headers).filter(([name]) => !pattern.test(name))) });
      assert.throws(() => host.receive(without(/event$|event-key$/i)), refused('DELIVERY_MALFORMED'));
      assert.throws(() => host.receive(without(/delivery$|request-id|idempotency|uuid/i)), refused('DELIVERY_MALFORMED'));
      const odd = Object.fromEntries(
        Object.entries(fine.headers).map(([name, value]) => [name, /delivery$|request-id|idempotency|uuid/i.test(name) ? '../../x y' : value]),
      );
      assert.throws(() => host.receive({ ...fine, headers: odd }), refused('DELIVERY_MALFORMED'));
    });

    test('any JSON, signed, is an event that is sound or is refused', async () => {
      const host = await open(speaker.settings);
      const names = [speaker.push, speaker.pull, speaker.comment, speaker.review].map(([name]) => name);
      fc.assert(
        fc.property(fc.constantFrom(...names), fc.jsonValue(), (name, value) => void sound(host, sign(name, value as object))),
        { numRuns: 200 },
      );
    });

    test('one wrong leaf makes it no other event', async () => {
      const host = await open(speaker.settings);
      const payloads = [speaker.push, speaker.pull, speaker.comment, speaker.review];
      const odd = fc.oneof(fc.string(), fc.constantFrom(null, -1, 0, 1.5, 1e300, '', '..', '../..', 'a/../b', '\n', [], {}, true, '0'.repeat(41)));
      fc.assert(
        fc.property(fc.constantFrom(...payloads), fc.nat(), odd, ([name, payload], at, value) => {
          const copy = structuredClone(payload) as Record<string, unknown>;
          const places = leavesOf(copy);
          const place = places[at % places.length];
          if (place) place.owner[place.key] = value;
          sound(host, sign(name, copy));
        }),
        { numRuns: 400 },
      );
    });
  });
}

function leavesOf(value: Record<string, unknown>): { readonly owner: Record<string, unknown>; readonly key: string }[] {
  return Object.entries(value).flatMap(([key, each]) =>
    typeof each === 'object' && each !== null ? leavesOf(each as Record<string, unknown>) : [{ owner: value, key }],
  );
}

suite('deliveries', () => {
  test('bytes that no JSON text has are refused, also when they are signed', async () => {
    const host = await open(GITHUB.settings);
    const { createHmac } = await import('node:crypto');
    const signed = (body: Buffer) => ({
      headers: {
        'x-github-event': 'push',
        'x-github-delivery': 'd-1',
        'x-hub-signature-256': `sha256=${createHmac('sha256', HOOK).update(body).digest('hex')}`,
      },
      body,
    });
    const good = Buffer.from(JSON.stringify(GITHUB.push[1]));
    assert.equal(host.receive(signed(good)).event.type, 'push');
    const utf16 = Buffer.from(good.toString(), 'utf16le');
    const bodies = [
      Buffer.alloc(0),
      Buffer.from([0xff, 0xfe, 0x7b]),
      utf16,
      good.subarray(0, -1),
      Buffer.from('['.repeat(1_000_000)),
      Buffer.from('null'),
      Buffer.from('"x"'),
      Buffer.concat([good, good]),
    ];
    for (const body of bodies) assert.throws(() => host.receive(signed(body)), refused('DELIVERY_MALFORMED'));
    assert.throws(() => host.receive(signed(Buffer.from(JSON.stringify({ ...GITHUB.push[1], pad: 'x'.repeat(5_000_000) })))), refused('DELIVERY_MALFORMED'));
    assert.equal(host.receive(signed(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), good]))).event.type, 'push', 'a byte order mark is no letter');
  });

  test('GitLab: once only signing tokens are configured, the plain secret is not enough', async () => {
    const [signing, plain] = ['whsec_c2xpcHdheS10ZXN0cy1zbGlwd2F5LXRlc3Rz', 'the plain secret of before'];
    const settings = (...names: string[]) => ({ ...GITLAB.settings, webhookSecrets: names.map((name) => `env:${name}`) });
    const { withSecret } = await import('../fakes/gitlab-payloads.ts');
    const [bySignature, byToken] = [withSecret(...GITLAB.comment, signing), withSecret(...GITLAB.comment, plain)];
    const both = await open(settings('SIGNING', 'PLAIN'), { SIGNING: signing, PLAIN: plain });
    assert.deepEqual([both.receive(bySignature).secretIndex, both.receive(byToken).secretIndex], [0, 1]);
    const strict = await open(settings('SIGNING'), { SIGNING: signing });
    assert.throws(() => strict.receive(byToken), refused('SIGNATURE_MISSING'));
    assert.equal(both.receive(bySignature).id, bySignature.headers['webhook-id'], 'the id that is signed');
    const old = { ...bySignature, headers: { ...bySignature.headers, 'webhook-timestamp': '1600000000' } };
    assert.throws(() => both.receive(old), refused('SIGNATURE_INVALID'));
    const wrongAndToken = { ...bySignature, headers: { ...bySignature.headers, 'webhook-signature': 'v1,AAAA', 'X-Gitlab-Token': plain } };
    assert.throws(() => both.receive(wrongAndToken), refused('SIGNATURE_INVALID'), 'a wrong signature is not healed by a token');
  });

  test('a host does not open with a secret that can be guessed', async () => {
    await assert.rejects(open(GITHUB.settings, { HOOK: 'short' }), refused('HOST_SECRET'));
  });
});
