import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { createHeads, type Heads } from '../../src/app/index.ts';
import { createLooks, type Judged, type Look } from '../../src/app/pulls/look.ts';
import { loadConfig } from '../../src/config/index.ts';
import { openWiring } from '../../src/wire.ts';
import { removeAll } from '../server/site.ts';
import { ESTATE, POLICY, saying } from './estate.ts';
import { openPlayed, type Played } from './repository.ts';

const NIGHT = `package slipway.night

deny contains {"msg": "not at night"} if substring(input.now, 11, 2) >= "22"

deny contains {"msg": "not by mallory"} if contains(input.actor.name, "mallory")
`;

suite('a look that is remembered is no other than a new one', () => {
  let played: Played;
  let heads: Heads;
  let wiring: ReturnType<typeof openWiring>;
  let now = Date.UTC(2026, 10, 23, 21, 55);
  const dir = mkdtempSync(join(tmpdir(), 'slipway-look-'));
  const signal = new AbortController().signal;
  before(async () => {
    played = await openPlayed();
    const loaded = loadConfig({ PATH: process.env['PATH'], HOME: process.env['HOME'], SLIPWAY_HOME: join(dir, 'state'), SLIPWAY_ACTOR: 'user:test' }, dir);
    assert.ok(loaded.ok);
    const real = openWiring(loaded.value);
    wiring = { ...real, clock: { ...real.clock, now: () => now } };
    const access = async () => ({ url: pathToFileURL(played.folder).href });
    heads = createHeads({ wiring, repositories: [{ name: 'estate', branch: 'main', access }], stateDir: join(dir, 'state'), signal });
  });
  after(async () => {
    await wiring.close();
    await played[Symbol.asyncDispose]();
    await removeAll(dir);
  });

  test('policies are asked again after a while, for another author, and once the default branch has others', async () => {
    const files = { 'runbooks/estate.yaml': ESTATE, 'runbooks/hello.yaml': saying('hello', 'lab', 'hello'), 'policies/site.rego': POLICY };
    const base = await played.commit({ ...files, 'policies/night.rego': NIGHT });
    const target = await played.commit({ 'runbooks/hello.yaml': saying('hello', 'lab', 'good evening') });
    await played.commit({}, base);
    played.move('main', base);
    const looks = createLooks({ wiring, session: { stateDir: join(dir, 'state'), signal, isTold: true }, log: { info() {}, warn() {}, error() {} } });
    const look = async (login = 'ada'): Promise<Look> => {
      const head = await heads.fetched('estate');
      assert.ok(head.estate.ok);
      const { environments, calendars } = head.estate.value.repository;
      const gates = { policyDir: join(head.files, 'policies'), environments, calendars };
      const who = { pull: { author: { login } }, served: { name: 'estate', host: { name: 'git' } }, ref: { host: 'git', repo: 'ada/estate', number: 1 } };
      return looks.look({ ...who, head, gates, mirror: await heads.mirror('estate'), target: { commit: target, base }, signal });
    };
    const first = await look();
    assert.deepEqual(against(first), []);
    assert.equal(await look(), first, 'nothing has changed');
    assert.deepEqual(against(await look('mallory')), ['not by mallory']);
    now += 10 * 60_000;
    assert.deepEqual(against(await look()), ['not at night']);
    now += 3 * 3_600_000;
    assert.deepEqual(against(await look()), []);
    played.move('main', await played.commit({ 'policies/night.rego': NIGHT.replace('>= "22"', '>= "00"') }, base));
    assert.deepEqual(against(await look()), ['not at night'], 'what the default branch says now counts');
  });
});

function against({ judged }: Look): readonly string[] {
  const one: Judged | undefined = judged.get('hello');
  assert.ok(one && 'verdict' in one, JSON.stringify(one));
  return one.verdict.findings.map(({ msg }) => msg);
}
