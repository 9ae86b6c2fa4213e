import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { ExecRequest, StackTarget } from '../../../src/steps/index.ts';
import { setMirror, setStackWeight, setWeight } from '../../../src/steps/traffic/index.ts';
import { shareOf, weightsFor } from '../../../src/steps/traffic/weights.ts';
import { contextWith, failsWith, hostContextWith } from '../context.ts';

interface Balancer {
  readonly weights: Record<string, number>;
  readonly down?: readonly string[];
  /** What `set weight` answers instead of setting it. */
  readonly refusal?: string;
  readonly maps?: Record<string, string>;
}

/** HAProxy's runtime API as it answers on a socket (checked against version 2.6). */
function playHaproxy({ weights, down = [], refusal, maps = {} }: Balancer) {
  const log: string[] = [];
  const totals: number[] = [];
  const one = (command: string): string => {
    log.push(command);
    const [verb, what, target = '', value = '', last = ''] = command.split(' ');
    if (verb === 'set' && what === 'weight') {
      if (refusal !== undefined) return `${refusal}\n\n`;
      weights[target.split('/')[1] ?? ''] = Number(value);
      totals.push(Object.values(weights).reduce((sum, weight) => sum + weight, 0));
      return '\n';
    }
    if (what === 'map' && verb === 'get')
      return maps[value] === undefined
        ? 'type=str, case=sensitive, found=no\n\n'
        : `type=str, case=sensitive, found=yes, idx=tree, key="${value}", value="${maps[value]}", type="str"\n\n`;
    if (what === 'map') {
      if (refusal !== undefined) return `${refusal}\n\n`;
      assert.equal(verb, maps[value] === undefined ? 'add' : 'set', 'HAProxy adds new keys and sets known ones');
      maps[value] = last;
      return '\n';
    }
    if (value !== 'state' && command !== 'show servers state erp') return "Can't find backend.\n\n";
    const rows = Object.entries(weights).map(
      ([name, weight], index) => `3 erp ${index} ${name} 127.0.0.1 ${down.includes(name) ? 0 : 2} 0 ${weight} 100 40 6 3 4 6 0 0 0 - 80 - 0 0 - - 0`,
    );
    return `1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight\n${rows.join('\n')}\n\n`;
  };
  const answer = (request: ExecRequest) => {
    assert.ok(!request.script.includes('erp') && !request.script.includes('admin.sock'), 'values do not belong in the script');
    assert.equal(request.env['SLIPWAY_SOCKET'], '/run/haproxy/admin.sock');
    const line = Buffer.from(request.stdin ?? []).toString();
    assert.ok(line.endsWith('\n') && line.trim().split('\n').length === 1, 'HAProxy reads one line');
    return { stdout: line.trim().split(';').map(one).join('') };
  };
  return { context: hostContextWith(answer), log, totals, weights, maps };
}

const driver = { type: 'haproxy', backend: 'erp', baseline: ['old1', 'old2'], candidate: ['new1', 'new2', 'new3'] };
const start = { old1: 100, old2: 100, new1: 0, new2: 0, new3: 0 };
assert.ok(setWeight.target === 'hosts' && setMirror.target === 'hosts' && setStackWeight.target === 'stack');
const { executeHost } = setWeight;
const move = (weight: number, balancer: ReturnType<typeof playHaproxy>, more: object = {}) =>
  executeHost(setWeight.with.parse({ weight, driver: { ...driver, ...more } }), balancer.context);

