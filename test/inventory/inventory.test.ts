import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { buildInventory, hostSelector, type InventoryIndex, loginOf, matchPattern, selectHosts } from '../../src/inventory/index.ts';
import { expandRange, matchesGlob } from '../../src/inventory/range.ts';
import { type LoadedInventory, parseFile, problemText } from '../../src/runbook/index.ts';

const HEAD = 'apiVersion: slipway/v1\nkind: Inventory\nmetadata: {name: NAME}\n';

function loaded(body: string, name = 'estate'): LoadedInventory {
  const parsed = parseFile(HEAD.replace('NAME', name) + body, `${name}.yaml`);
  assert.ok(parsed.ok, parsed.problems.map(problemText).join('\n'));
  const [only] = parsed.value;
  assert.ok(only?.kind === 'Inventory');
  return only;
}

function index(...bodies: readonly string[]): InventoryIndex {
  const built = buildInventory(bodies.map((body, position) => loaded(body, `estate-${position}`)));
  assert.ok(built.ok, built.problems.map(problemText).join('\n'));
  return built.value;
}

const estate = index(`
defaults:
  user: ops
  port: 2222
  zone: berlin
  privateKey: env:KEY
  knownHosts: [keys/known_hosts]
  jump: gate
  vars: {level: defaults, a: 1}
hosts:
  gate: {address: gate.example.org, port: 22}
  "web[01:03]": {vars: {level: host}}
  db1: {zone: paris, jump: [gate, db2], password: "env:DB"}
  db2: {zone: paris, jump: [], hostKey: ssh-ed25519 AAAA}
  edge: {jump: db1, agent: true}
groups:
  all: {vars: {level: all, b: 2}}
  eu: {groups: [web, db], vars: {level: outer, c: 3}}
  web: {hosts: ["web[01:03]"], vars: {level: inner, c: 4}}
  db: {hosts: [db2, db1], vars: {level: inner}}
  canary: {hosts: [web01, db1]}
`);
const hostOf = (name: string) => {
  const found = estate.hosts.get(name);
  assert.ok(found);
  return found.host;
};

describe('an inventory', () => {
  it('fills in defaults', () => {
    const { address, port, user, zone, groups, hostKeys, login } = hostOf('web01');
    assert.deepEqual(
      { address, port, user, zone, groups, hostKeys, login },
      { address: 'web01', port: 2222, user: 'ops', zone: 'berlin', groups: ['eu', 'web', 'canary'], hostKeys: [], login: {} },
    );
    assert.deepEqual([hostOf('gate').address, hostOf('gate').port], ['gate.example.org', 22]);
    assert.deepEqual(hostOf('db2').hostKeys, ['ssh-ed25519 AAAA']);
  });

  it('merges variables from the outside in', () => {
    assert.deepEqual(hostOf('web01').vars, { level: 'host', a: 1, b: 2, c: 4 });
    assert.deepEqual(hostOf('db1').vars, { level: 'inner', a: 1, b: 2, c: 3 });
    assert.deepEqual(hostOf('edge').vars, { level: 'all', a: 1, b: 2 });
  });

  it('resolves jump chains, nearest to us first', () => {
    const chain = (name: string) => hostOf(name).jump.map((host) => host.name);
    assert.deepEqual(chain('web01'), ['gate']);
    assert.deepEqual(chain('gate'), []);
    assert.deepEqual(chain('db2'), []);
    assert.deepEqual(chain('db1'), ['gate', 'db2']);
    assert.deepEqual(chain('edge'), ['gate', 'db2', 'db1']);
  });

  it('keeps logins as references, and never mixes a host’s own with the defaults', () => {
    assert.deepEqual(loginOf(estate, 'web01'), { agent: false, privateKey: 'env:KEY', knownHosts: ['keys/known_hosts'] });
    assert.deepEqual(loginOf(estate, 'db1'), { agent: false, password: 'env:DB', knownHosts: ['keys/known_hosts'] });
    assert.deepEqual(loginOf(estate, 'edge'), { agent: true, knownHosts: ['keys/known_hosts'] });
    assert.equal(loginOf(estate, 'nobody'), undefined);
  });

  it('puts several files together and refuses names that are taken', () => {
    assert.deepEqual([...(index('hosts: {a: {}}', 'hosts: {b: {}}\ngroups: {g: {hosts: [a, b]}}').groups.get('g') ?? [])], ['a', 'b']);
    const built = buildInventory([loaded('hosts: {a: {}}', 'one'), loaded('hosts: {a: {}}', 'two')]);
    assert.deepEqual(
      built.problems.map(({ code, file, path }) => [code, file, path]),
      [['DUPLICATE_NAME', 'two.yaml', 'hosts.a']],
    );
  });

  it('of no file is empty, not wrong', () => assert.equal(index().hosts.size, 0));

  it('with long chains is refused, not crashed on', () => {
    const hosts = Array.from({ length: 5_000 }, (_, position) => `  h${position}: {jump: h${position + 1}}`).join('\n');
    assert.deepEqual(
      buildInventory([loaded(`hosts:\n${hosts}\n  h5000: {}\n`)]).problems.map(({ code }) => code),
      ['JUMP_TOO_LONG'],
    );
    const groups = Array.from({ length: 5_000 }, (_, position) => `  g${position}: {groups: [g${position + 1}]}`).join('\n');
    assert.deepEqual(
      buildInventory([loaded(`hosts: {a: {}}\ngroups:\n${groups}\n  g5000: {}\n`)]).problems.map(({ code }) => code),
      ['GROUPS_TOO_DEEP'],
    );
  });
});

