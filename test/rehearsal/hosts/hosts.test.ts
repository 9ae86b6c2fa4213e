import assert from 'node:assert/strict';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Secret } from '../../../src/core/index.ts';
import { checkReadiness } from '../../../src/steps/check/index.ts';
import { failure, request } from '../../effects/ssh/with-ssh.ts';
import { hostKind } from '../../support/host-kind.ts';
import { rehearse } from '../../support/rehearsed.ts';

const effects = (world: { ledger(): readonly { type: string; detail: object }[] }): readonly string[] =>
  world.ledger().map(({ type, detail }) => `${type} ${JSON.stringify(detail)}`);

describe('a rehearsed host', () => {
  it('plays services and packages', async () => {
    await using box = await rehearse({ web: { services: { erp: 'stopped' } } });
    const script = `
      set -eu
      systemctl is-active erp || echo "code $?"
      apt-get install -y "erp-server=\${RELEASE}"
      systemctl enable --now erp
      systemctl is-active erp && systemctl status erp | grep -c running
      dpkg -s erp-server | grep Version
      systemctl restart erp; systemctl stop erp.service
      systemctl is-active --quiet erp && echo wrong
      dnf remove -y erp-server
    `;
    const result = await box.exec('web', script, { env: { RELEASE: '7.1' } });
    assert.equal(result.stderr, '');
    assert.equal(result.exitCode, 0);
    assert.equal(result.stdout, 'inactive\ncode 3\nSetting up erp-server (7.1) ...\nactive\n1\nVersion: 7.1\ninactive\nRemoving erp-server ...\n');
    const actions = box.world.ledger().map(({ detail }) => detail['action']);
    assert.deepEqual(actions, ['install', 'enable', 'start', 'restart', 'stop', 'remove']);
  });

  it('plays enough of a shell: quotes, tests, pipes, branches, redirections, errors', async () => {
    await using box = await rehearse({ web: { files: { '/etc/app': 'a=1\nb=2\n' } } });
    const cases: readonly (readonly [string, string, number?])[] = [
      ['A=1; echo "$A" \'$A\' ${B:-none} "x${A}y" $(echo in)', '1 $A none x1y in\n'],
      ['test -e /etc/app && [ -s /etc/app ] && ! [ -d /etc/app ] && echo yes', 'yes\n'],
      ['if grep -q b=2 /etc/app; then echo two; elif true; then echo one; else echo none; fi', 'two\n'],
      ['cat /etc/app | grep b | tee /srv/b; cat </srv/b', 'b=2\nb=2\n'],
      ['echo 1 >/tmp/x; echo 2 >>/tmp/x; wc -l /tmp/x; rm /tmp/x; test -e /tmp/x', '2\n', 1],
      ['false || { echo saved; true; }; (cd /etc; pwd); pwd', 'saved\n/etc\n/root\n'],
      ['set -e; false; echo never', '', 1],
      ['set -e; if false; then :; fi; false || true; echo on', 'on\n'],
      ['set -u; echo "$MISSING"', '', 2],
      [': "${MISSING:?give it}"; echo never', '', 2],
      ['rm /no/such || echo "failed $?"', 'failed 1\n'],
      ['mkdir -p /srv/a/b && touch /srv/a/b/c && mv /srv/a /srv/z && ls /srv/z/b', 'c\n'],
      ['printf "%s-%5s|%%\\n" a b c', 'a-    b|%\nc-     |%\n'],
      ['sh -c \'echo "$1"\' name arg; exit 9', 'arg\n', 9],
      ['# only a comment', ''],
      ['echo a; # trailing\necho b', 'a\nb\n'],
    ];
    for (const [script, stdout, exitCode = 0] of cases) {
      const result = await box.exec('web', script);
      assert.deepEqual([result.stdout, result.exitCode], [stdout, exitCode], script);
    }
  });

  it('runs nothing it does not know, and says so', async () => {
    await using box = await rehearse({ web: {} });
    assert.deepEqual(await outcome(box.exec('web', 'deploy --fast "$TOKEN"', { env: { TOKEN: new Secret('hidden-thing') } })), [
      0,
      '(rehearsal) would run: deploy --fast "$TOKEN"\n',
    ]);
    const loop = 'for i in 1 2; do\n  reboot\ndone';
    assert.deepEqual(await outcome(box.exec('web', loop)), [0, '(rehearsal) would run: for i in 1 2; do\n']);
    assert.deepEqual(await outcome(box.exec('web', 'import os', { shell: '/usr/bin/python3' })), [0, '(rehearsal) would run: import os\n']);
    assert.deepEqual(
      box.world.ledger().map(({ detail }) => detail['command']),
      ['deploy --fast "$TOKEN"', loop, 'import os'],
    );
  });

  it('never touches the real machine', async () => {
    await using box = await rehearse({ web: {} });
    const marker = join(box.dir, 'touched');
    await box.exec('web', `mkdir -p ${box.dir}; echo x >${marker}; cat ${marker}`);
    await assert.rejects(readFile(marker));
    assert.equal((await box.exec('web', 'cat /proc/self/status')).exitCode, 1);
    const source = await Promise.all(
      (await readdir('src/rehearsal/hosts', { recursive: true }))
        .filter((file) => file.endsWith('.ts'))
        .map((file) => readFile(join('src/rehearsal/hosts', file), 'utf8')),
    );
    for (const text of source) assert.doesNotMatch(text, /child_process/);
  });

  it('answers with what the inventory declares', async () => {
    await using box = await rehearse({ web: { commands: [{ match: '^pg_isready', exit: 2, stdout: 'no response\n', stderr: 'down\n' }] } });
    const { exitCode, stdout, stderr } = await box.exec('web', 'pg_isready --quiet');
    assert.deepEqual([exitCode, stdout, stderr], [2, 'no response\n', 'down\n']);
  });

  it('says what is wrong with its variables', async () => {
    await assert.rejects(rehearse({ web: { http: [{ port: 99_999, service: 'x', side: 'left' }], typo: 1 } }), {
      code: 'REHEARSAL_VARS',
      message: /rehearsal\.http\.0\.port: .*rehearsal\.http\.0\.side/,
    });
  });

  it('keeps its files sealed on the real disk', async () => {
    await using box = await rehearse({ web: {} });
    await box.ssh.write(box.host('web'), { path: '/etc/secret', content: Buffer.from('tulip-garden'), mode: 0o600 }, box.control);
    const text = await readFile(join(box.dir, 'machines', 'web.json'), 'utf8');
    assert.ok(text.includes('/etc/secret'));
    assert.ok(!text.includes('tulip') && !text.includes(Buffer.from('tulip-garden').toString('base64').slice(0, 8)));
  });

  it('answers check.readiness', async () => {
    await using box = await rehearse({ web: { services: { erp: 'running' }, http: [{ port: 8080, service: 'erp', side: 'baseline' }] } });
    const outcome_ = await hostKind(checkReadiness).executeHost({ disk: '>20%', memory: '>10%', clock: '<2s' }, box.context('web'));
    assert.equal(outcome_.status, 'ok');
  });
});

