import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import type { ExecRequest, ExecResult } from '../../../src/steps/index.ts';
import { checkCommand, checkReadiness } from '../../../src/steps/check/index.ts';
import { Secret } from '../../../src/core/index.ts';
import { failsWith, hostContextWith } from '../context.ts';

/** Play the host with this machine's own shell. */
function onThisMachine({ script, env, stdin }: ExecRequest): Promise<Partial<ExecResult>> {
  return new Promise((resolve) => {
    const plain = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, value instanceof Secret ? value.reveal() : value]));
    const child = execFile('/bin/sh', ['-c', script], { env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', ...plain } }, (error, stdout, stderr) =>
      resolve({ exitCode: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
    );
    child.stdin?.on('error', () => undefined); // a command need not read its input
    child.stdin?.end(stdin ?? '');
  });
}

describe('check.readiness', () => {
  assert.ok(checkReadiness.target === 'hosts');
  const { executeHost } = checkReadiness;
  const ready = (input: unknown, answer = onThisMachine) => executeHost(checkReadiness.with.parse(input), hostContextWith(answer));

  test('reads a real machine', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo; // a TCP server that listens has such an address
    const rules = {
      disk: { '/': '>0.001%', '/tmp': '>0.001%' },
      memory: '>0.001%',
      cpuLoad: '<100000',
      clock: '<30s',
      listening: [port],
      files: ['/etc', '/bin/sh'],
    };
    const { outputs, status } = await ready(rules);
    server.close();
    assert.equal(status, 'ok');
    const facts = outputs['facts'] as { diskFree: object; memoryAvailable: number; listeningPorts: number[]; files: string[] }; // its own outputs
    assert.deepEqual(Object.keys(facts.diskFree), ['/', '/tmp']);
    assert.ok(facts.memoryAvailable > 0 && facts.memoryAvailable <= 1);
    assert.ok(facts.listeningPorts.includes(port));
  });
  test('lists every miss of a real machine', async () => {
    const strange = '/no such $(touch /tmp/slipway-must-not-exist)';
    const rules = { disk: { '/': '>100%', [strange]: '>1%' }, memory: '>100%', cpuLoad: '<0', listening: [1], files: [strange, '/etc'] };
    await assert.rejects(ready(rules), (thrown: unknown) => {
      assert.ok(failsWith('NOT_READY')(thrown));
      const { message } = thrown as Error;
      for (const part of [
        'free space of / is',
        `free space of ${strange} could not be read`,
        'available memory is',
        'nothing listens on port 1',
        `${strange} does not exist`,
      ])
        assert.ok(message.includes(part), `${part} in ${message}`);
      assert.ok(!message.includes('/etc '));
      return true;
    });
    assert.ok(!existsSync('/tmp/slipway-must-not-exist'));
  });
  test('a fact that cannot be read is a miss, not a pass', async () => {
    const silent = () => Promise.resolve({ stdout: 'clock 0\n' });
    await assert.rejects(
      ready({ memory: '>1%', cpuLoad: '<9', clock: '<1s', free: [80] }, silent),
      failsWith('NOT_READY', /memory could not be read; load per processor could not be read; clock difference is \d+ ms.*; listening ports could not be read/),
    );
  });
  test('values never become part of the script', async () => {
    const seen: string[] = [];
    const record = (request: ExecRequest) => {
      seen.push(request.script);
      return onThisMachine(request);
    };
    await ready({ files: ['/etc'] }, record);
    await ready({ files: ['/bin/sh'] }, record);
    assert.equal(seen[0], seen[1]);
    assert.ok(!checkReadiness.with.safeParse({ files: ['/a\nfile /b'] }).success);
  });
  test('limits are checked when the runbook is read', () => {
    for (const wrong of [{}, { disk: '20%' }, { disk: '>20' }, { clock: '<1' }, { cpuLoad: '<80%' }, { disk: { relative: '>1%' } }])
      assert.ok(!checkReadiness.with.safeParse(wrong).success, JSON.stringify(wrong));
  });
});

describe('check.command', () => {
  assert.ok(checkCommand.target === 'hosts');
  const { executeHost } = checkCommand;
  const check = (input: unknown) => executeHost(checkCommand.with.parse(input), hostContextWith(onThisMachine));

  test('judges exit code and output of a real shell', async () => {
    assert.deepEqual(await check({ cmd: 'printf "%s" "$WHO"', env: { WHO: 'it is $HOME; fine', N: 3 }, expect: { stdoutContains: '$HOME; fine' } }), {
      ...{ status: 'ok', outputs: { stdout: 'it is $HOME; fine', exitCode: 0 } },
    });
    assert.equal((await check({ cmd: 'exit 3', expect: { exitCode: 3 } })).status, 'ok');
  });
  test('says everything that was wrong, with the last words of the command', async () => {
    await assert.rejects(
      check({ cmd: 'echo no; echo "disk on fire" >&2; exit 2', expect: { stdoutContains: 'yes', stdoutMatches: '^y' } }),
      failsWith('CHECK_FAILED', /^lb-1: exit code 2 instead of 0; output does not contain "yes"; output does not match \^y \(disk on fire\)$/),
    );
  });
  test('refuses what is no regular expression', () => assert.ok(!checkCommand.with.safeParse({ cmd: 'true', expect: { stdoutMatches: '(' } }).success));
});