/** Pattern, names in inventory order. */
const patterns: readonly (readonly [string, readonly string[]])[] = [
  ['all', ['gate', 'web01', 'web02', 'web03', 'db1', 'db2', 'edge']],
  ['*', ['gate', 'web01', 'web02', 'web03', 'db1', 'db2', 'edge']],
  ['web', ['web01', 'web02', 'web03']],
  ['web02', ['web02']],
  ['db:web01', ['web01', 'db1', 'db2']],
  ['db, web01', ['web01', 'db1', 'db2']],
  ['eu:&canary', ['web01', 'db1']],
  ['&canary:eu', ['web01', 'db1']],
  ['eu:!canary', ['web02', 'web03', 'db2']],
  ['eu:&canary:!db', ['web01']],
  ['!eu', ['gate', 'edge']],
  ['web[02:03]', ['web02', 'web03']],
  ['web[02:03]:gate', ['gate', 'web02', 'web03']],
  ['web0?', ['web01', 'web02', 'web03']],
  ['d*', ['db1', 'db2']],
  ['@paris', ['db1', 'db2']],
  ['eu:&zone=berlin', ['web01', 'web02', 'web03']],
];
/** Pattern, message, hint. */
const mistakes: readonly (readonly [string, RegExp, RegExp])[] = [
  ['wbe', /no host or group "wbe"/, /did you mean "web"/],
  ['nothing', /no host or group "nothing"/, /groups of the inventory: all|eu/],
  ['web:&db', /selects no host/, /in common/],
  ['', /cannot be read/, /for example/],
  ['web:', /cannot be read/, /for example/],
  ['web;db', /cannot be read/, /for example/],
  ['@pari', /no host is in zone "pari"/, /did you mean "paris"/],
  ['web[03:01]', /cannot be read/, /for example/],
  ['web[01:09]', /names "web04", which is no host/, /did you mean/],
  ['x*', /matches "x\*"/, /names/],
];

describe('host patterns', () => {
  for (const [pattern, names] of patterns) it(pattern, () => assert.deepEqual(matchPattern(estate, pattern), { names, problems: [] }));
  for (const [pattern, message, hint] of mistakes) {
    it(`"${pattern}" is refused`, () => {
      const { hosts, problems } = selectHosts(estate, pattern);
      assert.deepEqual(hosts, []);
      assert.match(problems[0]?.message ?? '', message);
      assert.match(problems[0]?.hint ?? '', hint);
    });
  }

  it('reports every unknown name at once', () => assert.equal(matchPattern(estate, 'wbe:dbb:&cnary').problems.length, 3));

  it('come in the order asked for', () => {
    const names = (order: Parameters<typeof selectHosts>[2]) => selectHosts(estate, 'db:web', order).hosts.map((host) => host.name);
    assert.deepEqual(names('inventory'), ['web01', 'web02', 'web03', 'db1', 'db2']);
    assert.deepEqual(names('reverse'), ['db2', 'db1', 'web03', 'web02', 'web01']);
    assert.deepEqual(names('sorted'), ['db1', 'db2', 'web01', 'web02', 'web03']);
    assert.deepEqual(names('shuffle'), names('shuffle'));
    assert.deepEqual(names('shuffle').toSorted(), names('sorted'));
  });

  it('in the planner’s form give hosts or words', () => {
    const select = hostSelector(estate);
    const found = select('web', 'inventory');
    assert.equal('hosts' in found && found.hosts.length, 3);
    assert.match('message' in select('wbe', 'inventory') ? JSON.stringify(select('wbe', 'inventory')) : '', /did you mean/);
  });

  it('never throw, and give only hosts there are', () => {
    const pieces = fc.array(fc.constantFrom('web', 'db1', 'all', ':', ',', '!', '&', '*', '?', '[', ']', '01', '@', 'paris', ' ', 'zone=', 'é'), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(pieces, (list) => {
        for (const name of matchPattern(estate, list.join('')).names) assert.ok(estate.hosts.has(name));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('ranges and globs', () => {
  it('expand', () => {
    assert.deepEqual(expandRange('web[8:11]'), ['web8', 'web9', 'web10', 'web11']);
    assert.deepEqual(expandRange('web[08:11]'), ['web08', 'web09', 'web10', 'web11']);
    assert.deepEqual(expandRange('r[a:b]-[1:2]'), ['ra-1', 'ra-2', 'rb-1', 'rb-2']);
    assert.deepEqual(expandRange('plain'), ['plain']);
    for (const bad of ['w[2:1]', 'w[a:3]', 'w[1:20000]', 'w[1:', 'w]', 'w[1:200][1:200]']) assert.equal(expandRange(bad), undefined, bad);
  });

  it('match like a regular expression would', () => {
    const text = fc.array(fc.constantFrom('a', 'b', '-'), { maxLength: 8 }).map((parts) => parts.join(''));
    const glob = fc.array(fc.constantFrom('a', 'b', '-', '*', '?'), { maxLength: 8 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, glob, (name, pattern) => {
        const expected = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`).test(name);
        assert.equal(matchesGlob(name, pattern), expected);
      }),
      { numRuns: 2_000 },
    );
  });

  it('match hostile globs fast', () => {
    const started = performance.now();
    matchesGlob('a'.repeat(250), `${'*a'.repeat(120)}b`);
    assert.ok(performance.now() - started < 100);
  });
});