describe('faults of rehearsed hosts', () => {
  it('end a command badly, as often as they are told', async () => {
    await using box = await rehearse({ web: { faults: [{ match: 'restart', effect: 'exit', exit: 5, stderr: 'no luck\n', times: 1 }] } });
    const first = await box.exec('web', 'systemctl restart erp');
    assert.deepEqual([first.exitCode, first.stderr], [5, 'no luck\n']);
    assert.deepEqual(effects(box.world), ['fault {"effect":"exit"}']);
    assert.equal((await box.exec('web', 'systemctl restart erp')).exitCode, 0);
  });

  it('break the connection before a command, without an effect', async () => {
    await using box = await rehearse({ web: { faults: [{ effect: 'resetBefore', times: 1 }] } });
    const error = await failure(box.exec('web', 'touch /etc/x'));
    assert.deepEqual([error.code, error.retry], ['SSH_UNREACHABLE', 'afterBackoff']);
    assert.equal((await box.exec('web', 'test -e /etc/x')).exitCode, 1);
  });

  it('break it after the command was accepted: in doubt, with or without an effect', async () => {
    await using box = await rehearse({
      web: {
        faults: [
          { match: '/etc/one', effect: 'lose', times: 1 },
          { match: '/etc/two', effect: 'resetAfter', times: 1 },
        ],
      },
    });
    assert.equal((await failure(box.exec('web', 'touch /etc/one'))).code, 'SSH_LOST');
    assert.equal((await failure(box.exec('web', 'touch /etc/two'))).code, 'SSH_LOST');
    assert.equal((await box.exec('web', 'ls /etc')).stdout, 'two\n');
  });

  it('refuse connections, or hang until the timeout', async () => {
    await using box = await rehearse({ web: { faults: [{ effect: 'hang', match: 'stuck' }] }, gone: { faults: [{ effect: 'refuse' }] } });
    assert.equal((await failure(box.ssh.exec(box.host('web'), request('stuck', { timeoutMs: 400 }), box.control))).code, 'SSH_TIMEOUT');
    assert.equal((await failure(box.exec('gone', 'true'))).code, 'SSH_UNREACHABLE');
  });

  it('can be armed from outside of the inventory', async () => {
    await using box = await rehearse({ web: {}, db: {} }, { faults: [{ host: 'db', effect: 'exit', exit: 3 }] });
    assert.deepEqual([(await box.exec('web', 'true')).exitCode, (await box.exec('db', 'true')).exitCode], [0, 3]);
  });
});

