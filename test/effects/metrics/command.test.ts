import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Secret, systemClock } from '../../../src/core/index.ts';
import { createSsh } from '../../../src/effects/ssh/index.ts';
import type { Host, QueryOf, SshPort } from '../../../src/steps/index.ts';
import { rehearse } from '../../support/rehearsed.ts';
import { type Sshd, startSshd, whyNoSshd } from '../../support/sshd.ts';
import { asking, failure } from './support.ts';

const MINUTE = 60_000;
function command(cmd: string, more: Partial<QueryOf<'command'>> = {}): QueryOf<'command'> {
  return { type: 'command', host: 'erp-db', cmd, env: {}, parts: { value: [] }, ...more };
}
function askingOn(ssh: SshPort, host: Host) {
  const to = asking({ ssh, host: () => host });
  const latest = (query: QueryOf<'command'>) => to.metrics.latest(query, MINUTE, to.control);
  return { to, latest };
}

/** What every machine must do alike. */
function contract(
  name: string,
  skip: string | false,
  open: () => Promise<{ readonly ssh: SshPort; readonly host: Host; readonly close: () => Promise<void> }>,
): void {
  describe(`a command over SSH: ${name}`, { skip }, () => {
    let on: Awaited<ReturnType<typeof open>>;
    before(async () => {
      on = await open();
    });
    after(async () => {
      await on.ssh.release('run-20261123-metrics000');
      await on.close();
    });
    const asks = async (cmd: string, more: Partial<QueryOf<'command'>> = {}) => {
      const { to, latest } = askingOn(on.ssh, on.host);
      using _ = to;
      return await latest(command(cmd, more));
    };

    it('gives the number that it prints', async () => {
      assert.deepEqual(await asks('echo 41.5'), { value: { value: 41.5 } });
      assert.deepEqual(await asks('echo " -2e3 "'), { value: { value: -2000 } });
    });
    it('gives numbers of the JSON that it prints', async () => {
      const parts = { events: ['bad'], trials: ['all'] };
      assert.deepEqual(await asks(`echo '{"bad": 1, "all": 20}'`, { parts }), { events: { value: 1 }, trials: { value: 20 } });
    });
    it('gives no number for nothing, words, NaN, hexadecimal, or two numbers', async () => {
      assert.deepEqual(await asks('true'), { value: { none: 'gap' } });
      for (const text of ['many', 'NaN', 'Infinity', '0x10', '1 2', '"7"', '[1]'])
        assert.deepEqual(await asks(`echo '${text}'`), { value: { none: 'notANumber' } }, text);
    });
    it('gets values by its environment only, and the length of time it is about', async () => {
      const env = { TABLE: '$(echo 7); echo 8', PASSWORD: new Secret('hush-hush') };
      assert.deepEqual(await asks('test "$TABLE" = \'$(echo 7); echo 8\' && test "$PASSWORD" = hush-hush && echo 1', { env }), { value: { value: 1 } });
      assert.deepEqual(await asks('echo "$SLIPWAY_WINDOW_SECONDS"'), { value: { value: 60 } });
    });
    it('is down when it fails, and says what the machine said', async () => {
      const error = await failure(asks('echo broken >&2; exit 3'));
      assert.deepEqual([error.code, error.retry], ['METRIC_SOURCE_DOWN', 'afterBackoff']);
      assert.match(error.message, /erp-db does not answer: the command ended with 3: broken/);
    });
  });
}

contract('a rehearsed machine', false, async () => {
  const world = await rehearse({ 'erp-db': {} });
  return { ssh: world.ssh, host: world.host('erp-db'), close: async () => world[Symbol.asyncDispose]() };
});

const missing = whyNoSshd();
contract('OpenSSH', missing === undefined ? false : `not available: ${missing}`, async () => {
  const sshd = await startSshd();
  return { ssh: createSsh({ clock: systemClock }), host: { ...sshd.host, name: 'erp-db' }, close: () => sshd.stop() };
});

describe('a machine that cannot be reached', { skip: missing === undefined ? false : `not available: ${missing}` }, () => {
  let sshd: Sshd;
  before(async () => {
    sshd = await startSshd();
  });
  after(() => sshd.stop());

  it('is down, and one that is not the one we know is refused for good', async () => {
    const ssh = createSsh({ clock: systemClock });
    const other = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEmK4wX5ZQeT8JzXQ9vN1mB7hY3cP6rS0uW2aD4fG8kL';
    const impostor = askingOn(ssh, { ...sshd.host, name: 'erp-db', hostKeys: [other] });
    using _ = impostor.to;
    const refused = await failure(impostor.latest(command('echo 1')));
    assert.deepEqual([refused.code, refused.retry], ['METRIC_SOURCE_DENIED', 'never']);
    const absent = askingOn(ssh, { ...sshd.host, name: 'erp-db', port: 1 });
    using __ = absent.to;
    const down = await failure(absent.latest(command('echo 1')));
    assert.deepEqual([down.code, down.retry], ['METRIC_SOURCE_DOWN', 'afterBackoff']);
    await ssh.release('run-20261123-metrics000');
  });
});