describe('traffic.setWeight with HAProxy', () => {
  test('gives the side its share whatever the number of servers, and says what was before', async () => {
    const balancer = playHaproxy({ weights: { ...start } });
    assert.deepEqual(await move(10, balancer), { status: 'changed', outputs: { weight: 10, previousWeight: 0 }, summary: '0% → 10%' });
    const { old1 = 0, old2 = 0, new1 = 0, new2 = 0, new3 = 0 } = balancer.weights;
    assert.equal((new1 + new2 + new3) / (old1 + old2 + new1 + new2 + new3), 0.1);
    assert.deepEqual((await move(50, balancer)).outputs, { weight: 50, previousWeight: 10 });
  });
  test('changes nothing when the share is there already', async () => {
    const balancer = playHaproxy({ weights: { ...start } });
    await move(50, balancer);
    const before = balancer.log.length;
    assert.equal((await move(50, balancer)).status, 'ok');
    assert.deepEqual(balancer.log.slice(before), ['show servers state erp']);
  });
  test('raises before it lowers: at no moment all weights are zero', async () => {
    const balancer = playHaproxy({ weights: { ...start } });
    for (const share of [100, 0, 100, 37, 0]) await move(share, balancer);
    assert.ok(Math.min(...balancer.totals) > 0);
  });
  test('fails when HAProxy does not take the weights, with its own words', async () => {
    const balancer = playHaproxy({ weights: { ...start }, refusal: 'Backend is using a static LB algorithm' });
    await assert.rejects(move(10, balancer), failsWith('TRAFFIC_NOT_APPLIED', /old1 has weight 100 instead of \d+.*static LB algorithm/));
  });
  test('names servers and backends it does not find, and changes nothing', async () => {
    const balancer = playHaproxy({ weights: { ...start } });
    await assert.rejects(move(10, balancer, { candidate: ['new1', 'new9'] }), failsWith('TRAFFIC_UNKNOWN_SERVER', /no erp\/new9/));
    await assert.rejects(move(10, balancer, { backend: 'other' }), failsWith('TRAFFIC_UNKNOWN_SERVER'));
    assert.deepEqual(balancer.totals, []);
  });
  test('sends nobody to a side that is down, but always lets traffic go back', async () => {
    const balancer = playHaproxy({ weights: { old1: 9, old2: 9, new1: 5, new2: 5 }, down: ['new1', 'new2'] });
    const two = { candidate: ['new1', 'new2'] };
    await assert.rejects(move(10, balancer, two), failsWith('TRAFFIC_SIDE_DOWN'));
    assert.equal((await move(0, balancer, two)).status, 'changed');
    assert.equal((await move(0, balancer, { candidate: ['gone'] })).status, 'ok');
  });
  test('a socket that cannot be used is an error of the driver', async () => {
    const context = hostContextWith(() => ({ exitCode: 1, stderr: 'Permission denied' }));
    await assert.rejects(executeHost(setWeight.with.parse({ weight: 1, driver }), context), failsWith('TRAFFIC_DRIVER', /Permission denied/));
  });
  test('names that mean something to the runtime API or the shell are refused', () => {
    for (const wrong of [
      { backend: 'erp;shutdown' },
      { baseline: ['a b'] },
      { socket: '/run/x,fork' },
      { socket: 'relative' },
      { candidate: ['old1'] },
      { candidate: [] },
    ])
      assert.ok(!setWeight.with.safeParse({ weight: 1, driver: { ...driver, ...wrong } }).success, JSON.stringify(wrong));
    assert.ok(!setWeight.with.safeParse({ weight: 101, driver }).success);
    assert.ok(!setWeight.with.safeParse({ weight: 12.5, driver }).success);
  });
  test('its undo sends everything back, before all other undos', () => {
    const undo = setWeight.target === 'hosts' ? setWeight.undo?.(setWeight.with.parse({ weight: 40, driver })) : undefined;
    assert.deepEqual([undo?.uses, undo?.with['weight'], undo?.first], ['traffic.setWeight', 0, 'traffic']);
  });
});

test('weights keep within the range of HAProxy and give the share as well as whole numbers can', () => {
  const sides = fc.integer({ min: 1, max: 40 });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 100 }), sides, sides, (share, baseline, candidate) => {
      const weights = weightsFor(share, { baseline, candidate });
      for (const weight of [weights.baseline, weights.candidate]) assert.ok(Number.isInteger(weight) && weight >= 0 && weight <= 256);
      assert.equal(weights.candidate === 0, share === 0);
      assert.equal(weights.baseline === 0, share === 100);
      const real = shareOf(Array<number>(baseline).fill(weights.baseline), Array<number>(candidate).fill(weights.candidate)) ?? -1;
      // One step of the smaller weight is the best that can be promised.
      const step = 100 / (1 + Math.min(weights.baseline || 256, weights.candidate || 256));
      assert.ok(Math.abs(real - share) <= step, `${real} instead of ${share}`);
    }),
  );
});

