import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { batchesOf, type HostResult, nextHosts, stopReason } from '../../src/engine/index.ts';
import { isTolerable, startSpread } from '../../src/engine/fan-out.ts';
import type { HostRule } from '../../src/plan/index.ts';
import { CORNERS } from './stop-corners.ts';
import { hostRule } from './support.ts';

/** How a host ends: `.` well, `x` failed, `u` unreachable, `?` begun and its end not seen, `-` skipped. */
const RESULTS: { readonly [sign: string]: HostResult } = {
  '.': { state: 'ok', durationMs: 1 },
  '-': { state: 'skipped', durationMs: 1 },
  x: { state: 'failed', durationMs: 1 },
  u: { state: 'unreachable', durationMs: 1 },
  '?': { state: 'failed', inDoubt: true, durationMs: 1 },
};
const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `h${String(index).padStart(4, '0')}`);

interface Played {
  /** A sign for each host in order; a space for one that never began. */
  readonly hosts: string;
  readonly ends: 'ok' | 'failed';
  readonly most: number;
}

/** Let every host that may begin end as it is told to, one host after the other in the order they began. */
function play(rule: HostRule, ends: string): Played {
  const spread = startSpread(rule, new Map());
  const going: string[] = [];
  let most = 0;
  for (;;) {
    const next = spread.next();
    if (next.type === 'over') break;
    if (next.type === 'start') going.push(...next.hosts);
    most = Math.max(most, going.length);
    const host = going.shift();
    if (host !== undefined) spread.ended(host, RESULTS[ends[rule.names.indexOf(host)] ?? '.'] ?? { state: 'ok', durationMs: 1 });
    else assert.equal(next.type, 'start', 'it waits for nobody');
  }
  const hosts = rule.names.map((name, index) => (spread.results.has(name) ? (ends[index] ?? '.') : ' ')).join('');
  return { hosts, ends: isTolerable(rule, spread) ? 'ok' : 'failed', most };
}

