import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { planPackages, simulated, specOf } from '../../../src/steps/ssh/package/plan.ts';
import { compareRpm } from '../../../src/steps/ssh/package/rpm-version.ts';
import { sshPackage } from '../../../src/steps/ssh/index.ts';
import { hostKind } from '../../support/host-kind.ts';
import { failsWith } from '../context.ts';

describe('ssh.package', () => {
  it('orders versions as rpm does', () => {
    const older: readonly (readonly [string, string])[] = [
      ['1.0-1', '1.0-2'],
      ['1.0-1', '1:0.1-1'],
      ['1.9-1', '1.10-1'],
      ['1.0~rc1-1', '1.0-1'],
      ['1.0-1', '1.0^git1-1'],
      ['1.0^git1-1', '1.0.1-1'],
      ['1.0a-1', '1.0.1-1'],
      ['1.0-1.el9', '1.0-1.el9_1'],
      ['5.5p1-1', '5.5p10-1'],
      ['1.05-1', '1.6-1'],
      ['99999999999999999999-1', '100000000000000000000-1'],
    ];
    for (const [a, b] of older) {
      assert.ok(compareRpm(a, b) < 0, `${a} < ${b}`);
      assert.ok(compareRpm(b, a) > 0, `${b} > ${a}`);
    }
    for (const [a, b] of [
      ['1.0-1', '0:1.0-1'],
      ['1.05-1', '1.5-1'],
      ['1..0-1', '1.0-1'],
    ] as const)
      assert.equal(compareRpm(a, b), 0, `${a} = ${b}`);
  });

  it('reads what apt would do besides', () => {
    const said = 'Reading package lists...\nInst libc (1.0 Debian [amd64])\nInst app [1.0] (2.0 x [all])\nRemv old [1]\nPurg older [2]\nConf app (2.0)\n';
    assert.deepEqual(simulated(said), { installs: ['libc', 'app'], removes: ['old', 'older'] });
  });

  it('tells all that is in the way at once', () => {
    const packages = [
      { name: 'a', installed: '1', candidate: '2', isHeld: true },
      { name: 'b', installed: '1', candidate: '2', isHeld: true },
      { name: 'c', installed: undefined, candidate: undefined, isHeld: false },
      { name: 'd', installed: undefined, candidate: undefined, isHeld: false },
    ];
    const wish = { state: 'latest', purge: false, allowDowngrade: false } as const;
    const state = { manager: 'apt', listsAge: 0, packages } as const;
    assert.throws(() => planPackages({ ...wish, packages: packages.map(({ name }) => ({ name })) }, state, 'web'), failsWith('PACKAGE_HELD', /a 1, b 1/));
    assert.throws(() => planPackages({ ...wish, packages: [{ name: 'c' }, { name: 'd' }] }, state, 'web'), failsWith('PACKAGE_UNKNOWN', /c, d/));
    assert.deepEqual(planPackages({ ...wish, state: 'absent', packages: [{ name: 'c' }] }, state, 'web'), []);
    assert.deepEqual(
      (['apt', 'dnf'] as const).map((manager) => specOf({ name: 'a', from: '1', to: '2', isExact: true }, manager)),
      ['a=2', 'a-2'],
    );
  });

  it('refuses names and versions that are none', () => {
    const kind = hostKind(sshPackage);
    const accepts = (raw: object): boolean => kind.accepts(raw);
    for (const name of ['-y', '--allow-unauthenticated', 'a b', 'a;b', '$(id)', '@dev', './a.deb', ''])
      assert.equal(accepts({ packages: [name] }), false, name);
    for (const version of ['-1', '1 2', '$(id)']) assert.equal(accepts({ packages: [{ name: 'a', version }] }), false, version);
    for (const name of ['libstdc++6', 'nginx', 'python3.11', 'libc6:amd64', 'NetworkManager']) assert.equal(accepts({ packages: [name] }), true, name);
  });
});