describe('a rehearsed world', () => {
  it('goes on after its process ended: files, services, weights, faults that happened, keys and ports', async () => {
    const vars = {
      lb: { loadBalancer: { port: 80, backend: 'app', servers: [{ name: 'old', host: 'web', port: 8080, weight: 100 }] } },
      web: { services: { erp: 'running' }, http: [{ port: 8080, service: 'erp', side: 'baseline' }], faults: [{ match: 'once', effect: 'exit', times: 1 }] },
    };
    const first = await rehearse(vars);
    const { dir } = first;
    await first.exec('web', 'echo kept >/etc/kept; chmod 600 /etc/kept; systemctl stop erp; apt-get install -y nginx');
    await first.exec('web', 'once');
    await first.exec('lb', 'echo "set weight app/old 7" | socat stdio /run/haproxy/admin.sock');
    const before = { web: first.host('web'), ledger: first.world.ledger().length, lb: first.world.resolve('lb', 80) };
    await first.ssh.release(first.control.runId);
    await first.world.stop();
    const second = await rehearse(vars, { dir });
    try {
      assert.deepEqual(second.host('web').hostKeys, before.web.hostKeys);
      assert.equal(second.host('web').port, before.web.port);
      assert.deepEqual(second.world.resolve('lb', 80), before.lb);
      assert.deepEqual(await outcome(second.exec('web', 'cat /etc/kept; systemctl is-active erp; dpkg -s nginx | grep Status')), [
        0,
        'kept\ninactive\nStatus: install ok installed\n',
      ]);
      assert.equal((await second.ssh.read(second.host('web'), '/etc/kept', 10, second.control))?.mode, 0o600);
      assert.equal((await second.exec('web', 'once')).stdout, '(rehearsal) would run: once\n');
      assert.match((await second.exec('lb', 'echo "get weight app/old" | socat stdio /run/haproxy/admin.sock')).stdout, /^7 \(initial 100\)/);
      assert.ok(second.world.ledger().length >= before.ledger);
      // The old login is good for the new process too.
      assert.equal((await second.ssh.exec({ ...before.web, name: 'again' }, request('echo in'), second.control)).stdout, 'in\n');
    } finally {
      await second[Symbol.asyncDispose]();
      await rm(dir, { recursive: true });
    }
  });

  it('keeps a ledger outside programs can read, whole lines only', async () => {
    await using box = await rehearse({ web: {} });
    await box.exec('web', 'systemctl start a');
    const { appendFile } = await import('node:fs/promises');
    await appendFile(box.world.ledgerFile, '{"at":1,"host":"web","type":"half');
    assert.deepEqual(effects(box.world), ['service {"action":"start","unit":"a"}']);
    assert.match((await readFile(box.world.ledgerFile, 'utf8')).split('\n')[0] ?? '', /^\{"at":\d+,"host":"web","type":"service"/);
  });

  it('leads a jump host to rehearsed hosts only', async () => {
    await using box = await rehearse({ bastion: {}, web: {} });
    const web = box.host('web');
    const through = { ...web, name: 'web-through', address: 'web', port: 22, jump: [box.host('bastion')] };
    assert.equal((await box.ssh.exec(through, request('hostname'), box.control)).stdout, 'web\n');
    assert.equal(
      (await failure(box.ssh.exec({ ...through, name: 'x', address: '127.0.0.1', port: web.port }, request('true'), box.control))).code,
      'SSH_UNREACHABLE',
    );
  });
});

async function outcome(result: Promise<{ exitCode: number | null; stdout: string }>): Promise<readonly [number | null, string]> {
  const { exitCode, stdout } = await result;
  return [exitCode, stdout];
}
