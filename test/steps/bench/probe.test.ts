import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, test } from 'node:test';
import { compare } from '../../../src/analysis/index.ts';
import { benchProbe } from '../../../src/steps/bench/index.ts';
import { calm } from '../../support/calm.ts';
import { failsWith } from '../context.ts';
import { after, probe, says, side } from './probe-sides.ts';

describe('bench.probe', () => {
  test('sends the same requests to both sides, as many as asked, and keeps what it saw', () =>
    calm(async () => {
      using baseline = await side(says('{"a":1}'));
      using candidate = await side(says('{"a":1}'));
      const requests = [{ path: '/x?y=1' }, { path: '/z', method: 'POST', body: 'q' }];
      const { outputs, evidence, context } = await probe({ baseline, candidate, requests, rate: 100, duration: '500ms', warmUp: '100ms' });
      assert.equal(outputs.pairs, 50);
      assert.equal(baseline.seen.length, 60, 'warm-up requests are sent but not counted');
      assert.deepEqual(baseline.seen.toSorted(), candidate.seen.toSorted());
      assert.equal(candidate.seen.filter((line) => line === 'POST /z').length, 30);
      assert.deepEqual(outputs.parity, { compared: 50, mismatches: 0, rate: 0 });
      assert.equal(outputs.baseline.errors, 0);
      assert.equal(
        evidence.slots.reduce((sum, slot) => sum + slot.candidate.sent, 0),
        50,
      );
      assert.equal(evidence.abCheck, undefined);
      assert.match(context.lines.at(-1) ?? '', /^old against new: 50 pairs; baseline p50 .* ms/);
    }));

  test('measures from the moment a request was due: a side that stalls cannot hide it', () =>
    calm(async () => {
      const startedAt = Date.now();
      // Answers at once, except that for 400 ms in the middle it answers nobody.
      const stalls = () => {
        const at = Date.now() - startedAt;
        return at > 300 && at < 700 ? 700 - at : 0;
      };
      using baseline = await side(says('{}'));
      using candidate = await side(after(stalls));
      const { outputs } = await probe({ baseline, candidate, rate: 100, duration: '1s', parallel: 1 });
      // With one connection a closed loop would see one slow request in a hundred; 40 of 100 were due during the stall.
      assert.ok((outputs.candidate.p95Ms ?? 0) > 250, `p95 ${outputs.candidate.p95Ms}`);
      assert.ok((outputs.candidate.p50Ms ?? 999) < 250);
      assert.ok((outputs.baseline.p95Ms ?? 999) < 150, `the other side is not slowed down, p95 ${outputs.baseline.p95Ms}`);
    }));

  test('tells errors apart and takes a late answer for none', () =>
    calm(async () => {
      using baseline = await side(says('{}'));
      let count = 0;
      using candidate = await side((request, response) => {
        const turn = count++ % 4;
        if (turn === 0) response.writeHead(503).end();
        else if (turn === 1) request.socket.destroy();
        else if (turn === 2) void delay(400).then(() => response.end('{}'));
        else response.end('{}');
      });
      const { outputs, evidence } = await probe({ baseline, candidate, rate: 100, duration: '400ms', timeout: '150ms' });
      const errors = { server: 0, transport: 0, timeout: 0 };
      for (const { candidate: arm } of evidence.slots) for (const kind of ['server', 'transport', 'timeout'] as const) errors[kind] += arm.errors[kind];
      assert.equal(outputs.candidate.errors, errors.server + errors.transport + errors.timeout);
      assert.ok(errors.server >= 8 && errors.transport >= 5 && errors.timeout >= 8, JSON.stringify(errors));
      assert.equal(outputs.candidate.p99Ms, 150, 'a request without answer took at least the timeout');
      assert.equal(outputs.baseline.errors, 0);
    }));

  test('compares answers without the ignored fields, whatever their order, and says where they differ', async () => {
    let old = 0;
    let fresh = 0;
    using baseline = await side((_, response) => void response.end(`{"id":7,"timestamp":${old++},"meta":{"servedBy":"old","v":1},"rows":[{"n":1},{"n":2}]}`));
    using candidate = await side(
      (_, response) => void response.end(`{"rows":[{"n":1},{"n":2}],"meta":{"v":1,"servedBy":"new"},"timestamp":${100 + fresh++},"id":7}`),
    );
    const same = await probe({ baseline, candidate, rate: 100, duration: '100ms', ignore: ['timestamp', '$.meta.servedBy'] });
    assert.equal(same.outputs.parity.mismatches, 0);
    const different = await probe({ baseline, candidate, rate: 100, duration: '100ms', ignore: ['timestamp'] });
    assert.equal(different.outputs.parity.mismatches, 10);
    assert.equal(different.evidence.samples[0], 'GET /: bodies differ at $.meta.servedBy');
    assert.ok(!JSON.stringify(different.evidence).includes('"new"'), 'values of answers are not kept');
  });

  test('measures the old side against itself when asked to', async () => {
    using baseline = await side(says('{}'));
    using candidate = await side(says('{"other":true}'));
    const { evidence } = await probe({ baseline, candidate, rate: 100, duration: '200ms', abCheck: '300ms' });
    assert.equal(
      evidence.abCheck?.reduce((sum, slot) => sum + slot.candidate.sent, 0),
      30,
    );
    assert.equal(
      evidence.abCheck.reduce((sum, slot) => sum + slot.parity.mismatches, 0),
      0,
    );
    assert.equal(candidate.seen.length, 20, 'the new side was left alone meanwhile');
  });

  test('what it kept gives a verdict: slower and same', () =>
    calm(async () => {
      using baseline = await side(after(() => 2 + Math.random() * 3));
      using same = await side(after(() => 2 + Math.random() * 3));
      using slower = await side(after(() => 22 + Math.random() * 3));
      const metrics = [{ name: 'latency', kind: 'latency', quantiles: { p50: 0.8 } }] as const;
      const settings = { rate: 150, duration: '1s' };
      const slow = await probe({ baseline, candidate: slower, ...settings });
      assert.equal(compare(slow.evidence, metrics).verdict, 'fail', compare(slow.evidence, metrics).sentence);
      const equal = await probe({ baseline, candidate: same, ...settings });
      assert.equal(compare(equal.evidence, metrics).verdict, 'pass', compare(equal.evidence, metrics).sentence);
    }));

  test('stops early when a side is down, and does not call two broken sides equal', async () => {
    using working = await side(says('{}'));
    using broken = await side(says('{}', 500));
    const slow = { rate: 100, duration: '60s' };
    const startedAt = performance.now();
    await assert.rejects(
      probe({ baseline: working, candidate: broken, ...slow }),
      failsWith('PROBE_SIDE_DOWN', /the candidate .* answered none of \d+ requests/),
    );
    await assert.rejects(probe({ baseline: broken, candidate: broken, ...slow }), failsWith('PROBE_SIDE_DOWN', /the baseline/));
    assert.ok(performance.now() - startedAt < 10_000);
    let count = 0;
    using shaky = await side((_, response) => void response.writeHead(count++ % 4 === 0 ? 200 : 500).end('{}'));
    await assert.rejects(
      probe({ baseline: shaky, candidate: working, rate: 100, duration: '200ms' }),
      failsWith('PROBE_SIDE_DOWN', /failed \d+ of 20 requests/),
    );
  });

  test('ends early when harm is certain, and the evidence says so by itself', () =>
    calm(async () => {
      using baseline = await side(says('{}'));
      using candidate = await side(after(() => 60));
      const metrics = [{ name: 'latency', kind: 'latency', quantiles: { p50: '50%' } }];
      const { outputs, evidence, context } = await probe({ baseline, candidate, rate: 100, duration: '15s', watch: { metrics } });
      assert.equal(outputs.ended, 'harm');
      assert.ok(outputs.pairs < 1_200, `${outputs.pairs} pairs`);
      assert.ok(context.lines.some((line) => /^harm is certain: latency p50 grew by more than the allowed 50%/.test(line)));
      const verdict = compare(evidence, [{ name: 'latency', kind: 'latency', quantiles: { p50: 0.5 } }]);
      assert.equal(verdict.verdict, 'fail');
      assert.equal(verdict.harm?.slot, evidence.slots.length - 1, 'nothing after that is part of it');
    }));

  test('ends in the first slot in which the candidate fails and the baseline does not', async () => {
    using baseline = await side(says('{}'));
    let count = 0;
    using candidate = await side((_, response) => void response.writeHead(count++ % 5 === 0 ? 200 : 500).end('{}'));
    const metrics = [{ name: 'errors', kind: 'rate', margin: '1pp' }];
    const { outputs, evidence } = await probe({ baseline, candidate, rate: 200, duration: '30s', watch: { metrics } });
    assert.equal(outputs.ended, 'harm');
    assert.ok(evidence.slots.length <= 6, `${evidence.slots.length} slots`);
  });

  test('goes on while undecided, and ends at the look that decides', async () => {
    using baseline = await side(says('{}'));
    using candidate = await side(says('{}'));
    const settings = { baseline, candidate, rate: 150, duration: '1s' };
    const watch = (margin: string) => ({ watch: { metrics: [{ name: 'errors', kind: 'rate', margin }], extendTo: '3s' } });
    const soon = await probe({ ...settings, ...watch('5pp') });
    assert.equal(soon.outputs.ended, 'decided');
    assert.deepEqual([soon.evidence.slots.length, soon.evidence.plan?.at], [10, 0]);
    // With no error 0.7 % of 450 requests may fail, and 0.01 % is asked.
    const never = await probe({ ...settings, ...watch('0.01pp') });
    assert.equal(never.outputs.ended, 'planned');
    assert.equal(never.evidence.plan?.at, (never.evidence.plan?.looks.length ?? 0) - 1);
    assert.equal(never.outputs.pairs, 450);
    assert.ok(
      never.context.lines.some((line) => /^look 1 of \d after 1\.0 s: undecided: errors/.test(line)),
      never.context.lines.join('\n'),
    );
  });

  test('takes an answer that asks to come again for none, and does not compare it', async () => {
    using baseline = await side(says('{"a":1}'));
    let count = 0;
    using candidate = await side((_, response) => {
      const turn = count++ % 4;
      if (turn === 0) response.writeHead(429).end();
      else if (turn === 1) response.writeHead(503, { 'retry-after': '1' }).end();
      else response.end('{"a":1}');
    });
    const { outputs, evidence } = await probe({ baseline, candidate, rate: 100, duration: '400ms' });
    assert.equal(outputs.candidate.errors, 20);
    assert.deepEqual(outputs.parity, { compared: 20, mismatches: 0, rate: 0 });
    const arms = evidence.slots.map((slot) => slot.candidate);
    assert.equal(
      arms.reduce((sum, { errors }) => sum + (errors.retry ?? 0), 0),
      20,
    );
    assert.equal(
      arms.reduce((sum, { refused = [] }) => sum + refused.reduce((all, value, index) => all + (index % 2 === 1 ? value : 0), 0), 0),
      20,
    );
  });

  test('ends at once when it is cancelled, and sends nothing more', async () => {
    using baseline = await side(says('{}'));
    using candidate = await side(after(() => 5_000));
    const abort = new AbortController();
    const run = probe({ baseline, candidate, rate: 50, duration: '60s', signal: abort.signal });
    await delay(200);
    const reason = new Error('enough');
    abort.abort(reason);
    await assert.rejects(run, (thrown: unknown) => thrown === reason || (thrown instanceof Error && thrown.cause === reason));
    await delay(100); // what was on the wire already
    const sent = baseline.seen.length;
    await delay(100);
    assert.equal(baseline.seen.length, sent);
  });

  test('refuses requests that would change something, and modes it does not measure', () => {
    const base = { baseline: 'http://a', candidate: 'http://b' };
    for (const wrong of [{ requests: [{ path: '/', method: 'DELETE' }] }, { requests: [{ path: 'x' }] }, { mode: 'split' }, { rate: 0 }, { requests: [] }])
      assert.ok(!benchProbe.with.safeParse({ ...base, ...wrong }).success, JSON.stringify(wrong));
  });
});
