import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { placement } from '../../../src/steps/placement/index.ts';
import { score } from '../../../src/steps/placement/score.ts';
import { contextWith, failsWith } from '../context.ts';

const aws = { name: 'frankfurt', provider: 'aws', region: 'eu-central-1', cost: 900, latencyMs: 12 };
const azure = { name: 'amsterdam', provider: 'azure', region: 'westeurope', cost: 800, latencyMs: 24 };
const rack = { name: 'berlin', provider: 'onPrem', region: 'berlin-1', zone: 'hall-2', cost: 1_600, latencyMs: 3 };
const candidates = [aws, azure, rack];
function choose(input: object) {
  assert.ok(placement.target === 'none');
  return placement.execute(placement.with.parse({ candidates, ...input }), contextWith());
}
const nameOf = async (input: object) => placement.outputs.parse((await choose(input)).outputs).choice.name;

test('weights decide between cost and latency', async () => {
  assert.equal(await nameOf({ weights: { cost: 1, latency: 0 } }), 'amsterdam');
  assert.equal(await nameOf({ weights: { cost: 0, latency: 1 } }), 'berlin');
  // 1 of 2 for the cheapest and 3/24 for its latency, against 8/16 and 1: (1 + 0.125) / 2 < (0.5 + 1) / 2.
  assert.equal(await nameOf({}), 'berlin');
});
test('constraints rule out, and the answer says why', async () => {
  const { outputs } = await choose({ constraints: { providers: ['aws', 'azure'], maxLatencyMs: 20 } });
  const { choice, scores, reason } = placement.outputs.parse(outputs);
  assert.equal(choice.name, 'frankfurt');
  assert.deepEqual(Object.fromEntries(scores.map(({ name, misses }) => [name, misses])), {
    frankfurt: [],
    amsterdam: ['latency 24 ms is over 20 ms'],
    berlin: ['provider onPrem is not allowed'],
  });
  assert.equal(reason, 'frankfurt: cost 900, latency 12 ms; the only one that fulfils the constraints; 2 ruled out');
  assert.equal(await nameOf({ constraints: { zones: ['hall-2'] } }), 'berlin');
});
test('no place is an error that lists every reason', async () => {
  await assert.rejects(choose({ constraints: { maxCost: 1 } }), failsWith('PLACEMENT_IMPOSSIBLE', /frankfurt: cost 900 is over 1.*berlin/));
});
test('two places of one name, or no weight at all, are mistakes', () => {
  assert.ok(!placement.with.safeParse({ candidates: [aws, aws] }).success);
  assert.ok(!placement.with.safeParse({ candidates, weights: { cost: 0, latency: 0 } }).success);
});
test('the order in which places are written does not matter, and scores are between 0 and 1', () => {
  const place = fc.record({ cost: fc.double({ min: 0, max: 1e6, noNaN: true }), latencyMs: fc.double({ min: 0, max: 1e4, noNaN: true }) });
  fc.assert(
    fc.property(fc.array(place, { minLength: 1, maxLength: 8 }), fc.double({ min: 0.01, max: 10, noNaN: true }), (places, weight) => {
      const list = places.map((each, index) => ({ ...each, name: `p${index}`, provider: 'x', region: 'y' }));
      const there = score(list, { cost: weight, latency: 1 }, {});
      assert.deepEqual(score(list.toReversed(), { cost: weight, latency: 1 }, {}), there);
      for (const each of there) assert.ok(each.score >= 0 && each.score <= 1 + 1e-12);
      const [best] = there;
      const dominating = list.filter(({ cost, latencyMs }) => list.every((other) => cost < other.cost || latencyMs < other.latencyMs || other.cost === cost));
      assert.ok(best && (dominating.length !== 1 || list.length === 1 || best.score >= (there.find(({ name }) => name === dominating[0]?.name)?.score ?? 0)));
    }),
  );
});