describe('stop rules', () => {
  for (const { about, rule, ends, hosts, result } of CORNERS) {
    test(about, () => {
      const whole = hostRule(names(ends.length), rule);
      const played = play(whole, ends);
      assert.deepEqual([played.hosts, played.ends], [hosts, result]);
    });
  }

  const states = fc.constantFrom('.', '-', 'x', 'u', '?');
  const rules = fc.record({
    serial: fc.array(fc.oneof(fc.integer({ min: 1, max: 6 }), fc.constantFrom({ fraction: 0.1 }, { fraction: 0.5 })), { minLength: 1, maxLength: 3 }),
    strategy: fc.constantFrom<HostRule['strategy']>('linear', 'free', 'hostFirst'),
    anyErrorsFatal: fc.boolean(),
    throttle: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
    maxErrors: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }),
    maxFailPercentage: fc.option(fc.integer({ min: 0, max: 100 }), { nil: undefined }),
  });
  const ruleOf = (count: number, { throttle, maxErrors, maxFailPercentage, ...rest }: typeof rules extends fc.Arbitrary<infer T> ? T : never): HostRule =>
    hostRule(names(count), {
      ...rest,
      ...(throttle === undefined ? {} : { throttle }),
      ...(maxErrors === undefined ? {} : { maxErrors }),
      ...(maxFailPercentage === undefined ? {} : { maxFailPercentage }),
    });

  test('keeping count says the same as counting all again', () => {
    fc.assert(
      fc.property(rules, fc.array(states, { minLength: 1, maxLength: 14 }), fc.array(fc.nat(), { minLength: 20, maxLength: 20 }), (given, ends, order) => {
        const rule = ruleOf(ends.length, given);
        const spread = startSpread(rule, new Map());
        const running = new Set<string>();
        for (let turn = 0; ; turn++) {
          const asked = nextHosts(rule, { batches: batchesOf(rule), running, results: spread.results });
          const next = spread.next();
          assert.deepEqual(next, asked);
          if (next.type === 'over') return;
          if (next.type === 'start') for (const host of next.hosts) running.add(host);
          const host = [...running][(order[turn % order.length] ?? 0) % running.size];
          if (host === undefined) return;
          running.delete(host);
          spread.ended(host, RESULTS[ends[rule.names.indexOf(host)] ?? '.'] ?? { state: 'ok', durationMs: 1 });
        }
      }),
    );
  });

  test('a step that goes on from a ledger begins exactly those without a result', () => {
    fc.assert(
      fc.property(rules, fc.array(fc.option(states), { minLength: 1, maxLength: 14 }), (given, ledger) => {
        const rule = ruleOf(ledger.length, { ...given, maxErrors: 99, maxFailPercentage: undefined, anyErrorsFatal: false });
        const known = new Map(rule.names.flatMap((name, index) => (ledger[index] ? [[name, RESULTS[ledger[index]] as HostResult] as const] : [])));
        const spread = startSpread(rule, known);
        const begun: string[] = [];
        for (let next = spread.next(); next.type === 'start'; next = spread.next()) {
          begun.push(...next.hosts);
          for (const host of next.hosts) spread.ended(host, { state: 'ok', durationMs: 1 });
        }
        assert.deepEqual(
          begun,
          rule.names.filter((name) => !known.has(name)),
        );
      }),
    );
  });

  test('never more at once than the throttle, whatever the strategy', () => {
    for (const strategy of ['linear', 'free', 'hostFirst'] as const) {
      assert.equal(play(hostRule(names(40), { throttle: 7, strategy }), '').most, 7);
      assert.equal(play(hostRule(names(100), { throttle: { fraction: 0.1 }, strategy }), '').most, 10);
      assert.equal(play(hostRule(names(200), { strategy }), '').most, 50);
    }
    assert.equal(play(hostRule(names(40), { serial: [3], strategy: 'free' }), '').most, 3);
  });

  test('thousands of hosts cost by their number, not by its square', () => {
    // Time of this process, which others on the machine do not lengthen; the least of some tries.
    const cost = (count: number, rule: Partial<HostRule>): number => {
      const whole = hostRule(names(count), rule);
      const tries = Array.from({ length: 4 }, () => {
        const began = process.cpuUsage();
        const spread = startSpread(whole, new Map());
        for (let next = spread.next(); next.type === 'start'; next = spread.next())
          for (const host of next.hosts)
            spread.ended(host, Number(host.slice(1)) % 50 === 0 ? { state: 'failed', durationMs: 1 } : { state: 'ok', durationMs: 1 });
        assert.equal(spread.results.size, count);
        const { user, system } = process.cpuUsage(began);
        return user + system;
      });
      return Math.min(...tries);
    };
    for (const rule of [
      { maxErrors: 50_000, serial: [1] },
      { maxFailPercentage: 100, serial: [7] },
      { strategy: 'free' as const, maxErrors: 50_000, throttle: 100 },
    ]) {
      const [small, large] = [cost(2_000, rule), cost(32_000, rule)];
      // Sixteen times as many; a square would be 256 times.
      assert.ok(large < 100 * Math.max(small, 500), `${small} µs for 2,000 and ${large} µs for 32,000`);
    }
  });

  test('says why it stops', () => {
    const said = (rule: Partial<HostRule>, ends: string): string | undefined => {
      const whole = hostRule(names(ends.length), rule);
      const results = new Map(whole.names.map((name, index) => [name, RESULTS[ends[index] ?? '.'] as HostResult] as const));
      return stopReason(whole, { batches: batchesOf(whole), results });
    };
    assert.equal(said({ anyErrorsFatal: true }, '.x.'), '1 host failed and any error is fatal');
    assert.equal(said({ maxErrors: 1 }, 'xu.'), '2 hosts failed and at most 1 may');
    assert.equal(said({ maxFailPercentage: 10 }, '.x.'), '1 host failed, more than 10 %');
    assert.equal(said({}, '.x.'), undefined);
  });
});