describe('traffic.setWeight with commands', () => {
  const own = { type: 'command', set: 'set-it', get: 'get-it' };
  const machine = (share: { now: string; stuck?: boolean }) =>
    hostContextWith(({ script, env }) => {
      if (script === 'set-it' && share.stuck !== true) share.now = String(env['SLIPWAY_WEIGHT']);
      return { stdout: script === 'get-it' ? `${share.now}\n` : '' };
    });
  const run = (weight: number, context: ReturnType<typeof machine>) => executeHost(setWeight.with.parse({ weight, driver: own }), context);
  test('sets, then looks; and only looks when nothing is to do', async () => {
    const share = { now: '0' };
    assert.deepEqual((await run(25, machine(share))).outputs, { weight: 25, previousWeight: 0 });
    const again = machine(share);
    assert.equal((await run(25, again)).status, 'ok');
    assert.equal(again.requests.length, 1);
  });
  test('fails when it did not take effect or cannot be read afterwards', async () => {
    await assert.rejects(run(25, machine({ now: '0', stuck: true })), failsWith('TRAFFIC_NOT_APPLIED', /says 0 after the share was set to 25/));
    await assert.rejects(run(25, machine({ now: 'about half', stuck: true })), failsWith('TRAFFIC_NOT_APPLIED', /says nothing/));
  });
  test('a command that fails stops it', async () => {
    const context = hostContextWith(({ script }) => ({ exitCode: script === 'set-it' ? 4 : 0, stdout: '1', stderr: 'no route\n' }));
    await assert.rejects(
      executeHost(setWeight.with.parse({ weight: 2, driver: own }), context),
      failsWith('TRAFFIC_DRIVER', /"set" ended with exit code 4 on lb-1: no route/),
    );
  });
});

describe('traffic.setMirror', () => {
  const mirror = (percent: number, balancer: ReturnType<typeof playHaproxy>) => {
    assert.ok(setMirror.target === 'hosts');
    return setMirror.executeHost(setMirror.with.parse({ percent, driver: { type: 'haproxy', map: '/etc/haproxy/mirror.map' } }), balancer.context);
  };
  test('adds, changes, and leaves alone', async () => {
    const balancer = playHaproxy({ weights: {} });
    assert.deepEqual((await mirror(5, balancer)).outputs, { percent: 5, previousPercent: null });
    assert.deepEqual((await mirror(10, balancer)).outputs, { percent: 10, previousPercent: 5 });
    assert.equal((await mirror(10, balancer)).status, 'ok');
  });
  test('says what is missing when HAProxy does not know the map', async () => {
    await assert.rejects(
      mirror(5, playHaproxy({ weights: {}, refusal: 'Unknown map identifier.' })),
      failsWith('TRAFFIC_NOT_APPLIED', /Unknown map identifier/),
    );
  });
});

describe('traffic.setStackWeight', () => {
  const stack = (outputs: Record<string, string>) => {
    const targets: StackTarget[] = [];
    const up = async (target: StackTarget) => {
      targets.push(target);
      return { counts: { update: 1, same: 4 }, outputs, stateDigest: 'sha256:0' as const };
    };
    return { targets, context: contextWith({ pulumi: { ...contextWith().ports.pulumi, up } }) };
  };
  const input = { stack: 'azure-front/prod', key: 'candidateWeight', weight: 30, config: { owner: 'erp' }, output: 'share' };
  assert.ok(setStackWeight.target === 'stack');
  const { execute, undo } = setStackWeight;
  test('updates the stack with the share beside its other configuration', async () => {
    const { targets, context } = stack({ share: '30' });
    const outcome = await execute(setStackWeight.with.parse(input), context);
    assert.equal(outcome.status, 'changed');
    assert.deepEqual(targets[0]?.config, { owner: 'erp', candidateWeight: '30' });
    assert.deepEqual([targets[0]?.program, targets[0]?.name], ['azure-front', 'prod']);
  });
  test('fails when the stack says another share', async () => {
    await assert.rejects(execute(setStackWeight.with.parse(input), stack({ share: '0' }).context), failsWith('TRAFFIC_NOT_APPLIED'));
    await assert.rejects(execute(setStackWeight.with.parse(input), stack({}).context), failsWith('TRAFFIC_NOT_APPLIED'));
  });
  test('its undo keeps the configuration and gives the candidate nothing', () => {
    assert.deepEqual(undo?.(setStackWeight.with.parse(input)), { uses: 'traffic.setStackWeight', with: { ...input, weight: 0 }, first: 'traffic' });
  });
});
