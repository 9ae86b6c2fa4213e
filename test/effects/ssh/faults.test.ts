import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { SlipwayError, systemClock } from '../../../src/core/index.ts';
import { createSsh } from '../../../src/effects/ssh/index.ts';
import type { Host } from '../../../src/steps/index.ts';
import { type Proxy, type Side, startProxy } from '../../support/proxy.ts';
import { type Sshd, startSshd, whyNoSshd } from '../../support/sshd.ts';
import { failure, request, withSsh } from './with-ssh.ts';

const missing = whyNoSshd();
/** So many places where a conversation is cut. */
const PARTS = 10;
interface Cut {
  readonly side: Side;
  readonly bytes: number;
  /** With the connection still to be made. */
  readonly isFirst: boolean;
}

/** What goes wrong between two machines, against a real server. */
describe('OpenSSH over a bad network', { skip: missing === undefined ? false : `not available: ${missing}` }, () => {
  let sshd: Sshd;
  let proxy: Proxy;
  let host: Host;
  before(async () => {
    sshd = await startSshd({ config: ['MaxStartups 200'] });
    proxy = await startProxy(sshd.port);
    host = { ...sshd.host, name: 'far', port: proxy.port };
  });
  after(async () => {
    await proxy[Symbol.asyncDispose]();
    await sshd.stop();
  });

  /** Lines that the command below has written; waits for one that may still be on its way. */
  const effects = async (file: string, atLeast: number): Promise<number> => {
    for (let tries = 0; ; tries++) {
      const text = await readFile(file, 'utf8').catch(() => '');
      const lines = text.split('\n').length - 1;
      if (lines >= atLeast || tries === 10) return lines;
      await delay(20);
    }
  };

  /** How a command ends whose connection is reset after so many bytes of its conversation, and how often it took effect. */
  const cutAt = async ({ side, bytes, isFirst }: Cut): Promise<{ readonly end: string; readonly times: number }> => {
    const file = join(sshd.dir, `effects-${side}-${bytes}-${isFirst}`);
    await using bad = await startProxy(sshd.port);
    const far = { ...host, port: bad.port };
    return await withSsh(async (ssh, control) => {
      if (!isFirst) await ssh.exec(far, request('true'), control);
      bad.cutAfter(side, bytes);
      const end = await ssh.exec(far, request('echo once >>"$FILE"; echo done', { env: { FILE: file } }), control).then(
        ({ exitCode, stdout }) => `${exitCode} ${stdout.trim()}`,
        (thrown: unknown) => (thrown instanceof SlipwayError ? thrown.code : String(thrown)),
      );
      return { end, times: await effects(file, end === '0 done' ? 1 : 0) };
    });
  };

  it('never runs a command twice, and knows what it does not know, wherever the connection is reset', { timeout: 120_000 }, async () => {
    const before_ = { ...proxy.passed };
    await withSsh((ssh, control) => ssh.exec(host, request('echo once >>"$FILE"; echo done', { env: { FILE: join(sshd.dir, 'measured') } }), control));
    const ends = new Map<string, number>();
    for (const side of ['toServer', 'toClient'] as const) {
      const all = proxy.passed[side] - before_[side];
      // A connection that stands needs only the last part of the conversation, which begins about a kilobyte before its end.
      const cuts = Array.from({ length: 2 * PARTS }, (_, index): Cut => {
        const isFirst = index < PARTS;
        return { side, isFirst, bytes: Math.round(((index % PARTS) / (PARTS - 1)) * (isFirst ? all : 1_200)) };
      });
      for (const [index, { end, times }] of (await Promise.all(cuts.map(cutAt))).entries()) {
        const what = `${JSON.stringify(cuts[index])} of ${all}: ${end}, ${times} times`;
        ends.set(end, (ends.get(end) ?? 0) + 1);
        if (end === '0 done') assert.equal(times, 1, what);
        else if (end === 'SSH_LOST') assert.ok(times <= 1, what);
        else assert.deepEqual([['SSH_UNREACHABLE', 'SSH_NOT_DONE', 'SSH_AUTH'].includes(end), times], [true, 0], what);
      }
    }
    assert.ok((ends.get('SSH_LOST') ?? 0) > 0 && (ends.get('0 done') ?? 0) > 0, JSON.stringify([...ends]));
  });

  it('makes a new connection when the old one ended unnoticed between two commands', async () => {
    await withSsh(async (ssh, control) => {
      await ssh.exec(host, request('true'), control);
      const { connections } = proxy.passed;
      proxy.cut();
      assert.equal((await ssh.exec(host, request('echo again'), control)).stdout, 'again\n');
      proxy.cutAfter('toServer', 0); // as the packet that asks for a channel is on its way
      assert.equal((await ssh.exec(host, request('echo and again'), control)).stdout, 'and again\n');
      assert.equal(proxy.passed.connections - connections, 2);
    });
  });

  it('gives a link up on which nothing arrives any more, and says that it does not know', { timeout: 60_000 }, async () => {
    const port = createSsh({ clock: systemClock, keepAliveMs: 150 });
    await withSsh(async (ssh, control) => {
      const onOutput = (): void => {
        proxy.toClient = 'hold';
        proxy.toServer = 'hold';
      };
      try {
        const error = await failure(ssh.exec(host, request('echo go; sleep 3'), { ...control, onOutput }));
        assert.deepEqual([error.code, error.retry], ['SSH_LOST', 'pauseForHuman']);
      } finally {
        proxy.toClient = 'pass';
        proxy.toServer = 'pass';
      }
      assert.equal((await ssh.exec(host, request('echo back'), control)).stdout, 'back\n');
    }, port);
  });

  it('goes on after a reboot, and does not believe a machine that comes back with another key', { timeout: 60_000 }, async () => {
    await using machine = await startSshd();
    await withSsh(async (ssh, control) => {
      const rebooted = Promise.withResolvers<void>();
      const onOutput = (): void => void machine.reboot({ downMs: 200 }).then(rebooted.resolve, rebooted.reject);
      const running = failure(ssh.exec(machine.host, request('echo go; sleep 3'), { ...control, onOutput }));
      assert.equal((await running).code, 'SSH_LOST');
      const down = await failure(ssh.exec(machine.host, request('true'), control));
      assert.deepEqual([down.code, down.retry], ['SSH_UNREACHABLE', 'afterBackoff']);
      await rebooted.promise;
      assert.equal((await ssh.exec(machine.host, request('echo up'), control)).stdout, 'up\n');
      await machine.reboot({ newHostKey: true });
      const changed = await failure(ssh.exec(machine.host, request('echo no'), control));
      assert.deepEqual([changed.code, changed.retry, /has changed/.test(changed.message)], ['SSH_HOST_KEY', 'never', true]);
    });
  });

  it('waits for a server that is slow to greet, and not for ever', async () => {
    let greetsAfterMs = 1_200;
    const slow = createServer((socket) => {
      socket.on('error', () => undefined);
      setTimeout(() => {
        if (!socket.destroyed) socket.pipe(connect(sshd.port, '127.0.0.1').on('error', () => undefined)).pipe(socket);
      }, greetsAfterMs).unref();
    });
    slow.listen(0, '127.0.0.1');
    await once(slow, 'listening');
    const address = slow.address();
    const far: Host = { ...sshd.host, name: 'slow', port: typeof address === 'object' && address ? address.port : 0 };
    try {
      await withSsh(async (ssh, control) => assert.equal((await ssh.exec(far, request('echo late'), control)).stdout, 'late\n'));
      greetsAfterMs = 60_000;
      await withSsh(
        async (ssh, control) => assert.equal((await failure(ssh.exec(far, request('true'), control))).code, 'SSH_UNREACHABLE'),
        createSsh({ clock: systemClock, connectTimeoutMs: 500 }),
      );
    } finally {
      slow.close();
    }
  });

  it('writes a file again whose connection broke half-way, and leaves nothing beside it', async () => {
    const path = join(sshd.dir, 'content');
    const content = Buffer.alloc(600_000, 'x');
    await withSsh(async (ssh, control) => {
      await ssh.exec(host, request('true'), control);
      proxy.cutAfter('toServer', 300_000);
      await ssh.write(host, { path, content, mode: 0o600 }, control);
      const { connections } = proxy.passed;
      assert.equal((await ssh.read(host, path, 1 << 20, control))?.content.length, content.length);
      assert.equal(proxy.passed.connections, connections);
    });
    assert.deepEqual(
      (await readdir(sshd.dir)).filter((name) => name.includes('.slipway-')),
      [],
    );
  });
});
