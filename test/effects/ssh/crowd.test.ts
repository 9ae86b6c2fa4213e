import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Clock } from '../../../src/core/index.ts';
import { DialReset } from '../../../src/effects/ssh/dial.ts';
import { createGate } from '../../../src/effects/ssh/gate.ts';
import { createIdle } from '../../../src/effects/ssh/idle.ts';
import { createPace } from '../../../src/effects/ssh/pace.ts';
import type { Started } from '../../../src/effects/ssh/channel.ts';
import type { Sftp } from '../../../src/effects/ssh/sftp.ts';
import { hostOf } from '../../support/sshd.ts';
import { failure } from './with-ssh.ts';

/** A clock that jumps to the next thing that somebody waits for, as soon as nothing else is to be done. */
function jumpingClock(): Clock & { readonly run: (untilMs?: number) => Promise<void> } {
  let now = 0;
  let timers: { readonly at: number; readonly call: () => void }[] = [];
  const later = (ms: number, call: () => void): (() => void) => {
    const timer = { at: now + ms, call };
    timers.push(timer);
    return () => void (timers = timers.filter((other) => other !== timer));
  };
  return {
    now: () => now,
    monotonic: () => now,
    later,
    sleep: (ms) => new Promise((resolve) => void later(ms, resolve)),
    run: async (untilMs = Infinity) => {
      for (;;) {
        await new Promise((resolve) => setImmediate(resolve));
        const next = timers.reduce<(typeof timers)[number] | undefined>((first, timer) => (first && first.at <= timer.at ? first : timer), undefined);
        if (!next || next.at > untilMs) return;
        timers = timers.filter((timer) => timer !== next);
        now = next.at;
        next.call();
      }
    },
  };
}

const { signal } = new AbortController();

describe('the pace of new connections', () => {
  /** Connect so many times at once, each for as long as `msOf` says by how many are under way. */
  const rush = async (count: number, msOf: (atOnce: number, index: number) => number): Promise<{ most: number; atEnd: number; endedAt: number[] }> => {
    const clock = jumpingClock();
    const pace = createPace(clock);
    const endedAt: number[] = [];
    let atOnce = 0;
    let most = 0;
    const connect = async (index: number): Promise<void> => {
      most = Math.max(most, ++atOnce);
      await clock.sleep(msOf(atOnce, index));
      atOnce--;
      endedAt[index] = clock.now();
    };
    const all = Promise.all(Array.from({ length: count }, (_, index) => pace.run(() => connect(index), signal)));
    await clock.run();
    await all;
    return { most, atEnd: pace.limit(), endedAt };
  };

  it('grows while connections come quickly, up to a bound', async () => {
    const { most, atEnd } = await rush(1_500, () => 20);
    assert.ok(most > 70, String(most));
    assert.ok(atEnd <= 200, String(atEnd));
  });

  it('shrinks while they become slow, and settles where it is not crowded', async () => {
    // From 40 at once on, each one more makes all of them slower: 100 at once would take 1.3 s each.
    const { most, atEnd } = await rush(3_000, (atOnce) => 100 + Math.max(0, atOnce - 40) * 20);
    assert.ok(most < 100, String(most));
    assert.ok(atEnd > 16 && atEnd < 80, String(atEnd));
  });

  it('waits for dead machines beside the others', async () => {
    const { endedAt } = await rush(300, (_, index) => (index < 100 ? 20_000 : 50));
    const live = endedAt.slice(100).toSorted((a, b) => a - b);
    // All places are first taken by dead ones, which give them back long before they are given up.
    assert.ok((live.at(-1) ?? Infinity) < 12_000, String(live.at(-1)));
  });
});

describe('the gate of one server', () => {
  it('gets many through a server that hangs up on all but a few, without hammering it', async () => {
    const clock = jumpingClock();
    const gate = createGate(clock, () => 0.5);
    let atOnce = 0;
    let refused = 0;
    const dial = async (): Promise<string> => {
      if (atOnce >= 3) {
        refused++;
        throw new DialReset('too many');
      }
      atOnce++;
      await clock.sleep(100);
      atOnce--;
      return 'in';
    };
    const all = Promise.all(Array.from({ length: 60 }, () => gate.pass(hostOf({ name: 'one', port: 22, hostKeys: [] }), dial, signal)));
    await clock.run();
    assert.deepEqual(new Set(await all), new Set(['in']));
    assert.ok(refused < 60, String(refused));
  });

  it('gives up on one that always hangs up, sooner when nobody else calls', async () => {
    const clock = jumpingClock();
    const gate = createGate(clock, () => 0.5);
    let tries = 0;
    const dial = (): Promise<never> => {
      tries++;
      return Promise.reject(new DialReset('no'));
    };
    const error = failure(gate.pass(hostOf({ name: 'one', port: 22, hostKeys: [] }), dial, signal));
    await clock.run();
    assert.deepEqual([(await error).code, tries], ['SSH_UNREACHABLE', 4]);
  });
});

describe('channels that stay open between uses', () => {
  const started = (closed: () => void): Started => {
    const channel = { end: closed } as unknown as Started['channel']; // all that is asked of it here
    return { channel, exited: new Promise(() => undefined), closed: new Promise(() => undefined), isOpen: () => true };
  };

  it('has one shell wait, for one command, and closes it when nobody comes', async () => {
    const clock = jumpingClock();
    let opened = 0;
    let closed = 0;
    const idle = createIdle({ clock, openSftp: () => assert.fail(), openShell: async () => (opened++, started(() => closed++)) });
    for (let times = 0; times < 3; times++) idle.prepareShell();
    await clock.run(0);
    assert.equal(opened, 1);
    assert.ok(idle.takeShell());
    assert.equal(idle.takeShell(), undefined);
    idle.prepareShell();
    await clock.run(60_000);
    assert.deepEqual([opened, closed, idle.takeShell()], [2, 1, undefined]);
  });

  it('gives up what nobody uses when the server grants no more, and keeps nothing from then on', async () => {
    const clock = jumpingClock();
    const log: string[] = [];
    const sftp = (): Promise<Sftp> => {
      log.push('open');
      return Promise.resolve({ end: () => void log.push('end') } as unknown as Sftp); // all that is asked of it here
    };
    const idle = createIdle({ clock, openShell: async () => started(() => log.push('shell end')), openSftp: sftp });
    idle.prepareShell();
    const [one, two] = [await idle.shareSftp(), await idle.shareSftp()];
    await clock.run(0);
    one.leave();
    assert.equal(idle.giveUp(), true);
    assert.deepEqual(log, ['open', 'shell end']);
    assert.equal(idle.giveUp(), false, 'somebody uses the file transfer');
    two.leave();
    await clock.run(0);
    idle.prepareShell();
    await clock.run(0);
    assert.deepEqual([log, idle.takeShell()], [['open', 'shell end', 'end'], undefined]);
  });

  it('keeps file transfer open for the next one, for a while', async () => {
    const clock = jumpingClock();
    let opened = 0;
    let ended = 0;
    const sftp = (): Promise<Sftp> => Promise.resolve((opened++, { end: () => ended++ } as unknown as Sftp)); // all that is asked of it here
    const idle = createIdle({ clock, openShell: () => assert.fail(), openSftp: sftp });
    for (let times = 0; times < 5; times++) (await idle.shareSftp()).leave();
    assert.deepEqual([opened, ended], [1, 0]);
    await clock.run(60_000);
    assert.deepEqual([opened, ended], [1, 1]);
  });
});
