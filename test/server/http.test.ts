import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Hono } from 'hono';
import fc from 'fast-check';
import { z } from 'zod';
import { type Clock, SlipwayError, systemClock } from '../../src/core/index.ts';
import { createClientOf, networkOf } from '../../src/server/http/client.ts';
import { cursorOf, placeOf } from '../../src/server/http/cursor.ts';
import type { Env } from '../../src/server/http/env.ts';
import { createLimiter } from '../../src/server/http/limiter.ts';
import { problemBody } from '../../src/server/http/problem.ts';
import { fitsType } from '../../src/server/intake/cloud-event.ts';
import { returnToOf } from '../../src/server/login/return-to.ts';

/** Who a request comes from, seen from behind these proxies. */
async function clientOf(trusted: readonly string[], peer: string, forwarded?: string): Promise<string> {
  const app = new Hono<Env>();
  const look = createClientOf(trusted);
  app.get('/', (c) => c.text(look(c).address));
  const env = { incoming: { socket: { remoteAddress: peer } } };
  return (await app.request('/', forwarded === undefined ? {} : { headers: { 'x-forwarded-for': forwarded } }, env)).text();
}

describe('the address of a client', () => {
  test('is that of the peer, unless a known proxy says otherwise', async () => {
    assert.equal(await clientOf([], '10.0.0.1', '1.2.3.4'), '10.0.0.1');
    assert.equal(await clientOf(['10.0.0.0/8'], '10.0.0.1', '1.2.3.4'), '1.2.3.4');
    assert.equal(await clientOf(['10.0.0.0/8'], '::ffff:10.0.0.1', '1.2.3.4'), '1.2.3.4');
    assert.equal(await clientOf(['10.0.0.0/8'], '192.0.2.9', '1.2.3.4'), '192.0.2.9');
    assert.equal(await clientOf(['2001:db8::/32'], '2001:db8::1', '2001:db9::7'), '2001:db9::7');
  });

  test('is the last one that no known proxy has: what stands before it anybody could have written', async () => {
    assert.equal(await clientOf(['10.0.0.0/8'], '10.0.0.1', '6.6.6.6, 1.2.3.4, 10.0.0.2'), '1.2.3.4');
    assert.equal(await clientOf(['10.0.0.0/8'], '10.0.0.1', '6.6.6.6, not an address'), '10.0.0.1');
    assert.equal(await clientOf(['10.0.0.0/8'], '10.0.0.1'), '10.0.0.1');
    assert.equal(await clientOf(['10.0.0.0/8'], '10.0.0.1', '10.0.0.5, 10.0.0.6'), '10.0.0.1');
  });
});

describe('a limit', () => {
  test('is that of a network for IPv6, where everybody has more addresses than anybody can count', () => {
    for (const [address, network] of [
      ['192.0.2.7', '192.0.2.7'],
      ['2001:db8:0:1::7', '2001:db8:0:1::/64'],
      ['2001:0DB8:0000:0001:ffff:1:2:3', '2001:db8:0:1::/64'],
      ['2001:db8::1:0:0:7', '2001:db8:0:0::/64'],
      ['fe80::1%eth0', 'fe80:0:0:0::/64'],
      ['::1', '0:0:0:0::/64'],
      ['64:ff9b::192.0.2.7', '64:ff9b:0:0::/64'],
      ['1:2:3:4:5::192.0.2.7', '1:2:3:4::/64'],
    ] as const)
      assert.equal(networkOf(address), network, address);
  });

  test('gives so many at once, and as many again over a minute, to each key', () => {
    let now = 0;
    const clock: Clock = { ...systemClock, monotonic: () => now };
    const limiter = createLimiter(6, clock);
    const take = (key = 'a'): boolean => {
      try {
        limiter.take(key);
        return true;
      } catch (error) {
        assert.ok(error instanceof SlipwayError && error.code === 'RATE_LIMITED');
        return false;
      }
    };
    assert.deepEqual(
      Array.from({ length: 8 }, () => take()),
      [true, true, true, true, true, true, false, false],
    );
    assert.equal(take('b'), true);
    now += 10_000;
    assert.deepEqual([take(), take()], [true, false]);
    now += 600_000;
    assert.deepEqual(Array.from({ length: 7 }, () => take()).filter(Boolean).length, 6);
    assert.throws(() => limiter.check('a'), /more than 6 a minute/);
  });
});

describe('a cursor', () => {
  test('comes back as it was given, and nothing else does', () => {
    const Place = z.strictObject({ createdAt: z.number(), order: z.number() });
    assert.deepEqual(placeOf(cursorOf({ createdAt: 5, order: 7 }), Place), { createdAt: 5, order: 7 });
    assert.equal(placeOf(undefined, Place), undefined);
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          placeOf(text, Place);
        } catch (error) {
          assert.ok(error instanceof SlipwayError && error.code === 'BAD_CURSOR');
        }
      }),
    );
  });
});

describe('where a sign-in leads', () => {
  test('is always a page of this server', () => {
    const evil = fc.constantFrom(
      '//evil.example',
      '/\\evil.example',
      'https://evil.example',
      '/%2f%2fevil.example',
      '/.//evil.example',
      '/..//evil.example',
      '/a/..//..//evil.example',
      '///evil.example',
      '/\t/evil.example',
    );
    const any = fc.oneof(
      evil,
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.tuple(fc.constant('/'), fc.string()).map((parts) => parts.join('')),
      fc.webUrl(),
    );
    fc.assert(
      fc.property(any, (wanted) => {
        const to = returnToOf(wanted, 'https://slipway.example.com');
        assert.equal(new URL(to, 'https://slipway.example.com').origin, 'https://slipway.example.com', wanted);
        assert.match(to, /^\/(?!\/)/);
      }),
      { numRuns: 500 },
    );
    assert.equal(returnToOf('/runs/run-1?x=1', 'https://s.example'), '/runs/run-1?x=1');
  });
});

describe('types of events', () => {
  test('are met by patterns with one sign only', () => {
    assert.ok(fitsType('com.example.*', 'com.example.order.created'));
    assert.ok(!fitsType('com.example.*', 'comxexample.order'));
    assert.ok(!fitsType('com.example.order', 'com.example.order.created'));
    assert.ok(fitsType('*', 'anything'));
  });
});

describe('a problem', () => {
  test('tells mistakes as pointers, and hints of the command line to nobody', () => {
    const base = { severity: 'error', file: '(inputs)', line: 1, column: 1 } as const;
    const error = new SlipwayError('INVALID', '2 mistakes', {
      exitCode: 2,
      problems: [
        { ...base, code: 'MISSING_INPUT', path: 'inputs.name', message: 'input "name" is needed', hint: 'add --input name=<string>' },
        { ...base, code: 'BAD_INPUT', path: 'inputs.list[0].a/b', message: 'wrong', hint: 'use one of "a", "b"' },
      ],
    });
    const { errors } = problemBody(error, 'r-1');
    assert.deepEqual(errors, [
      { pointer: '/inputs/name', code: 'MISSING_INPUT', detail: 'input "name" is needed' },
      { pointer: '/inputs/list/0/a~1b', code: 'BAD_INPUT', detail: 'wrong', hint: 'use one of "a", "b"' },
    ]);
  });
});
